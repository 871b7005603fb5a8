"""`Contents`: the keys of a cache and their decoded values."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

from etcd_client.errors import ClosedError

from .changes import CacheChange

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from etcd_client._etcd_client import KeyValue

    Update: TypeAlias = list[tuple[bytes, KeyValue | None]]

_LOG = logging.getLogger("etcd_client")


class Contents:
    """The key-value pairs of the server, and their decoded values.

    Args:
        decode: The program's function; None where it wants the bytes.
    """

    __slots__ = ("decode", "errors", "kvs", "shown")

    def __init__(self, decode: Callable[[KeyValue], Any] | None) -> None:
        self.decode = decode
        self.kvs: dict[bytes, KeyValue] = {}
        # The decoded values; without `decode`, the same dictionary, which saves memory.
        self.shown: dict[bytes, Any] = self.kvs if decode is None else {}
        self.errors: dict[bytes, Exception] = {}

    def apply(self, update: Update, *, told: bool) -> list[CacheChange]:
        """Apply the changes of one revision, atomically: no other task runs meanwhile.

        Args:
            update: All of one revision.
            told: Whether somebody wants to know the changes, which are not listed otherwise.
        """
        if self.decode is not None:
            # Decode everything first: a decoder that looks at the cache must not see a revision
            # that is half applied.
            values = [self.decoded(kv) for _, kv in update]
            for (key, _), value in zip(update, values, strict=True):
                self.show(key, value)
        kvs = self.kvs
        changes: list[CacheChange] = []
        for key, kv in update:
            if told:
                changes.append(CacheChange(key, kvs.get(key), kv))
            if kv is None:
                kvs.pop(key, None)
            else:
                kvs[key] = kv
        return changes

    def apply_all(self, updates: list[tuple[int, Update]], known: int) -> None:
        """Apply the changes of revisions that nobody has to be told of, undecoded.

        Args:
            updates: Each revision, with all of it.
            known: The revision up to which the changes are already applied.
        """
        kvs = self.kvs
        for revision, update in updates:
            if revision > known:
                for key, kv in update:
                    if kv is None:
                        kvs.pop(key, None)
                    else:
                        kvs[key] = kv

    def decoded(self, kv: KeyValue | None) -> object:
        """Return the decoded value of a key, or a `Failure`."""
        if kv is None or self.decode is None:
            return _NOTHING
        try:
            return self.decode(kv)
        except Exception as error:  # noqa: BLE001 - a value that somebody else wrote
            _LOG.warning("cache: %r could not be decoded: %r", kv.key, error)
            return Failure(error)

    def show(self, key: bytes, value: object) -> None:
        """Show the result of `decoded`; remove the value if there is none."""
        self.errors.pop(key, None)
        if isinstance(value, Failure):
            self.errors[key] = value.error
        elif value is not _NOTHING:
            self.shown[key] = value
            return
        self.shown.pop(key, None)

    def keep(self, key: bytes, before: Contents) -> None:
        """Copy a key from earlier contents, without decoding it again."""
        self.kvs[key] = before.kvs[key]
        if self.decode is not None:
            if key in before.shown:
                self.shown[key] = before.shown[key]
            else:
                self.errors[key] = before.errors[key]

    def add(self, kv: KeyValue) -> None:
        """Add a key that is new or has changed."""
        self.kvs[kv.key] = kv
        if self.decode is not None:
            self.show(kv.key, self.decoded(kv))

    def snapshot(self) -> dict[bytes, Any]:
        """Return a copy of the decoded values."""
        if self.decode is None:
            return {key: kv.value for key, kv in self.kvs.items()}
        return dict(self.shown)


class NotOpen(Contents):
    """What a cache has until it is entered: no attribute, so that each read raises an error.

    A check would make all reads slower, also those of an open cache.
    """

    __slots__ = ()

    def __init__(self) -> None:
        """Set nothing."""

    def __getattr__(self, name: str) -> NoReturn:
        raise not_open()


def not_open() -> ClosedError:
    """Return the error for a cache that was not entered."""
    return ClosedError("the cache is not open: enter it with `async with`")


class Failure:
    """The result of `decoded` for a value that could not be decoded.

    Args:
        error: What the program's function raised.
    """

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


_NOTHING = object()
