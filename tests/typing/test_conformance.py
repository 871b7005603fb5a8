"""What each method returns on a real etcd is what its annotation says.

stubtest compares names and arguments; only a call shows whether the result is of the declared type.
A public method without a case here fails the test.
"""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from etcd_client import Call, Client, Communicator, UnimplementedError
from etcd_client._etcd_client import Next
from etcd_client.testing import EtcdCluster, EtcdServer
from tests.typing import conforms
from tests.typing.cases import CASES, INSTANCES
from tests.typing.declarations import public_classes, public_members, returned_classes
from tests.typing.world import KEY, VALUE, Case, World

MEMBERS = {member.qualified_name: member for member in public_members()}
METHODS = {name for name, member in MEMBERS.items() if not member.is_property}
# The servers that know a call; older ones say that they do not.
OLDEST = (3, 4, 0)
SINCE = {"Auth.status": (3, 5, 0), "Maintenance.downgrade": (3, 5, 0)}
AWAITABLES = (Call, Next, Coroutine)
WITH_PROPERTIES = {known.name for known in public_classes().values() if known.properties}


@pytest.fixture
async def world(  # noqa: PLR0913, PLR0917 - fixtures, passed by name
    etcd: EtcdServer,
    client: Client,
    communicator: Communicator,
    make_server: Callable[..., EtcdServer],
    make_cluster: Callable[..., EtcdCluster],
    tmp_path: Path,
) -> AsyncIterator[World]:
    await communicator.put(KEY, VALUE)
    async with AsyncExitStack() as contexts:
        yield World(etcd, client, communicator, make_server, make_cluster, tmp_path, contexts)


def test_every_method_has_a_case() -> None:
    assert set(CASES) == METHODS


def test_every_class_with_properties_has_an_instance() -> None:
    """What a method returns is checked there, with all that it holds."""
    assert set(INSTANCES) == WITH_PROPERTIES - returned_classes()


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{name}-{number}")
        for name, cases in CASES.items()
        for number, case in enumerate(cases)
    ],
)
async def test_method_returns_what_it_declares(name: str, case: Case, world: World) -> None:
    member = MEMBERS[name]
    if world.etcd.version < SINCE.get(name, OLDEST):
        with pytest.raises(UnimplementedError):
            await (await outcome(case, world))
        return
    returned = await outcome(case, world)
    declared = conforms.declared_type(member)
    if member.is_async:
        returned = await returned
    elif typing.get_origin(declared) in AWAITABLES:
        returned, declared = await finish(returned, declared)
    conforms.check(returned, declared, name)


@pytest.mark.parametrize("name", INSTANCES)
async def test_properties_are_what_they_declare(name: str, world: World) -> None:
    instance = await outcome(INSTANCES[name], world)
    if inspect.isawaitable(instance):
        instance = await instance
    assert name in {known.__name__ for known in type(instance).__mro__}
    conforms.check_properties(instance, name)


async def outcome(case: Case, world: World) -> Any:
    """Run a case, with what it prepares."""
    return await case(world) if inspect.iscoroutinefunction(case) else case(world)


async def finish(returned: Any, declared: Any) -> tuple[Any, Any]:
    """Await a call as a task, and return its result and the type declared for that."""
    assert isinstance(returned, typing.get_origin(declared))
    # Without a task of its own `asyncio.create_task` would refuse what only looks like a coroutine.
    result = await asyncio.create_task(returned)
    return result, typing.get_args(declared)[-1]
