"""Changes that are made exactly once: what they answer, what becomes of them, what they leave."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ConnectOptions,
    DeleteResponse,
    DuplicateKeyError,
    EtcdTimeoutError,
    Key,
    KeyNotFoundError,
    LeaseNotFoundError,
    OutcomeUnknownError,
    PutResponse,
    Session,
    SessionLostError,
    Txn,
    TxnOp,
    TxnResponse,
)
from etcd_client.testing import Direction, EtcdServer, Proxy
from tests.support import tasks
from tests.support.leftovers import nothing_left
from tests.support.proxies import FrontProxy
from tests.support.waiting import eventually_async

MARKERS = "__once/"

Response = PutResponse | DeleteResponse | TxnResponse
Change = Callable[[Communicator, Session | None], Coroutine[Any, Any, Response]]


def transaction(txn: Txn) -> Change:
    """Return the change that a transaction makes."""
    return lambda communicator, session: communicator.txn(txn, once=session)


HOLDS, DOES_NOT = Key("a").value == "1", Key("a").value == "2"

# Each begins with the keys `a`, `b` and `c`, of the values 1, 2 and 3.
CHANGES: dict[str, Change] = {
    "put": lambda to, session: to.put("a", "new", once=session),
    "put with prev_kv": lambda to, session: to.put("a", "new", prev_kv=True, once=session),
    "put of a new key": lambda to, session: to.put("new", "new", prev_kv=True, once=session),
    "put that keeps the value": lambda to, session: to.put(
        "a", "", ignore_value=True, once=session
    ),
    "delete": lambda to, session: to.delete("a", once=session),
    "delete with prev_kv": lambda to, session: to.delete("a", prev_kv=True, once=session),
    "delete of no key": lambda to, session: to.delete("missing", once=session),
    "delete_prefix": lambda to, session: to.delete_prefix("a", prev_kv=True, once=session),
    "delete_range": lambda to, session: to.delete_range("a", "c", once=session),
    "a transaction that succeeds": transaction(
        Txn().when([HOLDS]).and_then([TxnOp.put("a", "x")]).or_else([TxnOp.put("b", "x")])
    ),
    "a transaction that does not": transaction(
        Txn().when([DOES_NOT]).and_then([TxnOp.put("a", "x")]).or_else([TxnOp.put("b", "x")])
    ),
    "a transaction that does nothing then": transaction(
        Txn().when([DOES_NOT]).and_then([TxnOp.put("a", "x")])
    ),
    "reads before and after writes": transaction(
        Txn().and_then(
            [
                TxnOp.get("a", range_end="d"),
                TxnOp.put("a", "x", prev_kv=True),
                TxnOp.delete("b", prev_kv=True),
                TxnOp.get("a"),
                TxnOp.get("b"),
                TxnOp.get("c", from_key=True, limit=1, keys_only=True),
            ]
        )
    ),
}


@pytest.fixture
async def session(communicator: Communicator) -> AsyncIterator[Session]:
    """Yield a session whose lease is kept alive on a way that no proxy disturbs."""
    async with communicator.session(ttl=10) as opened:
        yield opened


@pytest.fixture
async def through(proxy: Proxy) -> AsyncIterator[Communicator]:
    """Yield a connection through the proxy."""
    async with Client(proxy.endpoint).connect() as communicator:
        yield communicator


async def begin(communicator: Communicator) -> None:
    """Make the keys with which each change begins."""
    await communicator.delete_prefix("a")
    await communicator.delete_prefix("new")
    for key, value in ("a", "1"), ("b", "2"), ("c", "3"):
        await communicator.delete(key)
        await communicator.put(key, value)


def said(response: Any) -> Any:
    """Return what a response says, but for revisions and members."""
    if isinstance(response, TxnResponse):
        return response.succeeded(), [said(inner) for inner in response.responses]
    fields = {name: getattr(response, name) for name in type(response).__match_args__}
    del fields["header"]
    for name, value in fields.items():
        kvs = value if isinstance(value, tuple) else (value,)
        if name != "more" and kvs and hasattr(kvs[0], "mod_revision"):
            fields[name] = [(kv.key, kv.value, kv.version) for kv in kvs]
    return type(response), fields


async def state(communicator: Communicator) -> list[tuple[bytes, bytes, int]]:
    """Return all keys but the markers."""
    kvs = [kv async for kv in communicator.scan_prefix("")]
    return [(kv.key, kv.value, kv.version) for kv in kvs if not kv.key.startswith(b"__once/")]


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("fault", [None, Direction.TO_CLIENT, Direction.TO_SERVER], ids=str)
async def test_answers_like_the_call_without_it(  # noqa: PLR0913, PLR0917 - fixtures
    name: str,
    fault: Direction | None,
    communicator: Communicator,
    through: Communicator,
    session: Session,
    proxy: Proxy,
) -> None:
    change = CHANGES[name]
    await begin(communicator)
    expected = await change(communicator, None)
    after = await state(communicator)
    await begin(communicator)
    await through.get("a")
    if fault is not None:
        proxy.cut(1, fault)
    response = await change(through, session)
    assert await state(communicator) == after
    assert said(response) == said(expected)
    header = response.header
    assert header.cluster_id == expected.header.cluster_id
    assert header.member_id == expected.header.member_id
    marker = (await communicator.range(MARKERS, prefix=True)).kvs[0]
    assert header.revision == marker.mod_revision
    assert proxy.connections_seen == (1 if fault is None else 2)


async def test_what_history_does_not_show_is_none(
    communicator: Communicator, through: Communicator, session: Session, proxy: Proxy
) -> None:
    inner = Txn().and_then([TxnOp.put("inner", "x")])
    operations = [TxnOp.put("a", "1"), TxnOp.get("a"), TxnOp.txn(inner), TxnOp.put("b", "2")]
    await through.get("a")
    # It is made meanwhile: who hears of the cut may cancel what is not made yet.
    proxy.delay(0.2)
    proxy.cut(1)
    response = await through.txn(Txn().and_then(operations), once=session)
    assert [type(part) for part in response.responses] == [
        PutResponse,
        type(None),
        type(None),
        PutResponse,
    ]
    assert await communicator.get("inner") == b"x"


async def test_a_lost_request_is_sent_again(
    communicator: Communicator, through: Communicator, session: Session, proxy: Proxy
) -> None:
    for number in range(5):
        proxy.cut(1, Direction.TO_SERVER)
        await through.put("key", str(number), once=session)
    kv = await communicator.get_kv("key")
    assert kv is not None
    assert (kv.value, kv.version) == (b"4", 5)


async def test_a_request_that_was_held_up_does_nothing_later(
    communicator: Communicator,
    session: Session,
    proxy: Proxy,
    entrance: EtcdServer | FrontProxy,
) -> None:
    """The first attempt reaches the server after the change was made by the second one."""
    with Proxy(entrance.address, scheme=urlsplit(entrance.endpoint).scheme) as second:
        options = ConnectOptions(timeout=0.5, keep_alive_interval=60, keep_alive_timeout=60)
        async with Client([proxy.endpoint, second.endpoint], options).connect() as through:
            await through.get("key")
            for held_up in (proxy, second):
                held_up.stall()
                await through.put("key", "value", once=session)
                await through.delete("key", once=session)
                held_up.heal()
                await tasks.sleep(0.2)
                assert await communicator.get("key") is None


@pytest.mark.parametrize("applied", [False, True])
async def test_the_deadline_is_no_reason_not_to_know(
    communicator: Communicator,
    through: Communicator,
    session: Session,
    proxy: Proxy,
    *,
    applied: bool,
) -> None:
    async def is_made() -> bool:
        return await communicator.get("key") == b"value"

    await through.get("key")
    if applied:
        proxy.delay(0.5)
    else:
        proxy.blackhole()
    call = tasks.create_task(through.put("key", "value", once=session, timeout=3))
    if applied:
        # It is made within the deadline, and the answer is lost.
        await eventually_async(is_made)
        proxy.refuse()
        proxy.drop()
    await tasks.sleep(3.5)
    proxy.heal()
    if applied:
        await call
        assert await is_made()
        return
    with pytest.raises(EtcdTimeoutError) as error:
        await call
    assert not isinstance(error.value, OutcomeUnknownError)
    assert await communicator.get("key") is None


async def test_without_a_deadline_it_outlasts_the_outage(
    communicator: Communicator, session: Session, proxy: Proxy
) -> None:
    options = ConnectOptions(timeout=0.3)
    async with Client(proxy.endpoint, options).connect() as through:
        proxy.refuse()
        proxy.drop()
        call = tasks.create_task(through.put("key", "value", once=session))
        await tasks.sleep(1.5)
        assert not call.done()
        proxy.heal()
        await call
    kv = await communicator.get_kv("key")
    assert kv is not None
    assert kv.version == 1


async def test_the_loss_of_the_session_leaves_an_outcome_unknown(
    communicator: Communicator, through: Communicator, proxy: Proxy
) -> None:
    async with communicator.session(ttl=5, on_loss=lambda _error: None) as session:
        await through.put("key", "one", once=session)
        proxy.blackhole()
        call = tasks.create_task(through.put("key", "two", once=session, timeout=0.3))
        await tasks.sleep(0.1)
        await communicator.lease_revoke(session.id)
        with pytest.raises(OutcomeUnknownError):
            await call


async def test_a_session_that_has_ended_makes_no_change(communicator: Communicator) -> None:
    async with communicator.session(ttl=5) as session:
        await communicator.put("key", "one", once=session)
    with pytest.raises(SessionLostError, match="the change was not made") as error:
        await communicator.put("key", "two", once=session)
    assert not isinstance(error.value, OutcomeUnknownError)
    with pytest.raises(SessionLostError):
        await communicator.delete("key", once=session)
    assert await communicator.get("key") == b"one"
    with pytest.raises(ClosedError):
        await communicator.put("key", "two", once=communicator.session(ttl=5))


async def test_a_refused_change_says_why(communicator: Communicator, session: Session) -> None:
    with pytest.raises(LeaseNotFoundError) as error:
        await communicator.put("key", "value", lease=12345, once=session)
    assert not isinstance(error.value, SessionLostError)
    with pytest.raises(KeyNotFoundError):
        await communicator.put("key", "", ignore_value=True, once=session)
    with pytest.raises(DuplicateKeyError):
        await communicator.txn(Txn().and_then([TxnOp.put("a", "1")] * 2), once=session)
    await communicator.put("key", "value", once=session)


async def test_leaves_nothing(endpoint: str, communicator: Communicator) -> None:
    async with communicator.session(ttl=5) as session:
        view = communicator.namespace("app/")
        for number in range(20):
            await communicator.put("key", str(number), once=session)
        assert await communicator.count_prefix(MARKERS) == 1
        await tasks.gather(
            *(communicator.put(f"key-{number}", "", once=session) for number in range(10)),
            *(view.put(f"key-{number}", "", once=session) for number in range(10)),
        )
        # A marker for each that waited at the same time; threads begin one after the other.
        markers = [await each.count_prefix(MARKERS) for each in (communicator, view)]
        assert markers == [10, 10] or (tasks.is_on_threads() and max(markers) <= 10)
        await communicator.delete_prefix("key", once=session)
        await view.delete_prefix("key", once=session)
        left = await communicator.lease_time_to_live(session.id, keys=True)
        assert len(left.keys) == await communicator.count_prefix("") == sum(markers)
    await nothing_left(endpoint)


async def test_goes_on_after_a_cancelled_change(
    communicator: Communicator, through: Communicator, session: Session, proxy: Proxy
) -> None:
    for number in range(10):
        proxy.delay(0.02)
        call = tasks.create_task(through.put("key", f"cancelled {number}", once=session))
        await tasks.sleep(0.005 * number)
        call.cancel()
        await tasks.wait({call})
        proxy.heal()
        await through.put("key", str(number), once=session)
        assert await communicator.get("key") == str(number).encode()
    await tasks.sleep(0.2)
    assert await communicator.get("key") == b"9"
    assert await communicator.count_prefix(MARKERS) <= 2


async def test_goes_on_after_the_markers_were_deleted(
    communicator: Communicator, session: Session
) -> None:
    for number in range(3):
        await communicator.put("key", str(number), once=session)
        await communicator.delete_prefix(MARKERS)
    kv = await communicator.get_kv("key")
    assert kv is not None
    assert (kv.value, kv.version) == (b"2", 3)


async def test_reads_are_made_as_ever(communicator: Communicator, session: Session) -> None:
    await communicator.put("key", "value")
    response = await communicator.txn(Txn().and_then([TxnOp.get("key")]), once=session)
    assert response.responses[0].kvs[0].value == b"value"
    assert await communicator.count_prefix(MARKERS) == 0


async def test_costs_one_request(communicator: Communicator, session: Session) -> None:
    before = communicator.stats().requests
    for number in range(10):
        await communicator.put("key", str(number), once=session)
    assert communicator.stats().requests - before == 10


async def test_none_stands_for_no_session(communicator: Communicator) -> None:
    await communicator.put("key", "value", once=None, timeout=5)
    assert (await communicator.delete("key", once=None)).deleted == 1
    assert await communicator.count_prefix("") == 0


async def test_refuses_wrong_arguments_before_it_sends(
    communicator: Communicator, session: Session
) -> None:
    before = communicator.stats().requests
    with pytest.raises(TypeError, match="once: expected Session, got int"):
        await communicator.put("key", "value", once=1)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'prefix'"):
        await communicator.put("key", "value", once=session, prefix=True)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="value: expected a bytes-like object or str, got int"):
        await communicator.put("key", 1, once=session)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="timeout: expected a number of seconds, got str"):
        await communicator.delete("key", once=session, timeout="1")  # type: ignore[call-overload]
    assert communicator.stats().requests == before
