"""The shared runtime: counted, stopped, started again, and nothing left of it."""

import asyncio
import contextlib
import gc
import random
import threading
import time
from collections.abc import Callable

import pytest

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdConnectionError,
    OutcomeUnknownError,
    active_context_count,
    cleanup_runtime,
)
from etcd_client.testing import Proxy, eventually
from tests.bridge.program import run_program
from tests.support.footprint import descriptors, resident_bytes, threads
from tests.support.waiting import eventually_async

Program = Callable[[str], None]

LINGER = 0.5
"""How long the engine outlives the last context."""


@pytest.mark.both_loops
async def test_counts_contexts(client: Client) -> None:
    before = active_context_count()
    async with client.connect():
        assert active_context_count() == before + 1
        async with client.connect():
            assert active_context_count() == before + 2
        assert active_context_count() == before + 1
    assert active_context_count() == before


async def test_counts_no_context_that_did_not_open(proxy: Proxy) -> None:
    before = active_context_count()
    proxy.refuse()
    with pytest.raises(EtcdConnectionError):
        async with Client(proxy.endpoint, ConnectOptions(require_connection=True)).connect():
            pass
    assert active_context_count() == before
    proxy.heal()
    proxy.blackhole()
    for delay in (0, 0.001, 0.01, 0.1):
        opening = asyncio.create_task(Client(proxy.endpoint).connect().__aenter__())
        await asyncio.sleep(delay)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    await eventually_async(lambda: active_context_count() == before)


async def test_counts_no_context_whose_opening_was_cancelled(client: Client) -> None:
    before = active_context_count()
    for step in range(40):
        opening = asyncio.create_task(client.connect().__aenter__())
        await asyncio.sleep(step * 0.0001)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            (await opening).close()
    await eventually_async(lambda: active_context_count() == before)


async def test_a_context_may_open_as_the_engine_stops(client: Client) -> None:
    chance = random.Random(20251121)
    for _ in range(12):
        async with client.connect() as communicator:
            await asyncio.wait_for(communicator.put(b"key", b"value"), 5)
        await asyncio.sleep(LINGER + chance.uniform(-0.003, 0.003))


def leave_nothing(endpoint: str) -> None:
    """Open and close many contexts, and look at what is left after the last."""
    left = 0.0

    async def use(number: int) -> None:
        nonlocal left
        async with Client(endpoint).connect() as communicator:
            async with communicator.watch(b"%d" % number) as watch:
                await communicator.put(b"%d" % number, b"value")
                await anext(watch)
            communicator.watch(b"forgotten")
            communicator.get(b"key")
            left = time.monotonic()

    async def work() -> None:
        async def is_as_before() -> bool:
            return (threads(), descriptors()) == before

        before = threads(), descriptors()
        for _ in range(3):
            await asyncio.gather(*(use(number) for number in range(100)))
            assert active_context_count() == 0
            # Unless the machine took that long to come here.
            waits = "etcd-client" in threads() or time.monotonic() - left >= LINGER
            assert waits, "the engine waits for the next context"
            await eventually_async(is_as_before, LINGER + 10)

    asyncio.run(work())


def leave_nothing_of_closed_loops(endpoint: str) -> None:
    """Run one loop after the other; each is closed before the engine has stopped."""

    async def use() -> None:
        async with Client(endpoint).connect() as communicator:
            await communicator.put(b"key", b"value")

    asyncio.run(use())
    eventually(lambda: "etcd-client" not in threads(), LINGER + 10)
    before = descriptors()
    for _ in range(20):
        asyncio.run(use())
    eventually(lambda: "etcd-client" not in threads() and descriptors() == before, LINGER + 10)


def take_no_more_memory(endpoint: str) -> None:
    """Churn through contexts, calls and watches; what they take must not grow."""

    async def churn(times: int) -> None:
        for _ in range(times):
            async with Client(endpoint).connect() as communicator:
                calls = [communicator.put(b"%d" % i, bytes(1000)) for i in range(10)]
                async with communicator.watch(b"key") as watch:
                    await asyncio.gather(*calls)
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(anext(watch), 0.0001)
                await communicator.get_prefix(b"")

    asyncio.run(churn(300))
    gc.collect()
    before = resident_bytes()
    for _ in range(5):
        asyncio.run(churn(200))
    gc.collect()
    grown = resident_bytes() - before
    assert grown < 4_000_000, grown
    assert threading.active_count() == 1


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "program",
    [leave_nothing, leave_nothing_of_closed_loops, take_no_more_memory],
    ids=lambda program: program.__name__,
)
def test_leaves(endpoint: str, program: Program) -> None:
    outcome = run_program(program, endpoint)
    assert (outcome.code, outcome.stderr) == (0, "")


def test_cleaning_up_twice_or_without_need_does_nothing() -> None:
    cleanup_runtime()
    cleanup_runtime()


@pytest.mark.both_loops
async def test_starts_again_after_a_cleanup(client: Client) -> None:
    async with client.connect() as communicator:
        await communicator.put(b"key", b"value")
        cleanup_runtime()
        assert await communicator.get(b"key") == b"value", "the open communicator goes on"
    cleanup_runtime()
    async with client.connect() as communicator:
        assert await communicator.get(b"key") == b"value"


async def test_a_cleanup_waits_for_calls(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.delay(0.2)
        started = time.monotonic()
        calls = [communicator.put(b"%d" % i, b"value") for i in range(100)]
        cleanup_runtime()
        # There and back; after 5 s it would have given them up.
        assert 0.3 < time.monotonic() - started < 5
        assert len(await asyncio.gather(*calls)) == 100


async def test_a_cleanup_gives_up_calls_after_its_time(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.blackhole()
        read = communicator.get(b"key", timeout=60)
        change = communicator.put(b"key", b"value", timeout=60)
        watch = communicator.watch(b"key")
        started = time.monotonic()
        await asyncio.to_thread(cleanup_runtime)
        assert time.monotonic() - started < 20
        with pytest.raises(OutcomeUnknownError):
            await change
        with pytest.raises(EtcdConnectionError) as failed:
            await read
        assert not isinstance(failed.value, OutcomeUnknownError)
        with pytest.raises(EtcdConnectionError):
            await anext(watch)


@pytest.mark.both_loops
async def test_cleanups_under_load_fail_no_call(client: Client) -> None:
    async with client.connect() as communicator:
        stop = False

        async def work(number: int) -> int:
            done = 0
            while not stop:
                await communicator.put(b"%d" % number, b"%d" % done)
                assert await communicator.get(b"%d" % number) == b"%d" % done
                done += 1
            return done

        tasks = [asyncio.create_task(work(number)) for number in range(64)]
        for _ in range(10):
            await asyncio.sleep(0.05)
            await asyncio.to_thread(cleanup_runtime)
        stop = True
        assert min(await asyncio.wait_for(asyncio.gather(*tasks), 20)) > 0


async def test_contexts_come_and_go_while_others_clean_up(client: Client) -> None:
    async def use() -> None:
        began = time.monotonic()
        try:
            async with client.connect() as communicator:
                await communicator.put(b"key", b"value")
        except (EtcdConnectionError, OutcomeUnknownError):
            # What a call is given to finish; on a busy machine it can take that long.
            if time.monotonic() - began < 5:
                raise

    async def churn() -> None:
        for _ in range(50):
            await use()

    async def clean() -> None:
        while not done.is_set():
            await asyncio.to_thread(cleanup_runtime)

    done = asyncio.Event()
    cleaning = asyncio.create_task(clean())
    await asyncio.wait_for(asyncio.gather(*(churn() for _ in range(8))), 40)
    done.set()
    await cleaning
    assert active_context_count() == 0
