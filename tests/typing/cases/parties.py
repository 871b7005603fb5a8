"""Parties and partitioners."""

from __future__ import annotations

from typing import Any

from etcd_client import Cache, Partition, Partitioner, Party
from tests.typing.cases.sessions import opened
from tests.typing.world import Cases, World, method_of

NAME = "group"


async def party(world: World) -> Party:
    """A party, not joined."""
    return (await opened(world)).party(NAME, "value")


async def joined(world: World) -> Party:
    """A party, joined."""
    made = await party(world)
    await made.join()
    return made


async def view(world: World) -> Cache[bytes]:
    """Follows who is there, until the test ends."""
    return await world.contexts.enter_async_context((await joined(world)).view())


async def partitioner(world: World) -> Partitioner:
    """A member of a group that owns all partitions, until the test ends."""
    made = (await opened(world)).partitioner(NAME, 2, member="me")
    return await world.contexts.enter_async_context(made)


async def entered(world: World) -> Any:
    """Joins a group."""
    made = Partitioner(await opened(world), NAME, 2)
    world.contexts.push_async_exit(made)
    return made.__aenter__()


async def partition(world: World) -> Partition:
    """A partition, owned."""
    return await anext(await partitioner(world))


async def run(world: World) -> Any:
    """Works on partitions until the group is left, which is at once."""

    async def work(_partition: Partition) -> None:
        raise _EnoughError

    async def run_briefly() -> None:
        try:
            await made.run(work, grace=5)
        except _EnoughError:
            return

    made = await partitioner(world)
    return run_briefly()


class _EnoughError(Exception):
    """Ends the work."""


async def recalled(world: World) -> Any:
    """Waits until a partition is to be released, which it is already."""
    owned = await partition(world)
    await owned.release()
    return owned.wait_recalled()


CASES: Cases = {
    "Partition.__aenter__": (method_of(partition, "__aenter__"),),
    "Partition.release": (method_of(partition, "release"),),
    "Partition.wait_recalled": (recalled,),
    "Partitioner.__aenter__": (entered,),
    "Partitioner.__aiter__": (method_of(partitioner, "__aiter__"),),
    "Partitioner.__anext__": (method_of(partitioner, "__anext__"),),
    "Partitioner.run": (run,),
    "Party.__aenter__": (method_of(party, "__aenter__"),),
    "Party.join": (method_of(party, "join", timeout=5),),
    "Party.leave": (method_of(joined, "leave", timeout=5),),
    "Party.members": (method_of(joined, "members"),),
    "Party.update": (method_of(joined, "update", "other"),),
    "Party.view": (view,),
    "Session.partitioner": (partitioner,),
    "Session.party": (party,),
}
