"""`Key`: the conditions of a transaction, written with Python's operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, NoReturn, TypeVar

from etcd_client._etcd_client import Compare
from etcd_client.enums import CompareOp

if TYPE_CHECKING:
    from etcd_client._types import BytesLike, LeaseId

__all__ = ["Key", "KeyField"]

_Operand = TypeVar("_Operand")

_NO_SUCH_COMPARE = (
    "etcd cannot compare with {given}: use {strict} with the next whole number, "
    "or {inverse} and the transaction's other branch"
)


class KeyField(Generic[_Operand]):
    """The left side of a condition, such as the version of a key; comparing it makes a `Compare`.

    etcd compares with ``==``, ``!=``, ``<`` and ``>``; ``<=`` and ``>=`` raise `TypeError`.

    Examples:
        >>> from etcd_client import Key
        >>> Key("leader").version == 0
        Key(b'leader').version == 0
    """

    __module__ = "etcd_client"

    __slots__ = ("_make", "_name")
    # Equality makes a condition, so it cannot find things in sets.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __init__(self, name: str, make: Callable[[CompareOp, _Operand], Compare]) -> None:
        self._name = name
        self._make = make

    def __eq__(self, other: _Operand) -> Compare:  # type: ignore[override]
        return self._make(CompareOp.EQUAL, other)

    def __ne__(self, other: _Operand) -> Compare:  # type: ignore[override]
        return self._make(CompareOp.NOT_EQUAL, other)

    def __gt__(self, other: _Operand) -> Compare:
        return self._make(CompareOp.GREATER, other)

    def __lt__(self, other: _Operand) -> Compare:
        return self._make(CompareOp.LESS, other)

    def __ge__(self, other: _Operand) -> NoReturn:
        raise TypeError(_NO_SUCH_COMPARE.format(given=">=", strict=">", inverse="<"))

    def __le__(self, other: _Operand) -> NoReturn:
        raise TypeError(_NO_SUCH_COMPARE.format(given="<=", strict="<", inverse=">"))

    def __repr__(self) -> str:
        return f"<KeyField {self._name}>"


class Key:
    """A key, or a range of keys, in the conditions of a transaction.

    For a key that does not exist, version, revisions and lease are 0, and every comparison of its
    value is false. A condition on a range holds if it holds for each key in it.

    Args:
        key: The key.

    Examples:
        >>> from etcd_client import Key, Txn, TxnOp
        >>> absent = Key("leader").version == 0
        >>> txn = Txn().when([absent]).and_then([TxnOp.put("leader", "me")])
        >>> (await communicator.txn(txn)).succeeded()
        True
        >>> Key("jobs/").with_prefix().mod_revision < 100
        Key(b'jobs/').with_range(b'jobs0').mod_revision < 100
    """

    __module__ = "etcd_client"

    __slots__ = ("_key", "_narrow")

    def __init__(self, key: BytesLike) -> None:
        self._key = key
        self._narrow: Callable[[Compare], Compare] | None = None
        self._check()

    def with_prefix(self) -> Key:
        """Return all keys that begin with the key."""
        return self._narrowed(Compare.with_prefix)

    def with_range(self, end: BytesLike) -> Key:
        """Return all keys from the key up to, but not including, `end`.

        Args:
            end: The end of the range, exclusive.

        Raises:
            InvalidArgsError: `end` is empty.
        """
        return self._narrowed(lambda compare: compare.with_range(end))

    @property
    def value(self) -> KeyField[BytesLike]:
        """The value, which is compared byte by byte."""
        return self._field("value", Compare.value)

    @property
    def version(self) -> KeyField[int]:
        """The version: 1 for a new key, one more with each put; 0 if the key does not exist."""
        return self._field("version", Compare.version)

    @property
    def create_revision(self) -> KeyField[int]:
        """The revision that created the key; 0 if the key does not exist."""
        return self._field("create_revision", Compare.create_revision)

    @property
    def mod_revision(self) -> KeyField[int]:
        """The revision that last modified the key; 0 if the key does not exist."""
        return self._field("mod_revision", Compare.mod_revision)

    @property
    def lease(self) -> KeyField[LeaseId]:
        """The lease that the key is attached to; 0 if it is attached to none."""
        return self._field("lease", Compare.lease)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str | bytes):
            message = f"did you mean {self!r}.value == {other!r}?"
            raise TypeError(message)
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Key({self._key!r})"

    def _field(
        self, name: str, compare: Callable[[BytesLike, CompareOp, _Operand], Compare]
    ) -> KeyField[_Operand]:
        return KeyField(
            f"{self!r}.{name}",
            lambda cmp, operand: self._compare(compare(self._key, cmp, operand)),
        )

    def _narrowed(self, narrow: Callable[[Compare], Compare]) -> Key:
        narrowed = Key(self._key)
        narrowed._narrow = narrow
        narrowed._check()
        return narrowed

    def _check(self) -> None:
        """Check the key when it is passed, not only when it is compared."""
        self._compare(Compare.version(self._key, CompareOp.EQUAL, 0))

    def _compare(self, compare: Compare) -> Compare:
        return compare if self._narrow is None else self._narrow(compare)
