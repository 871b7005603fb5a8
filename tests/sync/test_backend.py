"""What the backend for threads has beyond the rules of `etcd_client._concurrency`.

`tests/unit/test_concurrency.py` has those; `test_integration.py` runs it in threads, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from etcd_client._concurrency import (
    Background,
    CancelScope,
    Event,
    Mutex,
    checkpoint,
    current_loop,
    current_task,
    current_time,
    sleep,
)
from etcd_client._etcd_client import call_outside, in_step, run

Body = Callable[[], Coroutine[Any, Any, None]]


def on_threads(body: Body) -> Callable[[], None]:
    """Run a coroutine function in the thread of the test, as `etcd_client.sync` does."""

    def test() -> None:
        run(body)

    test.__doc__ = body.__doc__
    return test


@on_threads
async def test_time_passes() -> None:
    began = current_time()
    await sleep(0.05)
    await sleep(-1)
    await checkpoint()
    assert 0.04 < current_time() - began < 10


@on_threads
async def test_what_is_in_the_background_ends_with_the_body() -> None:
    ended = []

    async def wait() -> None:
        try:
            await sleep(60)
        finally:
            ended.append(current_task())

    # Threads of the tests before may still be ending, and those here as well.
    threads = set(threading.enumerate())
    async with Background() as background:
        background.start(wait)
        background.start(wait)
        await sleep(0.01)
        assert len(set(threading.enumerate()) - threads) == 2
    assert len({*ended, current_task()}) == 3
    assert current_loop() is current_loop()


@on_threads
async def test_one_at_a_time_in_the_order_of_arrival() -> None:
    mutex, order = Mutex(), []
    go_on = Event()

    async def work(number: int, arrived: Event) -> None:
        # Whoever waits for this goes on at the next await, when it has its place in the line.
        arrived.set()
        async with mutex:
            order.append(number)
            await go_on.wait()

    async def begin(number: int) -> None:
        arrived = Event()
        background.start(work, number, arrived)
        await arrived.wait()

    async def begin_others() -> None:
        for number in range(1, 4):
            await begin(number)
        giving_up.cancel()

    async with Background() as background:
        await begin(0)
        with CancelScope() as giving_up:
            background.start(begin_others)
            async with mutex:
                pytest.fail("the first has it for longer")
        go_on.set()
        await background.wait()
    assert order == [0, 1, 2, 3]


@on_threads
async def test_other_threads_run_only_at_an_await() -> None:
    counts = [0, 0]

    async def count() -> None:
        for _ in range(200):
            before = counts[0]
            for _ in range(50):
                counts[1] += 1
            counts[0] = before + 1
            await checkpoint()

    async with Background() as background:
        for _ in range(4):
            background.start(count)
        await background.wait()
    assert counts == [800, 40_000]


@on_threads
async def test_functions_of_the_program_run_outside() -> None:
    """While one waits, other threads go on; it may drive coroutines itself."""

    async def other() -> None:
        await checkpoint()
        waits.set()

    def wait() -> bool:
        assert not in_step()
        assert waits.wait(20)
        run(sleep, 0.01)
        return in_step()

    waits = threading.Event()
    async with Background() as background:
        background.start(other)
        assert call_outside(wait) is False
    assert in_step()


def test_nothing_else_can_be_awaited() -> None:
    class Foreign:
        def __await__(self) -> Any:
            yield "nonsense"

    async def body() -> None:
        await Foreign()

    with pytest.raises(RuntimeError, match="only what etcd_client makes can be awaited"):
        run(body)
