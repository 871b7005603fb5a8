"""`communicator.maintenance`: the native calls, and snapshots into files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from os import PathLike
from typing import Any

from etcd_client import _etcd_client
from etcd_client._started import StartedCoroutine

from .saved_snapshot import SavedSnapshot


class Maintenance(_etcd_client.Maintenance):
    """Status, snapshots, alarms, defragmentation, leader and version: `communicator.maintenance`.

    Where etcd answers for one member, `endpoint` says which one; it need not be one of the
    communicator's endpoints. Without it, the member in use answers.

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
        """Save a member's database in a file that `etcdutl snapshot restore` takes.

        The file appears under its name only when it is complete, matches the checksum that the
        member has sent, and is safe on the disk; until then a temporary file stands beside it,
        which an error or a cancellation removes. The stream starts at once.

        Args:
            path: The file; one that is there is replaced.
            endpoint: The member; by default the one in use.
            progress: Called on the event loop with how many bytes have been received and how
                many are still to come.
            timeout: Seconds for the whole call; by default there is no limit once the stream has
                begun.

        Returns:
            The path, the size and the version of what was saved.

        Raises:
            IoError: The file cannot be written, or the database came damaged.

        Examples:
            >>> from pathlib import Path
            >>> from tempfile import TemporaryDirectory
            >>> with TemporaryDirectory() as directory:
            ...     target = Path(directory, "etcd.db")
            ...     saved = await communicator.maintenance.snapshot_save(target)
            ...     saved.size == target.stat().st_size
            True
        """
        # What handles files takes as long to import as all the rest.
        from .snapshot import save  # noqa: PLC0415

        snapshot = self.snapshot(endpoint, timeout=timeout)
        return StartedCoroutine(snapshot.cancel, save(snapshot, path, progress))
