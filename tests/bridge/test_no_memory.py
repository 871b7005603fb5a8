"""A result for which there is no memory fails its own call, and no other.

CPython's own means of testing (`_testcapi`) refuse one allocation after the other.
"""

from __future__ import annotations

import _testcapi  # type: ignore[import-not-found]
import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from etcd_client import Client, Communicator
from tests.bridge.program import run_program

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

CALLS = 6
MOST_ALLOCATIONS = 400


@contextlib.contextmanager
def no_memory_for(allocation: int) -> Iterator[None]:
    """Refuse the n-th allocation from now on."""
    _testcapi.set_nomemory(allocation, allocation + 1)
    try:
        yield
    finally:
        _testcapi.remove_mem_hooks()


def drain_of(loop: asyncio.AbstractEventLoop) -> Any:
    """Return what the loop calls when replies have come."""
    files = loop._selector.get_map().values()  # type: ignore[attr-defined] # noqa: SLF001
    (found,) = [
        reader._callback  # noqa: SLF001
        for reader, _ in (file.data for file in files)
        if reader is not None and getattr(reader._callback, "__name__", "") == "_drain"  # noqa: SLF001
    ]
    return found


def wait_for_replies(communicator: Communicator, requests: int) -> None:
    """Wait, without the loop, until so many calls have been made and all have their replies."""
    while (stats := communicator.stats()).requests < requests or stats.in_flight:
        time.sleep(0.001)
    time.sleep(0.002)  # for the last one to be handed over


async def outcomes(calls: list[Awaitable[object]]) -> list[object]:
    """Wait for calls, but not for ever."""
    return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)


def replies_of_one_batch(endpoint: str) -> None:
    """Refuse each allocation in turn that a batch of replies takes."""

    async def main() -> None:
        async with Client(endpoint).connect() as communicator:
            for number in range(20):
                await communicator.put(b"key/%d" % number, b"value" * 200)
            everything = await communicator.get_prefix(b"key/")
            failed = 0
            for allocation in range(MOST_ALLOCATIONS):
                requests = communicator.stats().requests + CALLS
                calls: list[Awaitable[object]] = [
                    communicator.get_prefix(b"key/") for _ in range(CALLS)
                ]
                drain = drain_of(asyncio.get_running_loop())
                # All replies come meanwhile, and are finished by one call.
                wait_for_replies(communicator, requests)
                with contextlib.suppress(MemoryError), no_memory_for(allocation):
                    drain()
                ended = await outcomes(calls)
                assert all(one == everything or isinstance(one, MemoryError) for one in ended)
                lost = sum(isinstance(one, MemoryError) for one in ended)
                assert lost <= 1
                failed += lost
            assert failed > MOST_ALLOCATIONS / 2

    asyncio.run(main())


def items_of_a_stream(endpoint: str) -> None:
    """Refuse each allocation in turn that an event takes; it stays the next one."""

    async def main() -> None:
        async with (
            Client(endpoint).connect() as communicator,
            communicator.watch(b"key") as watch,
            communicator.watch(b"next") as other,
        ):
            for reader in (watch, watch.batches()):
                failed = 0
                for number in range(60):
                    await communicator.put(b"key", b"%d" % number)
                    await communicator.put(b"next", b"")
                    # One stream tells both in their order, so the first is there as well.
                    await asyncio.wait_for(anext(other), 10)
                    event = await read_without_memory(reader, number)
                    if event is None:
                        failed += 1
                        event = await asyncio.wait_for(anext(reader), 5)
                    if isinstance(event, list):
                        (event,) = event
                    assert event.value == b"%d" % number
                assert failed > 2

    asyncio.run(main())


async def read_without_memory(reader: Any, allocation: int) -> Any:
    """Take what is there; None where that failed for want of memory."""
    step, finish = anext(reader), _testcapi.remove_mem_hooks
    _testcapi.set_nomemory(allocation, allocation + 1)
    # `await` makes no traceback of the exception that carries the result, which takes memory too.
    try:
        event = await step
    except MemoryError:
        finish()
        return None
    finish()
    return event


@pytest.mark.parametrize("program", [replies_of_one_batch, items_of_a_stream])
def test_fails_the_one_call(program: Any, endpoint: str) -> None:
    ended = run_program(program, endpoint)
    assert ended.code == 0, ended.stderr
