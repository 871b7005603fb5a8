"""`communicator.maintenance`: the native calls, and snapshots saved to files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from os import PathLike
from typing import Any

from etcd_client import _etcd_client
from etcd_client._started import StartedCoroutine

from .saved_snapshot import SavedSnapshot


class Maintenance(_etcd_client.Maintenance):
    """Status, snapshots, alarms, defragmentation and so on: `communicator.maintenance`.

    For calls that concern a single member, `endpoint` selects it; it need not be one of the
    communicator's endpoints. By default it is the member in use.

    Examples:
        >>> status = await communicator.maintenance.status()
        >>> status.leader == status.header.member_id, status.errors
        (True, ())
    """

    __module__ = "etcd_client"

    def snapshot_save(
        self,
        path: str | PathLike[str],
        endpoint: str | None = None,
        progress: Callable[[int, int], object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, SavedSnapshot]:
        """Save a member's database to a file for `etcdutl snapshot restore`.

        The file appears under its name only when it is complete, matches the member's checksum and
        has been flushed to the disk. Until then it is a temporary file in the same directory,
        which is removed on an error or a cancellation. The stream starts at once.

        Args:
            path: The file; an existing one is replaced.
            endpoint: The endpoint of the member; None for the one in use.
            progress: Called on the event loop with the number of bytes received and the number
                of remaining bytes.
            timeout: Deadline for the whole call, in seconds. If None, the connection's default
                applies until the stream has begun, and the rest has no deadline.

        Returns:
            The path, the size and the version of the saved database.

        Raises:
            IoError: The file cannot be written, or the database was damaged on the way.

        Examples:
            >>> from pathlib import Path
            >>> from tempfile import TemporaryDirectory
            >>> with TemporaryDirectory() as directory:
            ...     target = Path(directory, "etcd.db")
            ...     saved = await communicator.maintenance.snapshot_save(target)
            ...     saved.size == target.stat().st_size
            True
        """
        # Loaded late: importing it takes as long as importing the rest of the package.
        from .snapshot import save, temporary_file  # noqa: PLC0415

        file = temporary_file(path)
        snapshot = self.snapshot(endpoint, timeout=timeout)
        return StartedCoroutine(snapshot.cancel, save(snapshot, file, progress))
