"""`SavedSnapshot`: the file to which a member's database was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class SavedSnapshot(NamedTuple):
    """The result of `snapshot_save`."""

    path: Path
    """The file."""
    size: int
    """Its size in bytes, including the checksum at its end."""
    version: str | None
    """The version of the database's format; None before etcd 3.6."""


SavedSnapshot.__module__ = "etcd_client"
