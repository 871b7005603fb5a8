"""What hooks are told of streams, of authentication and of operations, and what is open."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from etcd_client import (
    AuthFailedError,
    Client,
    Communicator,
    ConnectOptions,
    Election,
    GRPCStatusCode,
    Key,
    Lock,
    LockTimeoutError,
    Txn,
    TxnOp,
)
from etcd_client.telemetry import CallEnded, OpenNow, OperationEnded, open_now
from etcd_client.testing import EtcdServer, Proxy
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server
from tests.support.recorder import Recorder
from tests.support.waiting import eventually_async

NOTHING = OpenNow(connections=0, calls=0, streams=0, watches=0, leases=0)
OPERATION = contextvars.ContextVar("OPERATION", default="")


class Operations(Recorder):
    """Notes the operation of each call."""

    def context(self) -> object:
        """Return the operation that makes the call."""
        return OPERATION.get()

    @contextmanager
    def operation(self, name: str) -> Iterator[str]:
        """Make the operation the present one."""
        token = OPERATION.set(name)
        try:
            yield name
        finally:
            OPERATION.reset(token)

    def ended(self) -> list[tuple[str, str]]:
        """Return the operations, with how they ended."""
        return [(event.name, event.outcome) for event in self.of(OperationEnded)]

    def made_by(self, operation: str) -> list[str]:
        """Return the RPCs that an operation has made."""
        return [call.method for call in self.of(CallEnded) if call.context == operation]


def connect(endpoint: str, hooks: object, **options: Any) -> Client:
    """Return a client with hooks."""
    return Client(endpoint, ConnectOptions(hooks=hooks, **options))


async def test_a_watch_is_told_when_its_stream_ends(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        async with communicator.watch("key") as watch:
            await watch.ready()
            await communicator.put("key", b"x" * 100)
            await anext(watch)
            assert hooks.calls("Watch") == []
        await eventually_async(lambda: hooks.calls("Watch"))
    (call,) = hooks.calls("Watch")
    assert (call.service, call.is_stream, call.outcome) == ("etcdserverpb.Watch", True, "ok")
    assert call.response_bytes is not None
    assert call.response_bytes > 100
    assert [attempt.answered for attempt in call.attempts] == [True]
    assert not hooks.calls("Put")[0].is_stream


async def test_a_broken_stream_is_told_with_its_error(endpoint: str, proxy: Proxy) -> None:
    hooks = Recorder()
    async with (
        connect(proxy.endpoint, hooks) as communicator,
        communicator.watch("key") as watch,
    ):
        await watch.ready()
        await asyncio.to_thread(proxy.drop)
        await eventually_async(lambda: hooks.calls("Watch"))
        await communicator.put("key", "after")
        assert (await anext(watch)).value == b"after"
    assert hooks.calls("Watch")[0].outcome == "EtcdConnectionError"
    assert endpoint


async def test_the_renewal_of_a_lease_is_a_stream(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        async with communicator.lease(6):
            await eventually_async(lambda: communicator.stats().keep_alive_streams == 1, within=10)
        await eventually_async(lambda: hooks.calls("LeaseKeepAlive"))
    assert [call.is_stream for call in hooks.calls("LeaseKeepAlive")] == [True]


async def test_an_observed_election_is_a_stream(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        async with Election(communicator, "observed", "value"):
            observer = communicator.observe("observed")
            await anext(observer)
            observer.cancel()
        await eventually_async(lambda: hooks.calls("Observe"))
    assert hooks.calls("Observe")[0].outcome == "ok"


async def test_a_snapshot_is_a_stream(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        size = 0
        async for chunk in communicator.maintenance.snapshot():
            size += len(chunk)
        await eventually_async(lambda: hooks.calls("Snapshot"))
    (call,) = hooks.calls("Snapshot")
    assert (call.service, call.is_stream) == ("etcdserverpb.Maintenance", True)
    assert call.response_bytes is not None
    assert call.response_bytes > size > 0


async def test_authentication_is_told_as_a_call_of_its_caller() -> None:
    hooks = Operations()
    with auth_server() as server:
        options = {"user": ROOT, "password": ROOT_PASSWORD}
        async with connect(server.endpoint, hooks, **options) as communicator:
            OPERATION.set("first")
            # Outdates the token.
            await communicator.auth.user_change_password(ROOT, ROOT_PASSWORD)
            await communicator.get("key")
            await communicator.get("key")
            await communicator.auth.user_change_password(ROOT, "changed")
            with pytest.raises(AuthFailedError):
                await communicator.get("key")
        # Connecting is no call.
        assert [call.context for call in hooks.calls("Authenticate")] == [None, "first", "first"]
        *answered, refused = hooks.calls("Authenticate")
    for call in answered:
        assert (call.service, call.outcome) == ("etcdserverpb.Auth", "ok")
        assert [attempt.endpoint for attempt in call.attempts] == [server.endpoint]
    assert (refused.outcome, refused.code) == ("AuthFailedError", GRPCStatusCode.InvalidArgument)
    assert ROOT_PASSWORD not in repr(replace(refused, error=None))


async def test_operations_are_told_with_their_calls(endpoint: str) -> None:
    hooks = Operations()
    async with connect(endpoint, hooks) as communicator:
        async with communicator.session(10) as session:
            async with session.lock("lock"):
                pass
            async with session.election("election", "value"):
                pass
        async with Lock(communicator, "lock"):
            pass
        await communicator.update("number", lambda value: str(int(value or 0) + 1))
        await communicator.append("line/", "value")

        async def increment(txn: Any) -> None:
            txn.put("number", str(int(await txn.get("number") or 0) + 1))

        await communicator.stm(increment)
        await communicator.get("number")
    assert hooks.ended() == [
        ("Session.open", "ok"),
        ("Lock.acquire", "ok"),
        ("Election.campaign", "ok"),
        ("Lock.acquire", "ok"),
        ("Communicator.update", "ok"),
        ("Communicator.append", "ok"),
        ("Communicator.stm", "ok"),
    ]
    assert hooks.made_by("Session.open") == ["LeaseGrant"]
    assert hooks.made_by("Lock.acquire") == ["Txn", "LeaseGrant", "Txn"]
    assert hooks.made_by("Communicator.update") == ["Range", "Txn"]
    assert hooks.made_by("Communicator.stm")[-1] == "Txn"
    assert hooks.made_by("")[-1] == "Range"
    for event in hooks.of(OperationEnded):
        assert event.context == event.name
        assert 0 < event.duration < 10


async def test_an_operation_tells_how_it_ends(endpoint: str) -> None:
    hooks = Operations()
    async with connect(endpoint, hooks) as communicator, Lock(communicator, "lock") as lock:
        with pytest.raises(LockTimeoutError):
            await Lock(communicator, "lock").acquire(timeout=0.1)
        task = asyncio.ensure_future(Lock(communicator, "lock").acquire())
        await eventually_async(lambda: communicator.stats().watches)
        task.cancel()
        await asyncio.wait([task])
        # Not even begun.
        Lock(communicator, "lock").acquire().close()
        with pytest.raises(Exception, match="is held by this object already"):
            await lock.acquire()
        with pytest.raises(ZeroDivisionError):
            await communicator.update("key", lambda _: b"" if 1 / 0 else None)
    assert [outcome for _, outcome in hooks.ended()] == [
        "ok",
        "LockTimeoutError",
        "cancelled",
        "cancelled",
        "LockError",
        "ZeroDivisionError",
    ]


async def test_every_attempt_of_an_update_is_a_call_of_it(endpoint: str) -> None:
    hooks = Operations()
    async with connect(endpoint, hooks) as communicator, Client(endpoint).connect() as rival:
        tries = 0

        async def compute(_: bytes | None) -> str:
            nonlocal tries
            tries += 1
            if tries < 3:
                await rival.put("key", str(tries))
            return f"done after {tries}"

        await communicator.update("key", compute)
    assert hooks.made_by("Communicator.update").count("Txn") == 3


async def test_a_hook_for_operations_that_raises_breaks_nothing(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Leaving:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            message = "not left"
            raise RuntimeError(message)

    class Broken(Recorder):
        def __init__(self, result: object) -> None:
            super().__init__()
            self.result = result

        def operation(self, name: str) -> Any:
            if self.result is None:
                raise ValueError(name)
            return self.result

    for result in (None, "no context", Leaving()):
        hooks = Broken(result)
        caplog.clear()
        async with connect(endpoint, hooks) as communicator, Lock(communicator, "lock") as lock:
            assert lock.is_acquired
        assert [event.outcome for event in hooks.of(OperationEnded)] == ["ok"]
        assert "the hook operation has failed" in caplog.text


async def test_what_is_open_is_counted(endpoint: str) -> None:
    hooks = Recorder()

    async def opened(communicator: Communicator) -> None:
        async with communicator.watch("a") as one, communicator.watch("b") as two:
            await one.ready()
            await two.ready()
            now = open_now(hooks)
            assert (now.connections, now.calls, now.watches) == (1, 0, 2)
            assert now.streams >= 1
            async with communicator.lease(10):
                await eventually_async(lambda: open_now(hooks).leases == 1)

    assert open_now(hooks) == NOTHING
    # Two that share their connections are not counted twice.
    async with connect(endpoint, hooks) as first, connect(endpoint, hooks) as second:
        await second.get("key")
        await opened(first)
        await eventually_async(lambda: open_now(hooks).watches == 0)
        assert open_now(Recorder()) == NOTHING
        found: list[OpenNow] = []
        thread = threading.Thread(target=lambda: found.append(open_now(hooks)))
        thread.start()
        thread.join()
        assert found[0].connections == 1
    assert open_now(hooks) == NOTHING


async def test_transactions_by_hand_are_no_operations(etcd: EtcdServer) -> None:
    hooks = Operations()
    async with connect(etcd.endpoint, hooks) as communicator:
        await communicator.txn(Txn().when([Key("a").version == 0]).and_then([TxnOp.get("a")]))
    assert hooks.ended() == []
