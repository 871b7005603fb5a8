"""What stands around a path: the file, the directory and all directories above, at one revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etcd_client import Key, TxnOp

from ._errors import answer
from ._paths import ROOT, ancestors, directory_key, file_key, parent, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etcd_client import Compare, KeyValue, RangeResponse

    from ._errors import EtcdException


@dataclass(frozen=True)
class Situation:
    """What a transaction found that could not do what it should."""

    path: str
    index: int
    file: KeyValue | None
    marker: KeyValue | None
    """The marker of the directory, if the path is one and has a marker."""
    has_children: bool
    files: list[str]
    """The paths above that are files."""
    markers: dict[str, KeyValue | None]
    """The markers of the directories above, from the root down."""

    @property
    def is_directory(self) -> bool:
        """Whether the path is a directory, with or without a marker."""
        return self.file is None and (self.marker is not None or self.has_children)

    @property
    def node(self) -> KeyValue | None:
        """The key of the file, or else the marker."""
        return self.file or self.marker

    @property
    def missing(self) -> list[str]:
        """The directories above that have no marker."""
        return [path for path, marker in self.markers.items() if marker is None]

    @property
    def nearest(self) -> tuple[str, KeyValue] | None:
        """The last directory above that has a marker, and the marker."""
        for path, marker in reversed(self.markers.items()):
            if marker is not None:
                return path, marker
        return None

    def not_found(self) -> EtcdException:
        """Return the error of one who looks for the path and does not find it."""
        above = self.is_below_a_file()
        if above is not None:
            return above
        nearest = self.nearest
        depth = 1 if nearest is None else nearest[0].count("/") + 1
        missing = "/".join(self.path.split("/")[: depth + 1])
        return answer(100, shown(missing), self.index)

    def is_below_a_file(self) -> EtcdException | None:
        """Return the error of one who takes a file above for a directory, if one is a file."""
        return answer(104, self.files[0], self.index) if self.files else None


def reads(path: str) -> list[TxnOp]:
    """Return the operations that read a situation.

    Args:
        path: The path.
    """
    operations = [TxnOp.get(directory_key(path), prefix=True, limit=2, keys_only=True)]
    if path != ROOT:
        operations.append(TxnOp.get(file_key(path)))
    for above in ancestors(path):
        operations.append(TxnOp.get(directory_key(above), keys_only=True))
        if above != ROOT:
            operations.append(TxnOp.get(file_key(above), keys_only=True))
    return operations


def situation(path: str, responses: Sequence[RangeResponse], index: int) -> Situation:
    """Return what the operations of `reads` have found.

    Args:
        path: The path.
        responses: Their responses.
        index: The revision of the response.
    """
    found = iter(responses)

    def one() -> KeyValue | None:
        kvs = next(found).kvs
        return kvs[0] if kvs else None

    listed = next(found).kvs
    marker = listed[0] if listed and listed[0].key == directory_key(path) else None
    file = one() if path != ROOT else None
    files = []
    markers = {}
    for above in ancestors(path):
        markers[above] = one()
        if above != ROOT and one() is not None:
            files.append(above)
    has_children = len(listed) > (marker is not None)
    return Situation(path, index, file, marker, has_children, files, markers)


class Parents:
    """What a transaction must find and leave above a path.

    Args:
        path: The path, not the root.
        found: The situation, or None to expect the usual: a parent that has a marker, and no TTL.
    """

    def __init__(self, path: str, found: Situation | None) -> None:
        self._files = [above for above in ancestors(path) if above != ROOT]
        self._missing: list[str] = []
        self._nearest: str | None = parent(path)
        self.lease = 0
        """The lease that the new keys are attached to: that of the directory."""
        if found is not None:
            self._missing = found.missing
            nearest = found.nearest
            self._nearest = None if nearest is None else nearest[0]
            self.lease = 0 if nearest is None else nearest[1].lease
        self._touched = None if parent(path) in self._missing else parent(path)

    def conditions(self) -> list[Compare]:
        """Return the conditions that nothing above is a file, and all is as it was found."""
        conditions = [Key(file_key(above)).version == 0 for above in self._files]
        conditions += [Key(directory_key(above)).version == 0 for above in self._missing]
        if self._nearest is not None:
            marker = Key(directory_key(self._nearest))
            conditions += [marker.version > 0, marker.lease == self.lease]
        return conditions

    def operations(self, *, touch: bool = False) -> list[TxnOp]:
        """Return the operations that write the missing markers.

        Args:
            touch: Whether to write the marker of the parent even if it is there. For watches, that
                is the mark of what expiry does not do, and of what they shall not see.
        """
        lease = self.lease or None
        operations = [TxnOp.put(directory_key(above), b"", lease=lease) for above in self._missing]
        if touch and self._touched is not None:
            marker = directory_key(self._touched)
            operations.append(TxnOp.put(marker, b"", ignore_value=True, ignore_lease=True))
        return operations


def is_no_directory(path: str) -> Compare:
    """Return the condition that a path is no directory, and nothing is in it.

    Args:
        path: The path.
    """
    return Key(directory_key(path)).with_prefix().version == 0


def is_directory(path: str) -> Compare:
    """Return the condition that a path is a directory, or something is in it.

    Args:
        path: The path.
    """
    return Key(directory_key(path)).with_prefix().version > 0
