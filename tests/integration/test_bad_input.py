"""Wrong arguments and wrong states: a typed error that names what is wrong, and nothing is sent."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    ConnectOptions,
    EtcdConnectionError,
    EtcdError,
    InvalidArgsError,
    InvalidUriError,
    SortOrder,
    Txn,
    TxnOp,
    WatchEvent,
    WatchEventType,
    WatchFilterType,
)
from etcd_client.testing import free_port
from tests.support import tasks

# The arguments are wrong on purpose, so their types are left open.
Use = Callable[[Any], object]

# Told at once, and not by the first call.
REQUIRED = ConnectOptions(require_connection=True)


WRONG_TYPES: list[tuple[str, Use]] = [
    ("key", lambda c: c.get(1)),
    ("key", lambda c: c.get(None)),
    ("key", lambda c: c.get([97])),
    ("key", lambda c: c.get_kv(1.5)),
    ("prefix", lambda c: c.get_prefix(1)),
    ("prefix", lambda c: c.count_prefix(1)),
    ("key", lambda c: c.keys_prefix(1)),
    ("range_end", lambda c: c.get_range(b"a", 1)),
    ("range_end", lambda c: c.keys_range(b"a", 1)),
    ("range_end", lambda c: c.range(b"a", range_end=1)),
    ("limit", lambda c: c.range(b"a", limit="10")),
    ("limit", lambda c: c.get_prefix(b"a", limit=1.5)),
    ("limit", lambda c: c.get_prefix(b"a", limit=True)),
    ("revision", lambda c: c.get(b"a", revision="1")),
    ("min_mod_revision", lambda c: c.get_prefix(b"a", min_mod_revision=b"1")),
    ("sort_order", lambda c: c.get_prefix(b"a", sort_order="ASCEND")),
    ("sort_order", lambda c: c.get_prefix(b"a", sort_order=1)),
    ("sort_target", lambda c: c.get_prefix(b"a", sort_target=SortOrder.ASCEND)),
    ("serializable", lambda c: c.get(b"a", serializable=1)),
    ("prefix", lambda c: c.range(b"a", prefix="yes")),
    ("keys_only", lambda c: c.range(b"a", keys_only=0)),
    ("key", lambda c: c.put(1, b"")),
    ("value", lambda c: c.put(b"a", 1)),
    ("value", lambda c: c.put(b"a", None)),
    ("lease", lambda c: c.put(b"a", b"", lease="1")),
    ("lease", lambda c: c.put(b"a", b"", lease=object())),
    ("prev_kv", lambda c: c.put(b"a", b"", prev_kv="yes")),
    ("key", lambda c: c.delete(1)),
    ("key", lambda c: c.delete_prefix(1)),
    ("key", lambda c: c.delete_range(1, b"b")),
    ("revision", lambda c: c.compact("1")),
    ("physical", lambda c: c.compact(1, physical=1)),
    ("key", lambda c: c.watch(1)),
    ("key", lambda c: c.watch_prefix(None)),
    ("range_end", lambda c: c.watch_range(b"a", 1)),
    ("keys", lambda c: c.watch_many(keys=b"a")),
    ("keys", lambda c: c.watch_many(keys=[1])),
    ("prefixes", lambda c: c.watch_many(prefixes="/app/")),
    ("ranges", lambda c: c.watch_many(ranges=[b"a", b"b"])),
    ("ranges", lambda c: c.watch_many(ranges=[(b"a", 1)])),
    ("start_revision", lambda c: c.watch(b"a", start_revision="1")),
    ("filters", lambda c: c.watch(b"a", filters=1)),
    ("filters", lambda c: c.watch(b"a", filters=["NOPUT"])),
    ("filters", lambda c: c.watch(b"a", filters=WatchFilterType.NOPUT)),
    ("ready_event", lambda c: c.watch(b"a", ready_event=1)),
    ("cleanup_event", lambda c: c.watch(b"a", cleanup_event=lambda: None)),
    ("once", lambda c: c.watch(b"a", once=1)),
    ("watch_id", lambda c: c.watch(b"a", watch_id="1")),
    ("timeout", lambda c: c.get(b"a", timeout="1")),
    ("timeout", lambda c: c.put(b"a", b"", timeout=True)),
    ("prefix", lambda c: c.namespace(1)),
]

WRONG_VALUES: list[tuple[str, Use]] = [
    ("limit", lambda c: c.get_prefix(b"a", limit=-1)),
    ("limit", lambda c: c.get_prefix(b"a", limit=2**63)),
    ("revision", lambda c: c.get(b"a", revision=-1)),
    ("revision", lambda c: c.compact(-1)),
    ("start_revision", lambda c: c.watch(b"a", start_revision=-1)),
    ("watch_id", lambda c: c.watch(b"a", watch_id=-1)),
    ("range_end", lambda c: c.get_range(b"a", b"")),
    ("range_end", lambda c: c.watch_range(b"a", "")),
    ("range_end", lambda c: c.watch_many(ranges=[(b"a", b"")])),
    ("keys, prefixes, ranges", lambda c: c.watch_many()),
    ("keys, prefixes, ranges", lambda c: c.watch_many(keys=[])),
    ("range_end", lambda c: c.delete(b"a", prefix=True, from_key=True)),
    ("lease", lambda c: c.put(b"a", b"", lease=2**64)),
    ("timeout", lambda c: c.get(b"a", timeout=0)),
    ("timeout", lambda c: c.get(b"a", timeout=-1)),
    ("timeout", lambda c: c.get(b"a", timeout=float("nan"))),
    ("timeout", lambda c: c.get(b"a", timeout=float("inf"))),
    ("timeout", lambda c: c.get(b"a", timeout=10**400)),
    ("key", lambda c: c.get("\ud800")),
    ("value", lambda c: c.put(b"a", "\udfff")),
]


def numbered(cases: list[tuple[str, Use]]) -> list[Any]:
    """Name each case by its argument and its place in the list."""
    return [
        pytest.param(name, use, id=f"{name}-{place}") for place, (name, use) in enumerate(cases)
    ]


@pytest.mark.parametrize(("name", "use"), numbered(WRONG_TYPES))
async def test_names_an_argument_of_a_wrong_type(
    communicator: Communicator, name: str, use: Use
) -> None:
    with pytest.raises(TypeError, match=f"^{name}: expected .*, got "):
        await tasks.begun(use(communicator))


@pytest.mark.parametrize(("name", "use"), numbered(WRONG_VALUES))
async def test_names_an_argument_with_a_wrong_value(
    communicator: Communicator, name: str, use: Use
) -> None:
    with pytest.raises(InvalidArgsError, match=f"^{name}: expected .*, got ") as refused:
        await tasks.begun(use(communicator))
    assert isinstance(refused.value, ValueError)


async def test_wrong_arguments_send_nothing(communicator: Communicator) -> None:
    requests = communicator.stats().requests
    for _, use in WRONG_TYPES + WRONG_VALUES:
        with pytest.raises((TypeError, ValueError)):
            await tasks.begun(use(communicator))
    assert communicator.stats().requests == requests


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c.get(),
        lambda c: c.get(b"a", 1),
        lambda c: c.watch_many([b"a"]),
        lambda c: c.watch_many(keys=[b"a"], watch_id=1),
        lambda c: c.get(b"a", limit=1),
        lambda c: c.put(b"a"),
        lambda c: c.put(b"a", b"b", b"c"),
        lambda c: c.put(b"a", b"b", ttl=1),
        lambda c: c.range(b"a", prev_kv=True),
        lambda c: c.watch(b"a", unknown=1),
        lambda c: c.txn(),
        lambda c: c.txn([]),
        lambda c: c.txn(b"a"),
    ],
)
async def test_refuses_arguments_that_there_are_not(communicator: Communicator, use: Use) -> None:
    with pytest.raises(TypeError):
        await tasks.begun(use(communicator))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Compare.version(b"a", 0, 1),  # type: ignore[arg-type]
        lambda: Compare.version(b"a", "EQUAL", 1),  # type: ignore[arg-type]
        lambda: Compare.value(b"a", CompareOp.EQUAL, 1),  # type: ignore[arg-type]
        lambda: Compare.version(b"a", CompareOp.EQUAL, "1"),  # type: ignore[arg-type]
        lambda: TxnOp.get(1),  # type: ignore[arg-type]
        lambda: TxnOp.put(b"a", 1),  # type: ignore[arg-type]
        lambda: TxnOp.delete(None),  # type: ignore[arg-type]
        lambda: Txn().when(1),  # type: ignore[arg-type]
        lambda: WatchEvent(b"a", b"", "PUT"),  # type: ignore[arg-type]
        lambda: WatchEvent(1, b"", WatchEventType.PUT),  # type: ignore[arg-type]
        lambda: ConnectOptions().with_user(1, 2),  # type: ignore[arg-type]
        lambda: ConnectOptions().with_timeout("1"),  # type: ignore[arg-type]
        lambda: ConnectOptions().with_keep_alive("1", "2"),  # type: ignore[arg-type]
        lambda: Client(1),  # type: ignore[arg-type]
        lambda: Client([1]),  # type: ignore[list-item]
        lambda: Client(["localhost:1"], "options"),  # type: ignore[arg-type]
    ],
)
def test_refuses_wrong_types_outside_of_calls(make: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Compare.version(b"a", CompareOp.EQUAL, 2**63),
        lambda: Compare.version(b"a", CompareOp.EQUAL, 1).with_range(b""),
        lambda: TxnOp.get(b"a", limit=-1),
        lambda: TxnOp.delete(b"a", prefix=True, range_end=b"b"),
        lambda: ConnectOptions().with_timeout(0),
        lambda: ConnectOptions().with_connect_timeout(-1),
        lambda: ConnectOptions().with_keep_alive(0, 1),
        lambda: ConnectOptions().with_tcp_keepalive(float("nan")),
        lambda: Client([]),
    ],
)
def test_refuses_wrong_values_outside_of_calls(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgsError):
        make()


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        " ",
        "http://",
        "https://",
        "http://:2379",
        "localhost:",
        "localhost:port",
        "localhost:65536",
        "localhost:-1",
        "http://local host:2379",
        "http://localhost:2379/path",
        "ftp://localhost:2379",
        "unix:",
        "[::1:2379",
        "http://user@localhost:2379",
        "localhost:2379\x00",
    ],
)
def test_refuses_malformed_endpoints(endpoint: str) -> None:
    with pytest.raises(InvalidUriError, match="endpoint") as refused:
        Client([endpoint])
    assert isinstance(refused.value, ValueError)
    with pytest.raises(InvalidUriError):
        Client(["http://localhost:2379", endpoint])


@pytest.mark.parametrize("endpoints", [5, None, [5], b"localhost:2379", [["localhost:2379"]]])
def test_refuses_endpoints_of_wrong_types(endpoints: Any) -> None:
    with pytest.raises(TypeError, match=r"^endpoints: expected .*, got "):
        Client(endpoints)


def test_refuses_options_of_wrong_types() -> None:
    client = Client("localhost:2379")
    options: Any = "backup"
    with pytest.raises(TypeError, match="connect_options"):
        client.connect(options)
    with pytest.raises(TypeError, match="lock_options"):
        client.with_lock(options)


async def test_no_reachable_endpoint_is_an_error_within_the_connect_timeout() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    started = time.monotonic()
    with pytest.raises(EtcdConnectionError, match=endpoint) as failed:
        async with Client(endpoint, REQUIRED.with_connect_timeout(1)).connect():
            pass
    assert isinstance(failed.value, EtcdError)
    assert isinstance(failed.value, ConnectionError)
    assert time.monotonic() - started < 4


async def test_a_server_that_does_not_answer_is_an_error() -> None:
    options = REQUIRED.with_connect_timeout(0.5)
    started = time.monotonic()
    # The system accepts the connection; nobody reads from it.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = "http://{}:{}".format(*silent.getsockname())
        with pytest.raises(EtcdConnectionError, match=endpoint):
            async with Client(endpoint, options).connect():
                pass
    assert time.monotonic() - started < 4


async def test_a_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(EtcdConnectionError, match=r"nowhere\.invalid"):
        async with Client("http://nowhere.invalid:2379", REQUIRED).connect():
            pass


@pytest.mark.asyncio_only
async def test_something_else_that_listens_is_an_error() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        endpoint = "http://{}:{}".format(*server.sockets[0].getsockname())
        with pytest.raises(EtcdConnectionError, match=endpoint):
            async with Client(endpoint, REQUIRED.with_connect_timeout(1)).connect():
                pass
