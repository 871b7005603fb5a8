"""`etcd_client.sync`: the same as the asyncio face, in threads without an event loop."""
