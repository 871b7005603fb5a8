"""Calls: results, errors, and where they may be made."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import assert_type

import etcd_client
import etcd_client.sync
from etcd_client import Client as AsyncClient
from etcd_client.sync import (
    STM,
    Client,
    ClosedError,
    Communicator,
    ConnectOptions,
    EtcdConnectionError,
    EtcdLockOption,
    EtcdTimeoutError,
    InvalidArgsError,
    Key,
    KeyExistsError,
    KeyValue,
    Lease,
    LeaseNotFoundError,
    Lock,
    Partitioner,
    PutResponse,
    Queue,
    Txn,
    TxnOp,
    Watch,
)
from etcd_client.testing import EtcdServer, free_port


def test_keys_are_written_read_and_deleted(communicator: Communicator) -> None:
    assert communicator.get("a") is None
    assert communicator.put("a", b"\xff").header.revision > 0
    assert communicator.get("a") == b"\xff"
    communicator.put("ab", "")
    assert communicator.get_prefix("a") == [(b"a", b"\xff"), (b"ab", b"")]
    assert communicator.keys_prefix("a") == [b"a", b"ab"]
    assert communicator.range("a", prefix=True, limit=1).more
    assert communicator.count_prefix("") == 2
    assert communicator.delete_prefix("").deleted == 2


def test_results_have_types(communicator: Communicator) -> None:
    """Mypy compares them; a wrong one is an error of `make typecheck`."""
    assert_type(communicator.get("a"), bytes | None)
    assert_type(communicator.get_prefix("a"), list[tuple[bytes, bytes]])
    assert_type(communicator.put("a", "1"), PutResponse)
    assert_type(communicator.put("a", "1", once=None), PutResponse)
    assert_type(communicator.update("a", lambda value: value, default="1"), KeyValue | None)
    assert_type(communicator.stm(lambda txn: txn.get("a")), bytes | None)
    assert_type(next(communicator.scan_prefix("a")), KeyValue)
    with communicator.cache("a", decode=lambda kv: len(kv.value)) as view:
        assert_type(view["a"], int)
    with communicator.lease(10) as lease:
        assert_type(lease, Lease)


def test_transactions(communicator: Communicator) -> None:
    txn = Txn().when([Key("a").version == 0]).and_then([TxnOp.put("a", "1")])
    assert communicator.txn(txn).succeeded()
    response = communicator.txn(txn.or_else([TxnOp.get("a")]))
    assert (response.succeeded(), response.responses[0].kvs[0].value) == (False, b"1")


def test_compare_and_swap_and_transactional_memory(communicator: Communicator) -> None:
    assert communicator.create("n", "0").value == b"0"
    with pytest.raises(KeyExistsError):
        communicator.create("n", "0")
    updated = communicator.update("n", lambda value: str(int(value) + 1), default="0")
    assert updated is not None
    assert updated.value == b"1"
    assert communicator.append("line/", "x").key.startswith(b"line/")

    def double(txn: STM) -> int:
        value = 2 * int(txn.get("n") or 0)
        # A function that waits does not keep other threads from their work.
        assert communicator.get("n") == b"1"
        txn.put("n", str(value))
        return value

    assert communicator.stm(double) == 2
    assert communicator.get("n") == b"2"


def test_errors_are_those_of_the_asyncio_face(communicator: Communicator) -> None:
    with pytest.raises(LeaseNotFoundError):
        communicator.lease_revoke(17)
    with pytest.raises(TypeError, match="key"):
        communicator.get(1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgsError, match="timeout"):
        communicator.get("a", timeout=-1)
    with pytest.raises(TypeError, match="function"):
        communicator.stm(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="function"):
        communicator.update("a", None)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="Watch objects are made by"):
        Watch()


def test_timeouts(make_server: Callable[[], EtcdServer]) -> None:
    server = make_server()
    with Client(server.endpoint) as communicator:
        communicator.put("a", "1")
        server.freeze()
        started = time.monotonic()
        with pytest.raises(EtcdTimeoutError):
            communicator.get("a", timeout=0.3)
        assert time.monotonic() - started < 10
        server.thaw()
        assert communicator.get("a", timeout=20) == b"1"


def test_options_that_calls_without_once_have(communicator: Communicator) -> None:
    communicator.put("a", "1", wait_for_ready=False)
    assert communicator.delete("a", wait_for_ready=False).deleted == 1
    with communicator.session(ttl=5) as session:
        communicator.put("a", "1", once=session)
        with pytest.raises(TypeError, match="wait_for_ready: expected None with `once`"):
            communicator.put("a", "1", once=session, wait_for_ready=False)


def test_nothing_listens() -> None:
    options = ConnectOptions(connect_timeout=0.2, require_connection=True)
    with pytest.raises(EtcdConnectionError):
        Client(f"127.0.0.1:{free_port()}", options).open()


def test_opening_and_closing(client: Client) -> None:
    communicator = client.open()
    view = communicator.namespace("app/")
    view.put("a", "1")
    assert communicator.get("app/a") == b"1"
    assert view != communicator
    assert len({view, communicator, view}) == 2
    communicator.aclose()
    communicator.aclose()
    assert communicator.closed
    for call in (communicator.get, view.get):
        with pytest.raises(ClosedError):
            call("a")


def test_contexts_of_one_client_overlap_in_threads(client: Client) -> None:
    inside = threading.Barrier(2, timeout=20)
    seen = []

    def work(name: str) -> None:
        with client as communicator:
            inside.wait()
            communicator.put(name, name)
            seen.append(communicator.get(name))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(filter(None, seen)) == [b"a", b"b"]


def test_a_client_is_pickled(client: Client) -> None:
    copied = pickle.loads(pickle.dumps(client))  # noqa: S301 - written here
    assert repr(copied) == repr(client)
    with copied as communicator:
        assert communicator.get("a") is None


def test_a_lock_is_held_while_the_context_is_open(client: Client) -> None:
    with client.with_lock(EtcdLockOption("deploy", timeout=5)) as communicator:
        assert communicator.held_lock is not None
        assert communicator.held_lock.is_acquired
        with pytest.raises(TimeoutError), client.with_lock(EtcdLockOption("deploy", timeout=0.1)):
            pass
    assert communicator.closed


async def test_in_a_thread_that_runs_an_event_loop(client: Client, endpoint: str) -> None:
    """It blocks the loop, as anything else that waits does."""
    from etcd_client import Client as AsyncClient  # noqa: PLC0415 - the other face

    async with AsyncClient(endpoint) as other:
        with client as communicator:
            communicator.put("a", "1")
            assert await other.get("a") == b"1"
            with communicator.session(ttl=5) as session, session.lock("l") as lock:
                assert await other.keys_prefix("l/") == [lock.key]
                assert communicator.update("a", lambda _: "2") is not None
            await asyncio.sleep(0)
        assert await other.get("a") == b"2"


def test_the_administration(communicator: Communicator) -> None:
    assert communicator.cluster.member_list().members
    assert communicator.maintenance.status().version
    assert not communicator.auth.status().enabled
    assert b"".join(communicator.maintenance.snapshot())


@pytest.mark.parametrize(
    "name",
    ["Lock", "Semaphore", "RWLock", "Election", "Counter", "Session", "Barrier", "DoubleBarrier"],
)
async def test_the_faces_are_not_mixed(endpoint: str, name: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "Semaphore": ("a", 2),
        "DoubleBarrier": ("a", 2),
        "Session": (),
    }
    given = arguments.get(name, ("a",))
    with Client(endpoint) as for_threads:
        says = (
            "^communicator: expected Communicator, got etcd_client.sync.Communicator: "
            f"use etcd_client.sync.{name}$"
        )
        with pytest.raises(TypeError, match=says):
            getattr(etcd_client, name)(for_threads, *given)
    async with AsyncClient(endpoint) as for_tasks:
        says = (
            "^communicator: expected etcd_client.sync.Communicator, got etcd_client.Communicator: "
            "use it with the classes of etcd_client, in coroutines$"
        )
        with pytest.raises(TypeError, match=says):
            getattr(etcd_client.sync, name)(for_tasks, *given)


async def test_sessions_of_the_faces_are_not_mixed(endpoint: str) -> None:
    with Client(endpoint) as communicator, communicator.session() as session:
        async with AsyncClient(endpoint) as other, other.session() as other_session:
            uses: list[Callable[[], object]] = [
                lambda: Lock(communicator, "a", session=other_session),  # type: ignore[arg-type]
                lambda: Queue(other_session, "a"),  # type: ignore[arg-type]
                lambda: Partitioner(other_session, "a", 2),  # type: ignore[arg-type]
                lambda: communicator.put("a", "b", once=other_session),  # type: ignore[arg-type]
            ]
            for use in uses:
                with pytest.raises(TypeError, match=r"expected etcd_client\.sync\.Session, got"):
                    use()
            uses = [
                lambda: etcd_client.Lock(other, "a", session=session),  # type: ignore[arg-type]
                lambda: etcd_client.Partitioner(session, "a", 2),  # type: ignore[arg-type]
                lambda: etcd_client.Counter(other, "a", session=session),  # type: ignore[arg-type]
                lambda: other.put("a", "b", once=session),  # type: ignore[call-overload]
            ]
            for use in uses:
                with pytest.raises(
                    TypeError, match=r": expected Session, got etcd_client\.sync\.Session$"
                ):
                    use()
            with pytest.raises(TypeError, match=r"use etcd_client\.sync\.Queue$"):
                etcd_client.Queue(session, "a")  # type: ignore[arg-type]


def test_a_cache_that_was_not_entered_is_not_empty(communicator: Communicator) -> None:
    view = communicator.cache("a")
    for read in (lambda: view["a"], lambda: view.get("a"), lambda: len(view), lambda: dict(view)):
        with pytest.raises(ClosedError, match="the cache is not open"):
            read()
