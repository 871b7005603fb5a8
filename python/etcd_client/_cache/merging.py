"""`Merger`: reassembles the revisions of a watch of several prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .contents import Update


class Merger:
    """Holds events back until all prefixes have reached their revision.

    The server sends the events of each prefix separately: the changes that one transaction makes in
    several prefixes arrive in parts.
    """

    __slots__ = ("_held", "count")

    def __init__(self) -> None:
        self._held: dict[int, Update] = {}
        self.count = 0
        """The number of changes that are held back."""

    def add(self, revision: int, part: Update) -> None:
        """Add a part of a revision."""
        self._held.setdefault(revision, []).extend(part)
        self.count += len(part)

    def complete(self, revision: int) -> Iterator[tuple[int, Update]]:
        """Yield and drop the revisions that are complete.

        Args:
            revision: What all prefixes have come to.
        """
        for each in sorted(self._held):
            if each > revision:
                break
            update = self._held.pop(each)
            self.count -= len(update)
            yield each, update
