"""Conditions and transactions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from etcd_client import Compare
from etcd_client.compat.etcetra import (
    CompareBuilder,
    CompareCompareResult,
    CompareCompareTarget,
    CompareKey,
    EtcdCommunicator,
    EtcdTransactionAction,
    RangeRequestSortOrder,
    TxnReturnType,
)
from etcd_client.compat.etcetra.errors import EtcdInvalidArgumentError, EtcdNotFoundError


async def holds(communicator: EtcdCommunicator, *conditions: Compare) -> bool:
    """Tell whether conditions hold."""
    return (await communicator.txn_compare(conditions, lambda _success, _failure: None)).success


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda key: key.value == "m", True),
        (lambda key: key.value == "n", False),
        (lambda key: key.value != "n", True),
        (lambda key: key.value != "m", False),
        (lambda key: key.value > "l", True),
        (lambda key: key.value > "m", False),
        # etcetra sent the opposite of `<`.
        (lambda key: key.value < "n", True),
        (lambda key: key.value < "l", False),
        # It could compare no number.
        (lambda key: key.version == 2, True),
        (lambda key: key.version != 2, False),
        (lambda key: key.version > 1, True),
        (lambda key: key.version < 2, False),
        (lambda key: key.create > 1, True),
        (lambda key: key.create == 0, False),
        (lambda key: key.mod > 2, True),
        (lambda key: key.mod < 3, False),
        (lambda key: key.lease == 4711, True),
        (lambda key: key.lease == 0, False),
    ],
)
async def test_conditions(
    connected: EtcdCommunicator, *, condition: Callable[[CompareKey], Compare], expected: bool
) -> None:
    await connected.put("key", "a")
    await connected.put("key", "m", await connected.grant_lease(60, 4711))
    assert await holds(connected, condition(CompareKey("key"))) is expected


async def test_each_revision_is_its_own(connected: EtcdCommunicator) -> None:
    for value in "123":
        await connected.put("key", value)
    kv = await connected.channel.get_kv("key")
    assert kv is not None
    assert kv.create_revision != kv.mod_revision
    assert await holds(connected, CompareKey("key").create == kv.create_revision)
    assert await holds(connected, CompareKey("key").mod == kv.mod_revision)
    assert await holds(connected, CompareKey("key").version == 3)


async def test_a_condition_on_a_missing_key(connected: EtcdCommunicator) -> None:
    assert await holds(connected, CompareKey("missing").version == 0)
    assert await holds(connected, CompareKey("missing").create == 0)
    assert not await holds(connected, CompareKey("missing").value == "")


async def test_all_conditions_have_to_hold(connected: EtcdCommunicator) -> None:
    await connected.put("a", "1")
    one, two = CompareKey("a").value == "1", CompareKey("a").value == "2"
    assert await holds(connected, one, one)
    assert not await holds(connected, one, two)
    assert await holds(connected)


async def test_a_condition_on_a_range(connected: EtcdCommunicator) -> None:
    await connected.put("a", "1")
    await connected.put("b", "1")
    whole = CompareKey("a", range_end="c")
    assert await holds(connected, whole.value == "1")
    await connected.put("b", "2")
    assert not await holds(connected, whole.value == "1")


async def test_a_condition_has_an_encoding(connected: EtcdCommunicator) -> None:
    await connected.put("ä", "ö", encoding="latin-1")
    assert await holds(connected, CompareKey("ä", encoding="latin-1").value == "ö")
    assert not await holds(connected, CompareKey("ä").value == "ö")


def test_a_condition_that_is_built_by_hand() -> None:
    builder = CompareBuilder(CompareKey("key"), CompareCompareTarget.MOD)
    built = builder.build_request(7, CompareCompareResult.LESS)
    assert repr(built) == repr(CompareKey("key").mod < 7)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda key: key.value == 5, "value: is compared with str, got int"),
        (lambda key: key.value == b"m", "value: is compared with str, got bytes"),
        (lambda key: key.version == "5", "version: is compared with int, got str"),
        (lambda key: key.mod > 1.5, "mod: is compared with int, got float"),
        (lambda key: key.lease < None, "lease: is compared with int, got NoneType"),
        (lambda key: key.create != True, "create: is compared with int, got bool"),  # noqa: E712
    ],
)
def test_wrong_operands_are_refused(wrong: Callable[[CompareKey], object], message: str) -> None:
    with pytest.raises(EtcdInvalidArgumentError, match=message):
        wrong(CompareKey("key"))


@pytest.mark.parametrize("name", ["target_lease", "mod_revision", "target_version"])
def test_what_never_worked_is_refused(name: str) -> None:
    with pytest.raises(EtcdInvalidArgumentError, match=f"{name}: .*use (lease|mod|version) == n"):
        CompareKey("key", **{name: 5})  # type: ignore[arg-type]


def test_there_are_four_operators() -> None:
    with pytest.raises(TypeError, match="not supported"):
        CompareKey("key").version >= 1  # type: ignore[operator]  # noqa: B015


def test_only_conditions_are_conditions() -> None:
    """A condition is no truth: `if CompareKey("key").value == "x"` would always be taken."""
    with pytest.raises(TypeError):
        bool(CompareKey("key").value == "x")


async def test_each_operation_gives_a_value(connected: EtcdCommunicator) -> None:
    await connected.put("old", "1")

    def operations(action: EtcdTransactionAction) -> None:
        action.get("old")
        action.put("new", "2")
        action.delete("old")
        action.get("missing")
        action.get("new")

    values = await connected.txn(operations)
    revision = (await connected.channel.get_kv("new")).mod_revision  # type: ignore[union-attr]
    assert values == [{"old": "1"}, {"revision": revision}, None, {}, {"new": "2"}]


async def test_a_transaction_says_which_branch_it_took(connected: EtcdCommunicator) -> None:
    def change(success: EtcdTransactionAction, failure: EtcdTransactionAction) -> None:
        success.put("key", "first")
        failure.get("key")

    absent = [CompareKey("key").version == 0]
    first = await connected.txn_compare(absent, change)
    assert isinstance(first, TxnReturnType)
    assert first.success
    values, success = await connected.txn_compare(absent, change)
    assert (values, success) == ([{"key": "first"}], False)


async def test_the_options_of_operations(connected: EtcdCommunicator) -> None:
    lease = await connected.grant_lease(60)
    await connected.put("key", "value")
    await connected.txn(lambda action: action.put("key", None, lease, ignore_value=True))
    assert await connected.get("key") == "value"
    await connected.txn(lambda action: action.put("key", "new", ignore_lease=True))
    await connected.revoke_lease(lease)
    assert await connected.get("key") is None
    await connected.txn(lambda action: action.put("key", None))
    assert await connected.get("key") == ""
    kv = await connected.channel.get_kv("key")
    assert kv is not None

    def reads(action: EtcdTransactionAction) -> None:
        action.get("key", min_create_revision=kv.create_revision)
        action.get("key", max_mod_revision=kv.mod_revision - 1)
        action.get("key", 1, serializable=True, sort_order=RangeRequestSortOrder.DESCEND)

    assert await connected.txn(reads) == [{"key": ""}, {}, {"key": ""}]


async def test_a_transaction_has_an_encoding(connected: EtcdCommunicator) -> None:
    """It was accepted, and not used."""
    await connected.txn(lambda action: action.put("ä", "ö"), encoding="latin-1")
    assert await connected.channel.get(b"\xe4") == b"\xf6"
    assert await connected.txn(lambda action: action.get("ä"), "latin-1") == [{"ä": "ö"}]

    def mixed(action: EtcdTransactionAction) -> None:
        action.put("ä", "utf-8")
        action.delete("ä", encoding="latin-1")

    await connected.txn(mixed)
    assert await connected.get_prefix("") == {"ä": "utf-8"}


async def test_a_wrong_transaction_changes_nothing(connected: EtcdCommunicator) -> None:
    def twice(action: EtcdTransactionAction) -> None:
        action.put("key", "1")
        action.put("key", "2")

    with pytest.raises(EtcdInvalidArgumentError, match="duplicate"):
        await connected.txn(twice)
    with pytest.raises(EtcdInvalidArgumentError, match="key"):
        await connected.txn(lambda action: action.put("", "value"))
    with pytest.raises(EtcdNotFoundError, match="lease"):
        await connected.txn(lambda action: action.put("key", "value", lease=4711))
    with pytest.raises(TypeError, match="key: expected str, got bytes"):
        await connected.txn(lambda action: action.put(b"key", "1"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await connected.txn_compare(["key"], lambda _success, _failure: None)  # type: ignore[list-item]
    assert await connected.get_prefix("") == {}


async def test_an_error_of_the_builder_is_its_own(connected: EtcdCommunicator) -> None:
    def fails(_action: EtcdTransactionAction) -> None:
        raise KeyError(mine)

    mine = "mine"

    with pytest.raises(KeyError, match=mine):
        await connected.txn(fails)
