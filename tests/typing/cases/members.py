"""The members of a cluster."""

from __future__ import annotations

import asyncio
from typing import Any

from etcd_client import Cluster, LearnerNotReadyError, Member
from etcd_client.testing import free_port
from tests.typing.world import Cases, World


async def with_learner(world: World) -> tuple[Cluster, Member]:
    """A cluster of one, and a learner that was never started and so costs no quorum."""
    cluster = (await world.alone()).cluster
    response = await cluster.member_add([peer_url()], is_learner=True)
    return cluster, response.member


def peer_url() -> str:
    """Where no member listens."""
    return f"http://127.0.0.1:{free_port()}"


async def add(world: World) -> Any:
    """Adds a learner."""
    return (await world.alone()).cluster.member_add([peer_url()], is_learner=True)


async def remove(world: World) -> Any:
    """Removes the learner."""
    cluster, learner = await with_learner(world)
    return cluster.member_remove(learner.id)


async def update(world: World) -> Any:
    """Moves the learner."""
    cluster, learner = await with_learner(world)
    return cluster.member_update(learner.id, [peer_url()])


async def promote(world: World) -> Any:
    """Promotes a learner that runs, as soon as it has caught up."""
    members = world.make_cluster(1)
    members.add(learner=True)
    cluster = (await world.connect(members[0].endpoint)).cluster
    listed = (await cluster.member_list()).members
    (learner,) = (member for member in listed if member.is_learner)
    while True:
        promoting = cluster.member_promote(learner.id)
        try:
            await promoting
        except LearnerNotReadyError:
            await asyncio.sleep(0.1)
            continue
        # A call that is over can be awaited again.
        return promoting


CASES: Cases = {
    "Cluster.member_add": (add,),
    "Cluster.member_list": (
        lambda world: world.communicator.cluster.member_list(),
        lambda world: world.communicator.cluster.member_list(linearizable=False),
    ),
    "Cluster.member_promote": (promote,),
    "Cluster.member_remove": (remove,),
    "Cluster.member_update": (update,),
}
