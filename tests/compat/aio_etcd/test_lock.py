"""Locks: contenders, renewal, time limits, and holders that die."""

import asyncio
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

import etcd_client.compat.aio_etcd as etcd
from etcd_client import Communicator
from tests.compat.aio_etcd.conftest import MakeClient
from tests.support.waiting import eventually_async

PATH = "/_locks/work/"


async def entries(communicator: Communicator) -> list[bytes]:
    """Return the values of all that hold the lock or wait for it."""
    return [value for key, value in await communicator.get_prefix(PATH) if key != PATH.encode()]


async def until_waiting(communicator: Communicator, count: int) -> None:
    async def are_in_line() -> bool:
        return len(await entries(communicator)) >= count

    await eventually_async(are_in_line, within=20)


async def test_a_lock_is_a_sequential_key(v2: etcd.Client, communicator: Communicator) -> None:
    lock = etcd.Lock(v2, "work")
    assert (lock.name, lock.path, lock.is_taken) == ("work", "/_locks/work", False)
    with pytest.raises(ValueError, match="No sequence"):
        lock.lock_key  # noqa: B018 - it raises
    assert not lock.is_acquired
    assert not await lock.is_acquired()
    assert await lock.acquire() is True
    assert lock.is_acquired == 1
    assert repr(lock.is_acquired) == "True"
    assert await lock.is_acquired() is True
    assert (await v2.get(lock.lock_key)).value == lock.uuid
    kv = await communicator.get_kv(lock.lock_key)
    assert kv is not None
    assert (await communicator.lease_time_to_live(kv.lease)).granted_ttl == 3600
    await lock.release()
    assert not lock.is_acquired
    assert await entries(communicator) == []
    assert (await v2.get("/_locks/work")).dir
    assert (await communicator.leases()).leases == ()


async def test_a_lock_in_a_directory_with_a_ttl(
    v2: etcd.Client, communicator: Communicator
) -> None:
    """Its key lives with the directory, which stays when the lock is released."""
    await v2.write("/_locks", None, dir=True, ttl=60)
    await v2.set("/_locks/other", "1")
    lock = etcd.Lock(v2, "work")
    await lock.acquire()
    await lock.release()
    assert (await v2.get("/_locks/other")).value == "1"
    assert await entries(communicator) == []


async def test_one_at_a_time_in_the_order_of_arrival(
    make_client: MakeClient, communicator: Communicator
) -> None:
    order: list[int] = []
    inside = 0

    async def contend(number: int) -> None:
        nonlocal inside
        async with etcd.Lock(make_client(), "work"):
            inside += 1
            assert inside == 1
            order.append(number)
            await asyncio.sleep(0.002)
            inside -= 1

    tasks = []
    for number in range(12):
        tasks.append(asyncio.create_task(contend(number)))
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    assert sorted(order) == list(range(12))
    assert await entries(communicator) == []
    assert len((await communicator.leases()).leases) == 0


def test_the_line_is_in_the_order_of_the_writes(endpoint: str) -> None:
    """Loops of their own, which cannot wait for each other: the writes contend on the server."""

    async def write() -> list[tuple[int, str]]:
        client = etcd.Client(port=urlsplit(endpoint).port or 0)
        written = [await client.write("/line", "", append=True) for _ in range(25)]
        client.close()
        return [(result.modifiedIndex, result.key) for result in written]

    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(asyncio.run, write()) for _ in range(6)]
        line = sorted(entry for thread in running for entry in thread.result())
    names = [name for _, name in line]
    assert names == sorted(names)


async def test_attempts_that_fail_leave_nothing(
    v2: etcd.Client, communicator: Communicator
) -> None:
    holder = etcd.Lock(v2, "work")
    await holder.acquire()
    other = etcd.Lock(v2, "work")
    assert await other.acquire(blocking=False) is False
    assert await other.acquire(timeout=0.05) is False
    for lock_ttl in (0, 60, None):
        task = asyncio.create_task(other.acquire(lock_ttl=lock_ttl))
        await until_waiting(communicator, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await entries(communicator) == [holder.uuid.encode()]
        assert len((await communicator.leases()).leases) == 1
    assert not other.is_acquired
    await holder.release()
    assert await other.acquire(blocking=False)


async def test_attempts_cancelled_anywhere_leave_nothing(
    v2: etcd.Client, communicator: Communicator
) -> None:
    await v2.contains("/connected")
    for steps in range(0, 60, 4):
        task = asyncio.create_task(etcd.Lock(v2, "work").acquire(lock_ttl=steps % 8))
        for _ in range(steps):
            await asyncio.sleep(0.0002)
        if task.cancel():
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await entries(communicator) == []
        else:
            await communicator.delete_prefix(PATH)


async def test_acquiring_again_renews(v2: etcd.Client, communicator: Communicator) -> None:
    lock = etcd.Lock(v2, "work")
    await lock.acquire(lock_ttl=30)
    key = lock.lock_key
    await lock.acquire(lock_ttl=60)
    assert lock.lock_key == key
    assert (await v2.get(key)).ttl in range(40, 61)
    await lock.acquire(lock_ttl=60)
    assert len(await entries(communicator)) == 1


async def test_a_time_limit_begins_when_it_is_acquired(
    make_client: MakeClient, communicator: Communicator
) -> None:
    """Waiting does not use it up, however long it takes."""
    holder, waiter = etcd.Lock(make_client(), "work"), etcd.Lock(make_client(), "work")
    await holder.acquire(lock_ttl=60)
    waiting = asyncio.create_task(waiter.acquire(lock_ttl=4))
    await until_waiting(communicator, 2)
    await asyncio.sleep(5)
    assert not waiting.done()
    await holder.release()
    assert await asyncio.wait_for(waiting, 20)
    assert await waiter.is_acquired()

    async def is_over() -> bool:
        return not await waiter.is_acquired()

    await eventually_async(is_over, within=20)
    assert not waiter.is_acquired
    assert await entries(communicator) == []


async def test_a_lock_that_was_lost_is_told(
    v2: etcd.Client, communicator: Communicator, caplog: pytest.LogCaptureFixture
) -> None:
    lock = etcd.Lock(v2, "work")
    await lock.acquire()
    await communicator.delete_prefix(PATH)
    assert not await lock.is_acquired()
    assert not lock.is_acquired
    with caplog.at_level(logging.WARNING):
        await lock.release()
    assert "was lost before it was released" in caplog.text
    await lock.acquire(lock_ttl=60)
    await communicator.delete_prefix(PATH)
    assert await lock.acquire(lock_ttl=60)
    assert len(await entries(communicator)) == 1


async def test_a_waiter_that_was_deleted_is_told(
    v2: etcd.Client, communicator: Communicator
) -> None:
    holder, waiter = etcd.Lock(v2, "work"), etcd.Lock(v2, "work")
    await holder.acquire()
    waiting = asyncio.create_task(waiter.acquire(lock_ttl=6))
    await until_waiting(communicator, 2)
    keys = await communicator.keys_prefix(PATH)
    await communicator.delete(keys[-1])
    with pytest.raises(etcd.EtcdLockExpired):
        await asyncio.wait_for(waiting, 30)


async def test_a_lock_is_taken_over_by_its_uuid(
    make_client: MakeClient, communicator: Communicator
) -> None:
    first = etcd.Lock(make_client(), "work")
    await first.acquire(lock_ttl=None)
    second = etcd.Lock(make_client(), "work")
    with pytest.raises(ValueError, match="Nonexistent UUID"):
        await second.set_uuid("nobody")
    await second.set_uuid(first.uuid)
    assert second.lock_key == first.lock_key
    assert await second.acquire(lock_ttl=None)
    await second.release()
    assert await entries(communicator) == []


async def test_wrong_arguments(v2: etcd.Client) -> None:
    lock = etcd.Lock(v2, "work")
    with pytest.raises(etcd.EtcdValueError):
        await lock.acquire(lock_ttl=-1)
    with pytest.raises(TypeError, match="timeout"):
        await lock.acquire(timeout="1")  # type: ignore[arg-type]


HOLDER = """
import asyncio, sys
import etcd_client.compat.aio_etcd as etcd

# As long as in the other case, which would be 10 seconds.
etcd.lock._KEPT_TTL = 5

async def main(port, ttl):
    lock = etcd.Lock(etcd.Client(port=int(port)), "work")
    await lock.acquire(lock_ttl=int(ttl) if ttl else None)
    print(lock.uuid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


def killed_holder(client: etcd.Client, ttl: str) -> str:
    """Kill a process that holds the lock, and return the uuid of its lock."""
    command = [sys.executable, "-c", HOLDER, str(urlsplit(client.base_uri).port), ttl]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        uuid = holder.stdout.readline().strip()
        holder.kill()
    return uuid


@pytest.mark.parametrize("ttl", ["5", "0"])
async def test_the_lock_of_a_killed_holder_is_free_after_its_ttl(
    v2: etcd.Client, communicator: Communicator, ttl: str
) -> None:
    uuid = await asyncio.to_thread(killed_holder, v2, ttl)
    assert await entries(communicator) == [uuid.encode()]
    lock = etcd.Lock(v2, "work")
    assert await lock.acquire(timeout=40)
    assert await entries(communicator) == [lock.uuid.encode()]


async def test_an_eternal_lock_stays_after_its_holder(
    v2: etcd.Client, communicator: Communicator
) -> None:
    """As there; another process can release it by its uuid."""
    uuid = await asyncio.to_thread(killed_holder, v2, "")
    kv = await communicator.get_kv((await communicator.keys_prefix(PATH))[-1])
    assert kv is not None
    assert (kv.value, kv.lease) == (uuid.encode(), 0)
    lock = etcd.Lock(v2, "work")
    assert not await lock.acquire(blocking=False)
    await lock.set_uuid(uuid)
    await lock.release()
    assert await etcd.Lock(v2, "work").acquire(blocking=False)
