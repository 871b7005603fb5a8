"""The types of etcetra: addresses, conditions, events, and the enumerations of etcd's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, NamedTuple, TypeAlias

from etcd_client import (
    Compare,
    CompareOp,
    EtcdLockOption,
    SortOrder,
    SortTarget,
    TxnOp,
    WatchEventType,
    WatchFilterType,
)

from ._text import encode
from .errors import EtcdInvalidArgumentError, translated

__all__ = [
    "CompareBuilder",
    "CompareCompareResult",
    "CompareCompareTarget",
    "CompareKey",
    "DeleteRangeRequestType",
    "EtcdCredential",
    "EtcdLockOption",
    "HostPortPair",
    "NoneType",
    "PutRequestType",
    "RangeRequestSortOrder",
    "RangeRequestSortTarget",
    "RangeRequestType",
    "TransactionRequest",
    "TxnReturnType",
    "TxnReturnValues",
    "WatchCreateRequestFilterType",
    "WatchEvent",
    "WatchEventType",
]

RangeRequestSortOrder = SortOrder
RangeRequestSortTarget = SortTarget
WatchCreateRequestFilterType = WatchFilterType
CompareCompareResult = CompareOp
PutRequestType: TypeAlias = TxnOp
RangeRequestType: TypeAlias = TxnOp
DeleteRangeRequestType: TypeAlias = TxnOp
TransactionRequest: TypeAlias = TxnOp
NoneType = type(None)

TxnReturnValues: TypeAlias = list[Mapping[str, Any] | None]
"""For each operation: a get's keys and values; ``{"revision": n}`` of a put; None of a delete."""

_DEFAULT_PORT = 2379


class TxnReturnType(NamedTuple):
    """The outcome of a transaction with conditions."""

    values: TxnReturnValues
    """What the operations that ran gave."""
    success: bool
    """Whether all conditions held."""


class CompareCompareTarget(Enum):
    """What of a key a condition compares."""

    VERSION = 0
    CREATE = 1
    MOD = 2
    VALUE = 3
    LEASE = 4


@dataclass
class CompareKey:
    """A key in the conditions of `EtcdCommunicator.txn_compare`.

    Args:
        key: The key.
        target_lease: Refused, as are `mod_revision` and `target_version`: no program could use
            them in etcetra. Compare with `lease`, `mod` or `version`.
        mod_revision: Refused.
        range_end: The exclusive end of a range of keys, all of which must meet the condition.
        target_version: Refused.
        encoding: The encoding of the key and of values.

    Raises:
        EtcdInvalidArgumentError: An argument is refused.

    Examples:
        >>> from etcd_client.compat.etcetra import CompareKey
        >>> CompareKey("color").value == "red"
        Key(b'color').value == b'red'
    """

    key: str
    target_lease: int | None = None
    mod_revision: int | None = None
    range_end: str | None = None
    target_version: int | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        """Refuse what never worked."""
        for name, instead in (
            ("target_lease", "lease"),
            ("mod_revision", "mod"),
            ("target_version", "version"),
        ):
            if getattr(self, name) is not None:
                message = f"{name}: cannot be combined with a comparison: use {instead} == n"
                raise EtcdInvalidArgumentError(message)

    @property
    def version(self) -> CompareBuilder:
        """The version: 1 for a new key, one more with each put; 0 if the key does not exist."""
        return CompareBuilder(self, CompareCompareTarget.VERSION)

    @property
    def create(self) -> CompareBuilder:
        """The revision that created the key; 0 if the key does not exist."""
        return CompareBuilder(self, CompareCompareTarget.CREATE)

    @property
    def mod(self) -> CompareBuilder:
        """The revision that last modified the key; 0 if the key does not exist."""
        return CompareBuilder(self, CompareCompareTarget.MOD)

    @property
    def value(self) -> CompareBuilder:
        """The value."""
        return CompareBuilder(self, CompareCompareTarget.VALUE)

    @property
    def lease(self) -> CompareBuilder:
        """The id of the lease that the key is attached to; 0 if it is attached to none."""
        return CompareBuilder(self, CompareCompareTarget.LEASE)


_NUMBERS: dict[CompareCompareTarget, Callable[[bytes, CompareOp, int], Compare]] = {
    CompareCompareTarget.VERSION: Compare.version,
    CompareCompareTarget.CREATE: Compare.create_revision,
    CompareCompareTarget.MOD: Compare.mod_revision,
    CompareCompareTarget.LEASE: Compare.lease,
}


@dataclass(eq=False)
class CompareBuilder:
    """The left side of a condition; comparing it by ``==``, ``!=``, ``<`` or ``>`` makes one."""

    key: CompareKey
    target: CompareCompareTarget
    # Equality makes a condition, so it cannot find things in sets.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def build_request(self, other: object, result: CompareOp) -> Compare:
        """Make the condition.

        Args:
            other: What to compare with: a str for the value, an int for all else.
            result: How to compare.

        Raises:
            EtcdInvalidArgumentError: `other` is something else.
        """
        key = encode(self.key.key, "key", self.key.encoding)
        with translated():
            if self.target is CompareCompareTarget.VALUE:
                if not isinstance(other, str):
                    raise EtcdInvalidArgumentError(self._refusal("str", other))
                value = encode(other, "value", self.key.encoding)
                compare = Compare.value(key, result, value)
            else:
                if not isinstance(other, int) or isinstance(other, bool):
                    raise EtcdInvalidArgumentError(self._refusal("int", other))
                compare = _NUMBERS[self.target](key, result, other)
            if self.key.range_end is None:
                return compare
            return compare.with_range(encode(self.key.range_end, "range_end", self.key.encoding))

    def _refusal(self, expected: str, other: object) -> str:
        target = self.target.name.lower()
        return f"{target}: is compared with {expected}, got {type(other).__qualname__}"

    def __eq__(self, other: object) -> Compare:  # type: ignore[override]
        return self.build_request(other, CompareOp.EQUAL)

    def __ne__(self, other: object) -> Compare:  # type: ignore[override]
        return self.build_request(other, CompareOp.NOT_EQUAL)

    def __gt__(self, other: object) -> Compare:
        return self.build_request(other, CompareOp.GREATER)

    def __lt__(self, other: object) -> Compare:
        return self.build_request(other, CompareOp.LESS)


@dataclass
class EtcdCredential:
    """The name and the password of a user.

    Args:
        username: The name.
        password: The password.
    """

    username: str
    password: str


@dataclass
class HostPortPair:
    """The address of a member.

    Args:
        host: The host name, or an IPv4 or IPv6 address.
        port: The client port.
    """

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, s: str) -> HostPortPair:
        """Read an address such as `127.0.0.1:2379`; the default port is 2379.

        Args:
            s: The address; an IPv6 address with a port is in brackets.

        Raises:
            EtcdInvalidArgumentError: The port is no number.
        """
        host, colon, port = s.rpartition(":")
        if not colon or s.endswith("]"):
            return cls(s.strip("[]"), _DEFAULT_PORT)
        if not port.isdecimal():
            message = f"s: expected host:port, got {s!r}"
            raise EtcdInvalidArgumentError(message)
        return cls(host.strip("[]"), int(port))


@dataclass(unsafe_hash=True)
class WatchEvent:
    """A change of a key.

    Args:
        key: The key.
        value: The new value; empty when the key was deleted.
        prev_value: The value before; None without `prev_kv`, or if there was none.
        event: What happened to it.
    """

    key: str
    value: str | None
    prev_value: str | None
    event: WatchEventType
