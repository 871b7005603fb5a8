"""`SavedSnapshot`: what a member's database was saved as."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class SavedSnapshot(NamedTuple):
    """What `snapshot_save` has saved."""

    path: Path
    """The file."""
    size: int
    """How many bytes it has, the checksum at its end included."""
    version: str | None
    """The version of etcd whose format the database has; None before etcd 3.6."""


SavedSnapshot.__module__ = "etcd_client"
