"""Watches: which changes they report, and what they say of them."""

import asyncio

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Communicator, Txn, TxnOp


async def seen(
    v2: etcd.Client, path: str, index: int, count: int, *, recursive: bool = False
) -> list[etcd.EtcdResult]:
    """Return the first changes of a path from an index on."""
    found: list[etcd.EtcdResult] = []

    def take(result: etcd.EtcdResult) -> None:
        found.append(result)
        if len(found) == count:
            raise etcd.StopWatching

    watching = v2.eternal_watch(path, take, index=index, recursive=recursive)
    last = await asyncio.wait_for(watching, 20)
    assert last == found[-1].modifiedIndex + 1
    return found


def brief(results: list[etcd.EtcdResult]) -> list[tuple[str | None, str, object]]:
    return [(result.action, result.key, result.value) for result in results]


async def test_changes_of_a_file(v2: etcd.Client) -> None:
    first = await v2.set("/d/a", "1")
    await v2.set("/d/a", "2")
    await v2.set("/d/a-neighbour", "x")
    await v2.set("/d/a.neighbour", "x")
    await v2.set("/d/ab", "x")
    await v2.delete("/d/a")
    await v2.set("/d/a", "3")
    results = await seen(v2, "/d/a", first.modifiedIndex, 4)
    assert brief(results) == [
        ("set", "/d/a", "1"),
        ("set", "/d/a", "2"),
        ("delete", "/d/a", None),
        ("set", "/d/a", "3"),
    ]
    previous = [None if result.prev is None else result.prev.value for result in results]
    assert previous == [None, "1", "2", None]
    assert [result.newKey for result in results] == [True, False, False, True]


async def test_changes_in_a_directory(v2: etcd.Client) -> None:
    start = await v2.set("/other", "x")
    await v2.set("/d/deep/er/a", "1")
    await v2.write("/d/made", None, dir=True)
    await v2.write("/d/queue", "2", append=True)
    await v2.set("/d/deep/_hidden/x", "hidden")
    await v2.set("/d/_hidden", "hidden")
    await v2.set("/d-neighbour", "x")
    await v2.delete("/d/deep", recursive=True)
    await v2.delete("/d", recursive=True)
    index = start.modifiedIndex + 1
    results = await seen(v2, "/d", index, 5, recursive=True)
    queued = results[2].key
    assert brief(results) == [
        ("set", "/d/deep/er/a", "1"),
        ("set", "/d/made", None),
        ("set", queued, "2"),
        ("delete", "/d/deep", None),
        ("delete", "/d", None),
    ]
    assert [result.dir for result in results] == [False, True, False, True, True]
    assert brief(await seen(v2, "/d", index, 1)) == [("delete", "/d", None)]
    assert brief(await seen(v2, "/d/_hidden", index, 1)) == [("set", "/d/_hidden", "hidden")]
    deep = await seen(v2, "/d/deep/er/a", index, 2)
    assert brief(deep) == [("set", "/d/deep/er/a", "1"), ("delete", "/d/deep/er/a", None)]


async def test_a_file_that_becomes_a_directory(v2: etcd.Client) -> None:
    first = await v2.set("/a", "1")
    await v2.write("/a", None, dir=True)
    await v2.set("/a/x", "2")
    results = await seen(v2, "/a", first.modifiedIndex, 3, recursive=True)
    assert brief(results) == [("set", "/a", "1"), ("set", "/a", None), ("set", "/a/x", "2")]
    assert [result.dir for result in results] == [False, True, False]


async def test_a_deleted_file_with_a_ttl_has_not_expired(v2: etcd.Client) -> None:
    for path in ("/d/a", "/top"):
        made = await v2.write(path, "1", ttl=60)
        await v2.delete(path)
        (result,) = await seen(v2, path, made.modifiedIndex + 1, 1)
        assert result.action == "delete"
    made = await v2.write("/d/b", "1", ttl=60)
    await v2.delete("/d", recursive=True)
    (result,) = await seen(v2, "/d/b", made.modifiedIndex + 1, 1)
    assert result.action == "delete"


async def test_several_keys_in_one_transaction(v2: etcd.Client, communicator: Communicator) -> None:
    """A program for API v3 may change several at once; `eternal_watch` reports them all."""
    puts = [TxnOp.put(f"/d/{name}", name) for name in "abc"]
    response = await communicator.txn(Txn().and_then(puts))
    results = await seen(v2, "/d", response.header.revision, 3, recursive=True)
    assert [result.value for result in results] == ["a", "b", "c"]


async def test_waiting_for_the_next_change(v2: etcd.Client) -> None:
    await v2.set("/a", "old")
    for number in range(5):
        waiting = asyncio.create_task(v2.watch("/a", timeout=20))
        while not waiting.done():
            await v2.set("/a", number)
            await asyncio.sleep(0.02)
        assert (await waiting).value == str(number)


async def test_waiting_for_an_index_to_come(v2: etcd.Client) -> None:
    now = await v2.set("/a", "0")
    waiting = asyncio.create_task(v2.watch("/a", index=now.modifiedIndex + 3))
    for number in range(1, 5):
        await v2.set("/a", number)
    assert (await asyncio.wait_for(waiting, 20)).value == "3"


async def test_a_watch_that_sees_nothing_times_out(v2: etcd.Client) -> None:
    with pytest.raises(etcd.EtcdWatchTimedOut, match="/nodes"):
        await v2.read("/nodes", wait=True, timeout=0.05)
    with pytest.raises(etcd.EtcdConnectionFailed):
        await v2.watch("/nodes", timeout=0.05)


async def test_callbacks_may_be_coroutines(v2: etcd.Client) -> None:
    first = await v2.set("/a", "1")
    values: list[str] = []

    async def take(result: etcd.EtcdResult) -> None:
        await asyncio.sleep(0)
        values.append(result.value)
        if result.value == "2":
            raise etcd.StopWatching

    watching = asyncio.create_task(v2.eternal_watch("/a", take, index=first.modifiedIndex))
    second = await v2.set("/a", "2")
    assert await asyncio.wait_for(watching, 20) == second.modifiedIndex + 1
    assert values == ["1", "2"]


async def test_an_error_of_the_callback_is_raised(v2: etcd.Client) -> None:
    first = await v2.set("/a", "1")

    def fail(_result: etcd.EtcdResult) -> None:
        message = "of the program"
        raise LookupError(message)

    with pytest.raises(LookupError, match="of the program"):
        await v2.eternal_watch("/a", fail, index=first.modifiedIndex)


async def test_compacted_history_is_an_error(v2: etcd.Client, communicator: Communicator) -> None:
    first = await v2.set("/a", "1")
    last = await v2.set("/a", "2")
    await communicator.compact(last.modifiedIndex)
    with pytest.raises(etcd.EtcdEventIndexCleared) as raised:
        await v2.watch("/a", index=first.modifiedIndex, timeout=20)
    assert raised.value.payload is not None
    assert raised.value.payload["errorCode"] == 401
    with pytest.raises(etcd.EtcdEventIndexCleared):
        await v2.eternal_watch("/a", print, index=first.modifiedIndex)
    assert (await v2.watch("/a", index=last.modifiedIndex, timeout=20)).value == "2"


async def test_watches_leave_nothing_behind(v2: etcd.Client, communicator: Communicator) -> None:
    await v2.set("/a", "1")
    for _ in range(50):
        task = asyncio.create_task(v2.eternal_watch("/a", print, recursive=True))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(asyncio.all_tasks()) == 1
    assert await communicator.get("/a") == b"1"
