"""Transactions: conditions, branches, typed responses, and what the server refuses."""

import pickle
from collections.abc import Callable

import pytest

from etcd_client import (
    Communicator,
    Compare,
    CompareOp,
    DeleteResponse,
    DuplicateKeyError,
    Key,
    PutResponse,
    RangeResponse,
    SortOrder,
    TooManyOpsError,
    Txn,
    TxnOp,
    TxnResponse,
)
from tests.support import gateway

EQUAL, NOT_EQUAL = CompareOp.EQUAL, CompareOp.NOT_EQUAL
GREATER, LESS = CompareOp.GREATER, CompareOp.LESS


async def holds(communicator: Communicator, *compares: Compare) -> bool:
    """Say whether the server finds all conditions true."""
    return (await communicator.txn(Txn().when(list(compares)))).succeeded()


@pytest.mark.both_loops
async def test_runs_the_branch_that_its_conditions_choose(communicator: Communicator) -> None:
    await communicator.put(b"key", b"one")
    txn = (
        Txn()
        .when([Compare.value(b"key", EQUAL, b"one")])
        .and_then([TxnOp.put(b"key", b"two")])
        .or_else([TxnOp.put(b"key", b"other")])
    )
    assert (await communicator.txn(txn)).succeeded()
    assert await communicator.get(b"key") == b"two"
    assert not (await communicator.txn(txn)).succeeded()
    assert await communicator.get(b"key") == b"other"


async def test_returns_typed_responses_in_order(communicator: Communicator) -> None:
    await communicator.put(b"a", b"1")
    operations = [
        TxnOp.get(b"a"),
        TxnOp.put(b"b", b"2", prev_kv=True),
        TxnOp.delete(b"a", prev_kv=True),
        TxnOp.txn(Txn().or_else([TxnOp.get(b"missing")]).and_then([TxnOp.get(b"b")])),
    ]
    response = await communicator.txn(Txn().and_then(operations))
    assert isinstance(response, TxnResponse)
    read, put, deleted, nested = response.responses
    assert isinstance(read, RangeResponse)
    assert [kv.value for kv in read.kvs] == [b"1"]
    assert isinstance(put, PutResponse)
    assert put.prev_kv is None
    assert isinstance(deleted, DeleteResponse)
    assert (deleted.deleted, deleted.prev_kvs[0].value) == (1, b"1")
    assert isinstance(nested, TxnResponse)
    assert nested.succeeded()
    assert [kv.value for kv in nested.responses[0].kvs] == [b"2"]


async def test_all_changes_have_one_revision(communicator: Communicator) -> None:
    operations = [TxnOp.put(b"a", b""), TxnOp.put(b"b", b"")]
    response = await communicator.txn(Txn().and_then(operations))
    read = await communicator.range(b"", prefix=True)
    assert {kv.mod_revision for kv in read.kvs} == {response.header.revision}


async def test_a_transaction_may_be_empty(communicator: Communicator) -> None:
    response = await communicator.txn(Txn())
    assert response.succeeded()
    assert response.responses == ()


async def test_nests_deeply(communicator: Communicator) -> None:
    txn = Txn().and_then([TxnOp.put(b"deep", b"down")])
    for _ in range(5):
        txn = Txn().and_then([TxnOp.txn(txn)])
    response = await communicator.txn(txn)
    for _ in range(5):
        (response,) = response.responses
    assert isinstance(response.responses[0], PutResponse)
    assert await communicator.get(b"deep") == b"down"


async def test_operations_take_the_options_of_the_calls(
    communicator: Communicator, endpoint: str
) -> None:
    lease = int(gateway.call(endpoint, "lease/grant", {"TTL": "60"})["ID"])
    for key in (b"k/1", b"k/2", b"k/3"):
        await communicator.put(key, b"old")
    operations = [
        TxnOp.get(b"k/", prefix=True, limit=2, sort_order=SortOrder.DESCEND),
        TxnOp.get(b"k/", prefix=True, count_only=True),
        TxnOp.put(b"k/1", b"new", lease=lease, prev_kv=True),
        TxnOp.put(b"k/2", b"", ignore_value=True),
        TxnOp.delete(b"k/3", from_key=True, prev_kv=True),
    ]
    response = await communicator.txn(Txn().and_then(operations))
    first, counted, put, kept, deleted = response.responses
    assert isinstance(first, RangeResponse)
    assert [kv.key for kv in first.kvs] == [b"k/3", b"k/2"]
    assert isinstance(counted, RangeResponse)
    assert (counted.kvs, counted.count) == ((), 3)
    assert isinstance(put, PutResponse)
    assert put.prev_kv is not None
    assert put.prev_kv.value == b"old"
    assert isinstance(kept, PutResponse)
    assert isinstance(deleted, DeleteResponse)
    assert [kv.key for kv in deleted.prev_kvs] == [b"k/3"]
    leased = await communicator.get_kv(b"k/1")
    assert leased is not None
    assert leased.lease == lease
    assert await communicator.get(b"k/2") == b"old"


@pytest.mark.parametrize(
    ("compare", "operand"),
    [
        (Compare.version, 2),
        (Compare.create_revision, 0),
        (Compare.mod_revision, 1),
        (Compare.lease, 0),
    ],
    ids=["version", "create_revision", "mod_revision", "lease"],
)
async def test_compares_numbers(
    communicator: Communicator, compare: Callable[[bytes, CompareOp, int], Compare], operand: int
) -> None:
    created = (await communicator.put(b"key", b"one")).header.revision
    await communicator.put(b"key", b"two")
    # The revisions are counted from the first of this test.
    actual = operand if compare in (Compare.version, Compare.lease) else created + operand
    assert await holds(communicator, compare(b"key", EQUAL, actual))
    assert not await holds(communicator, compare(b"key", EQUAL, actual + 1))
    assert await holds(communicator, compare(b"key", NOT_EQUAL, actual + 1))
    assert not await holds(communicator, compare(b"key", NOT_EQUAL, actual))
    assert await holds(communicator, compare(b"key", GREATER, actual - 1))
    assert not await holds(communicator, compare(b"key", GREATER, actual))
    assert await holds(communicator, compare(b"key", LESS, actual + 1))
    assert not await holds(communicator, compare(b"key", LESS, actual))


async def test_compares_values(communicator: Communicator) -> None:
    await communicator.put(b"key", b"m")
    assert await holds(communicator, Compare.value(b"key", EQUAL, b"m"))
    assert await holds(communicator, Compare.value(b"key", GREATER, b"l\xff"))
    assert await holds(communicator, Compare.value(b"key", LESS, "m!"))
    assert await holds(communicator, Compare.value(b"key", NOT_EQUAL, b""))


async def test_all_conditions_must_hold(communicator: Communicator) -> None:
    await communicator.put(b"key", b"m")
    true, false = Compare.value(b"key", EQUAL, b"m"), Compare.version(b"key", EQUAL, 7)
    assert await holds(communicator, true, true)
    assert not await holds(communicator, true, false)


async def test_compares_ranges(communicator: Communicator) -> None:
    for key in (b"p/1", b"p/2", b"p/3"):
        await communicator.put(key, b"x")
    await communicator.put(b"p/3", b"x")
    first = Compare.version(b"p/", EQUAL, 1)
    assert await holds(communicator, first.with_range(b"p/3"))
    assert not await holds(communicator, first.with_prefix())
    assert await holds(communicator, Compare.value(b"p/", EQUAL, b"x").with_prefix())
    assert not await holds(communicator, Compare.version(b"", EQUAL, 1).with_prefix())


@pytest.mark.usefixtures("communicator")
async def test_operators_make_conditions(communicator: Communicator) -> None:
    revision = (await communicator.put(b"key", b"m")).header.revision
    key = Key(b"key")
    assert await holds(
        communicator,
        key.value == b"m",
        key.value != b"n",
        key.value > b"l",
        key.value < "n",
        key.version == 1,
        key.version > 0,
        key.create_revision == revision,
        key.mod_revision < revision + 1,
        key.lease == 0,
        # The other way round too.
        b"m" == key.value,  # type: ignore[arg-type]  # noqa: SIM300
        0 < key.version,  # noqa: SIM300
    )
    for condition in (key.value != b"m", key.version > 1, key.mod_revision < revision):
        assert not await holds(communicator, condition)


async def test_operators_compare_ranges(communicator: Communicator) -> None:
    for name in (b"p/1", b"p/2"):
        await communicator.put(name, b"x")
    assert await holds(communicator, Key(b"p/").with_prefix().value == b"x")
    assert await holds(communicator, Key(b"p/1").with_range(b"p/2").version == 1)
    assert not await holds(communicator, Key("p/").with_prefix().version > 1)


def test_operators_that_etcd_lacks_are_refused() -> None:
    with pytest.raises(TypeError, match=r"cannot compare with >=: use > with"):
        _ = Key(b"key").version >= 1
    with pytest.raises(TypeError, match=r"cannot compare with <=: use < with"):
        _ = Key(b"key").value <= b"x"


def test_a_condition_is_neither_true_nor_false_here() -> None:
    with pytest.raises(TypeError, match="server"):
        bool(Key(b"key").version == 1)
    with pytest.raises(TypeError, match="server"):
        _ = 0 < Key(b"key").version < 3


def test_an_operator_names_a_wrong_operand() -> None:
    with pytest.raises(TypeError, match=r"^version: expected int, got str"):
        _ = Key(b"key").version == "1"
    with pytest.raises(TypeError, match=r"^value: expected a bytes-like object or str, got int"):
        _ = Key(b"key").value == 1
    with pytest.raises(TypeError, match=r"^key: expected"):
        Key(1)  # type: ignore[arg-type]


async def test_refuses_too_many_operations(communicator: Communicator) -> None:
    operations = [TxnOp.put(f"key{i}", b"") for i in range(129)]
    with pytest.raises(TooManyOpsError):
        await communicator.txn(Txn().and_then(operations))
    assert (await communicator.txn(Txn().and_then(operations[:128]))).succeeded()


async def test_refuses_to_put_a_key_twice(communicator: Communicator) -> None:
    twice = Txn().and_then([TxnOp.put(b"key", b"1"), TxnOp.put(b"key", b"2")])
    with pytest.raises(DuplicateKeyError):
        await communicator.txn(twice)
    with pytest.raises(DuplicateKeyError):
        await communicator.txn(Txn().and_then([TxnOp.put(b"key", b"1"), TxnOp.txn(twice)]))


@pytest.mark.parametrize("step", ["when", "and_then", "or_else"])
def test_refuses_a_step_given_twice(step: str) -> None:
    given = [Key(b"key").version == 0] if step == "when" else [TxnOp.get(b"key")]
    once = getattr(Txn(), step)(given)
    with pytest.raises(ValueError, match=f"^{step}: expected to be given once"):
        getattr(once, step)(given)


def test_steps_leave_the_transaction_as_it_was() -> None:
    base = Txn().when([Key(b"key").version == 0])
    assert repr(base.and_then([TxnOp.get(b"key")])) != repr(base)
    assert repr(base) == repr(Txn().when([Key(b"key").version == 0]))


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: Txn().when([TxnOp.get(b"key")]),  # type: ignore[list-item]
        lambda: Txn().and_then([Key(b"key").version == 0]),  # type: ignore[list-item]
        lambda: Txn().or_else(TxnOp.get(b"key")),  # type: ignore[arg-type]
        lambda: TxnOp.txn([TxnOp.get(b"key")]),  # type: ignore[arg-type]
        lambda: TxnOp.put(b"key"),  # type: ignore[call-arg]
        lambda: TxnOp.get(b"key", unknown=1),  # type: ignore[call-arg]
        lambda: Compare.version(b"key", "==", 1),  # type: ignore[arg-type]
        lambda: Compare.lease(b"key", EQUAL, b"1"),  # type: ignore[arg-type]
    ],
)
def test_refuses_what_does_not_belong_there(misuse: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        misuse()


async def test_responses_are_values(communicator: Communicator) -> None:
    txn = Txn().and_then([TxnOp.get(b"key"), TxnOp.txn(Txn().and_then([TxnOp.get(b"a")]))])
    response = await communicator.txn(txn)
    assert response == await communicator.txn(txn)
    assert pickle.loads(pickle.dumps(response)) == response  # noqa: S301 - our own
    assert repr(response).startswith("TxnResponse(header=ResponseHeader(")
    assert hash(response) == hash(await communicator.txn(txn))


def test_conditions_and_operations_are_readable() -> None:
    assert repr(Compare.value(b"key", EQUAL, b"x")) == "Key(b'key').value == b'x'"
    assert repr(Key(b"k").with_prefix().version > 3) == "Key(b'k').with_range(b'l').version > 3"
    nested = Txn().or_else([TxnOp.delete(b"a", range_end=b"c", prev_kv=True)])
    txn = (
        Txn()
        .when([Key(b"key").lease != 7])
        .and_then([TxnOp.get(b"a", limit=2, sort_order=SortOrder.DESCEND), TxnOp.txn(nested)])
        .or_else([TxnOp.put(b"a", b"\x00", lease=7, ignore_lease=True)])
    )
    assert repr(txn) == (
        "Txn().when([Key(b'key').lease != 7])"
        ".and_then([TxnOp.get(b'a', limit=2, sort_order=SortOrder.DESCEND), "
        "TxnOp.txn(Txn().or_else([TxnOp.delete(b'a', range_end=b'c', prev_kv=True)]))])"
        ".or_else([TxnOp.put(b'a', b'\\x00', lease=7, ignore_lease=True)])"
    )
