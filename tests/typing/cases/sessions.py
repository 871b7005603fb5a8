"""Sessions."""

from __future__ import annotations

from etcd_client import Session
from tests.typing.world import Cases, World

TTL = 60


async def opened(world: World) -> Session:
    """A session, until the test ends."""
    return await world.contexts.enter_async_context(world.communicator.session(TTL))


CASES: Cases = {
    "Communicator.session": (opened,),
    "Session.__aenter__": (lambda world: world.communicator.session(TTL).__aenter__(),),
}
