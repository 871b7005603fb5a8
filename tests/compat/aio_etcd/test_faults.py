"""Servers that restart, freeze or are not there; clients that are closed or change their loop."""

import asyncio
import gc
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Client, OutcomeUnknownError, active_context_count
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy, eventually, free_port
from tests.compat.aio_etcd.conftest import MakeClient
from tests.support.flags import QUICK_ELECTIONS
from tests.support.waiting import eventually_async

MakeServer = Callable[..., EtcdServer]


async def test_an_eternal_watch_goes_on_after_a_restart(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    server = make_server(flags=QUICK_ELECTIONS)
    client = make_client(port=server.address[1])
    first = await client.set("/d/a", 0)
    values: list[int] = []

    def take(result: etcd.EtcdResult) -> None:
        values.append(int(result.value))
        if values[-1] == 30:
            raise etcd.StopWatching

    index = first.modifiedIndex + 1
    watching = asyncio.create_task(client.eternal_watch("/d", take, index=index, recursive=True))
    once = asyncio.create_task(client.watch("/d/never", timeout=60))
    for number in range(1, 31):
        if number % 10 == 5:
            server.kill()
            server.start()
        await client.set("/d/a", number, timeout=20)
    await asyncio.wait_for(watching, 30)
    assert values == list(range(1, 31))
    await client.set("/d/never", "now")
    assert (await asyncio.wait_for(once, 30)).value == "now"


async def test_a_lock_is_held_over_a_restart(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    server = make_server()
    client = make_client(port=server.address[1])
    waiter = etcd.Lock(client, "work")
    async with etcd.Lock(client, "work") as lock:
        waiting = asyncio.create_task(waiter.acquire())

        async def both_are_in_line() -> bool:
            return len(list((await client.get("/_locks/work")).leaves)) == 2

        await eventually_async(both_are_in_line)
        server.kill()
        server.start()
        assert await lock.is_acquired()
        assert not waiting.done()
    assert await asyncio.wait_for(waiting, 30)
    await waiter.release()


async def test_history_that_is_compacted_while_the_connection_is_cut(
    make_client: MakeClient, endpoint: str, proxy: Proxy
) -> None:
    """The changes that a watch missed are gone, and it says so instead of leaving them out."""
    client = make_client(port=urlsplit(proxy.endpoint).port)
    await client.set("/a", "1")
    seen: list[str] = []
    watching = asyncio.create_task(
        client.eternal_watch("/a", lambda found: seen.append(found.value))
    )
    async with Client(endpoint).connect() as communicator:
        while not seen:
            last = (await communicator.put("/a", "seen")).header.revision
            await asyncio.sleep(0.02)
        proxy.refuse()
        proxy.drop()
        for number in range(5):
            last = (await communicator.put("/a", f"missed {number}")).header.revision
        await communicator.compact(last)
    proxy.heal()
    with pytest.raises(etcd.EtcdEventIndexCleared):
        await asyncio.wait_for(watching, 40)
    assert not [value for value in seen if value.startswith("missed")]


async def test_no_server(make_client: MakeClient) -> None:
    client = make_client(port=free_port())
    for attempt in (
        client.get("/a", timeout=0.3),
        client.set("/a", "1", timeout=0.3),
        client.write("/a", "1", append=True, timeout=0.3),
        client.delete("/a", timeout=0.3),
    ):
        with pytest.raises(etcd.EtcdConnectionFailed) as raised:
            await attempt
        assert raised.value.cause is not None
        assert raised.value.cause is raised.value.__cause__
    with pytest.raises(etcd.EtcdWatchTimedOut):
        await client.watch("/a", timeout=0.3)
    assert await etcd.Lock(client, "work").acquire(timeout=0.3) is False


async def test_a_frozen_server_is_not_waited_for(
    make_server: MakeServer, make_client: MakeClient
) -> None:
    server = make_server()
    client = make_client(port=server.address[1])
    await client.set("/a", "1")
    server.freeze()
    with pytest.raises(etcd.EtcdConnectionFailed):
        await client.get("/a", timeout=0.3)
    with pytest.raises(etcd.EtcdConnectionFailed) as raised:
        # Long enough for it to be sent, on a busy machine too.
        await client.set("/a", "2", timeout=2)
    # It may be applied when the server wakes up.
    assert isinstance(raised.value.cause, OutcomeUnknownError)


async def test_other_members_are_tried(make_server: MakeServer, make_client: MakeClient) -> None:
    server = make_server()
    hosts = (("127.0.0.1", free_port()), server.address)
    client = make_client(host=hosts, allow_reconnect=True)
    await client.set("/a", "1")
    assert (await client.get("/a")).value == "1"


async def test_a_closed_client_says_so(v2: etcd.Client) -> None:
    holder = etcd.Lock(v2, "work")
    await holder.acquire()
    waiting = [
        asyncio.create_task(v2.watch("/a")),
        asyncio.create_task(v2.eternal_watch("/a", print)),
        asyncio.create_task(etcd.Lock(v2, "work").acquire()),
    ]
    await asyncio.sleep(0.1)
    v2.close()
    v2.close()
    for outcome in await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20):
        assert isinstance(outcome, etcd.EtcdConnectionFailed)
    with pytest.raises(etcd.EtcdConnectionFailed, match="closed"):
        await v2.get("/a")


def test_a_client_works_on_every_loop(make_client: MakeClient) -> None:
    client = make_client()

    async def use(number: int) -> str:
        await client.set(f"/loops/{number}", number)
        found = await asyncio.gather(*(client.get(f"/loops/{number}") for _ in range(20)))
        assert len({id(result) for result in found}) == 20
        value: str = found[0].value
        return value

    gc.collect()  # which ends the contexts that other tests have left to it
    eventually(lambda: active_context_count() == 0)
    assert [asyncio.run(use(number)) for number in range(3)] == ["0", "1", "2"]
    # Those of loops that are closed are gone.
    assert active_context_count() == 1
    values: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: values.append(asyncio.run(use(n)))) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values) == ["0", "1", "2", "3"]


async def test_another_cluster_is_refused(v2: etcd.Client, make_client: MakeClient) -> None:
    with pytest.raises(etcd.EtcdClusterIdChanged, match="from 123abc to"):
        await make_client(expected_cluster_id="123abc").get("/")
    async with Client(v2.base_uri).connect() as communicator:
        header = (await communicator.range("/")).header
    right = make_client(expected_cluster_id=f"{header.cluster_id:x}")
    assert (await right.get("/")).dir


async def test_members_that_were_not_given_are_used(
    cluster: EtcdCluster, make_client: MakeClient
) -> None:
    first, *_ = cluster.members
    client = make_client(port=first.address[1], allow_reconnect=True)
    await client.set("/a", "1")
    first.kill()
    try:
        assert (await client.get("/a", timeout=20)).value == "1"
        await client.set("/a", "2", timeout=20)
    finally:
        first.start()
    alone = make_client(port=free_port(), allow_reconnect=True)
    with pytest.raises(etcd.EtcdConnectionFailed):
        await alone.get("/a", timeout=0.3)
