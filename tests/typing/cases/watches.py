"""Watches and their events."""

from __future__ import annotations

from typing import Any

from etcd_client import Watch, WatchEvent, WatchFilterType
from tests.typing.world import KEY, PREFIX, VALUE, Cases, World


async def open_watch(world: World) -> Watch:
    """A watch with an event to read: one that changed a value and asked for the old one."""
    watch = world.communicator.watch(KEY, prev_kv=True)
    await watch.ready()
    await world.communicator.put(KEY, b"changed")
    return watch


async def opened_by_context(world: World) -> Any:
    """What `async with` waits for."""
    return world.communicator.watch(KEY).__aenter__()


async def next_event(world: World) -> Any:
    """A step of the iteration."""
    return (await open_watch(world)).__anext__()


async def deletion(world: World) -> WatchEvent:
    """The event of a deleted key."""
    watch = world.communicator.watch(KEY)
    await watch.ready()
    await world.communicator.delete(KEY)
    return await watch.__anext__()


async def first_batch(world: World) -> list[WatchEvent]:
    """A revision's events, which a step of `batches` returns."""
    return await (await open_watch(world)).batches().__anext__()


async def iterated_batches(world: World) -> Any:
    """The iterator of batches, whose step is checked along."""
    batch = await first_batch(world)
    assert [type(event) for event in batch] == [WatchEvent]
    return world.communicator.watch(KEY).batches()


CASES: Cases = {
    "Communicator.watch": (
        lambda world: world.communicator.watch(KEY),
        lambda world: world.communicator.watch(
            KEY, once=True, start_revision=1, filters=[WatchFilterType.NODELETE]
        ),
    ),
    "Communicator.watch_prefix": (
        lambda world: world.communicator.watch_prefix(PREFIX, prev_kv=True, fragment=True),
    ),
    "Communicator.watch_range": (
        lambda world: world.communicator.watch_range(PREFIX, VALUE, progress_notify=True),
    ),
    "Communicator.watch_many": (
        lambda world: world.communicator.watch_many(keys=[KEY], ranges=[(PREFIX, VALUE)]),
    ),
    "Watch.__aenter__": (opened_by_context,),
    "Watch.__aiter__": (lambda world: world.communicator.watch(KEY).__aiter__(),),
    "Watch.__anext__": (next_event,),
    "Watch.batches": (iterated_batches,),
    "Watch.cancel": (lambda world: world.communicator.watch(KEY).cancel(),),
    "Watch.ready": (lambda world: world.communicator.watch(KEY).ready(),),
    "Watch.request_progress": (lambda world: world.communicator.watch(KEY).request_progress(),),
}
