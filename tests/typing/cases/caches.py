"""Caches."""

from __future__ import annotations

from etcd_client import Cache, CacheChanges
from tests.typing.world import Cases, World, method_of


async def opened(world: World) -> Cache[bytes]:
    """A cache of a key, until the test ends."""
    await world.communicator.put("cached/1", "value")
    return await world.contexts.enter_async_context(world.communicator.cache("cached/"))


async def decoded(world: World) -> Cache[int]:
    """A cache of what a function makes of a key, until the test ends."""
    cache = world.communicator.cache(prefixes=["cached/"], decode=lambda kv: kv.lease)
    return await world.contexts.enter_async_context(cache)


async def following(world: World) -> CacheChanges:
    """Changes, of which there is one already."""
    cache = await opened(world)
    changes = cache.changes()
    put = await world.communicator.put("cached/1", "other")
    await cache.wait_for(revision=put.header.revision)
    return changes


CASES: Cases = {
    "Communicator.cache": (
        opened,
        decoded,
    ),
    "Cache.__aenter__": (lambda world: world.communicator.cache("cached/").__aenter__(),),
    "Cache.get": (method_of(opened, "get", "cached/1"), method_of(opened, "get", "cached/2")),
    "Cache.kv": (method_of(opened, "kv", "cached/1"), method_of(opened, "kv", "cached/2")),
    "Cache.snapshot": (method_of(opened, "snapshot"),),
    "Cache.sync": (method_of(opened, "sync", timeout=10),),
    "Cache.wait_for": (method_of(opened, "wait_for", revision=1),),
    "Cache.wait_until": (method_of(opened, "wait_until", len),),
    "Cache.changes": (method_of(opened, "changes"),),
    "CacheChanges.__aiter__": (method_of(following, "__aiter__"),),
    "CacheChanges.__anext__": (method_of(following, "__anext__"),),
}
