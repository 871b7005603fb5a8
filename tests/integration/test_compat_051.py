"""Programs written for etcd-client-py 0.5.1 run unchanged: its names, its calls, its habits."""

import inspect
from collections.abc import AsyncIterator, Callable

import pytest

import etcd_client
from etcd_client import (
    Client,
    ClientError,
    Communicator,
    Compare,
    CompareOp,
    CondVar,
    ConnectOptions,
    EtcdLockOption,
    GRPCStatusCode,
    GRPCStatusError,
    Txn,
    TxnOp,
    WatchEvent,
    WatchEventType,
    active_context_count,
    cleanup_runtime,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.leftovers import no_contexts

# What `__all__` of 0.5.1 holds, but for its two private functions; then what only its stub has.
NAMES = [
    "Client",
    "ClientError",
    "Communicator",
    "Compare",
    "CompareOp",
    "CondVar",
    "ConnectOptions",
    "ElectError",
    "EndpointError",
    "EtcdLockOption",
    "GRPCStatusCode",
    "GRPCStatusError",
    "InvalidArgsError",
    "InvalidHeaderValueError",
    "InvalidUriError",
    "IoError",
    "LeaseKeepAliveError",
    "TransportError",
    "Txn",
    "TxnOp",
    "TxnResponse",
    "Utf8Error",
    "Watch",
    "WatchError",
    "WatchEvent",
    "WatchEventType",
    "active_context_count",
    "cleanup_runtime",
    "LockError",
]

MEMBERS = {
    "Client": "connect with_lock __aenter__ __aexit__",
    "Communicator": (
        "get get_prefix put txn delete delete_prefix keys_prefix lock unlock lease_grant "
        "lease_revoke lease_time_to_live lease_keep_alive watch watch_prefix"
    ),
    "Compare": "version create_revision mod_revision value lease with_range with_prefix",
    "CompareOp": "EQUAL NOT_EQUAL GREATER LESS",
    "CondVar": "wait notify_waiters",
    "ConnectOptions": (
        "with_user with_keep_alive with_keep_alive_while_idle with_connect_timeout with_timeout "
        "with_tcp_keepalive"
    ),
    "Txn": "when and_then or_else",
    "TxnOp": "get put delete txn",
    "TxnResponse": "succeeded",
    "Watch": "__aiter__ __anext__",
    "WatchEventType": "PUT DELETE",
    "GRPCStatusCode": (
        "Ok Cancelled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists "
        "PermissionDenied ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented "
        "Internal Unavailable DataLoss Unauthenticated"
    ),
}

ERRORS = [name for name in NAMES if name.endswith("Error")]


@pytest.mark.parametrize("name", NAMES)
def test_the_package_has_the_name(name: str) -> None:
    assert name in etcd_client.__all__
    assert hasattr(etcd_client, name)


@pytest.mark.parametrize("class_name", MEMBERS)
def test_the_class_has_the_members(class_name: str) -> None:
    described = getattr(etcd_client, class_name)
    assert [name for name in MEMBERS[class_name].split() if not hasattr(described, name)] == []


def test_the_errors_have_their_base() -> None:
    for name in ERRORS:
        assert issubclass(getattr(etcd_client, name), ClientError)
    assert issubclass(ClientError, Exception)


def test_the_codes_are_numbers() -> None:
    assert [int(code) for code in GRPCStatusCode] == list(range(17))
    code: int = GRPCStatusCode.Unavailable
    assert code == 14


def test_options_are_built_step_by_step() -> None:
    options = (
        ConnectOptions()
        .with_user("root", "secret")
        .with_keep_alive(10.0, 5.0)
        .with_keep_alive_while_idle(True)
        .with_connect_timeout(3.0)
        .with_timeout(20.0)
        .with_tcp_keepalive(30.0)
    )
    assert isinstance(options, ConnectOptions)
    Client(["http://127.0.0.1:2379"], options)
    Client(endpoints=["127.0.0.1:2379"], connect_options=options)
    Client(["http://127.0.0.1:2379"], options, EtcdLockOption(b"name"))


def test_lock_options_can_be_read_and_changed() -> None:
    option = EtcdLockOption(lock_name=b"name", timeout=5.0, ttl=10)
    assert (option.lock_name, option.timeout, option.ttl) == (b"name", 5.0, 10)
    option.timeout = None
    assert EtcdLockOption(b"name").ttl is None


def test_members_print_as_they_did() -> None:
    assert repr(CompareOp.NOT_EQUAL) == str(CompareOp.NOT_EQUAL) == "CompareOp.NOT_EQUAL"
    assert repr(WatchEventType.PUT) == f"{WatchEventType.PUT}" == "WatchEventType.PUT"


def test_events_can_be_made() -> None:
    event = WatchEvent(b"key", b"value", WatchEventType.PUT, None)
    assert event == WatchEvent(key=b"key", value=b"value", event=WatchEventType.PUT)
    assert (event.key, event.value, event.prev_value) == (b"key", b"value", None)


async def test_the_calls_take_and_return_what_they_did(communicator: Communicator) -> None:
    await communicator.put(key=b"key", value=b"value")
    assert bytes(await communicator.get(key=b"key") or b"").decode() == "value"
    assert await communicator.get(b"missing") is None
    pairs = await communicator.get_prefix(b"k")
    assert [(bytes(key), bytes(value)) for key, value in pairs] == [(b"key", b"value")]
    assert [bytes(key) for key in await communicator.keys_prefix(key=b"k")] == [b"key"]
    await communicator.delete(key=b"key")
    await communicator.delete_prefix(key=b"k")
    assert await communicator.get_prefix(b"k") == []


async def test_transactions_are_built_as_they_were(communicator: Communicator) -> None:
    await communicator.put(b"cmpkey1", b"foo")
    await communicator.put(b"cmpkey2", b"baz")
    compares = [
        Compare.value(b"cmpkey1", CompareOp.EQUAL, b"foo"),
        Compare.value(b"cmpkey2", CompareOp.GREATER, b"bar"),
        Compare.version(key=b"cmpkey1", cmp=CompareOp.EQUAL, version=1),
        Compare.create_revision(key=b"cmpkey1", cmp=CompareOp.GREATER, revision=0),
        Compare.mod_revision(key=b"cmpkey1", cmp=CompareOp.LESS, revision=2**62),
        Compare.lease(key=b"cmpkey1", cmp=CompareOp.EQUAL, lease=0),
        Compare.value(key=b"cmpkey1", cmp=CompareOp.NOT_EQUAL, value=b"bar").with_range(b"cmpkey2"),
        Compare.version(b"cmpkey", CompareOp.GREATER, 0).with_prefix(),
    ]
    operations = [
        TxnOp.put(key=b"successkey", value=b"asdf"),
        TxnOp.get(key=b"successkey"),
        TxnOp.delete(key=b"cmpkey2"),
        TxnOp.txn(txn=Txn().and_then([TxnOp.get(b"cmpkey1")])),
    ]
    txn = Txn().when(compares=compares).and_then(operations=operations).or_else(operations=[])
    response = await communicator.txn(txn=txn)
    assert response.succeeded() is True


async def test_backend_ai_replaces_values(client: Client) -> None:
    async def replace(key: bytes, old: bytes, new: bytes) -> bool:
        async with client.connect() as communicator:
            result = await communicator.txn(
                Txn()
                .when([Compare.value(key, CompareOp.EQUAL, old)])
                .and_then([TxnOp.put(key, new)])
                .or_else([])
            )
            return result.succeeded()

    async with client.connect() as communicator:
        await communicator.put(b"wow", b"abc")
    assert not await replace(b"wow", b"aaa", b"ccc")
    assert await replace(b"wow", b"abc", b"def")


async def test_backend_ai_watches(client: Client) -> None:
    async def watch(
        start: Callable[[Communicator], AsyncIterator[WatchEvent]], count: int
    ) -> list[tuple[WatchEventType, bytes, bytes]]:
        events: list[tuple[WatchEventType, bytes, bytes]] = []
        async with client.connect() as communicator:
            iterator = start(communicator)
            while len(events) < count:
                try:
                    event = await tasks.wait_for(iterator.__anext__(), 0.01)
                except tasks.TimeoutError:
                    continue
                events.append((event.event, bytes(event.key), bytes(event.value)))
        return events

    key_ready, prefix_ready = CondVar(), CondVar()
    one = tasks.create_task(watch(lambda c: c.watch(b"wow", ready_event=key_ready), 2))
    all_ = tasks.create_task(watch(lambda c: c.watch_prefix(b"wow", ready_event=prefix_ready), 4))
    await key_ready.wait()
    await prefix_ready.wait()
    async with client.connect() as communicator:
        await communicator.put(b"wow", b"123")
        await communicator.delete(b"wow")
        await communicator.put(b"wow/child", b"hello")
        await communicator.delete_prefix(b"wow")
    put, delete = WatchEventType.PUT, WatchEventType.DELETE
    assert await one == [(put, b"wow", b"123"), (delete, b"wow", b"")]
    assert await all_ == [
        (put, b"wow", b"123"),
        (delete, b"wow", b""),
        (put, b"wow/child", b"hello"),
        (delete, b"wow/child", b""),
    ]


async def test_watches_take_their_arguments_by_place_and_by_name(
    communicator: Communicator,
) -> None:
    ready, cleaned_up = CondVar(), CondVar()
    watches = [
        communicator.watch(b"key", True, ready, cleaned_up),
        communicator.watch_prefix(b"key", True, CondVar(), None),
        communicator.watch(key=b"key", once=True, ready_event=None, cleanup_event=None),
        communicator.watch_prefix(key=b"key", once=True),
    ]
    await ready.wait()
    for watch in watches:
        await watch.ready()
    await communicator.put(b"key", b"value")
    for watch in watches:
        assert [event.value async for event in watch] == [b"value"]
    await cleaned_up.wait()


async def test_a_condition_stays_set(communicator: Communicator) -> None:
    condition = CondVar()
    waiting = tasks.create_task(condition.wait())
    await tasks.sleep(0)
    await condition.notify_waiters()
    await waiting
    await condition.wait()
    assert inspect.isawaitable(communicator.get(b"key"))


async def test_errors_carry_their_status(endpoint: str, proxy: Proxy) -> None:
    async with Client([endpoint]).connect() as communicator:
        with pytest.raises(GRPCStatusError) as refused:
            await communicator.put(b"", b"value")
    status = refused.value.args[0]
    assert status["code"] == GRPCStatusCode.InvalidArgument
    assert status["message"] == "etcdserver: key is not provided"
    assert bytes(status["details"]) == b""
    proxy.refuse()
    with pytest.raises(ClientError) as unavailable:
        async with Client([proxy.endpoint]).connect() as communicator:
            await communicator.get(b"key")
    assert isinstance(unavailable.value, GRPCStatusError)
    assert unavailable.value.args[0]["code"] == GRPCStatusCode.Unavailable


async def test_contexts_are_counted(client: Client) -> None:
    await no_contexts()
    async with client.connect(), client.connect(ConnectOptions()):
        assert active_context_count() == 2
    assert active_context_count() == 0
    with pytest.raises(KeyError):
        async with client.connect():
            raise KeyError
    assert active_context_count() == 0
    cleanup_runtime()


async def test_a_client_is_its_own_context(client: Client) -> None:
    async with client as communicator:
        await communicator.put(b"key", b"value")
    connected = client.connect()
    for _ in range(2):
        async with connected as communicator:
            assert await communicator.get(b"key") == b"value"


async def test_one_context_manager_serves_several_tasks(client: Client) -> None:
    """Each leaves the context that it entered, in whatever order."""
    await no_contexts()
    shared = client.connect()

    async def use(seconds: float) -> bytes | None:
        async with shared as communicator:
            await tasks.sleep(seconds)
            return await communicator.get(b"key")

    assert await tasks.gather(*(use(i * 0.01) for i in range(10))) == [None] * 10
    assert active_context_count() == 0


async def test_locks_and_leases_say_what_the_server_said(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(30)
    assert (await communicator.lease_time_to_live(lease.id)).granted_ttl == 30
    assert (await communicator.lease_keep_alive(lease.id)).ttl == 30
    await communicator.lease_revoke(lease.id)
    locked = await communicator.lock(b"name")
    assert locked.key.startswith(b"name/")
    await communicator.unlock(locked.key)


async def test_options_for_a_lock_stay_with_the_client(client: Client) -> None:
    for locking in (
        client.with_lock(EtcdLockOption(b"name"), ConnectOptions()),
        client.with_lock(lock_options=EtcdLockOption(b"name")).connect(),
    ):
        async with locking as communicator:
            assert len(await communicator.keys_prefix(b"name/")) == 1
    async with client.connect() as communicator:
        assert await communicator.keys_prefix(b"name/") == []


async def test_locks_are_contexts(client: Client) -> None:
    await no_contexts()
    order = []

    async def work(number: int) -> None:
        option = EtcdLockOption(lock_name=b"foolock", timeout=5.0, ttl=5)
        async with client.with_lock(option) as communicator:
            order.append(number)
            await communicator.put(b"key", b"%d" % number)
            await tasks.sleep(0.02)
            assert await communicator.get(b"key") == b"%d" % number
            order.append(number)

    await tasks.gather(*(work(number) for number in range(5)))
    assert order[::2] == order[1::2]
    assert active_context_count() == 0
