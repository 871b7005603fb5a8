"""What the rows about python-aio-etcd must do."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client import Client, ConflictError, KeyExistsError, Lock, WatchEventType
from tests.docs.coming_from.rows import Checks, Here

checks = Checks("python-aio-etcd")


@checks.row(
    "etcd.Client()",
    "etcd.Client(port=2379)",
    'etcd.Client(host="127.0.0.1", port=2379)',
    'etcd.Client(host=(("127.0.0.1", 2379), ("127.0.0.2", 2379)))',
    "etcd.Client(allow_redirect=False)",
)
async def connects(here: Here) -> None:
    async with await here.run() as communicator:
        assert await communicator.get("key") == b"value"


@checks.row(
    'etcd.Client(srv_domain="example.com", protocol="https")',
    'etcd.Client(host="api.example.com", protocol="https", port=443, version_prefix="/etcd")',
)
async def makes_a_client(here: Here) -> None:
    """Connecting needs a name server that knows these names."""
    assert isinstance(await here.run(), Client)


@checks.row('etcd.Client(lock_prefix="/my_etcd_root/_locks")')
async def locks_under_the_prefix(here: Here) -> None:
    async with await here.run():
        (key,) = await here.communicator.keys_prefix("/my_etcd_root/_locks/")
        assert key.startswith(b"/my_etcd_root/_locks/name/")


@checks.row('await client.write("/nodes/n1", 1)', 'await client.set("/nodes/n1", 1)')
async def writes(here: Here) -> None:
    await here.run()
    assert await here.communicator.get("/nodes/n1") == b"1"


@checks.row('await client.write("/nodes/n2", 2, ttl=4)')
async def writes_with_a_ttl(here: Here) -> None:
    await here.run()
    kv = await here.communicator.get_kv("/nodes/n2")
    assert kv is not None
    assert (await here.communicator.lease_time_to_live(kv.lease)).granted_ttl == 4


@checks.row('(await client.read("/nodes/n2")).value', '(await client.get("/nodes/n2")).value')
async def reads(here: Here) -> None:
    await here.communicator.put("/nodes/n2", "2")
    assert await here.run() == b"2"


@checks.row('(await client.read("/nodes/n2")).modifiedIndex')
async def reads_the_revision(here: Here) -> None:
    put = await here.communicator.put("/nodes/n2", "2")
    assert await here.run() == put.header.revision


@checks.row('await client.read("/nodes", recursive=True)')
async def reads_recursively(here: Here) -> None:
    await here.communicator.put("/nodes/n1", "1")
    await here.communicator.put("/nodes/deep/n2", "2")
    assert await here.run() == [(b"/nodes/deep/n2", b"2"), (b"/nodes/n1", b"1")]


@checks.row("except etcd.EtcdKeyNotFound: ...")
async def tells_that_there_is_none(here: Here) -> None:
    assert await here.run() is True


@checks.row('await client.delete("/nodes/n1")')
async def deletes(here: Here) -> None:
    await here.communicator.put("/nodes/n1", "1")
    await here.run()
    assert await here.communicator.get("/nodes/n1") is None


@checks.row('await client.refresh("/nodes/n1", ttl=600)')
async def refreshes_unseen(here: Here) -> None:
    lease = await here.communicator.lease_grant(600)
    await here.communicator.put("/nodes/n1", "value", lease=lease)
    before = await here.revision()
    assert (await here.run(lease=lease)).ttl == 600
    assert await here.revision() == before


@checks.row('await client.write("/dir/name", "value", append=True)')
async def appends(here: Here) -> None:
    await here.run()
    first = here.names["kv"]
    await here.run()
    assert first.key < here.names["kv"].key
    assert await here.communicator.get_kv(first.key) == first


async def fill_directory(here: Here) -> None:
    await here.communicator.put("/dir/name/1", "value1")
    await here.communicator.put("/dir/name/2", "value2")


@checks.row('directory = await client.get("/dir/name")')
async def lists(here: Here) -> None:
    await fill_directory(here)
    await here.run()
    assert here.names["directory"] == [(b"/dir/name/1", b"value1"), (b"/dir/name/2", b"value2")]


@checks.row("for result in directory.children: ...")
async def iterates_over_children(here: Here) -> None:
    await fill_directory(here)
    directory = await here.communicator.get_prefix("/dir/name/")
    assert await here.run(directory=directory) == directory


@checks.row("directory.next(children).value")
async def reads_the_first_child(here: Here) -> None:
    await fill_directory(here)
    assert await here.run() == b"value1"


@checks.row(
    'await client.write("/nodes/n2", 2, prevValue=4)',
    'await client.test_and_set("/nodes/n2", 2, 4)',
)
async def swaps_a_value(here: Here) -> None:
    await here.communicator.put("/nodes/n2", "4")
    await swaps_once(here, "/nodes/n2", b"2")


@checks.row('await client.write("/nodes/n2", 2, prevExist=False)')
async def creates(here: Here) -> None:
    await here.run()
    assert here.names["kv"] == await here.communicator.get_kv("/nodes/n2")
    with pytest.raises(KeyExistsError):
        await here.run()


@checks.row('await client.write("/nodes/n2", 2, prevIndex=n)')
async def swaps_at_a_revision(here: Here) -> None:
    put = await here.communicator.put("/nodes/n2", "4")
    await swaps_once(here, "/nodes/n2", b"2", revision=put.header.revision)


@checks.row("await client.update(result)")
async def updates(here: Here) -> None:
    read = await here.communicator.create("/nodes/n1", "foo")
    await here.run(kv=read)
    assert await here.communicator.get("/nodes/n1") == b"foobar"
    with pytest.raises(ConflictError):
        await here.run(kv=read)


async def swaps_once(here: Here, key: str, value: bytes, **names: object) -> None:
    """Check that the code swaps; and that it does not, once the key has changed."""
    await here.run(**names)
    assert here.names["swapped"].succeeded()
    assert await here.communicator.get(key) == value
    await here.run()
    assert not here.names["swapped"].succeeded()


@checks.row('result = await client.read("/nodes/n1")')
async def reads_with_revisions(here: Here) -> None:
    put = await here.communicator.put("/nodes/n1", "1")
    await here.run()
    assert here.names["kv"].value == b"1"
    assert here.names["kv"].mod_revision == put.header.revision


@checks.row(
    'await client.read("/nodes/n1", wait=True, waitIndex=result.modifiedIndex + 1)',
    'await client.watch("/nodes/n1", index=result.modifiedIndex + 1)',
)
async def waits_from_a_revision(here: Here) -> None:
    await here.communicator.put("/nodes/n1", "1")
    kv = await here.communicator.get_kv("/nodes/n1")
    await here.communicator.put("/nodes/n1", "2")
    await here.run(kv=kv)
    assert here.names["event"].value == b"2"


@checks.row('await client.read("/nodes/n1", wait=True, waitIndex=n)')
async def reads_all_changes(here: Here) -> None:
    put = await here.communicator.put("/nodes/n1", "1")
    await here.communicator.delete("/nodes/n1")
    await here.run(revision=put.header.revision)
    watch = here.names["watch"]
    events = [(await anext(watch)).event for _ in range(2)]
    assert events == [WatchEventType.PUT, WatchEventType.DELETE]


@checks.row(
    'await client.watch("/nodes/n1")',
    'await asyncio.wait_for(client.read("/nodes/n1", wait=True), timeout=30)',
)
async def waits_for_a_change(here: Here) -> None:
    waiting = asyncio.create_task(here.run())
    while not waiting.done():
        await here.communicator.put("/nodes/n1", "new")
        await asyncio.wait([waiting], timeout=0.01)
    await waiting
    assert here.names["event"].value == b"new"


@checks.row('lock = etcd.Lock(client, "my_lock_name")')
async def makes_a_lock(here: Here) -> None:
    await here.run()
    assert not here.names["lock"].is_acquired


@checks.row(
    "await lock.acquire(blocking=True, lock_ttl=None)",
    "await lock.acquire(blocking=False)",
    "await lock.acquire(timeout=5)",
)
async def acquires(here: Here) -> None:
    lock = Lock(here.communicator, "my_lock_name")
    assert await here.run(lock=lock) is True
    assert lock.is_acquired
    await lock.release()


@checks.row("lock.is_acquired")
async def tells_whether_it_is_acquired(here: Here) -> None:
    lock = Lock(here.communicator, "my_lock_name")
    assert await here.run(lock=lock) is False
    async with lock:
        assert await here.run() is True


@checks.row("await lock.acquire(lock_ttl=60)")
async def renews(here: Here) -> None:
    async with Lock(here.communicator, "my_lock_name", ttl=3) as lock:
        await here.run(lock=lock)
        await asyncio.sleep(3.5)
        assert await lock.is_owner()


@checks.row("await lock.release()")
async def releases(here: Here) -> None:
    lock = Lock(here.communicator, "my_lock_name")
    await lock.acquire()
    await here.run(lock=lock)
    assert not lock.is_acquired


@checks.row('async with Lock(client, "customer1") as my_lock: ...')
async def holds_in_a_context(here: Here) -> None:
    await here.run()
    assert here.names["held"] is True
    assert not here.names["my_lock"].is_acquired


@checks.row("await client.machines()")
async def lists_the_members(here: Here) -> None:
    assert await here.run() == [here.etcd.endpoint]


@checks.row("await client.leader()")
async def finds_the_leader(here: Here) -> None:
    assert (await here.run()).client_urls == (here.etcd.endpoint,)
