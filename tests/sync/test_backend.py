"""The backend for threads keeps the rules that `etcd_client._concurrency` states."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
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
    finish,
    join,
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
async def test_time_ends_a_body() -> None:
    with CancelScope(0.05) as scope:
        await sleep(60)
    assert scope.caught
    with CancelScope(0.05) as scope:
        pass
    await sleep(0.1)
    assert not scope.cancelled


@on_threads
async def test_the_outer_of_two_scopes_ends_both_bodies() -> None:
    with CancelScope() as outer:
        with CancelScope() as inner:
            inner.cancel()
            outer.cancel()
            await sleep(60)
        pytest.fail("the outer body went on")
    assert (outer.caught, inner.caught) == (True, False)


@on_threads
async def test_another_thread_cancels_a_body() -> None:
    scope = CancelScope()

    async def cancel() -> None:
        await sleep(0.05)
        scope.cancel()

    async with Background() as background:
        background.start(cancel)
        with scope:
            await Event().wait()
    assert scope.caught


@on_threads
async def test_a_body_that_was_left_is_not_cancelled() -> None:
    with CancelScope() as scope:
        scope.cancel()
    await sleep(0.01)
    assert not scope.caught


@on_threads
async def test_what_is_in_the_background_ends_with_the_body() -> None:
    ended = []

    async def wait() -> None:
        try:
            await sleep(60)
        finally:
            ended.append(current_task())

    threads = threading.active_count()
    async with Background() as background:
        background.start(wait)
        background.start(wait)
        await sleep(0.01)
        assert threading.active_count() == threads + 2
    assert threading.active_count() == threads
    assert len({*ended, current_task()}) == 3
    assert current_loop() is current_loop()


def test_an_error_in_the_background_ends_the_body() -> None:
    async def fail() -> None:
        await sleep(0.01)
        raise ZeroDivisionError

    async def body() -> None:
        async with Background() as background:
            background.start(fail)
            await sleep(60)

    with pytest.raises(ZeroDivisionError):
        run(body)


@on_threads
async def test_clean_up_is_completed() -> None:
    done = []

    async def clean_up() -> str:
        await sleep(0.1)
        done.append("cleaned")
        return "cleaned"

    with CancelScope(0.02) as scope:
        await finish(clean_up)
        done.append("never")
    assert (done, scope.caught) == (["cleaned"], True)
    assert await finish(clean_up) == "cleaned"


@on_threads
async def test_one_at_a_time_in_the_order_of_arrival() -> None:
    mutex, order = Mutex(), []

    async def work(number: int) -> None:
        await sleep(0.02 * number)
        async with mutex:
            order.append(number)
            await sleep(0.05)

    async with Background() as background:
        for number in range(4):
            background.start(work, number)
        with CancelScope(0.03):
            await sleep(0.01)
            async with mutex:
                pytest.fail("the first has it for longer")
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


@on_threads
async def test_work_of_other_threads_is_joined() -> None:
    def work() -> int:
        time.sleep(0.02)
        return 7

    with ThreadPoolExecutor(1) as pool:
        assert await join(pool.submit(work)) == 7
        with pytest.raises(ZeroDivisionError):
            await join(pool.submit(lambda: 1 // 0))


def test_nothing_else_can_be_awaited() -> None:
    class Foreign:
        def __await__(self) -> Any:
            yield "nonsense"

    async def body() -> None:
        await Foreign()

    with pytest.raises(RuntimeError, match="only what etcd_client makes can be awaited"):
        run(body)
