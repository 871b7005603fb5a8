"""What the rows about python-etcd3 must do."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from etcd_client import (
    Client,
    ClosedError,
    CompactedError,
    Compare,
    CompareOp,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    Lock,
    Txn,
    Watch,
    WatchEvent,
    WatchEventType,
)
from tests.docs.coming_from.rows import Checks, Here
from tests.support.tls import Certificates

checks = Checks("python-etcd3")

PAIRS = [(b"dir/1", b"one"), (b"dir/2", b"two")]

checks.results(
    {
        'client.get("key", serializable=True)': b"value",
        'client.get("key")[1].lease_id': 0,
        'client.get_prefix("dir/")': PAIRS,
        'client.get_prefix("dir/", sort_order="descend", sort_target="mod")': PAIRS[::-1],
        'client.get_prefix("dir/", keys_only=True)': [b"dir/1", b"dir/2"],
        'client.get_range("dir/1", "dir/2")': PAIRS[:1],
        "client.get_all()": [*PAIRS, (b"key", b"value")],
        'client.put("key", "new", prev_kv=True).prev_kv.value': b"value",
        'client.delete("key")': True,
        'client.delete_prefix("dir/").deleted': 2,
        "client.list_alarms()": (),
        "etcd3.Etcd3Exception": EtcdError,
        "etcd3.exceptions.ConnectionFailedError": EtcdConnectionError,
        "etcd3.exceptions.ConnectionTimeoutError": EtcdTimeoutError,
        "etcd3.exceptions.RevisionCompactedError": CompactedError,
        "etcd3.exceptions.WatchTimedOut": asyncio.TimeoutError,
    }
)

CONDITIONS = {
    'client.transactions.value("key") == "value"': Compare.value("key", CompareOp.EQUAL, "value"),
    'client.transactions.version("key") > 0': Compare.version("key", CompareOp.GREATER, 0),
    'client.transactions.create("key") == 9': Compare.create_revision("key", CompareOp.EQUAL, 9),
    'client.transactions.mod("key") < 9': Compare.mod_revision("key", CompareOp.LESS, 9),
}


@checks.row(*CONDITIONS)
async def makes_the_condition(here: Here) -> None:
    assert repr(await here.run()) == repr(CONDITIONS[here.row.there])


@checks.row(
    "etcd3.client()",
    'etcd3.client(host="127.0.0.1", port=2379)',
    "etcd3.client(timeout=5)",
    'etcd3.client(user="name", password="password")',
)
async def connects(here: Here) -> None:
    async with await here.run() as communicator:
        assert await communicator.get("key") == b"value"


@checks.row("etcd3.client(ca_cert=ca, cert_cert=cert, cert_key=key)")
async def reads_certificates(here: Here) -> None:
    with tempfile.TemporaryDirectory() as directory:
        certificates = Certificates(Path(directory))
        pair = certificates.client()
        client = await here.run(ca=certificates.authority, cert=pair.certificate, key=pair.key)
    assert isinstance(client, Client)


@checks.row("client.close()")
async def closes(here: Here) -> None:
    communicator = await here.client.open()
    await here.run(communicator=communicator)
    with pytest.raises(ClosedError):
        await communicator.get("key")


@checks.row('value, metadata = client.get("key")')
async def reads(here: Here) -> None:
    await here.run()
    assert here.names["value"] == b"value"


@checks.row('client.get("key")[1].mod_revision', 'client.get("key")[1].response_header.revision')
async def tells_the_revision(here: Here) -> None:
    response = await here.communicator.put("key", "new")
    assert await here.run() == response.header.revision


@checks.row('client.put("key", "new")')
async def puts(here: Here) -> None:
    await here.run()
    assert await here.communicator.get("key") == b"new"


@checks.row('client.put("key", "new", lease=lease)')
async def puts_with_a_lease(here: Here) -> None:
    lease = await here.communicator.lease_grant(60)
    await here.run(lease=lease)
    await here.communicator.lease_revoke(lease)
    assert await here.communicator.get("key") is None


@checks.row('client.put_if_not_exists("other", "value")')
async def creates(here: Here) -> None:
    await here.run()
    assert here.names["kv"].version == 1


@checks.row('client.replace("key", "value", "new")')
async def replaces(here: Here) -> None:
    await here.run()
    assert here.names["replaced"].succeeded()
    assert await here.communicator.get("key") == b"new"
    await here.run()
    assert not here.names["replaced"].succeeded()


@checks.row("client.compact(revision)")
async def compacts(here: Here) -> None:
    await here.communicator.put("key", "new")
    revision = await here.revision()
    await here.run(revision=revision)
    with pytest.raises(CompactedError):
        await here.communicator.get("key", revision=revision - 1)


@checks.row("error.compacted_revision")
async def tells_where_history_begins(here: Here) -> None:
    await here.communicator.put("key", "new")
    revision = await here.revision()
    await here.communicator.compact(revision)
    with pytest.raises(CompactedError) as caught:
        await anext(here.communicator.watch("key", start_revision=revision - 1))
    assert await here.run(error=caught.value) == revision


@checks.row("client.transaction(compare, success, failure)")
async def runs_a_transaction(here: Here) -> None:
    await here.run()
    assert here.names["response"].succeeded()
    await here.run()
    assert here.names["response"].responses[0].kvs[0].value == b"new"


@checks.row(
    'client.transactions.put("key", "new")',
    'client.transactions.get("key")',
    'client.transactions.delete("key")',
    "client.transactions.txn(compare, success, failure)",
)
async def is_an_operation(here: Here) -> None:
    response = await here.communicator.txn(Txn().and_then([await here.run()]))
    assert len(response.responses) == 1


@checks.row('events, cancel = client.watch("key")', 'events, cancel = client.watch_prefix("dir/")')
async def watches(here: Here) -> None:
    await here.run()
    watch: Watch = here.names["watch"]
    await watch.ready()
    for key in ("key", "dir/3"):
        await here.communicator.put(key, "new")
    assert (await anext(watch)).key == (b"dir/3" if "prefix" in here.row.there else b"key")
    watch.cancel()


@checks.row('client.watch("key", start_revision=n)')
async def watches_the_past(here: Here) -> None:
    put = await here.communicator.put("key", "past")
    await here.run(revision=put.header.revision)
    assert (await anext(here.names["watch"])).value == b"past"
    here.names["watch"].cancel()


async def put_until_done(here: Here, done: asyncio.Task[object]) -> None:
    while not done.done():
        await here.communicator.put("key", "new")
        await asyncio.wait([done], timeout=0.05)


@checks.row('client.watch_once("key", timeout=5)')
async def waits_for_an_event(here: Here) -> None:
    running = asyncio.create_task(here.run())
    await put_until_done(here, running)
    await running
    assert here.names["event"].value == b"new"


@checks.row('client.add_watch_callback("key", callback)')
async def calls_back(here: Here) -> None:
    seen: list[WatchEvent] = []

    def callback(event: WatchEvent) -> None:
        seen.append(event)
        running.cancel()

    running = asyncio.create_task(here.run(callback=callback))
    await put_until_done(here, running)
    assert seen[0].value == b"new"


@checks.row("cancel()", "client.cancel_watch(watch_id)")
async def cancels(here: Here) -> None:
    watch = here.communicator.watch("key")
    await here.run(watch=watch)
    assert [event async for event in watch] == []


@checks.row(
    "isinstance(event, etcd3.events.PutEvent)", "isinstance(event, etcd3.events.DeleteEvent)"
)
async def tells_the_kind(here: Here) -> None:
    kind = WatchEventType.PUT if "Put" in here.row.there else WatchEventType.DELETE
    assert await here.run(event=WatchEvent("key", "new", kind))


@checks.row("event.key, event.value, event.prev_value")
async def has_all_of_an_event(here: Here) -> None:
    event = WatchEvent("key", "new", WatchEventType.PUT, "old")
    assert await here.run(event=event) == (b"key", b"new", b"old")


@checks.row("client.lease(10)", "client.lease(10, lease_id=42)")
async def grants(here: Here) -> None:
    await here.run()
    lease = here.names["lease"]
    assert lease.ttl == 10
    assert lease.id == 42 or "42" not in here.row.there


@checks.row("lease.refresh()", "lease.revoke()")
async def renews_or_revokes(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    left = (await here.communicator.leases()).leases
    assert (lease.id in left) is ("refresh" in here.row.there)


@checks.row("lease.remaining_ttl", "lease.granted_ttl", "lease.keys")
async def tells_of_the_lease(here: Here) -> None:
    lease = await here.communicator.lease_grant(100)
    await here.communicator.put("key", "value", lease=lease)
    found = await here.run(lease=lease)
    assert found == (b"key",) if "keys" in here.row.there else 0 < found <= 100


@checks.row('client.lock("name", ttl=60)')
async def makes_a_lock(here: Here) -> None:
    await here.run()
    async with here.names["lock"] as lock:
        assert 0 < lock.remaining <= 60


@checks.row("lock.acquire(timeout=5)")
async def acquires(here: Here) -> None:
    lock = Lock(here.communicator, "name")
    await here.run(lock=lock)
    assert lock.is_acquired
    await lock.release()


@checks.row("lock.is_acquired()")
async def asks_the_server(here: Here) -> None:
    async with Lock(here.communicator, "name") as lock:
        assert await here.run(lock=lock) is True


@checks.row("lock.refresh()")
async def renews_a_lock(here: Here) -> None:
    async with Lock(here.communicator, "name", ttl=3) as lock:
        await here.run(lock=lock)
        await asyncio.sleep(3.5)
        assert await lock.is_owner()


@checks.row("lock.release()")
async def releases(here: Here) -> None:
    lock = Lock(here.communicator, "name")
    await lock.acquire()
    await here.run(lock=lock)
    assert not lock.is_acquired


@checks.row('with client.lock("name") as lock: ...')
async def holds_in_a_context(here: Here) -> None:
    await here.run()
    assert here.names["held"] is True
    assert not here.names["lock"].is_acquired


@checks.row("client.members")
async def lists_the_members(here: Here) -> None:
    assert [member.client_urls for member in await here.run()] == [(here.etcd.endpoint,)]


@checks.row(
    "client.add_member(urls)",
    "client.remove_member(member_id)",
    "client.update_member(member_id, urls)",
)
async def is_a_call(here: Here) -> None:
    """A cluster of one cannot be changed without harm: `test_cluster` has these calls."""
    assert callable(await here.run())


@checks.row("client.status().version")
async def tells_the_version(here: Here) -> None:
    assert await here.run() == ".".join(map(str, here.etcd.version))


@checks.row("client.status().leader.id")
async def tells_the_leader(here: Here) -> None:
    assert await here.run() == (await here.communicator.maintenance.status()).header.member_id


@checks.row("client.defragment()", "client.hash()")
async def maintains(here: Here) -> None:
    assert await here.run() is not None


@checks.row("client.snapshot(file)")
async def saves_a_snapshot(here: Here) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "etcd.db")
        saved = await here.run(path=path)
        assert saved.size > 0
