"""What a run has read, and the conditions that check that it is unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client._etcd_client import TxnOp
from etcd_client._kv.keys import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etcd_client._etcd_client import Compare, KeyValue


class Span(NamedTuple):
    """A key, or a range of keys."""

    key: bytes
    end: bytes
    """The key after the last one; empty for a single key, a zero byte for no end."""

    @property
    def operation(self) -> TxnOp:
        """The operation that reads the span in a transaction."""
        return TxnOp.get(self.key, range_end=self.end or None)

    def has(self, key: bytes) -> bool:
        """Tell whether a key is in the span."""
        if not self.end:
            return key == self.key
        return self.key <= key and (self.end == b"\0" or key < self.end)


class Found(NamedTuple):
    """The keys of a span at a revision."""

    kvs: tuple[KeyValue, ...]
    revision: int


class Reads:
    """What a run has read so far."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[Span, Found] = {}

    def __len__(self) -> int:
        return len(self._found)

    @property
    def spans(self) -> Iterable[Span]:
        """The spans that have been read."""
        return self._found.keys()

    def note(self, span: Span, kvs: tuple[KeyValue, ...], revision: int) -> None:
        """Record the keys of a span at a revision."""
        self._found[span] = Found(kvs, revision)

    def key(self, key: bytes) -> Found | None:
        """Return the result of reading a single key; None if it was not read by itself."""
        return self._found.get(Span(key, b""))

    def find(self, span: Span) -> tuple[KeyValue, ...] | None:
        """Return the keys that were read in a span; None if it has not been read."""
        found = self._found.get(span)
        if found is not None:
            return found.kvs
        if span.end:
            return None
        # A key of a range that was read is not read again, as the result might differ.
        for other, inside in self._found.items():
            if other.has(span.key):
                return tuple(kv for kv in inside.kvs if kv.key == span.key)
        return None

    def has(self, key: bytes) -> bool:
        """Tell whether a key was read, by itself or in a range."""
        return any(span.has(key) for span in self._found)

    def unchanged(self) -> Iterator[Compare]:
        """Yield the conditions that hold only if the same reads would return the same now.

        A key that was found must still have the same `mod_revision`, which also shows that it was
        not deleted. etcd has no condition on the number of keys in a range; but a key that was
        added since the read has a later revision than the read.
        """
        revisions: dict[bytes, int] = {}
        for span, found in self._found.items():
            if not span.end:
                revisions[span.key] = 0
            revisions |= {kv.key: kv.mod_revision for kv in found.kvs}
        for key, revision in revisions.items():
            yield Key(key).mod_revision == revision
        for span, found in self._found.items():
            if span.end:
                yield Key(span.key).with_range(span.end).mod_revision < found.revision + 1
