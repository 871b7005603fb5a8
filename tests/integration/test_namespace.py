"""Views of the keys under a prefix, from which nothing escapes."""

from typing import Any

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    Compare,
    CompareOp,
    EmptyKeyError,
    Key,
    RangeResponse,
    Txn,
    TxnOp,
    TxnResponse,
    active_context_count,
)
from tests.support import tasks

OUTSIDE = [b"/ap", b"/app", b"/app.", b"/app0", b"a", b"k", b"\x00", b"\xff\xff"]


@pytest.fixture
async def app(communicator: Communicator) -> Communicator:
    """Return a view of `/app/`, with keys of others all around it."""
    for key in OUTSIDE:
        await communicator.put(key, b"outside")
    return communicator.namespace(b"/app/")


async def inside(communicator: Communicator) -> list[bytes]:
    """Return the keys under `/app/` by their full names, having seen that the others live."""
    keys = await communicator.keys_prefix(b"")
    assert [key for key in keys if not key.startswith(b"/app/")] == sorted(OUTSIDE)
    return [key for key in keys if key.startswith(b"/app/")]


async def test_is_a_communicator_of_the_same_kind(app: Communicator) -> None:
    assert type(app) is Communicator
    assert app.endpoints


async def test_keys_are_put_and_got_below_the_prefix(
    communicator: Communicator, app: Communicator
) -> None:
    await app.put(b"k", b"1")
    put = await app.put(b"k", b"2", prev_kv=True)
    assert put.prev_kv is not None
    assert put.prev_kv.key == b"k"
    assert await inside(communicator) == [b"/app/k"]
    assert await app.get(b"k") == b"2"
    kv = await app.get_kv(b"k")
    assert kv is not None
    assert kv.key == b"k"
    deleted = await app.delete(b"k", prev_kv=True)
    assert [kv.key for kv in deleted.prev_kvs] == [b"k"]
    assert await inside(communicator) == []


async def test_ranges_end_with_the_namespace(app: Communicator) -> None:
    keys = [b"\x00", b"a", b"b", b"\xff\xff"]
    for key in keys:
        await app.put(key, key)
    pairs = [(key, key) for key in keys]
    assert await app.get_prefix(b"") == pairs
    assert await app.get_range(b"", b"\x00") == pairs
    assert await app.keys_prefix(b"") == keys
    assert await app.keys_prefix(b"\xff") == [b"\xff\xff"]
    assert await app.keys_range(b"b", b"\x00") == [b"b", b"\xff\xff"]
    assert await app.keys_range(b"a", b"b") == [b"a"]
    assert await app.count_prefix(b"") == 4
    assert [kv.key for kv in (await app.range(b"b", from_key=True)).kvs] == [b"b", b"\xff\xff"]
    assert [kv.key for kv in (await app.range(b"", prefix=True)).kvs] == keys
    assert [kv.key async for kv in app.scan_prefix(b"", page_size=1)] == keys
    assert [kv.key async for kv in app.scan_range(b"b", b"\x00", page_size=1)] == keys[2:]


@pytest.mark.parametrize(
    "choice", [{"prefix": True}, {"from_key": True}, {"range_end": b"\x00"}], ids=str
)
async def test_deleting_all_keys_deletes_those_inside(
    communicator: Communicator, app: Communicator, choice: dict[str, Any]
) -> None:
    for key in (b"\x00", b"k", b"\xff\xff"):
        await app.put(key, b"")
    deleted = await app.delete(b"", prev_kv=True, **choice)
    assert [kv.key for kv in deleted.prev_kvs] == [b"\x00", b"k", b"\xff\xff"]
    assert await inside(communicator) == []


async def test_deleting_from_a_key_stops_at_the_end(
    communicator: Communicator, app: Communicator
) -> None:
    for key in (b"a", b"b", b"c"):
        await app.put(key, b"")
    assert (await app.delete(b"b", from_key=True)).deleted == 2
    assert (await app.delete_range(b"", b"\x00")).deleted == 1
    assert (await app.delete_prefix(b"")).deleted == 0
    assert await inside(communicator) == []


@pytest.mark.parametrize("namespace", [b"\xff", b"\xff\xff", b"n\xff"])
async def test_a_namespace_of_high_bytes_ends_too(
    communicator: Communicator, namespace: bytes
) -> None:
    neighbours = [b"n", b"n\xfe", b"o", b"\xfe\xff"]
    for key in [*neighbours, namespace + b"k"]:
        await communicator.put(key, b"")
    view = communicator.namespace(namespace)
    assert await view.keys_prefix(b"") == [b"k"]
    assert (await view.delete(b"", from_key=True)).deleted == 1
    assert await communicator.keys_prefix(b"") == neighbours


async def test_the_empty_key_stays_refused(communicator: Communicator, app: Communicator) -> None:
    with pytest.raises(EmptyKeyError):
        await app.put(b"", b"")
    with pytest.raises(EmptyKeyError):
        await app.get(b"")
    with pytest.raises(EmptyKeyError):
        await app.delete(b"")
    with pytest.raises(EmptyKeyError):
        await app.txn(Txn().and_then([TxnOp.put(b"", b"")]))
    with pytest.raises(EmptyKeyError):
        await app.txn(Txn().when([Key(b"").version == 0]))
    assert await inside(communicator) == []


async def test_transactions_stay_inside(communicator: Communicator, app: Communicator) -> None:
    await app.put(b"a", b"1")
    await communicator.put(b"a", b"outside")
    nested = Txn().and_then(
        [TxnOp.put(b"b", b"2"), TxnOp.get(b"", prefix=True), TxnOp.delete(b"c", from_key=True)]
    )
    txn = (
        Txn()
        .when(
            [
                Compare.value(b"a", CompareOp.EQUAL, b"1"),
                Compare.value(b"", CompareOp.EQUAL, b"1").with_prefix(),
                (Key(b"b").with_range(b"z").version == 0),
            ]
        )
        .and_then([TxnOp.get(b"a"), TxnOp.put(b"a", b"3", prev_kv=True), TxnOp.txn(nested)])
    )
    response = await app.txn(txn)
    assert response.succeeded()
    read, put, inner = response.responses
    assert isinstance(read, RangeResponse)
    assert [kv.key for kv in read.kvs] == [b"a"]
    assert put.prev_kv.key == b"a"
    assert isinstance(inner, TxnResponse)
    listed = inner.responses[1]
    assert isinstance(listed, RangeResponse)
    assert [kv.key for kv in listed.kvs] == [b"a", b"b"]
    assert await inside(communicator) == [b"/app/a", b"/app/b"]
    assert await communicator.get(b"a") == b"outside"


async def test_a_transaction_can_delete_all_that_is_inside(
    communicator: Communicator, app: Communicator
) -> None:
    await app.put(b"a", b"")
    for everything in ({"prefix": True}, {"from_key": True}, {"range_end": b"\x00"}):
        await app.txn(Txn().and_then([TxnOp.delete(b"", **everything)]))
        assert await inside(communicator) == []


async def test_watches_stay_inside(communicator: Communicator, app: Communicator) -> None:
    watches = [
        app.watch_prefix(b"", prev_kv=True),
        app.watch_range(b"k", b"\x00", prev_kv=True),
        app.watch(b"k", prev_kv=True),
        app.watch_many(prefixes=[b""], prev_kv=True),
    ]
    for watch in watches:
        await watch.ready()
    await communicator.put(b"k", b"outside")
    await communicator.put(b"/app0", b"outside")
    await app.put(b"k", b"1")
    await app.put(b"k", b"2")
    for watch in watches:
        first, second = [await tasks.wait_for(anext(watch), 5) for _ in range(2)]
        assert (first.key, first.value) == (b"k", b"1")
        assert second.prev_kv is not None
        assert (second.key, second.prev_kv.key) == (b"k", b"k")
        watch.cancel()


async def test_views_can_be_nested(communicator: Communicator, app: Communicator) -> None:
    inner = app.namespace("inner/")
    await inner.put(b"k", b"")
    assert await inside(communicator) == [b"/app/inner/k"]
    assert await app.keys_prefix(b"") == [b"inner/k"]
    assert (await inner.delete(b"", prefix=True)).deleted == 1


async def test_an_empty_prefix_is_the_whole(communicator: Communicator) -> None:
    await communicator.namespace(b"").put(b"k", b"")
    assert await communicator.keys_prefix(b"") == [b"k"]


async def test_closing_a_view_leaves_the_context_open(
    communicator: Communicator, app: Communicator
) -> None:
    contexts = active_context_count()
    watch = app.watch(b"k")
    await watch.ready()
    inner = app.namespace(b"inner/")
    app.close()
    app.close()
    assert (app.closed, inner.closed, communicator.closed) == (True, False, False)
    assert active_context_count() == contexts
    with pytest.raises(ClosedError):
        await tasks.begun(app.get(b"k"))
    await communicator.put(b"/app/k", b"value")
    assert (await tasks.wait_for(anext(watch), 5)).value == b"value"
    await inner.put(b"k", b"")


async def test_closing_the_context_closes_its_views(client: Client) -> None:
    async with client.connect() as communicator:
        app = communicator.namespace(b"/app/")
        watch = app.watch(b"k")
        await watch.ready()
    assert app.closed
    with pytest.raises(ClosedError):
        await tasks.begun(app.get(b"k"))
    with pytest.raises(ClosedError):
        await tasks.wait_for(anext(watch), 5)


async def test_a_watch_outlives_the_view_it_came_from(communicator: Communicator) -> None:
    watch = communicator.namespace(b"/app/").watch(b"k")
    await watch.ready()
    await communicator.put(b"/app/k", b"value")
    assert (await tasks.wait_for(anext(watch), 5)).key == b"k"


async def test_refuses_what_is_no_prefix(communicator: Communicator) -> None:
    with pytest.raises(TypeError, match=r"^prefix: expected a bytes-like object or str, got int"):
        communicator.namespace(1)  # type: ignore[arg-type]
