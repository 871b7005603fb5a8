"""Semaphores, read-write locks, barriers and counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etcd_client import (
    Barrier,
    Communicator,
    Counter,
    DoubleBarrier,
    ReadLock,
    Semaphore,
    WriteLock,
)
from tests.typing.cases.sessions import opened
from tests.typing.world import Case, Cases, World, method_of

NAME = "name"


def acquirable(kind: str, make: Callable[[Communicator], Any]) -> Cases:
    """Make the cases of a class of what is acquired and released."""

    async def held(world: World) -> Any:
        made = make(world.communicator)
        await made.acquire()
        # It is held for as long as something refers to it.
        world.contexts.callback(lambda: made)
        return made

    async def not_held(world: World) -> Any:
        return make(world.communicator)

    return {
        f"{kind}.__aenter__": (method_of(not_held, "__aenter__"),),
        f"{kind}.acquire": (method_of(not_held, "acquire", timeout=5),),
        f"{kind}.release": (method_of(held, "release"),),
        f"{kind}.renew": (method_of(held, "renew", 5.0),),
    }


def acquired(make: Callable[[Any], Any]) -> Case:
    """Make a case of a session that returns what can be acquired; it has all properties then."""

    async def case(world: World) -> Any:
        made = make(await opened(world))
        await made.acquire()
        return made

    return case


async def barrier(world: World) -> Barrier:
    """A barrier that does not exist."""
    return (await opened(world)).barrier(NAME)


async def double_barrier(world: World) -> DoubleBarrier:
    """A member of a double barrier, inside."""
    member = (await opened(world)).double_barrier(NAME, 1)
    await member.enter()
    return member


async def outside(world: World) -> DoubleBarrier:
    """A member of a double barrier, outside."""
    return DoubleBarrier(world.communicator, NAME, 1)


async def counter(world: World) -> Counter:
    """A counter."""
    return (await opened(world)).counter(NAME)


CASES: Cases = {
    **acquirable("ReadLock", lambda communicator: ReadLock(communicator, NAME)),
    **acquirable("Semaphore", lambda communicator: Semaphore(communicator, NAME, 2)),
    **acquirable("WriteLock", lambda communicator: WriteLock(communicator, NAME)),
    "Barrier.__aenter__": (method_of(barrier, "__aenter__"),),
    "Barrier.create": (method_of(barrier, "create", timeout=5),),
    "Barrier.remove": (method_of(barrier, "remove"),),
    "Barrier.wait": (method_of(barrier, "wait"),),
    "Counter.add": (method_of(counter, "add", 2),),
    "Counter.value": (method_of(counter, "value"),),
    "DoubleBarrier.__aenter__": (method_of(outside, "__aenter__"),),
    "DoubleBarrier.enter": (method_of(outside, "enter", timeout=5),),
    "DoubleBarrier.is_owner": (method_of(double_barrier, "is_owner"),),
    "DoubleBarrier.leave": (method_of(double_barrier, "leave"),),
    "RWLock.read": (acquired(lambda session: session.rw_lock(NAME).read()),),
    "RWLock.write": (acquired(lambda session: session.rw_lock(NAME).write()),),
    "Session.barrier": (barrier,),
    "Session.counter": (counter,),
    "Session.double_barrier": (double_barrier,),
    "Session.rw_lock": (method_of(opened, "rw_lock", NAME),),
    "Session.semaphore": (acquired(lambda session: session.semaphore(NAME, 2)),),
}
