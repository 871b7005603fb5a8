"""Writes `etcd_client.sync` from the sources of the asyncio face: `make generate`."""
