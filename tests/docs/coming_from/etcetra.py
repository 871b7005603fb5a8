"""What the rows about etcetra must do."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client import (
    Client,
    Compare,
    CompareOp,
    ConnectOptions,
    EtcdConnectionError,
    EtcdLockOption,
    SortOrder,
    SortTarget,
    Txn,
    TxnOp,
    Watch,
    WatchEvent,
    WatchEventType,
)
from tests.docs.coming_from.rows import Checks, Here

checks = Checks("etcetra")

checks.results(
    {
        'EtcdClient(addr, encoding="utf-8")': "value",
        'EtcdLockOption("name", timeout=5, ttl=10)': EtcdLockOption("name", 5, 10),
        'await communicator.get("key")': b"value",
        'await communicator.get_prefix("dir/")': {b"dir/1": b"one", b"dir/2": b"two"},
        'await communicator.get_prefix("dir/", sort_order=DESCEND, sort_target=MOD)': [
            (b"dir/2", b"two"),
            (b"dir/1", b"one"),
        ],
        'await communicator.get_range("dir/1", "dir/3")': {b"dir/1": b"one", b"dir/2": b"two"},
        'await communicator.get_range("dir/1", "dir/3", limit=1)': [(b"dir/1", b"one")],
        'await communicator.keys_prefix("dir/")': [b"dir/1", b"dir/2"],
        'await communicator.keys_range("dir/1", "dir/3")': [b"dir/1", b"dir/2"],
        'await communicator.keys_range("dir/1", "dir/3", serializable=True)': [b"dir/1", b"dir/2"],
        'await communicator.put("key", "new", prev_kv=True)': b"value",
        'await communicator.delete("key", prev_kv=True)': b"value",
        'await communicator.delete_prefix("dir/", prev_kv=True)': [b"one", b"two"],
        'await communicator.delete_range("dir/1", "dir/2", prev_kv=True)': [b"one"],
        "RangeRequestSortOrder.NONE, .ASCEND, .DESCEND": tuple(SortOrder),
        "RangeRequestSortTarget.KEY, .VERSION, .CREATE, .MOD, .VALUE": tuple(SortTarget),
        "CompareCompareResult.EQUAL, .GREATER, .LESS, .NOT_EQUAL": tuple(CompareOp),
        "CompareCompareTarget.VALUE, .VERSION, .CREATE, .MOD, .LEASE": (
            Compare.value,
            Compare.version,
            Compare.create_revision,
            Compare.mod_revision,
            Compare.lease,
        ),
        'await communicator.txn(lambda action: action.get("key"))': b"value",
        "WatchEventType.PUT, WatchEventType.DELETE": (WatchEventType.PUT, WatchEventType.DELETE),
    }
)

CONDITIONS = {
    'CompareKey("key").value == "value"': Compare.value("key", CompareOp.EQUAL, "value"),
    'CompareKey("key").value != "value"': Compare.value("key", CompareOp.NOT_EQUAL, "value"),
    'CompareKey("key").value > "value"': Compare.value("key", CompareOp.GREATER, "value"),
    'CompareKey("key").value < "value"': Compare.value("key", CompareOp.LESS, "value"),
    'CompareKey("key").version == 1': Compare.version("key", CompareOp.EQUAL, 1),
    'CompareKey("key").create == 9': Compare.create_revision("key", CompareOp.EQUAL, 9),
    'CompareKey("key").mod == 9': Compare.mod_revision("key", CompareOp.EQUAL, 9),
    'CompareKey("key").lease == 0': Compare.lease("key", CompareOp.EQUAL, 0),
    'CompareKey("a", range_end="c").value == "1"': Compare.value(
        "a", CompareOp.EQUAL, "1"
    ).with_range("c"),
}


@checks.row(*CONDITIONS)
async def makes_the_condition(here: Here) -> None:
    assert repr(await here.run()) == repr(CONDITIONS[here.row.there])


@checks.row(
    'EtcdClient(HostPortPair("127.0.0.1", 2379))',
    'EtcdClient(HostPortPair.parse("127.0.0.1:2379"))',
    'EtcdClient(addr, credentials=EtcdCredential("name", "password"))',
    'client.with_lock("name", timeout=5)',
    'client.with_lock("name", ttl=10)',
)
async def opens_a_context(here: Here) -> None:
    async with await here.run() as communicator:
        assert await communicator.get("key") == b"value"


@checks.row("EtcdClient(addr, secure=True)")
async def speaks_tls(here: Here) -> None:
    """A client that speaks TLS cannot connect to the server of the tests, which does not."""
    client: Client = await here.run()
    with pytest.raises(EtcdConnectionError):
        async with client.connect(ConnectOptions(require_connection=True)):
            pass


@checks.row(
    "async with client.connect() as communicator: ...",
    'async with client.with_lock("name") as communicator: ...',
)
async def reads_in_a_context(here: Here) -> None:
    await here.run()
    assert here.names["value"] == b"value"


@checks.row(
    'await communicator.get("key", revision=n)',
    'await communicator.get("key", max_create_revision=n)',
    'await communicator.get("key", min_create_revision=n)',
)
async def finds_what_was(here: Here) -> None:
    kv = await here.communicator.get_kv("key")
    assert kv is not None
    assert await here.run(revision=kv.create_revision) == b"value"


@checks.row('await communicator.get("key", max_mod_revision=n)')
async def finds_what_is_old(here: Here) -> None:
    before = await here.revision()
    assert await here.run(revision=before) == b"value"
    await here.communicator.put("key", "new")
    assert await here.run() is None


@checks.row('await communicator.get("key", min_mod_revision=n)')
async def finds_what_is_new(here: Here) -> None:
    coming = await here.revision() + 1
    assert await here.run(revision=coming) is None
    await here.communicator.put("key", "new")
    assert await here.run() == b"new"


@checks.row('await communicator.put("key", "new")')
async def puts(here: Here) -> None:
    await here.run()
    assert await here.communicator.get("key") == b"new"


@checks.row('await communicator.put("key", None, lease_id)')
async def keeps_the_value(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    kv = await here.communicator.get_kv("key")
    assert kv is not None
    assert (kv.value, kv.lease) == (b"value", lease.id)


@checks.row('await communicator.put("key", "new", lease=lease_id)')
async def puts_with_a_lease(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    kv = await here.communicator.get_kv("key")
    assert kv is not None
    assert kv.lease == lease.id


@checks.row('await communicator.delete("key")')
async def deletes(here: Here) -> None:
    await here.run()
    assert await here.communicator.get("key") is None


@checks.row("await communicator.txn_compare(compares, builder)")
async def runs_a_transaction(here: Here) -> None:
    await here.run()
    assert here.names["response"].succeeded()
    await here.run()
    assert here.names["response"].responses[0].kvs[0].value == b"new"


@checks.row('success.get("key", limit=1)', 'success.delete("key")')
async def is_an_operation(here: Here) -> None:
    response = await here.communicator.txn(Txn().and_then([await here.run()]))
    assert len(response.responses) == 1


@checks.row(
    'success.put("key", "new", lease=lease_id)',
    'success.put("key", None, ignore_value=True, lease=lease_id)',
    'success.put("key", "new", ignore_lease=True)',
)
async def puts_in_a_transaction(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.communicator.put("key", "value", lease=lease)
    await here.communicator.txn(Txn().and_then([await here.run(lease=lease)]))
    kv = await here.communicator.get_kv("key")
    assert kv is not None
    assert kv.lease == lease.id
    assert kv.value == (b"value" if "ignore_value" in here.row.here else b"new")


@checks.row("TxnReturnType(values, success)")
async def has_responses(here: Here) -> None:
    response = await here.communicator.txn(Txn().and_then([TxnOp.get("key")]))
    (read,), succeeded = await here.run(response=response)
    assert read.kvs[0].value == b"value"
    assert succeeded


@checks.row("RangeRequestType, PutRequestType, DeleteRangeRequestType")
async def makes_operations(here: Here) -> None:
    get, put, delete = await here.run()
    response = await here.communicator.txn(Txn().and_then([get, put]))
    assert response.responses[0].kvs[0].value == b"value"
    assert await here.communicator.get("key") == b"new"
    response = await here.communicator.txn(Txn().and_then([delete]))
    assert response.responses[0].deleted == 1


async def next_event(here: Here) -> WatchEvent:
    watch: Watch = here.names["watch"]
    event = await asyncio.wait_for(anext(watch), timeout=5)
    watch.cancel()
    return event


@checks.row(
    'communicator.watch("key")',
    'communicator.watch("key", ready_event=asyncio.Event())',
    'communicator.watch("key", progress_notify=True)',
    'communicator.watch("key", watch_id=7)',
    'communicator.watch("key", filters=[WatchCreateRequestFilterType.NODELETE])',
)
async def watches_a_key(here: Here) -> None:
    await here.run()
    await here.names["watch"].ready()
    await here.communicator.delete("key" if "NODELETE" in here.row.here else "other")
    await here.communicator.put("key", "new")
    event = await next_event(here)
    assert (event.event, event.value) == (WatchEventType.PUT, b"new")


@checks.row('communicator.watch("key", filters=[WatchCreateRequestFilterType.NOPUT])')
async def leaves_out_puts(here: Here) -> None:
    await here.run()
    await here.names["watch"].ready()
    await here.communicator.put("key", "new")
    await here.communicator.delete("key")
    assert (await next_event(here)).event == WatchEventType.DELETE


@checks.row('communicator.watch("key", prev_kv=True)')
async def tells_what_was_before(here: Here) -> None:
    await here.run()
    await here.names["watch"].ready()
    await here.communicator.put("key", "new")
    assert (await next_event(here)).prev_value == b"value"


@checks.row('communicator.watch("key", start_revision=n)')
async def watches_the_past(here: Here) -> None:
    put = await here.communicator.put("key", "past")
    await here.run(revision=put.header.revision)
    assert (await next_event(here)).value == b"past"


@checks.row('communicator.watch_prefix("dir/")')
async def watches_a_prefix(here: Here) -> None:
    await here.run()
    await here.names["watch"].ready()
    await here.communicator.put("dir/3", "three")
    assert (await next_event(here)).key == b"dir/3"


@checks.row("WatchEvent(event.key, event.value, event.prev_value, event.event)")
async def has_all_of_an_event(here: Here) -> None:
    event = WatchEvent(b"key", b"new", WatchEventType.PUT, b"value")
    assert await here.run(event=event) == (b"key", b"new", b"value", WatchEventType.PUT)


@checks.row(
    "await communicator.grant_lease(10)",
    "await communicator.grant_lease(10, id=42)",
)
async def grants_a_lease(here: Here) -> None:
    await here.run()
    lease = here.names["lease"]
    assert lease.ttl == 10
    assert lease.id == 42 or "id=42" not in here.row.here


@checks.row("await communicator.revoke_lease(lease_id)")
async def revokes_a_lease(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    assert lease.id not in (await here.communicator.leases()).leases


@checks.row("communicator.create_lease_keepalive_task(lease_id, 3)")
async def keeps_a_lease_alive(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    keeping = here.names["keeping"]
    assert (await anext(keeping)).id == lease.id
    keeping.cancel()
    assert lease.id in (await here.communicator.leases()).leases


async def lead(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    here.names["lease"] = lease
    here.names["leader"] = (await here.communicator.campaign("name", "me", lease)).leader


@checks.row('await communicator.campaign_election(b"name", lease_id, b"me")')
async def campaigns(here: Here) -> None:
    lease = await here.communicator.lease_grant(10)
    await here.run(lease=lease)
    assert here.names["leader"].name == b"name"
    assert here.names["leader"].lease == lease.id


@checks.row('await communicator.get_election(b"name")')
async def tells_the_leader(here: Here) -> None:
    await lead(here)
    assert await here.run() == b"me"


@checks.row('await communicator.proclaim_election(leader, b"news")')
async def proclaims(here: Here) -> None:
    await lead(here)
    await here.run()
    assert await here.communicator.get(here.names["leader"].key) == b"news"


@checks.row('async for proclaimed in communicator.observe_election(b"name"): ...')
async def observes(here: Here) -> None:
    await lead(here)
    await here.run()
    assert here.names["proclaimed"].kv.value == b"me"


@checks.row("await communicator.resign_election(leader)")
async def resigns(here: Here) -> None:
    await lead(here)
    await here.run()
    assert await here.communicator.get(here.names["leader"].key) is None
