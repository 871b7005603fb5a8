"""Elections."""

from __future__ import annotations

from typing import Any

from etcd_client import Election, LeaderKey
from tests.typing.world import Cases, World, method_of

NAME = "election"
VALUE = "me"


async def won(world: World) -> Election:
    """An election that was won."""
    election = Election(world.communicator, NAME, VALUE)
    await election.campaign()
    # The lead lasts for as long as something refers to it.
    world.contexts.callback(lambda: election)
    return election


async def lead(world: World) -> LeaderKey:
    """The lead in an election, by single calls."""
    lease = await world.communicator.lease_grant(60)
    return (await world.communicator.campaign(NAME, VALUE, lease)).leader


async def campaign(world: World) -> Any:
    """Campaigns by a single call."""
    lease = await world.communicator.lease_grant(60)
    return world.communicator.campaign(NAME, VALUE, lease, timeout=5)


async def proclaim(world: World) -> Any:
    """Proclaims by a single call."""
    return world.communicator.proclaim(await lead(world), "changed")


async def resign(world: World) -> Any:
    """Resigns by a single call."""
    return world.communicator.resign(await lead(world))


async def leader(world: World) -> Any:
    """Asks for a leader that there is."""
    await lead(world)
    return world.communicator.leader(NAME)


async def next_leader(world: World) -> Any:
    """A step of observing."""
    await lead(world)
    return world.communicator.observe(NAME).__anext__()


async def next_of_won(world: World) -> Any:
    """The leader that there is."""
    return (await won(world)).observe().__anext__()


async def work(_election: Election) -> bytes:
    """What a leader does for a moment."""
    return b"done"


CASES: Cases = {
    "Election.is_owner": (method_of(won, "is_owner"),),
    "Communicator.campaign": (campaign,),
    "Communicator.leader": (leader,),
    "Communicator.observe": (lambda world: world.communicator.observe(NAME),),
    "Communicator.proclaim": (proclaim,),
    "Communicator.resign": (resign,),
    "Election.__aenter__": (lambda world: Election(world.communicator, NAME).__aenter__(),),
    "Election.campaign": (lambda world: Election(world.communicator, NAME).campaign(VALUE),),
    "Election.leader": (method_of(won, "leader"),),
    "Election.observe": (method_of(won, "observe"),),
    "Election.proclaim": (method_of(won, "proclaim", "changed"),),
    "Election.resign": (method_of(won, "resign"),),
    "Election.run": (lambda world: Election(world.communicator, NAME).run(work),),
    "Leaders.__aiter__": (lambda world: Election(world.communicator, NAME).observe().__aiter__(),),
    "Leaders.__anext__": (
        lambda world: Election(world.communicator, NAME).observe().__anext__(),
        next_of_won,
    ),
    "Leaders.cancel": (lambda world: Election(world.communicator, NAME).observe().cancel(),),
    "Observer.__aiter__": (lambda world: world.communicator.observe(NAME).__aiter__(),),
    "Observer.__anext__": (next_leader,),
    "Observer.cancel": (lambda world: world.communicator.observe(NAME).cancel(),),
}
