"""What `ConnectOptions(hooks=...)` is told."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import logging
import pickle
import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any

import pytest

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdTimeoutError,
    GRPCStatusCode,
    Lock,
    Txn,
    TxnOp,
)
from etcd_client.telemetry import (
    CallEnded,
    Connected,
    Hooks,
    LeaseLost,
    LeaseRenewed,
    WatchRead,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server
from tests.support.environment import environment
from tests.support.recorder import Recorder
from tests.support.waiting import eventually_async

TASK = contextvars.ContextVar("TASK", default="none")


class Contexts(Recorder):
    """Keeps the context variable of each call."""

    def context(self) -> object:
        """Return the context variable."""
        return TASK.get()


def connect(endpoint: str, hooks: object, **options: Any) -> Client:
    """Return a client with hooks."""
    return Client(endpoint, ConnectOptions(hooks=hooks, **options))


async def test_a_call_is_told(endpoint: str) -> None:
    hooks = Recorder()
    before = time.time_ns()
    async with connect(endpoint, hooks) as communicator:
        await communicator.put("key", "value")
        await communicator.get("key")
    put, get = hooks.of(CallEnded)
    assert (put.service, put.method, get.method) == ("etcdserverpb.KV", "Put", "Range")
    assert before <= put.started_ns <= get.started_ns <= time.time_ns()
    assert 0 < put.duration < 10
    assert (put.error, put.cancelled, put.outcome) == (None, False, "ok")
    assert put.code == GRPCStatusCode.Ok
    assert put.request_bytes > len("keyvalue")
    assert get.response_bytes is not None
    assert get.response_bytes > len("keyvalue")
    (attempt,) = get.attempts
    assert (attempt.endpoint, attempt.answered, attempt.failure) == (endpoint, True, None)
    assert 0 <= attempt.after <= attempt.after + attempt.duration <= get.duration
    assert get.retries == 0
    assert hooks.of(Connected) == [Connected(endpoint, again=False)]


async def test_a_refused_call_is_told_with_its_error(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        twice = Txn().and_then([TxnOp.put("key", "1"), TxnOp.put("key", "2")])
        with pytest.raises(Exception, match="duplicate key") as raised:
            await communicator.txn(twice)
    (call,) = hooks.calls("Txn")
    assert type(call.error) is type(raised.value)
    assert call.outcome == type(raised.value).__name__
    assert call.code == GRPCStatusCode.InvalidArgument
    assert call.response_bytes is None
    assert call.attempts[0].answered is False
    assert "duplicate key" in (call.attempts[0].failure or "")


async def test_a_cancelled_call_is_told(endpoint: str, proxy: Proxy) -> None:
    hooks = Recorder()
    async with connect(proxy.endpoint, hooks) as communicator:
        await communicator.get("key")
        await tasks.to_thread(proxy.stall)
        task = tasks.ensure_future(communicator.put("key", "value"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        task.cancel()
        await tasks.wait([task])
        await eventually_async(lambda: hooks.calls("Put"))
    (call,) = hooks.calls("Put")
    assert (call.cancelled, call.error, call.outcome) == (True, None, "cancelled")
    assert call.code == GRPCStatusCode.Cancelled
    assert [(attempt.answered, attempt.failure) for attempt in call.attempts] == [(False, None)]
    assert endpoint


async def test_a_call_that_reaches_nobody_is_told(proxy: Proxy) -> None:
    hooks = Recorder()
    await tasks.to_thread(proxy.refuse)
    async with connect(proxy.endpoint, hooks, connect_timeout=0.3) as communicator:
        with pytest.raises(EtcdTimeoutError):
            await communicator.get("key", timeout=0.3)
    (call,) = hooks.calls("Range")
    assert (call.outcome, call.code) == ("UnreachableError", GRPCStatusCode.Unavailable)
    assert call.attempts == ()


async def test_calls_have_the_context_of_their_callers(endpoint: str) -> None:
    hooks = Contexts()

    async def work(number: int) -> None:
        TASK.set(f"task {number}")
        await communicator.put(f"key/{number}", b"x" * number)

    async with connect(endpoint, hooks) as communicator:
        await tasks.gather(*(work(number) for number in range(100)))
    sizes = {call.context: call.request_bytes for call in hooks.calls("Put")}
    assert sizes.keys() == {f"task {number}" for number in range(100)}
    # The greater the number, the larger the request.
    in_order = [sizes[f"task {number}"] for number in range(10, 100)]
    assert in_order == sorted(in_order)


async def test_the_calls_of_a_lock_have_its_context(endpoint: str) -> None:
    hooks = Contexts()
    async with connect(endpoint, hooks) as communicator:
        TASK.set("acquire")
        lock = Lock(communicator, "lock")
        await lock.acquire()
        TASK.set("release")
        await lock.release()
        await eventually_async(lambda: hooks.calls("LeaseGrant"))
    contexts = {call.method: call.context for call in hooks.of(CallEnded)}
    assert contexts["LeaseGrant"] == "acquire"
    assert contexts["Txn"] == "acquire"
    assert "release" not in contexts.values()


async def test_contexts_do_not_stay(endpoint: str) -> None:
    class Mark:
        pass

    class Marks(Recorder):
        def context(self) -> object:
            return Mark()

    hooks = Marks()
    async with connect(endpoint, hooks) as communicator:
        await tasks.gather(*(communicator.get("key") for _ in range(50)))
        cancelled = [tasks.ensure_future(communicator.get("key")) for _ in range(50)]
        await tasks.sleep(0)
        for task in cancelled:
            task.cancel()
        await tasks.wait(cancelled)

        def marks() -> int:
            hooks.told.clear()
            return sum(isinstance(found, Mark) for found in gc.get_objects())

        await eventually_async(lambda: marks() == 0)


async def test_a_hook_that_raises_breaks_nothing_and_is_logged_once(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Hooks):
        def __init__(self) -> None:
            self.times = 0

        def context(self) -> object:
            message = "no context"
            raise RuntimeError(message)

        def call_ended(self, call: CallEnded) -> None:
            self.times += 1
            message = f"not {call.method}"
            raise RuntimeError(message)

    hooks = Broken()
    async with connect(endpoint, hooks) as communicator:
        for number in range(5):
            await communicator.put("key", str(number))
        assert await communicator.get("key") == b"4"
    assert hooks.times == 6
    logged = [record for record in caplog.records if record.name == "etcd_client"]
    assert sorted(record.getMessage().split()[2] for record in logged) == ["call_ended", "context"]
    assert all(record.exc_info for record in logged)


async def test_hooks_run_on_the_thread_of_the_loop(endpoint: str) -> None:
    class Threads(Hooks):
        def __init__(self) -> None:
            self.seen: list[int] = []

        def call_ended(self, _: CallEnded) -> None:
            self.seen.append(threading.get_ident())

    hooks = Threads()

    async def work() -> int:
        async with connect(endpoint, hooks) as communicator:
            await communicator.get("key")
        return threading.get_ident()

    # The same hooks on two loops at once.
    other = tasks.create_task(tasks.to_thread(lambda: asyncio.run(work())))
    threads = {await work(), await other}
    assert set(hooks.seen) == threads
    assert len(threads) == 2


async def test_two_communicators_have_hooks_of_their_own(endpoint: str) -> None:
    one, two = Recorder(), Recorder()
    async with (
        connect(endpoint, one) as first,
        connect(endpoint, two) as second,
        Client(endpoint).connect() as silent,
    ):
        await first.put("one", "")
        await second.get("two")
        await silent.get("three")
    assert [call.method for call in one.of(CallEnded)] == ["Put"]
    assert [call.method for call in two.of(CallEnded)] == ["Range"]


async def test_communicators_with_the_same_hooks_share_connections(endpoint: str) -> None:
    hooks = Contexts()
    async with connect(endpoint, hooks) as first, connect(endpoint, hooks) as second:
        TASK.set("first")
        await first.get("key")
        TASK.set("second")
        await second.get("key")
        assert second.stats().connects == 1
    assert [call.context for call in hooks.of(CallEnded)] == ["first", "second"]
    assert len(hooks.of(Connected)) == 1


async def test_the_lag_of_a_watch_is_told(endpoint: str) -> None:
    hooks = Recorder()
    async with (
        connect(endpoint, hooks) as communicator,
        communicator.watch_prefix("w/") as watch,
        communicator.watch_prefix("w/") as another,
    ):
        first = await communicator.put("w/1", "")
        # The first event may take its time to come, to both on their stream.
        await anext(another)
        await tasks.sleep(1)
        await communicator.put("w/2", "")
        await anext(watch)
        await anext(watch)
        await eventually_async(lambda: len(hooks.of(WatchRead)) == 3)
    _, one, two = hooks.of(WatchRead)
    assert (one.revision, one.events) == (first.header.revision, 1)
    assert one.lag > 0.15
    assert 0 <= two.lag < one.lag


async def test_the_margin_and_the_loss_of_a_lease_are_told(endpoint: str) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        lease = await communicator.lease(6)
        await eventually_async(lambda: hooks.of(LeaseRenewed), within=10)
        await communicator.lease_revoke(lease.id)
        await eventually_async(lambda: hooks.of(LeaseLost), within=10)
    renewed = hooks.of(LeaseRenewed)[0]
    assert (renewed.lease, renewed.ttl) == (lease.id, 6)
    assert 0 < renewed.margin <= 6
    assert hooks.of(LeaseLost)[0].lease == lease.id


async def test_what_ends_with_its_session_is_not_told_as_lost(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        async with communicator.session() as session:
            lock = session.lock("lock")
            await lock.acquire()
        await eventually_async(lock.lost.is_set)
    assert hooks.of(LeaseLost) == []
    assert caplog.text == ""


async def test_the_loss_of_a_session_is_told_once(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = Recorder()
    async with connect(endpoint, hooks) as communicator:
        session = communicator.session()
        await session.__aenter__()
        locks = [session.lock(f"lock/{number}") for number in range(5)]
        for lock in locks:
            await lock.acquire()
        await communicator.lease_revoke(session.id)
        await eventually_async(lambda: all(lock.lost.is_set() for lock in locks))
        await eventually_async(lambda: hooks.of(LeaseLost))
        lost = session.id
    assert [told.lease for told in hooks.of(LeaseLost)] == [lost]
    assert caplog.text.count(f"lease {lost:x} was lost") == 1


async def test_secrets_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "etcd_client")
    hooks = Recorder()
    with auth_server() as server:
        options = {"user": ROOT, "password": ROOT_PASSWORD}
        async with connect(server.endpoint, hooks, **options) as communicator:
            await communicator.put("secret key", "secret value")
            await communicator.get("secret key")
    told = repr(hooks.told) + caplog.text
    assert f"authenticated as {ROOT}" in caplog.text
    assert "Range" in told
    for secret in (ROOT_PASSWORD, "secret key", "secret value"):
        assert secret not in told


async def test_details_are_logged_where_they_are_asked_for(
    endpoint: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "etcd_client")

    def is_told(words: str) -> bool:
        return words in caplog.text

    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get("key")
        await tasks.to_thread(proxy.stall)
        waiting = tasks.ensure_future(communicator.get("key"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        await tasks.to_thread(proxy.drop)
        await tasks.to_thread(proxy.heal)
        await waiting
        for words in (
            f"connecting to {proxy.endpoint}",
            f"connected to {proxy.endpoint}",
            f"Range: an attempt on {proxy.endpoint} has failed",
        ):
            await eventually_async(partial(is_told, words))
    assert endpoint


@pytest.mark.parametrize("wrong", [object(), "hooks", 1, Recorder, {"call_ended": print}])
def test_what_has_no_hooks_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^hooks: expected an object with methods of"):
        ConnectOptions(hooks=wrong)
    with pytest.raises(TypeError, match=r"^hooks: "):
        ConnectOptions().with_hooks(wrong)


def test_a_coroutine_function_is_refused() -> None:
    class Slow:
        async def call_ended(self, call: CallEnded) -> None: ...

    with pytest.raises(TypeError, match="call_ended is a coroutine function"):
        ConnectOptions(hooks=Slow())


def test_options_with_hooks_are_compared_copied_and_pickled() -> None:
    hooks = Recorder()
    options = ConnectOptions(hooks=hooks)
    assert options == ConnectOptions().with_hooks(hooks)
    assert hash(options) == hash(ConnectOptions(hooks=hooks))
    assert options != ConnectOptions(hooks=Recorder())
    assert options != ConnectOptions()
    assert options.with_hooks(None) == ConnectOptions()
    assert options.with_timeout(5) == ConnectOptions(hooks=hooks, timeout=5)
    assert copy.copy(options) == options
    assert pickle.loads(pickle.dumps(options)) != options  # noqa: S301 - ours


def test_hooks_that_know_their_options_are_collected() -> None:
    hooks: Any = Recorder()
    hooks.options = ConnectOptions(hooks=hooks)
    gone = threading.Event()

    class Last:
        def __del__(self) -> None:
            gone.set()

    hooks.last = Last()
    del hooks
    gc.collect()
    assert gone.is_set()


# Where the package's logger does not exist yet, exists, or has one below it.
_ASKS = {
    "all": "root.setLevel('DEBUG')",
    "its logger": "logging.getLogger('etcd_client').setLevel('DEBUG')",
    "below": "root.setLevel('DEBUG'); logging.getLogger('etcd_client.own')",
}
_ASKS_NOT = {
    "nobody": "root.setLevel('INFO')",
    "not its logger": "root.setLevel('DEBUG'); logging.getLogger('etcd_client').setLevel('INFO')",
    "disabled": "root.setLevel('DEBUG'); logging.disable(logging.DEBUG)",
}
_ASKING = """
import logging, sys, threading
from etcd_client.sync import Client

told = threading.Event()

class Handler(logging.Handler):
    def emit(self, record):
        if "connected to" in record.getMessage():
            told.set()

root = logging.getLogger()
root.addHandler(Handler())
exec(sys.argv[1])
with Client(sys.argv[2]) as communicator:
    communicator.get("key")
    print(told.wait(float(sys.argv[3])))
"""


@pytest.mark.parametrize("who", [*_ASKS, *_ASKS_NOT])
async def test_who_asks_for_details(endpoint: str, who: str) -> None:
    asks = who in _ASKS
    arguments = ({**_ASKS, **_ASKS_NOT}[who], endpoint, "30" if asks else "0.3")
    command = [sys.executable, "-c", _ASKING, *arguments]
    run = partial(subprocess.run, capture_output=True, text=True, check=True, env=environment())
    assert (await tasks.to_thread(run, command)).stdout == f"{asks}\n"
