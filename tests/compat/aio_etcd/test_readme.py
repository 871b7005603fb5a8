"""The programs that python-aio-etcd's documentation has, with another import line."""

import asyncio
from urllib.parse import urlsplit

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client.compat.aio_etcd import Client
from etcd_client.compat.aio_etcd.lock import Lock
from tests.compat.aio_etcd.conftest import MakeClient


async def test_clients_are_made_in_all_ways(endpoint: str) -> None:
    port = urlsplit(endpoint).port
    assert port is not None
    nobody = 1
    usable = [
        etcd.Client(port=port),
        Client(host="127.0.0.1", port=port),
        etcd.Client(host=(("127.0.0.1", nobody), ("127.0.0.1", port))),
        etcd.Client(host="127.0.0.1", port=port, allow_redirect=False),
        etcd.client.Client(host=(("127.0.0.1", port),), allow_reconnect=True),
        etcd.Client("127.0.0.1", port, lock_prefix="/my_etcd_root/_locks"),
    ]
    for number, client in enumerate(usable):
        await client.write("/nodes/n1", number)
        assert (await client.read("/nodes/n1")).value == str(number)
        client.close()
    assert etcd.Client().port == 2379
    assert etcd.Client(srv_domain="example.com", protocol="https").protocol == "https"
    proxied = etcd.Client(
        host="api.example.com", protocol="https", port=443, version_prefix="/etcd"
    )
    assert (proxied.base_uri, proxied.host) == ("https://api.example.com:443", "api.example.com")


async def test_writing_reading_and_deleting(v2: etcd.Client) -> None:
    await v2.write("/nodes/n1", 1)
    await v2.set("/nodes/n1", 1)
    await v2.write("/nodes/n2", 2, ttl=4)
    assert (await v2.read("/nodes/n2")).value == "2"
    found = await v2.get("/nodes/n2")
    assert (found.value, found.ttl in range(1, 5)) == ("2", True)
    listed = await v2.read("/nodes", recursive=True)
    assert {child.key: child.value for child in listed.children} == {
        "/nodes/n1": "1",
        "/nodes/n2": "2",
    }
    with pytest.raises(etcd.EtcdKeyNotFound):
        await v2.read("/invalid/path")
    await v2.delete("/nodes/n1")
    assert not await v2.contains("/nodes/n1")


async def test_comparing_and_swapping(v2: etcd.Client) -> None:
    first = await v2.write("/nodes/n2", 4)
    await v2.write("/nodes/n2", 2, prevValue=4)
    with pytest.raises(etcd.EtcdAlreadyExist):
        await v2.write("/nodes/n2", 2, prevExist=False)
    with pytest.raises(etcd.EtcdCompareFailed):
        await v2.write("/nodes/n2", 2, prevIndex=first.modifiedIndex)
    with pytest.raises(ValueError, match="Compare failed"):
        await v2.test_and_set("/nodes/n2", 2, 4)
    assert (await v2.test_and_set("/nodes/n2", 4, 2)).value == "4"


async def test_updating_a_result(v2: etcd.Client) -> None:
    await v2.write("/foo", "bar")
    result = await v2.read("/foo")
    result.value += "bar"
    updated = await v2.update(result)
    assert updated.value == "barbar"
    with pytest.raises(etcd.EtcdCompareFailed):
        await v2.update(result)


async def test_watching(v2: etcd.Client) -> None:
    result = await v2.write("/nodes/n1", "old")
    reading = asyncio.create_task(
        v2.read("/nodes/n1", wait=True, waitIndex=result.modifiedIndex + 1)
    )
    await v2.write("/nodes/n1", "new")
    assert (await reading).value == "new"
    assert (await v2.read("/nodes/n1", wait=True, waitIndex=result.modifiedIndex)).value == "old"
    assert (await v2.watch("/nodes/n1", index=result.modifiedIndex + 1)).value == "new"
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(v2.read("/nodes/n1", wait=True), timeout=0.05)


async def test_refreshing(v2: etcd.Client) -> None:
    await v2.write("/nodes/n1", "value", ttl=30)
    await v2.refresh("/nodes/n1", ttl=600)
    found = await v2.read("/nodes/n1")
    assert found.value == "value"
    assert found.ttl is not None
    assert found.ttl > 590


async def test_locking(make_client: MakeClient) -> None:
    client = make_client(lock_prefix="/my_etcd_root/_locks")
    lock = etcd.Lock(client, "my_lock_name")
    await lock.acquire(blocking=True, lock_ttl=None)
    assert lock.is_acquired
    assert lock.path == "/my_etcd_root/_locks/my_lock_name"
    await lock.acquire(lock_ttl=60)
    await lock.release()
    assert not lock.is_acquired
    async with Lock(client, "customer1") as my_lock:
        assert my_lock.is_acquired
        await my_lock.acquire(lock_ttl=60)
    assert not my_lock.is_acquired


async def test_the_cluster(v2: etcd.Client, endpoint: str) -> None:
    assert await v2.machines() == [endpoint]
    assert (await v2.leader())["clientURLs"] == [endpoint]


async def test_sequential_keys(v2: etcd.Client) -> None:
    made = await v2.write("/dir/name", "value1", append=True)
    assert made.key.startswith("/dir/name/")
    assert made.value == "value1"
    await v2.write("/dir/name", "value2", append=True)
    directory = await v2.get("/dir/name")
    assert [child.value for child in directory.children] == ["value1", "value2"]
    assert next(directory.children).key == made.key
