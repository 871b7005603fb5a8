"""Leases, single calls and kept alive."""

from __future__ import annotations

from typing import Any

from etcd_client import Lease, LeaseGrantResponse, LeaseKeepAlives, Loss
from tests.typing.world import KEY, VALUE, Cases, World, method_of

TTL = 60
UNKNOWN = 77


async def granted(world: World) -> LeaseGrantResponse:
    """A lease that nothing keeps alive."""
    return await world.communicator.lease_grant(TTL)


async def kept_alive(world: World) -> Lease:
    """A lease that is kept alive."""
    return await world.communicator.lease(TTL)


async def lost(world: World) -> Loss:
    """The loss of a lease that was revoked by another."""
    # The next renewal finds it out, after a third of the time to live.
    lease = await world.communicator.lease(6)
    await world.communicator.lease_revoke(lease)
    await lease.lost.wait()
    return lease.lost


async def grant(world: World) -> Any:
    """Grants a lease, and leaves no grant behind that nobody awaits."""
    granting = world.communicator.lease(TTL)
    await granting
    return granting


async def keep_alive_once(world: World) -> Any:
    """Renews a lease."""
    return world.communicator.lease_keep_alive(await granted(world))


async def keep_alive_stream(world: World) -> LeaseKeepAlives:
    """Keeps a lease alive until nothing refers to that any more."""
    return world.communicator.lease_keep_alive_stream(await granted(world), timeout=5)


async def revoke(world: World) -> Any:
    """Ends a lease by its id."""
    return world.communicator.lease_revoke((await granted(world)).id)


async def time_to_live(world: World) -> Any:
    """Asks about a lease that has a key."""
    lease = await granted(world)
    await world.communicator.put(KEY, VALUE, lease=lease)
    return world.communicator.lease_time_to_live(lease, keys=True)


async def list_one(world: World) -> Any:
    """Lists a lease at least."""
    await granted(world)
    return world.communicator.leases()


CASES: Cases = {
    "Communicator.lease": (grant,),
    "Communicator.lease_grant": (
        lambda world: world.communicator.lease_grant(TTL, id=UNKNOWN, timeout=5),
    ),
    "Communicator.lease_keep_alive": (keep_alive_once,),
    "Communicator.lease_keep_alive_stream": (keep_alive_stream,),
    "Communicator.lease_revoke": (revoke,),
    "Communicator.lease_time_to_live": (
        time_to_live,
        lambda world: world.communicator.lease_time_to_live(UNKNOWN),
    ),
    "Communicator.leases": (list_one,),
    "Lease.__aenter__": (method_of(kept_alive, "__aenter__"),),
    "Lease.revoke": (method_of(kept_alive, "revoke", timeout=5),),
    "LeaseGrant.__aenter__": (lambda world: world.communicator.lease(TTL).__aenter__(),),
    "LeaseKeepAlives.__aenter__": (method_of(keep_alive_stream, "__aenter__"),),
    "LeaseKeepAlives.__aiter__": (method_of(keep_alive_stream, "__aiter__"),),
    "LeaseKeepAlives.__anext__": (method_of(keep_alive_stream, "__anext__"),),
    "LeaseKeepAlives.cancel": (method_of(keep_alive_stream, "cancel"),),
    "Loss.is_set": (method_of(lost, "is_set"),),
    "Loss.wait": (method_of(lost, "wait"),),
}
