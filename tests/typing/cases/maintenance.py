"""Alarms, snapshots, and the state of members."""

from __future__ import annotations

from typing import Any

from etcd_client import AlarmMember, AlarmType, Communicator, DowngradeAction, DowngradeInfo
from tests.typing.world import Case, Cases, World


async def raise_alarm(world: World) -> tuple[Communicator, int]:
    """A server with an alarm, and the id of its member."""
    communicator = await world.alone()
    member_id = (await communicator.maintenance.status()).header.member_id
    await communicator.maintenance.alarm_activate(member_id, AlarmType.NOSPACE)
    return communicator, member_id


async def activate(world: World) -> Any:
    """Raises an alarm."""
    communicator, member_id = await raise_alarm(world)
    return communicator.maintenance.alarm_activate(member_id, AlarmType.NOSPACE)


async def disarm(world: World) -> Any:
    """Takes the alarm back."""
    communicator, _ = await raise_alarm(world)
    return communicator.maintenance.alarm_disarm(alarm=AlarmType.NOSPACE)


async def alarm(world: World) -> AlarmMember:
    """The alarm that is raised."""
    communicator, _ = await raise_alarm(world)
    return (await communicator.maintenance.alarm_list()).alarms[0]


async def move_leader(world: World) -> Any:
    """Has a cluster of three change its leader."""
    members = world.make_cluster(3)
    communicator = await world.connect(*members.endpoints)
    status = await communicator.maintenance.status()
    listed = (await communicator.cluster.member_list()).members
    target = next(member.id for member in listed if member.id != status.leader)
    return communicator.maintenance.move_leader(target)


async def downgrade(world: World) -> Any:
    """Asks whether a server could go down by one minor version."""
    communicator = await world.alone()
    major, minor, *_ = (await communicator.maintenance.status()).version.split(".")
    version = f"{major}.{int(minor) - 1}.0"
    return communicator.maintenance.downgrade(DowngradeAction.VALIDATE, version)


async def next_part(world: World) -> Any:
    """A step of reading a snapshot."""
    return world.communicator.maintenance.snapshot().__anext__()


CASES: Cases = {
    "Maintenance.alarm_activate": (activate,),
    "Maintenance.alarm_disarm": (
        disarm,
        lambda world: world.communicator.maintenance.alarm_disarm(),
    ),
    "Maintenance.alarm_list": (lambda world: world.communicator.maintenance.alarm_list(),),
    "Maintenance.defragment": (lambda world: world.communicator.maintenance.defragment(),),
    "Maintenance.downgrade": (downgrade,),
    "Maintenance.hash": (lambda world: world.communicator.maintenance.hash(),),
    "Maintenance.hash_kv": (
        lambda world: world.communicator.maintenance.hash_kv(),
        lambda world: world.communicator.maintenance.hash_kv(world.endpoint, timeout=5),
    ),
    "Maintenance.move_leader": (move_leader,),
    "Maintenance.snapshot": (lambda world: world.communicator.maintenance.snapshot(),),
    "Maintenance.snapshot_save": (
        lambda world: world.communicator.maintenance.snapshot_save(world.directory / "etcd.db"),
    ),
    "Maintenance.status": (
        lambda world: world.communicator.maintenance.status(),
        lambda world: world.communicator.maintenance.status(world.endpoint),
    ),
    "Snapshot.__aiter__": (lambda world: world.communicator.maintenance.snapshot().__aiter__(),),
    "Snapshot.__anext__": (next_part,),
    "Snapshot.cancel": (lambda world: world.communicator.maintenance.snapshot().cancel(),),
}

INSTANCES: dict[str, Case] = {
    "AlarmMember": alarm,
    # Servers tell it from etcd 3.6 on.
    "DowngradeInfo": lambda _: DowngradeInfo(enabled=False, target_version=""),
}
