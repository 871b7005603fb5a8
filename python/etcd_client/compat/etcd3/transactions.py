"""The conditions and the operations of transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NoReturn, Protocol

import etcd_client
from etcd_client import BytesLike, CompareOp, LeaseId, TxnOp

from . import etcdrpc
from .utils import lease_to_id

_OPERATORS = {
    etcdrpc.Compare.EQUAL: "==",
    etcdrpc.Compare.NOT_EQUAL: "!=",
    etcdrpc.Compare.LESS: "<",
    etcdrpc.Compare.GREATER: ">",
}


class BaseCompare:
    """What a condition compares: combine it with a value by `==`, `!=`, `<` or `>`.

    Each comparison is a new object; in python-etcd3, all of one object were the last of them.

    Args:
        key: The key, or the first key of a range.
        range_end: The end of the range, exclusive; the condition must hold for all keys of it.
    """

    key: BytesLike
    """The key, or the first key of a range."""
    range_end: BytesLike | None
    """The end of the range."""
    value: Any
    """What the stored value is compared with."""
    op: int | None
    """The operator, of `etcdrpc.Compare`; None before there is one."""

    __hash__: ClassVar[None]  # type: ignore[assignment]  # equal objects are conditions, too

    def __init__(self, key: BytesLike, range_end: BytesLike | None = None) -> None:
        self.key = key
        self.range_end = range_end
        self.value = None
        self.op = None

    def _compared(self, op: int, value: object) -> BaseCompare:
        made = type(self)(self.key, self.range_end)
        made.op, made.value = op, value
        return made

    def __eq__(self, other: object) -> BaseCompare:  # type: ignore[override]  # a condition
        return self._compared(etcdrpc.Compare.EQUAL, other)

    def __ne__(self, other: object) -> BaseCompare:  # type: ignore[override]  # a condition
        return self._compared(etcdrpc.Compare.NOT_EQUAL, other)

    def __lt__(self, other: object) -> BaseCompare:
        return self._compared(etcdrpc.Compare.LESS, other)

    def __gt__(self, other: object) -> BaseCompare:
        return self._compared(etcdrpc.Compare.GREATER, other)

    def __bool__(self) -> NoReturn:
        message = "a condition is neither true nor false before etcd has seen it; use a list of all"
        raise TypeError(message)

    def __repr__(self) -> str:
        end = "" if self.range_end is None else f", {self.range_end!r}"
        operator = "" if self.op is None else f" {_OPERATORS[self.op]} {self.value!r}"
        return f"{type(self).__name__}({self.key!r}{end}){operator}"

    def build_message(self) -> etcd_client.Compare:
        """Return the package's condition.

        Raises:
            TypeError: What it is compared with has a wrong type.
            ValueError: It is not compared with anything.
        """
        if self.op is None:
            message = f"{self!r} must be compared by ==, !=, < or >"
            raise ValueError(message)
        made = self._build(CompareOp(self.op))
        return made if self.range_end is None else made.with_range(self.range_end)

    def _build(self, op: CompareOp) -> etcd_client.Compare:
        raise NotImplementedError


class Value(BaseCompare):
    """Compares the value."""

    def _build(self, op: CompareOp) -> etcd_client.Compare:
        return etcd_client.Compare.value(self.key, op, self.value)


class Version(BaseCompare):
    """Compares the version: the number of puts since the key was created, 0 if there is none."""

    def _build(self, op: CompareOp) -> etcd_client.Compare:
        return etcd_client.Compare.version(self.key, op, int(self.value))


class Create(BaseCompare):
    """Compares the revision that created the key; 0 if the key does not exist."""

    def _build(self, op: CompareOp) -> etcd_client.Compare:
        return etcd_client.Compare.create_revision(self.key, op, int(self.value))


class Mod(BaseCompare):
    """Compares the revision that last modified the key; 0 if the key does not exist."""

    def _build(self, op: CompareOp) -> etcd_client.Compare:
        return etcd_client.Compare.mod_revision(self.key, op, int(self.value))


class Put:
    """Write a key.

    Args:
        key: The key.
        value: The value.
        lease: The lease to attach the key to, or its id.
        prev_kv: Whether to return the previous key-value pair.
    """

    def __init__(
        self,
        key: BytesLike,
        value: BytesLike,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
    ) -> None:
        self.key = key
        self.value = value
        self.lease = lease
        self.prev_kv = prev_kv

    def build_message(self) -> TxnOp:
        """Return the package's operation."""
        lease = lease_to_id(self.lease)
        return TxnOp.put(self.key, self.value, lease=lease or None, prev_kv=self.prev_kv)


class Get:
    """Read a key or a range of keys.

    Args:
        key: The key, or the first key of the range.
        range_end: The end of the range, exclusive.
    """

    def __init__(self, key: BytesLike, range_end: BytesLike | None = None) -> None:
        self.key = key
        self.range_end = range_end

    def build_message(self) -> TxnOp:
        """Return the package's operation."""
        return TxnOp.get(self.key, range_end=self.range_end)


class Delete:
    """Delete a key or a range of keys.

    Args:
        key: The key, or the first key of the range.
        range_end: The end of the range, exclusive.
        prev_kv: Whether to return the deleted key-value pairs.
    """

    def __init__(
        self, key: BytesLike, range_end: BytesLike | None = None, prev_kv: bool = False
    ) -> None:
        self.key = key
        self.range_end = range_end
        self.prev_kv = prev_kv

    def build_message(self) -> TxnOp:
        """Return the package's operation."""
        return TxnOp.delete(self.key, range_end=self.range_end, prev_kv=self.prev_kv)


class Operation(Protocol):
    """`Put`, `Get`, `Delete` or `Txn`."""

    def build_message(self) -> TxnOp:
        """Return the package's operation."""


class Txn:
    """Run a transaction inside the transaction.

    Args:
        compare: The conditions.
        success: The operations for when all of them hold.
        failure: The operations for when not.
    """

    def __init__(
        self,
        compare: Iterable[BaseCompare],
        success: Iterable[Operation] | None = None,
        failure: Iterable[Operation] | None = None,
    ) -> None:
        self.compare = compare
        self.success = success
        self.failure = failure

    def build_message(self) -> TxnOp:
        """Return the package's operation."""
        return TxnOp.txn(build(self.compare, self.success, self.failure))


class Transactions:
    """Makes conditions and operations: `client.transactions`."""

    value: ClassVar[type[Value]] = Value
    version: ClassVar[type[Version]] = Version
    create: ClassVar[type[Create]] = Create
    mod: ClassVar[type[Mod]] = Mod

    put: ClassVar[type[Put]] = Put
    get: ClassVar[type[Get]] = Get
    delete: ClassVar[type[Delete]] = Delete
    txn: ClassVar[type[Txn]] = Txn


def build(
    compare: Iterable[BaseCompare],
    success: Iterable[Operation] | None,
    failure: Iterable[Operation] | None,
) -> etcd_client.Txn:
    """Return the package's transaction.

    Args:
        compare: The conditions.
        success: The operations for when all of them hold; None for none.
        failure: The operations for when not; None for none.

    Raises:
        TypeError: Something is not a condition, or not an operation.
    """
    conditions = [_condition(condition).build_message() for condition in compare]
    return etcd_client.Txn().when(conditions).and_then(_built(success)).or_else(_built(failure))


def _condition(condition: object) -> BaseCompare:
    if isinstance(condition, BaseCompare):
        return condition
    message = f"compare must hold comparisons of Value, Version, Create or Mod, not {condition!r}"
    raise TypeError(message)


def _built(operations: Iterable[Operation] | None) -> Sequence[TxnOp]:
    given = () if operations is None else operations
    return [_operation(operation).build_message() for operation in given]


def _operation(operation: object) -> Operation:
    if isinstance(operation, Put | Get | Delete | Txn):
        return operation
    message = f"operations must be of Put, Get, Delete or Txn, not {operation!r}"
    raise TypeError(message)
