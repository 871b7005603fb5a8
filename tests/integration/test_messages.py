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
    Client,
    Communicator,
    ConnectOptions,
    Election,
    EmptyKeyError,
    EtcdLockOption,
    Key,
    LeaseNotFoundError,
    Lock,
    OutcomeUnknownError,
    RequestTooLargeError,
    RpcError,
    Txn,
    TxnOp,
    UserEmptyError,
    WrongLoopError,
)
from etcd_client.testing import EtcdServer
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


async def awaited(awaitable: Any) -> object:
    """Await something that may not be awaitable."""
    return await awaitable


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
    Mistake(lambda k, _: k.nothing, AttributeError, "^'Client' object has no attribute 'nothing'$"),
    Mistake(lambda k, _: Lock(k, "a"), TypeError, "^communicator: expected Communicator, got Clie"),
    Mistake(lambda k, _: Election(k, "a", "b"), TypeError, r"use `async with client\.connect\(\)"),
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
    assert [*await asyncio.gather(awaited(call), awaited(call))] == [b"b", b"b"]


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
    communicator: Communicator, etcd: EtcdServer, use: Any, kind: type[RpcError], rpc: str
) -> None:
    error = await told_by(use(communicator))
    assert type(error) is kind or kind is RpcError
    assert (error.rpc, error.endpoint) == (rpc, etcd.endpoint)
    if sys.version_info >= (3, 11):
        told = "".join(traceback.format_exception(error))
        assert told.endswith(f"\n{rpc} at {etcd.endpoint}\n")


async def test_errors_of_a_watch_name_rpc_and_endpoint(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    for number in range(3):
        put = await communicator.put("a", str(number))
    await communicator.compact(put.header.revision)
    error = await told_by(anext(communicator.watch("a", start_revision=1)))
    assert (error.rpc, error.endpoint) == ("etcdserverpb.Watch/Watch", etcd.endpoint)


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
