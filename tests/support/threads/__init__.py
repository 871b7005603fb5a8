"""What runs the tests of the asyncio face on `etcd_client.sync`: `--loop threads`.

A test stays a coroutine, but no event loop runs it: its thread does, as `running` says. `names` has
what it imports from `etcd_client` then, and `left_out` the tests that have no meaning without a
loop.
"""
