"""How watches begin and end, here and on the server."""

import time
from collections.abc import AsyncIterator

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    CondVar,
    EtcdTimeoutError,
    Txn,
    TxnOp,
    WatchEvent,
)
from etcd_client.testing import EtcdServer, Proxy, eventually
from tests.support import tasks
from tests.support.leftovers import settled_metrics
from tests.support.waiting import eventually_async


async def values(watch: AsyncIterator[WatchEvent], count: int) -> list[bytes]:
    """Read the values of that many events."""
    return [(await tasks.wait_for(anext(watch), 10)).value for _ in range(count)]


@pytest.mark.both_loops
async def test_tells_an_event_that_it_is_ready(communicator: Communicator) -> None:
    ready = tasks.Event()
    watch = communicator.watch(b"key", ready_event=ready)
    await tasks.wait_for(ready.wait(), 5)
    await communicator.put(b"key", b"value")
    assert await values(watch, 1) == [b"value"]


async def test_tells_a_condition_that_it_is_ready(communicator: Communicator) -> None:
    ready = CondVar()
    watch = communicator.watch_prefix(b"k", ready_event=ready)
    await tasks.wait_for(ready.wait(), 5)
    await communicator.put(b"key", b"value")
    assert await values(watch, 1) == [b"value"]


async def test_is_not_ready_before_the_server_says_so(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    ready = tasks.Event()
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.stall()
        watch = communicator.watch(b"key", ready_event=ready)
        await tasks.sleep(0.3)
        assert not ready.is_set()
        proxy.heal()
        await tasks.wait_for(ready.wait(), 5)
        watch.cancel()


async def test_a_watch_that_was_confirmed_was_ready_though_it_has_ended(
    communicator: Communicator,
) -> None:
    ready, ended = tasks.Event(), tasks.Event()
    watch = communicator.watch(b"key", ready_event=ready, cleanup_event=ended)
    # The loop is blocked from before the confirmation until after the end.
    eventually(lambda: watch.revision > 0)
    watch.cancel()
    time.sleep(0.1)  # noqa: ASYNC251
    await tasks.wait_for(ready.wait(), 5)
    await tasks.wait_for(ended.wait(), 5)


async def test_waiting_for_a_watch_that_fails_raises(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        ready = tasks.Event()
        watch = communicator.watch(b"key", timeout=0.2, ready_event=ready)
        with pytest.raises(EtcdTimeoutError):
            await watch.ready()
        with pytest.raises(EtcdTimeoutError):
            async with watch:
                pytest.fail("the watch was entered")
        with pytest.raises(EtcdTimeoutError):
            await anext(watch)
        assert not ready.is_set()


async def test_waiting_for_a_watch_that_is_cancelled_ends(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        watch = communicator.watch(b"key")
        waiting = tasks.ensure_future(watch.ready())
        await tasks.sleep(0.05)
        watch.cancel()
        await tasks.wait_for(waiting, 5)


async def test_tells_an_event_that_it_has_ended(communicator: Communicator) -> None:
    ended = tasks.Event()
    watch = communicator.watch(b"key", cleanup_event=ended)
    await watch.ready()
    assert not ended.is_set()
    watch.cancel()
    await tasks.wait_for(ended.wait(), 5)


async def test_ends_after_one_event_if_told_so(communicator: Communicator) -> None:
    async with communicator.watch_prefix(b"k", once=True) as watch:
        await communicator.txn(Txn().and_then([TxnOp.put(b"k1", b""), TxnOp.put(b"k2", b"")]))
        assert [event.key async for event in watch] == [b"k1"]


async def test_the_deadline_covers_the_confirmation(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        proxy.blackhole()
        watch = communicator.watch(b"key", timeout=0.3)
        with pytest.raises(EtcdTimeoutError):
            await tasks.wait_for(anext(watch), 5)


async def test_a_confirmed_watch_has_no_deadline(communicator: Communicator) -> None:
    async with communicator.watch(b"key", timeout=2) as watch:
        await tasks.sleep(2.5)
        await communicator.put(b"key", b"late")
        assert await values(watch, 1) == [b"late"]


@pytest.mark.both_loops
async def test_cancel_ends_the_iteration(communicator: Communicator) -> None:
    watch = communicator.watch(b"key")
    waiting = tasks.create_task(anext(watch, None))
    await watch.ready()
    watch.cancel()
    assert await tasks.wait_for(waiting, 5) is None
    assert [event async for event in watch] == []
    watch.cancel()


async def test_leaving_the_context_ends_the_watch_on_the_server(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    watches = [communicator.watch(b"key%d" % i) for i in range(10)]
    for watch in watches:
        await watch.ready()
    await eventually_async(lambda: etcd.metrics().watchers == before + 10)
    for watch in watches[:9]:
        async with watch:
            pass
    await eventually_async(lambda: etcd.metrics().watchers == before + 1)
    await communicator.put(b"key9", b"")
    assert await values(watches[9], 1), "the others' end does not concern it"


async def test_a_forgotten_watch_ends_on_the_server(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    await communicator.watch(b"key").ready()
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_breaking_out_of_the_loop_ends_the_watch(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    await communicator.put(b"key", b"1")
    revision = (await communicator.put(b"key", b"2")).header.revision
    async for event in communicator.watch(b"key", start_revision=revision):
        assert event.value == b"2"
        break
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_closing_the_communicator_ends_its_watches(client: Client, etcd: EtcdServer) -> None:
    before = (await settled_metrics(etcd)).watchers
    async with client.connect() as communicator:
        watch = communicator.watch(b"key")
        waiting = tasks.create_task(anext(watch, None))
        await watch.ready()
    with pytest.raises(ClosedError):
        await tasks.wait_for(waiting, 5)
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_closing_the_communicator_ends_a_watch_that_nobody_reads(
    client: Client, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watch_streams
    async with client.connect() as stays_open, client.connect() as communicator:
        watch = communicator.watch_prefix(b"k")
        await watch.ready()
        for i in range(6):
            await stays_open.put(b"k%d" % i, bytes(1_000_000))
        await tasks.sleep(0.2)
        communicator.close()
        await eventually_async(lambda: etcd.metrics().watch_streams == before)
        assert await stays_open.count_prefix(b"k") == 6
        del watch
