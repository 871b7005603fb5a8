"""The programs of etcetra's README do what it says of them."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client.compat.etcetra import (
    CompareKey,
    EtcdClient,
    EtcdTransactionAction,
    HostPortPair,
    WatchEventType,
)
from etcd_client.compat.etcetra.errors import EtcdNotFoundError, EtcdUnknownError
from etcd_client.testing import EtcdServer
from tests.support.waiting import eventually_async


async def test_a_client_is_made_from_an_address(etcd: EtcdServer) -> None:
    client = EtcdClient(HostPortPair(*etcd.address))
    async with client.connect() as communicator:
        await communicator.put("testkey", "testvalue")
        assert await communicator.get("testkey") == "testvalue"


async def test_a_prefix_is_read_as_a_dictionary(etcetra: EtcdClient) -> None:
    written = {"/testdir": "root", "/testdir/1": "1", "/testdir/2": "2", "/testdir/2/3": "3"}
    async with etcetra.connect() as communicator:
        for key, value in written.items():
            await communicator.put(key, value)
        assert await communicator.get_prefix("/testdir") == written


async def test_a_lock_has_one_holder_at_a_time(etcetra: EtcdClient) -> None:
    steps: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with etcetra.with_lock("foolock") as communicator:
            held.set()
            await asyncio.sleep(0.3)
            steps.append(f"first: {await communicator.get('testkey')}")

    async def second() -> None:
        await held.wait()
        async with etcetra.with_lock("foolock") as communicator:
            steps.append(f"second: {await communicator.get('testkey')}")

    async with etcetra.connect() as communicator:
        await communicator.put("testkey", "testvalue")
    await asyncio.gather(first(), second())
    assert steps == ["first: testvalue", "second: testvalue"]


async def test_waiting_for_a_lock_times_out(etcetra: EtcdClient) -> None:
    async with etcetra.with_lock("foolock") as communicator:
        with pytest.raises(asyncio.TimeoutError) as caught:
            async with etcetra.with_lock("foolock", timeout=0.2):
                pytest.fail("two holders")
        assert isinstance(caught.value, EtcdUnknownError)

        async def only_the_holder() -> bool:
            return len(await communicator.get_prefix("foolock/")) == 1

        # The attempt leaves nothing in the line, soon after it has ended.
        await eventually_async(only_the_holder)


async def test_a_lock_is_released_when_its_ttl_is_over(etcetra: EtcdClient) -> None:
    """The next holder enters while the first is still inside, which is told when it leaves."""
    entered = asyncio.Event()

    async def first() -> None:
        async with etcetra.with_lock("foolock", ttl=1):
            entered.set()
            await released.wait()

    released = asyncio.Event()
    holder = asyncio.create_task(first())
    await entered.wait()
    async with etcetra.with_lock("foolock", timeout=10):
        assert not holder.done()
    released.set()
    with pytest.raises(EtcdNotFoundError, match="lost"):
        await holder


async def test_changes_of_a_key_are_watched(etcetra: EtcdClient) -> None:
    seen: list[str] = []
    ready = asyncio.Event()

    async def watch() -> None:
        async with etcetra.connect() as communicator:
            async for event in communicator.watch("testkey", ready_event=ready):
                seen.append(f"{event.event} {event.value}")
                if event.value == "5":
                    return

    async def update() -> None:
        await ready.wait()
        async with etcetra.connect() as communicator:
            for number in range(1, 6):
                await communicator.put("testkey", str(number))

    await asyncio.gather(watch(), update())
    assert seen == [f"WatchEventType.PUT {number}" for number in range(1, 6)]


async def test_changes_below_a_prefix_are_watched(etcetra: EtcdClient) -> None:
    seen: list[tuple[WatchEventType, str, str | None]] = []
    ready = asyncio.Event()

    async def watch() -> None:
        async with etcetra.connect() as communicator:
            async for event in communicator.watch_prefix("/testdir", ready_event=ready):
                seen.append((event.event, event.key, event.value))
                if len(seen) == len(written):
                    return

    async def update() -> None:
        await ready.wait()
        async with etcetra.connect() as communicator:
            for key, value in written.items():
                await communicator.put(key, value)

    written = {"/testdir": "1", "/testdir/foo": "2", "/testdir/bar": "3", "/testdir/foo/baz": "4"}
    await asyncio.gather(watch(), update())
    assert seen == [(WatchEventType.PUT, key, value) for key, value in written.items()]


async def test_a_transaction_takes_the_branch_of_its_conditions(etcetra: EtcdClient) -> None:
    def change(success: EtcdTransactionAction, failure: EtcdTransactionAction) -> None:
        success.get("successkey")
        failure.get("failurekey")

    met = [CompareKey("cmpkey1").value == "foo", CompareKey("cmpkey2").value > "bar"]
    unmet = [CompareKey("cmpkey1").value == "foo", CompareKey("cmpkey2").value < "bar"]
    async with etcetra.connect() as communicator:
        await communicator.put("cmpkey1", "foo")
        await communicator.put("cmpkey2", "baz")
        await communicator.put("successkey", "asdf")
        await communicator.put("failurekey", "qwer")
        assert await communicator.txn_compare(met, change) == ([{"successkey": "asdf"}], True)
        assert await communicator.txn_compare(unmet, change) == ([{"failurekey": "qwer"}], False)


async def test_a_transaction_without_conditions(etcetra: EtcdClient) -> None:
    def read(action: EtcdTransactionAction) -> None:
        action.get("cmpkey1")
        action.get("cmpkey2")

    async with etcetra.connect() as communicator:
        await communicator.put("cmpkey1", "foo")
        await communicator.put("cmpkey2", "baz")
        assert await communicator.txn(read) == [{"cmpkey1": "foo"}, {"cmpkey2": "baz"}]
