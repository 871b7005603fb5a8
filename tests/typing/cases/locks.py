"""Locks."""

from __future__ import annotations

from typing import Any

from etcd_client import EtcdLockOption, Lock
from tests.typing.world import Cases, World, method_of

NAME = "lock"


async def held(world: World) -> Lock:
    """A lock that is held."""
    lock = Lock(world.communicator, NAME)
    await lock.acquire()
    return lock


async def not_free(world: World) -> Any:
    """Does not wait for a lock that is held."""
    # Held for as long as something refers to it.
    lock = await held(world)
    attempt = Lock(world.communicator, NAME).acquire(blocking=False)
    world.contexts.push_async_callback(lock.release)
    return attempt


async def with_lease(world: World) -> Any:
    """Locks with a lease of the caller's."""
    lease = await world.communicator.lease_grant(60)
    return world.communicator.lock(NAME, lease=lease.id)


async def unlock(world: World) -> Any:
    """Gives back a lock that the communicator holds."""
    return world.communicator.unlock((await world.communicator.lock(NAME)).key)


CASES: Cases = {
    "Client.with_lock": (lambda world: world.client.with_lock(EtcdLockOption(NAME, 5.0, 10)),),
    "Communicator.lock": (
        lambda world: world.communicator.lock(NAME, timeout=5, ttl=5.5),
        with_lease,
    ),
    "Communicator.unlock": (unlock,),
    "Lock.__aenter__": (lambda world: Lock(world.communicator, NAME).__aenter__(),),
    "Lock.acquire": (lambda world: Lock(world.communicator, NAME).acquire(), not_free),
    "Lock.renew": (method_of(held, "renew", 5.0),),
    "Lock.release": (method_of(held, "release"),),
}
