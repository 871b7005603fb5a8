"""What the rows about etcd-client-py 0.5.1 must do."""

from __future__ import annotations

import asyncio
import gc

from etcd_client import (
    CondVar,
    EtcdLockOption,
    LeaseNotFoundError,
    PutResponse,
    RangeResponse,
    Txn,
    TxnOp,
    Watch,
    WatchEvent,
    WatchEventType,
    active_context_count,
)
from tests.docs.coming_from.rows import Checks, Here, execute
from tests.support.waiting import eventually_async

checks = Checks("etcd-client-py")

checks.results(
    {
        'bytes(await communicator.get(b"key"))': b"value",
        'await communicator.get_prefix(b"dir/")': [(b"dir/1", b"one"), (b"dir/2", b"two")],
        'await communicator.keys_prefix(b"dir/")': [b"dir/1", b"dir/2"],
        'await communicator.delete(b"key")': 1,
        'await communicator.delete_prefix(b"dir/")': 2,
        "WatchEventType.PUT, WatchEventType.DELETE": (WatchEventType.PUT, WatchEventType.DELETE),
    }
)


@checks.row(
    "ConnectOptions()",
    'ConnectOptions().with_user("name", "password")',
    "ConnectOptions().with_keep_alive(10.0, 3.0)",
    "ConnectOptions().with_keep_alive_while_idle(True)",
    "ConnectOptions().with_connect_timeout(2.0)",
    "ConnectOptions().with_timeout(5.0)",
    "ConnectOptions().with_tcp_keepalive(30.0)",
    'WatchEvent(b"key", b"value", WatchEventType.PUT, None)',
)
async def equal_in_the_old_way(here: Here) -> None:
    assert await here.run() == await execute(here.row.there, here.names)


@checks.row(
    'Compare.value(b"key", CompareOp.EQUAL, b"value")',
    'Compare.value(b"key", CompareOp.NOT_EQUAL, b"value")',
    'Compare.value(b"key", CompareOp.GREATER, b"value")',
    'Compare.value(b"key", CompareOp.LESS, b"value")',
    'Compare.version(b"key", CompareOp.EQUAL, 1)',
    'Compare.create_revision(b"key", CompareOp.LESS, 9)',
    'Compare.mod_revision(b"key", CompareOp.EQUAL, 9)',
    'Compare.lease(b"key", CompareOp.EQUAL, 0)',
    'Compare.value(b"a", CompareOp.EQUAL, b"1").with_range(b"c")',
    'Compare.value(b"dir/", CompareOp.EQUAL, b"1").with_prefix()',
    'TxnOp.get(b"key")',
    'TxnOp.put(b"key", b"new")',
    'TxnOp.delete(b"key")',
)
async def the_same_in_the_old_way(here: Here) -> None:
    assert repr(await here.run()) == repr(await execute(here.row.there, here.names))


@checks.row(
    'EtcdClient(["http://127.0.0.1:2379"])',
    "Client(endpoints, connect_options)",
    "Client(endpoints, None, lock_options)",
    "client.connect(connect_options)",
    "client.with_lock(lock_options, connect_options)",
    'client.with_lock(EtcdLockOption(b"name", timeout=5.0))',
    'client.with_lock(EtcdLockOption(b"name", ttl=10))',
)
async def opens_a_context(here: Here) -> None:
    async with await here.run() as communicator:
        assert await communicator.get("key") == b"value"


@checks.row('EtcdLockOption(b"name", 5.0, 10)')
async def describes_a_lock(here: Here) -> None:
    option: EtcdLockOption = await here.run()
    assert (option.timeout, option.ttl) == (5, 10)
    async with here.client.with_lock(option):
        assert len(await here.communicator.keys_prefix(b"name/")) == 1


@checks.row(
    "async with client.connect() as communicator: ...",
    'async with client.with_lock(EtcdLockOption(b"name")) as communicator: ...',
)
async def reads_in_a_context(here: Here) -> None:
    await here.run()
    assert here.names["value"] == b"value"
    assert here.names["communicator"].closed


@checks.row('await communicator.put(b"key", b"new")')
async def puts(here: Here) -> None:
    assert isinstance(await here.run(), PutResponse)
    assert await here.communicator.get("key") == b"new"


@checks.row("TxnOp.txn(txn)")
async def nests_a_transaction(here: Here) -> None:
    response = await here.communicator.txn(Txn().and_then([await here.run()]))
    assert response.responses[0].responses[0].kvs[0].value == b"value"


@checks.row("Txn().when(compares).and_then(operations).or_else(others)")
async def builds_a_transaction(here: Here) -> None:
    response = await here.communicator.txn(await here.run())
    assert not response.succeeded()
    assert isinstance(response.responses[0], RangeResponse)


@checks.row("(await communicator.txn(txn)).succeeded()")
async def tells_whether_it_succeeded(here: Here) -> None:
    assert await here.run(txn=Txn().and_then([TxnOp.get("key")])) is True


@checks.row("print(await communicator.txn(txn))")
async def has_typed_responses(here: Here) -> None:
    get, put = await here.run(txn=Txn().and_then([TxnOp.get("key"), TxnOp.put("key", "new")]))
    assert get.kvs[0].value == b"value"
    assert isinstance(put, PutResponse)


@checks.row(
    'communicator.watch(b"key")',
    'communicator.watch(b"key", once=True)',
)
async def watches_a_key(here: Here) -> None:
    async with await here.run() as watch:
        await here.communicator.put("key", "new")
        assert (await anext(watch)).value == b"new"


@checks.row('communicator.watch_prefix(b"dir/")')
async def watches_a_prefix(here: Here) -> None:
    async with await here.run() as watch:
        await here.communicator.put("dir/3", "new")
        assert (await anext(watch)).key == b"dir/3"


@checks.row('communicator.watch(b"key", ready_event=CondVar())')
async def waits_until_it_is_ready(here: Here) -> None:
    await here.run()
    await here.communicator.put("key", "new")
    assert (await anext(here.names["watch"])).value == b"new"


@checks.row('communicator.watch(b"key", cleanup_event=CondVar())')
async def ends_with_its_context(here: Here) -> None:
    await here.run()
    watch: Watch = here.names["watch"]
    assert [event async for event in watch] == []


@checks.row('async for event in communicator.watch(b"key"): ...')
async def iterates_over_events(here: Here) -> None:
    watching = asyncio.create_task(here.run())
    while not watching.done():
        await here.communicator.put("key", "new")
        await asyncio.wait([watching], timeout=0.01)
    await watching
    assert here.names["event"].value == b"new"


@checks.row("(event.event, event.key, event.value)")
async def has_what_happened(here: Here) -> None:
    event = WatchEvent(b"key", b"new", WatchEventType.PUT, b"value")
    assert await here.run(event=event) == (WatchEventType.PUT, b"key", b"new")


@checks.row("event.prev_value")
async def has_what_was_before(here: Here) -> None:
    event = WatchEvent(b"key", b"new", WatchEventType.PUT, b"value")
    assert await here.run(event=event) == b"value"


@checks.row("await condition.notify_waiters()")
async def meets_a_condition(here: Here) -> None:
    condition = CondVar()
    await here.run(condition=condition)
    await asyncio.wait_for(condition.wait(), timeout=5)


@checks.row("await condition.wait()")
async def waits_for_a_condition(here: Here) -> None:
    condition = CondVar()
    waiting = asyncio.create_task(here.run(condition=condition))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    await condition.notify_waiters()
    await asyncio.wait_for(waiting, timeout=5)


@checks.row("await communicator.lease_grant(10)")
async def grants_a_lease(here: Here) -> None:
    await here.run()
    lease = here.names["lease"]
    assert lease.ttl == 10
    await here.communicator.put("key", "leased", lease=lease)


@checks.row(
    "await communicator.lease_keep_alive(lease_id)",
    "await communicator.lease_time_to_live(lease_id)",
)
async def tells_the_ttl(here: Here) -> None:
    assert await here.run(lease=await here.communicator.lease_grant(10)) == 10


@checks.row("await communicator.lease_revoke(lease_id)")
async def revokes_a_lease(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.communicator.put("leased", "value", lease=lease)
    await here.run(lease=lease)
    assert await here.communicator.get("leased") is None


@checks.row('await communicator.lock(b"name")')
async def locks(here: Here) -> None:
    await here.run()
    assert here.names["locked"].key.startswith(b"name/")


@checks.row("await communicator.unlock(key)")
async def unlocks(here: Here) -> None:
    locked = await here.communicator.lock("name")
    await here.run(locked=locked)
    assert await here.communicator.get(locked.key) is None


@checks.row(
    "ClientError",
    "GRPCStatusError",
    "TransportError",
    "LockError",
    "LeaseKeepAliveError",
    "WatchError",
    "ElectError",
    "InvalidArgsError",
    "InvalidUriError",
    "InvalidHeaderValueError",
    "EndpointError",
    "IoError",
    "Utf8Error",
)
async def is_caught_by_the_old_name(here: Here) -> None:
    caught = await here.run()
    by_the_old_name = await execute(here.row.there, here.names)
    for error in caught if isinstance(caught, tuple) else (caught,):
        assert issubclass(error, by_the_old_name)


@checks.row(
    'error.args[0]["code"] == GRPCStatusCode.NotFound.value',
    'error.args[0]["message"]',
    'error.args[0]["details"]',
)
async def says_the_same_of_an_error(here: Here) -> None:
    try:
        await here.communicator.lease_revoke(1)
    except LeaseNotFoundError as error:
        here.names["error"] = error
    assert await here.run() == await execute(here.row.there, here.names)
    assert here.names["error"].code == 5


@checks.row("active_context_count()")
async def counts_contexts(here: Here) -> None:
    gc.collect()  # which ends the contexts that other tests have left to it
    await eventually_async(lambda: active_context_count() == 1)
    assert await here.run() == 1


@checks.row("cleanup_runtime()")
async def stops_the_runtime(here: Here) -> None:
    """The connections go with it, and so does what was counted on them."""
    before = here.communicator.stats().requests
    await here.run()
    assert await here.communicator.get("key") == b"value"
    assert here.communicator.stats().requests < before
