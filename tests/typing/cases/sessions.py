"""Sessions."""

from __future__ import annotations

from typing import Any

from etcd_client import Election, Lock, Registration, Session
from tests.typing.world import Cases, World, method_of

TTL = 60
NAME = "name"


async def opened(world: World) -> Session:
    """A session, until the test ends."""
    return await world.contexts.enter_async_context(world.communicator.session(TTL))


async def lock(world: World) -> Lock:
    """A lock of a session, held."""
    made = (await opened(world)).lock(NAME, ttl=30)
    await made.acquire()
    return made


async def election(world: World) -> Election:
    """A lead of a session, won."""
    made = (await opened(world)).election(NAME, "me")
    await made.campaign()
    return made


async def register(world: World) -> Any:
    """Registers a key."""
    return (await opened(world)).register(NAME, "here", timeout=5)


async def registered(world: World) -> Registration:
    """A key that is registered."""
    return await (await opened(world)).register(NAME, "here")


CASES: Cases = {
    "Communicator.session": (opened,),
    "Registration.update": (method_of(registered, "update", "there"),),
    "Registration.withdraw": (method_of(registered, "withdraw"),),
    "Session.__aenter__": (lambda world: world.communicator.session(TTL).__aenter__(),),
    "Session.election": (election,),
    "Session.lock": (lock,),
    "Session.register": (register,),
}
