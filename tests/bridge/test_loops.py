"""Several event loops and threads, and loops that end early."""

import asyncio
import concurrent.futures
import gc
import itertools
import random
import threading
from collections.abc import Awaitable, Callable

import pytest

from etcd_client import (
    CampaignResponse,
    Client,
    ClosedError,
    Communicator,
    EtcdConnectionError,
    WrongLoopError,
    active_context_count,
)
from etcd_client.testing import Proxy, eventually
from tests.support.leftovers import key_count

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> LoopFactory:
    """Return what makes an event loop, of each kind."""
    if request.param == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - does not exist for every platform

    factory: LoopFactory = uvloop.new_event_loop
    return factory


def test_loops_in_several_threads_do_not_disturb_each_other(
    endpoint: str, loop_factory: LoopFactory
) -> None:
    async def work(number: int) -> list[bytes | None]:
        async with Client(endpoint).connect() as communicator:
            keys = [b"%d/%d" % (number, i) for i in range(200)]
            await asyncio.gather(*(communicator.put(key, key) for key in keys))
            return await asyncio.gather(*(communicator.get(key) for key in keys))

    def run(number: int) -> list[bytes | None]:
        loop = loop_factory()
        try:
            return loop.run_until_complete(work(number))
        finally:
            loop.close()

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        results = list(threads.map(run, range(8)))
    assert results == [[b"%d/%d" % (number, i) for i in range(200)] for number in range(8)]
    assert active_context_count() == 0


@pytest.mark.both_loops
async def test_a_thousand_contexts_open_and_close_at_once(client: Client) -> None:
    async def use(number: int) -> bytes | None:
        async with client.connect() as communicator:
            await communicator.put(b"%d" % number, b"%d" % number)
            return await communicator.get(b"%d" % number)

    values = await asyncio.wait_for(asyncio.gather(*map(use, range(1000))), 30)
    assert values == [b"%d" % number for number in range(1000)]
    assert active_context_count() == 0


def test_contexts_open_and_close_in_several_threads(endpoint: str) -> None:
    async def churn() -> None:
        for _ in range(100):
            async with Client(endpoint).connect() as communicator:
                await communicator.get(b"key")

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(asyncio.run, churn()) for _ in range(4)]:
            done.result(timeout=30)
    assert active_context_count() == 0


def test_loops_may_follow_each_other(endpoint: str, loop_factory: LoopFactory) -> None:
    async def use() -> None:
        async with Client(endpoint).connect() as communicator:
            await communicator.put(b"key", b"value")

    for _ in range(50):
        loop = loop_factory()
        loop.run_until_complete(use())
        loop.close()


def test_a_loop_may_close_with_calls_pending(
    endpoint: str, proxy: Proxy, loop_factory: LoopFactory
) -> None:
    assert endpoint
    loop = loop_factory()

    async def leave() -> tuple[object, ...]:
        context = Client(proxy.endpoint).connect()
        communicator = await context.__aenter__()
        await communicator.get(b"key")
        proxy.delay(0.2)
        calls = [communicator.get(b"key") for _ in range(100)]
        watch = communicator.watch(b"key")
        # When they are collected, nothing is raised to be ignored.
        waiting = [asyncio.ensure_future(_first(wait)) for wait in (calls[0], anext(watch))]
        await asyncio.sleep(0)
        return context, communicator, calls, watch, waiting

    left = loop.run_until_complete(leave())
    loop.close()
    proxy.heal()
    assert asyncio.run(_read(proxy.endpoint)) is None, "other loops are not disturbed"
    del left
    gc.collect()
    eventually(lambda: active_context_count() == 0)


def test_a_loop_may_close_with_a_campaign_pending_and_leaves_no_key(
    endpoint: str, loop_factory: LoopFactory
) -> None:
    chance = random.Random(7)
    elected, pending = 0, 0

    async def leave(name: bytes) -> asyncio.Future[CampaignResponse]:
        communicator = await Client(endpoint).connect().__aenter__()
        lease = await communicator.lease_grant(60)
        campaign = asyncio.ensure_future(communicator.campaign(name, b"value", lease))
        await asyncio.sleep(chance.uniform(0, 0.002))
        return campaign

    for number in itertools.count():
        if number >= 30 and pending:
            break
        loop = loop_factory()
        left = loop.run_until_complete(leave(b"%d" % number))
        loop.close()
        pending += not left.done()
        # The context is closed as soon as nobody has it: it may be lost as it is won.
        elected += left.done() and left.exception() is None
        del left
        gc.collect()
    eventually(lambda: active_context_count() == 0)
    eventually(lambda: key_count(endpoint) == elected)


async def _first(wait: Awaitable[object]) -> object:
    return await wait


async def _read(endpoint: str) -> bytes | None:
    async with Client(endpoint).connect() as communicator:
        return await communicator.get(b"key")


def test_completions_for_a_closed_loop_reach_no_other(endpoint: str, proxy: Proxy) -> None:
    """The descriptor of a closed loop may be another's soon: it must not be written to."""
    assert endpoint

    async def leave() -> Communicator:
        communicator = await Client(proxy.endpoint).connect().__aenter__()
        await communicator.get(b"key")
        proxy.delay(0.1)
        for _ in range(50):
            communicator.get(b"key")
        return communicator

    for _ in range(10):
        loop = asyncio.new_event_loop()
        communicator = loop.run_until_complete(leave())
        loop.close()
        communicator.close()
        assert asyncio.run(_read(endpoint)) is None
        proxy.heal()


async def test_refuses_calls_from_another_loop(communicator: Communicator) -> None:
    async def use() -> None:
        for use_wrongly in (
            lambda: communicator.get(b"key"),
            lambda: communicator.put(b"key", b"value"),
            lambda: communicator.watch(b"key"),
            lambda: communicator.scan_prefix(b"key"),
            lambda: communicator.namespace(b"a").get(b"key"),
        ):
            with pytest.raises(WrongLoopError, match="another event loop"):
                use_wrongly()

    await asyncio.get_running_loop().run_in_executor(None, asyncio.run, use())
    assert await communicator.get(b"key") is None


async def test_refuses_calls_once_closed(client: Client) -> None:
    async with client.connect() as communicator:
        assert not communicator.closed
    assert communicator.closed
    for use_late in (
        lambda: communicator.get(b"key"),
        lambda: communicator.put(b"key", b"value"),
        lambda: communicator.watch(b"key"),
        lambda: communicator.scan_prefix(b"key"),
        lambda: communicator.namespace(b"a"),
    ):
        with pytest.raises(ClosedError, match="closed"):
            use_late()
    communicator.close()


async def test_a_call_outlives_the_context(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.put(b"key", b"value")
        proxy.delay(0.7)
        call = communicator.get(b"key")
    # The engine lingers for half a second, then it waits for the call.
    assert await asyncio.wait_for(call, 20) == b"value"


async def test_a_call_that_outlasts_its_engine_is_told(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.blackhole()
        call = communicator.get(b"key", timeout=60)
    with pytest.raises(EtcdConnectionError):
        await asyncio.wait_for(call, 30)


def test_loops_close_while_others_work(endpoint: str) -> None:
    stop, working = threading.Event(), threading.Barrier(3, timeout=20)

    async def work() -> int:
        done = 0
        async with Client(endpoint).connect() as communicator:
            working.wait()
            while not (done and stop.is_set()):
                await asyncio.gather(*(communicator.get(b"key") for _ in range(50)))
                done += 50
        return done

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        workers = [threads.submit(asyncio.run, work()) for _ in range(2)]
        working.wait()
        for _ in range(30):
            asyncio.run(_read(endpoint))
        stop.set()
        assert all(worker.result(timeout=20) > 0 for worker in workers)
