"""Scopes end their own body and nothing else; what runs beside a body ends with it."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from etcd_client._concurrency import (
    Background,
    CancelScope,
    Event,
    Mutex,
    _asyncio,
    _threads,
    _trio,
    checkpoint,
    current_task,
    current_time,
    finish,
    join,
    sleep,
)
from etcd_client._concurrency._interface import Backend
from tests.support import tasks

# mypy compares what they have.
BACKENDS: tuple[Backend, ...] = (_asyncio, _threads, _trio)


async def cancel_later(scope: CancelScope) -> None:
    await sleep(0.01)
    scope.cancel()


async def test_a_scope_ends_its_body() -> None:
    reached = []
    with CancelScope() as scope:
        tasks.create_task(cancel_later(scope))
        reached.append("waits")
        await sleep(10)
        reached.append("never")
    assert (reached, scope.caught) == (["waits"], True)
    await checkpoint()


async def test_a_scope_ends_its_body_from_within() -> None:
    with CancelScope() as scope:
        scope.cancel()
        await sleep(10)
    assert scope.caught


async def test_a_body_that_has_left_is_not_cancelled() -> None:
    with CancelScope() as scope:
        scope.cancel()
    await sleep(0.01)
    scope.cancel()
    await sleep(0.01)
    assert scope.cancelled
    assert not scope.caught


async def test_a_scope_that_was_cancelled_before_ends_its_body_at_once() -> None:
    scope = CancelScope()
    scope.cancel()
    with scope:
        await sleep(10)
    assert scope.caught


async def test_time_ends_a_body() -> None:
    started = current_time()
    with CancelScope(0.05) as scope:
        await sleep(10)
    assert scope.caught
    assert 0.04 < current_time() - started < 5
    with CancelScope(0.05) as scope:
        pass
    await sleep(0.1)
    assert not scope.cancelled


async def test_a_cancellation_from_outside_passes() -> None:
    async def body() -> None:
        with CancelScope():
            await sleep(10)

    task = tasks.create_task(body())
    await checkpoint()
    task.cancel()
    with pytest.raises(tasks.CancelledError):
        await task


@pytest.mark.asyncio_only
@pytest.mark.parametrize("first", ["scope", "outside"])
async def test_a_cancellation_from_outside_passes_also_at_the_same_time(first: str) -> None:
    scope = CancelScope()

    async def body() -> None:
        with scope:
            await sleep(10)

    task = tasks.create_task(body())
    await checkpoint()
    scope.cancel()  # from the loop's next round on
    if first == "outside":
        task.cancel()
    else:
        asyncio.get_running_loop().call_soon(task.cancel)
    if first == "scope" and sys.version_info < (3, 11):
        await task  # the one race that cannot be seen without a count
        return
    with pytest.raises(tasks.CancelledError):
        await task
    assert not scope.caught


async def test_the_outer_one_of_two_scopes_wins() -> None:
    with CancelScope() as outer:
        with CancelScope() as inner:
            outer.cancel()
            inner.cancel()
            await sleep(10)
        await checkpoint()
    assert outer.caught


async def test_an_error_of_the_body_passes() -> None:
    scope = CancelScope()

    async def body() -> None:
        with scope:
            scope.cancel()
            try:
                await sleep(10)
            except tasks.CANCELLED:
                raise KeyError from None

    with pytest.raises(KeyError):
        await body()
    assert not scope.caught
    await sleep(0.01)  # and the task is not taken for one that is being cancelled
    if sys.version_info >= (3, 11) and tasks.is_on_asyncio():
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0


async def test_what_runs_beside_a_body_ends_with_it() -> None:
    ended = []

    async def forever(name: str) -> None:
        try:
            await sleep(60)
        finally:
            await finish(checkpoint)
            ended.append(name)

    async with Background() as background:
        background.start(forever, "first")
        background.start(forever, "second")
        await checkpoint()
    assert sorted(ended) == ["first", "second"]


async def test_what_escapes_cancels_the_body_and_is_raised() -> None:
    async def fails() -> None:
        await checkpoint()
        raise KeyError

    async def body() -> None:
        async with Background() as background:
            background.start(fails)
            await sleep(60)

    with pytest.raises(KeyError):
        await body()
    await checkpoint()


async def test_what_runs_beside_a_cancelled_body_ends_after_it() -> None:
    order = []
    begun = Event()

    async def beside() -> None:
        try:
            begun.set()
            await sleep(60)
        finally:
            order.append("beside")

    async def body() -> None:
        async with Background() as background:
            background.start(beside)
            try:
                await sleep(60)
            finally:
                await finish(sleep, 0.01)
                order.append("body")

    task = tasks.create_task(body())
    await begun.wait()
    task.cancel()
    with pytest.raises(tasks.CancelledError):
        await task
    assert order == ["body", "beside"]


async def test_an_error_of_the_body_matters_more() -> None:
    async def fails() -> None:
        raise KeyError

    async def body() -> None:
        async with Background() as background:
            background.start(fails)
            try:
                await sleep(60)
            finally:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        await body()


async def test_leaving_is_patient_and_still_passes_a_cancellation_on() -> None:
    leaving, go_on, ended = Event(), Event(), Event()

    async def stubborn() -> None:
        try:
            await sleep(60)
        finally:
            await finish(slow)

    async def slow() -> None:
        leaving.set()
        await go_on.wait()
        ended.set()

    async def body() -> None:
        async with Background() as background:
            background.start(stubborn)
            await checkpoint()

    task = tasks.create_task(body())
    await leaving.wait()
    task.cancel()
    await sleep(0.05)
    assert not task.done()
    go_on.set()
    with pytest.raises(tasks.CancelledError):
        await task
    assert ended.is_set()


async def test_what_must_be_done_is_done() -> None:
    done = []

    async def must(begun: Event, go_on: Event) -> str:
        begun.set()
        await sleep(0.01)
        await go_on.wait()
        done.append(1)
        return "done"

    begun, go_on = Event(), Event()
    go_on.set()
    assert await finish(must, begun, go_on) == "done"
    begun, go_on = Event(), Event()
    task = tasks.create_task(finish(must, begun, go_on))
    await begun.wait()
    task.cancel()
    await sleep(0.05)
    assert not task.done()
    go_on.set()
    with pytest.raises(tasks.CancelledError):
        await task
    assert len(done) == 2


async def test_a_body_that_both_cancel_ends_for_the_one_outside() -> None:
    with CancelScope() as outer:
        async with Background() as background:
            background.start(sleep, 60)
            with CancelScope() as inner:
                inner.cancel()
                outer.cancel()
                await sleep(60)
        pytest.fail("the cancellation from outside got lost")
    assert (outer.caught, inner.caught) == (True, False)


async def test_a_body_that_is_cancelled_while_it_cleans_up_ends_for_the_one_outside() -> None:
    with CancelScope() as outer:

        async def clean_up() -> None:
            outer.cancel()
            await sleep(0.02)

        with CancelScope() as inner:
            inner.cancel()
            try:
                await sleep(60)
            finally:
                await finish(clean_up)
        pytest.fail("the cancellation from outside got lost")
    assert (outer.caught, inner.caught) == (True, False)


async def test_the_background_is_waited_for() -> None:
    ended = []

    async def work(seconds: float) -> None:
        await sleep(seconds)
        ended.append(seconds)

    async with Background() as background:
        await background.wait()
        for seconds in (0.02, 0.01):
            background.start(work, seconds)
        await background.wait()
        assert sorted(ended) == [0.01, 0.02]


async def test_one_body_has_the_mutex_at_a_time() -> None:
    mutex = Mutex()
    inside = 0

    async def enter() -> None:
        nonlocal inside
        async with mutex:
            inside += 1
            await checkpoint()
            assert inside == 1
            inside -= 1

    await tasks.gather(*(enter() for _ in range(20)))


async def test_work_in_a_thread_goes_on_after_a_cancellation() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        go_on.wait(10)
        ended.set()
        return "done"

    with ThreadPoolExecutor(1) as thread:
        waiting = tasks.create_task(join(thread.submit(work)))
        await tasks.to_thread(begun.wait, 10)
        waiting.cancel()
        with pytest.raises(tasks.CancelledError):
            await waiting
        go_on.set()
        assert await join(thread.submit(work)) == "done"
        with pytest.raises(ZeroDivisionError):
            await join(thread.submit(lambda: 1 // 0))
    assert ended.is_set()


def test_there_is_no_task_outside_of_a_loop() -> None:
    assert current_task() is None
