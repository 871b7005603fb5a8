"""What a run has read, and the conditions under which it still holds."""

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
        """Read it in a transaction."""
        return TxnOp.get(self.key, range_end=self.end or None)

    def has(self, key: bytes) -> bool:
        """Tell whether a key is in it."""
        if not self.end:
            return key == self.key
        return self.key <= key and (self.end == b"\0" or key < self.end)


class Found(NamedTuple):
    """What there was in a span at a revision."""

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
        """What has been read."""
        return self._found.keys()

    def note(self, span: Span, kvs: tuple[KeyValue, ...], revision: int) -> None:
        """Note what there was in a span at a revision."""
        self._found[span] = Found(kvs, revision)

    def key(self, key: bytes) -> Found | None:
        """Return what a key was that was read by itself; None where it was not."""
        return self._found.get(Span(key, b""))

    def find(self, span: Span) -> tuple[KeyValue, ...] | None:
        """Return what was read in a span; None where it has not been read."""
        found = self._found.get(span)
        if found is not None:
            return found.kvs
        if span.end:
            return None
        # So that what has been read in a range is not read anew, and perhaps differently.
        for other, inside in self._found.items():
            if other.has(span.key):
                return tuple(kv for kv in inside.kvs if kv.key == span.key)
        return None

    def has(self, key: bytes) -> bool:
        """Tell whether it is known what a key was."""
        return any(span.has(key) for span in self._found)

    def unchanged(self) -> Iterator[Compare]:
        """Yield the conditions that hold only where a read now would find the same.

        A key that was found has to be of the same revision, which also shows that it was not
        deleted. etcd has no condition on a number of keys; but whatever has come into a range
        since it was read is of a later revision than the read.
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
