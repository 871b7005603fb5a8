"""Calls in what asyncio has had since Python 3.11 and 3.12."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from etcd_client import Communicator, LeaseNotFoundError

pytestmark = pytest.mark.both_loops

T = TypeVar("T")

if sys.version_info >= (3, 11):

    async def test_can_be_a_task_of_a_group(communicator: Communicator) -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(communicator.put(b"key", b"value"))
            group.create_task(communicator.get(b"key"))
        assert task.result().header.revision > 0

    async def test_is_cancelled_with_its_group(
        silent: Communicator, communicator: Communicator
    ) -> None:
        tasks = []

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                tasks.append(group.create_task(silent.get(b"key")))
                group.create_task(communicator.put(b"key", b"value", lease=12345))

        with pytest.RaisesGroup(LeaseNotFoundError):
            await work()
        assert tasks[0].cancelled()

    async def test_a_timeout_gives_it_up(silent: Communicator) -> None:
        async def work() -> None:
            async with asyncio.timeout(0.1):
                await silent.get(b"key")

        started = time.monotonic()
        with pytest.raises(TimeoutError):
            await work()
        assert time.monotonic() - started < 5


if sys.version_info >= (3, 12):

    def eager_task(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any
    ) -> asyncio.Task[T]:
        # As `asyncio.eager_task_factory`, which does not take this option from uvloop everywhere.
        return asyncio.Task(coroutine, loop=loop, **{**options, "eager_start": True})

    async def test_can_be_an_eager_task(communicator: Communicator) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(eager_task)
        try:
            await asyncio.create_task(communicator.put(b"key", b"value"))
            values = await asyncio.gather(*(communicator.get(b"key") for _ in range(10)))
            async with asyncio.TaskGroup() as group:
                task = group.create_task(communicator.get(b"key"))
        finally:
            loop.set_task_factory(None)
        assert values == [b"value"] * 10
        assert task.result() == b"value"
