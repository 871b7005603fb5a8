"""What the errors say to someone who uses the package wrongly for the first time."""

import asyncio
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from etcd_client import (
    Barrier,
    Client,
    Communicator,
    ConnectOptions,
    DoubleBarrier,
    Election,
    EmptyKeyError,
    EtcdLockOption,
    Key,
    LeaseNotFoundError,
    Lock,
    OutcomeUnknownError,
    Partitioner,
    Party,
    RequestTooLargeError,
    RpcError,
    Semaphore,
    Txn,
    TxnOp,
    UserEmptyError,
    WrongLoopError,
)
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server

# The uses are wrong on purpose, so their types are left open.
Use = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Mistake:
    """A wrong use of a client or a communicator, and what it is told."""

    use: Use
    kind: type[Exception]
    says: str


def iterated(call: Any) -> list[object]:
    """Iterate over a call, as if it were its result."""
    return list(call)


def entered(context: Any) -> None:
    """Enter something without `async`."""
    with context:
        pass


async def awaited(awaitable: Any) -> object:
    """Await something that may not be awaitable."""
    return await awaitable


async def committed(session: Any) -> None:
    """Pass one operation instead of a list."""
    await session.queue("queue").put("item")
    async with session.queue("queue").get(timeout=10) as job:
        await job.commit(TxnOp.put("a", "b"))


async def worked_on(session: Any) -> None:
    """Work on partitions with a function that is not async."""
    async with session.partitioner("group", 1) as partitioner:
        await partitioner.run(lambda partition: partition.name)


MISTAKES = [
    # A call is taken for its result.
    Mistake(lambda _, c: c.get("a").decode(), AttributeError, "'decode': await it"),
    Mistake(lambda _, c: c.put("a", "b").header, AttributeError, "'header': await it"),
    Mistake(lambda _, c: c.txn(Txn()).succeeded(), AttributeError, "'succeeded': await it"),
    Mistake(lambda _, c: iterated(c.get_prefix("a")), TypeError, "await it, as in `in await call`"),
    # A client is taken for a communicator.
    Mistake(lambda k, _: awaited(k), TypeError, r"use `async with client.connect\(\) as"),
    Mistake(lambda k, _: awaited(k.connect()), TypeError, "communicator = await client.open()"),
    Mistake(lambda k, _: k.get("a"), AttributeError, "'get': communicators have: use `async with"),
    Mistake(lambda k, _: k.connect().put("a", "b"), AttributeError, "'put': communicators have"),
    Mistake(lambda *_: Client("localhost", 2379), TypeError, "as in 'localhost:2379'$"),  # type: ignore[arg-type]
    Mistake(lambda *_: Client("a", {"timeout": 1}), TypeError, r"pass ConnectOptions\(\*\*options"),  # type: ignore[arg-type]
    Mistake(
        lambda *_: ConnectOptions(username="root", password=ROOT_PASSWORD),  # type: ignore[call-arg]
        TypeError,
        "^ConnectOptions.. got an unexpected keyword argument 'username'. Did you mean 'user",
    ),
    Mistake(lambda _, c: c.put("a", "b", ttl=5), TypeError, "'ttl'; keyword-only: lease=, prev_kv"),
    Mistake(lambda k, _: k.nothing, AttributeError, "^'Client' object has no attribute 'nothing'$"),
    Mistake(lambda k, _: Lock(k, "a"), TypeError, "^communicator: expected Communicator, got Clie"),
    Mistake(lambda k, _: Election(k, "a", "b"), TypeError, r"use `async with client\.connect\(\)"),
    # A function is called, or is not async.
    Mistake(
        lambda _, c: Election(c, "a").run(c.get("a")),
        TypeError,
        "^work: expected a function, got Call: pass the function itself, without calling it$",
    ),
    Mistake(lambda _, c: Election(c, "a").run(5), TypeError, "^work: expected a function, got i"),  # type: ignore[arg-type]
    Mistake(
        lambda _, c: Election(c, "a").run(lambda _: 5),  # type: ignore[arg-type, return-value]
        TypeError,
        "^work: expected an async function, got one that returned int$",
    ),
    Mistake(lambda _, c: c.session(on_loss=5), TypeError, "^on_loss: expected a function, got i"),
    Mistake(lambda _, c: c.update("a", c.get("a")), TypeError, "^function: .* without calling it$"),
    # Arguments of another form.
    Mistake(lambda _, c: c.txn([TxnOp.get("a")]), TypeError, "^txn: expected Txn, got list$"),
    Mistake(
        lambda *_: Txn().when(Key("a").version == 0),  # type: ignore[arg-type]
        TypeError,
        "^compares: expected a list of Compare, got Compare$",
    ),
    Mistake(
        lambda *_: Txn().and_then(TxnOp.get("a")),  # type: ignore[arg-type]
        TypeError,
        "^operations: expected a list of TxnOp, got TxnOp$",
    ),
    Mistake(
        lambda _, c: c.get("a", 5),
        TypeError,
        r"takes 1 positional argument \(key\), got 2; keyword-only: revision=, .*wait_for_ready=$",
    ),
    Mistake(lambda _, c: c.get("a", timeuot=5), TypeError, r"Did you mean 'timeout'\?$"),
    Mistake(lambda *_: Key("a") == "x", TypeError, r"^did you mean Key\('a'\)\.value == 'x'\?$"),
    Mistake(lambda *_: Key("a") != b"x", TypeError, "did you mean"),
    Mistake(lambda _, c: Lock(c, "a", ttl="b"), TypeError, "^ttl: expected a number of seconds"),  # type: ignore[arg-type]
    Mistake(lambda *_: EtcdLockOption("a", ttl=-1), ValueError, "^ttl: expected a number of sec"),
    Mistake(
        lambda _, c: c.get("a", prefix=True), TypeError, "unexpected keyword argument 'prefix'"
    ),
    # What the server refuses.
    Mistake(lambda _, c: c.put("a", b"x" * 3_000_000), RequestTooLargeError, "--max-request-bytes"),
    Mistake(lambda _, c: c.put("a", b"x" * 1_600_000), RequestTooLargeError, "--max-request-bytes"),
]


ENTERED: dict[str, Use] = {
    "Client": lambda k, _: k.connect(),
    "Session": lambda _, c: c.session(),
    "LeaseGrant": lambda _, c: c.lease(5),
    "Cache": lambda _, c: c.cache("a"),
    "Watch": lambda _, c: c.watch("a"),
    "LeaseKeepAlives": lambda _, c: c.lease_keep_alive_stream(1),
    "Lock": lambda _, c: Lock(c, "a"),
    "Semaphore": lambda _, c: Semaphore(c, "a", 2),
    "Election": lambda _, c: Election(c, "a", "b"),
    "Barrier": lambda _, c: Barrier(c, "a"),
    "DoubleBarrier": lambda _, c: DoubleBarrier(c, "a", 2),
    "Party": lambda _, c: Party(c.session(), "a", "b"),
    "Partitioner": lambda _, c: Partitioner(c.session(), "a", 2),
}


@pytest.mark.parametrize("name", ENTERED)
async def test_with_without_async(client: Client, communicator: Communicator, name: str) -> None:
    says = f"^'{name}' object does not support `with`: use `async with`, or etcd_client.sync in pro"
    context = ENTERED[name](client, communicator)
    with pytest.raises(TypeError, match=says):
        entered(context)
    if name == "LeaseGrant":
        context.close()


ON_SESSION: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (
        lambda s: s.register("a", "b", on_conflict=5),
        TypeError,
        "^on_conflict: expected a function, got int$",
    ),
    (committed, TypeError, "^ops: expected a list of TxnOp, got TxnOp$"),
    (worked_on, TypeError, "^work: expected an async function, got one that returned bytes$"),
]


@pytest.mark.parametrize(("use", "kind", "says"), ON_SESSION)
async def test_a_mistake_with_a_session_is_explained(
    communicator: Communicator, use: Callable[[Any], Any], kind: type[Exception], says: str
) -> None:
    async with communicator.session() as session:
        with pytest.raises(kind, match=says):
            await use(session)


ITERATED: dict[str, Use] = {
    "Scan": lambda _, c: c.scan_prefix("a"),
    "Leaders": lambda _, c: Election(c, "a").observe(),
    "Partitioner": lambda _, c: Partitioner(c.session(), "a", 2),
}


@pytest.mark.parametrize("name", ITERATED)
async def test_for_without_async(client: Client, communicator: Communicator, name: str) -> None:
    iterator = ITERATED[name](client, communicator)
    with pytest.raises(TypeError, match=f"^'{name}' object is not iterable: use `async for`, or"):
        iterated(iterator)


async def test_changes_of_a_cache_without_async(communicator: Communicator) -> None:
    async with communicator.cache("a") as view:
        with pytest.raises(TypeError, match=r"^'CacheChanges' object is not iterable"):
            iterated(view.changes())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.says)
async def test_a_mistake_is_explained(
    client: Client, communicator: Communicator, mistake: Mistake
) -> None:
    async def make() -> None:
        await mistake.use(client, communicator)

    with pytest.raises(mistake.kind, match=mistake.says):
        await make()


async def test_a_call_can_be_awaited_by_several_tasks_and_delegated_to(
    communicator: Communicator,
) -> None:
    """What is refused of an iteration is not refused of them."""

    class Delegating:
        def __await__(self) -> Any:
            return (yield from communicator.put("a", "b").__await__())

    await Delegating()
    call = communicator.get("a")
    assert [*await tasks.gather(awaited(call), awaited(call))] == [b"b", b"b"]


def test_a_communicator_outside_of_its_loop(etcd: EtcdServer) -> None:
    client = Client(etcd.endpoint)
    with pytest.raises(WrongLoopError, match="open a communicator within a coroutine") as refused:
        client.open().send(None)
    assert isinstance(refused.value, RuntimeError)

    async def opened() -> Communicator:
        return await client.open()

    loop = asyncio.new_event_loop()
    communicator = loop.run_until_complete(opened())
    for use in (communicator.get, communicator.watch, communicator.lock, communicator.observe):
        with pytest.raises(WrongLoopError, match="no running event loop"):
            use("a")
    loop.run_until_complete(communicator.aclose())
    loop.close()


async def test_a_cluster_with_users_asks_for_one() -> None:
    with auth_server() as server:
        async with Client(server.endpoint).connect() as communicator:
            with pytest.raises(
                UserEmptyError, match=r"requires a user: ConnectOptions\(user=..., password=...\)"
            ):
                await communicator.get("a")
        options = ConnectOptions(user=ROOT, password=ROOT_PASSWORD)
        async with Client(server.endpoint, options).connect() as communicator:
            with pytest.raises(UserEmptyError) as refused:
                await communicator.auth.user_add("", "password")
            assert refused.value.hint == "", "there, the argument is empty"


async def told_by(attempt: Any) -> RpcError:
    with pytest.raises(RpcError) as refused:
        await attempt
    return refused.value


@pytest.mark.parametrize(
    ("use", "kind", "rpc"),
    [
        (lambda c: c.put("", "b"), EmptyKeyError, "etcdserverpb.KV/Put"),
        (lambda c: c.get("a", revision=10**9), RpcError, "etcdserverpb.KV/Range"),
        (lambda c: c.lease_revoke(5), LeaseNotFoundError, "etcdserverpb.Lease/LeaseRevoke"),
        (lambda c: c.txn(Txn().and_then([TxnOp.put("", "")])), RpcError, "etcdserverpb.KV/Txn"),
        (lambda c: c.auth.user_get("nobody"), RpcError, "etcdserverpb.Auth/UserGet"),
        (lambda c: c.cluster.member_remove(5), RpcError, "etcdserverpb.Cluster/MemberRemove"),
        (lambda c: c.leader("nobody"), RpcError, "v3electionpb.Election/Leader"),
    ],
)
async def test_errors_of_the_server_name_rpc_and_endpoint(
    communicator: Communicator, endpoint: str, use: Any, kind: type[RpcError], rpc: str
) -> None:
    error = await told_by(use(communicator))
    assert type(error) is kind or kind is RpcError
    assert (error.rpc, error.endpoint) == (rpc, endpoint)
    if sys.version_info >= (3, 11):
        told = "".join(traceback.format_exception(error))
        assert told.endswith(f"\n{rpc} at {endpoint}\n")


async def test_errors_of_a_watch_name_rpc_and_endpoint(
    communicator: Communicator, endpoint: str
) -> None:
    for number in range(3):
        put = await communicator.put("a", str(number))
    await communicator.compact(put.header.revision)
    error = await told_by(anext(communicator.watch("a", start_revision=1)))
    assert (error.rpc, error.endpoint) == ("etcdserverpb.Watch/Watch", endpoint)


def test_an_unknown_outcome_names_what_its_cause_does() -> None:
    from etcd_client.errors._makers import from_status, outcome_unknown  # noqa: PLC0415

    origin = ("etcdserverpb.KV/Put", "http://a:2379")
    error = outcome_unknown(from_status(14, "etcdserver: leader changed", "", None, origin))
    assert isinstance(error, OutcomeUnknownError)
    assert (error.rpc, error.endpoint) == origin  # type: ignore[attr-defined]
    if sys.version_info >= (3, 11):
        assert error.__notes__ == [" at ".join(origin)]
        error.add_note("more")
        assert error.cause.__notes__ == [" at ".join(origin)]


async def test_a_server_that_is_no_etcd_is_named(communicator: Communicator) -> None:
    """As by servers that know gRPC, but not this call."""
    from etcd_client.errors._makers import from_status  # noqa: PLC0415

    error = from_status(12, "Method not found!", "", None, ("etcdserverpb.KV/Range", "http://a:1"))
    assert re.search(r"Method not found! .*: is it an etcd v3 server", str(error))
    assert communicator.endpoints
