"""`_admin` for threads; made by `make generate`, change `etcd_client._admin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, outside, run
from ._native import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from etcd_client import (
        AlarmResponse,
        AlarmType,
        DefragmentResponse,
        DowngradeAction,
        DowngradeResponse,
        HashKVResponse,
        HashResponse,
        MoveLeaderResponse,
        SavedSnapshot,
        StatusResponse,
    )


class Maintenance(Face):
    """Status, snapshots, alarms, defragmentation and so on: `communicator.maintenance`.

    For calls that concern a single member, `endpoint` selects it; it need not be one of the
    communicator's endpoints. By default it is the member in use.

    Examples:
        >>> status = communicator.maintenance.status()
        >>> status.leader == status.header.member_id, status.errors
        (True, ())
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Maintenance

    def alarm_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AlarmResponse:
        """List the active alarms.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The alarms.
        """
        return self._inner.alarm_list(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def alarm_activate(
        self, member_id: int, alarm: AlarmType, *, timeout: float | None = None
    ) -> AlarmResponse:
        """Activate an alarm for a member.

        Args:
            member_id: The member's id.
            alarm: The alarm.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The activated alarm.
        """
        return self._inner.alarm_activate(member_id, alarm, timeout=timeout)._wait()

    def alarm_disarm(
        self,
        member_id: int | None = None,
        alarm: AlarmType | None = None,
        *,
        timeout: float | None = None,
    ) -> AlarmResponse:
        """Disarm alarms.

        Args:
            member_id: The member whose alarms to disarm; None for all members.
            alarm: The kind of alarm; None for all kinds.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The disarmed alarms.
        """
        return self._inner.alarm_disarm(member_id, alarm, timeout=timeout)._wait()

    def status(
        self,
        endpoint: str | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> StatusResponse:
        """Get the status of a member.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The member's version, database size, raft state and errors.
        """
        return self._inner.status(endpoint, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def defragment(
        self, endpoint: str | None = None, *, timeout: float | None = None
    ) -> DefragmentResponse:
        """Defragment a member's database, which gives unused space back to the disk.

        This can take long, and the member serves no requests meanwhile.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for no deadline.

        Returns:
            The response header.
        """
        return self._inner.defragment(endpoint, timeout=timeout)._wait()

    def hash(
        self,
        endpoint: str | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> HashResponse:
        """Compute a checksum of a member's whole database; for tests of etcd itself.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The checksum.
        """
        return self._inner.hash(endpoint, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def hash_kv(
        self,
        endpoint: str | None = None,
        revision: int | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> HashKVResponse:
        """Compute a checksum of a member's keys, to be compared between members.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            revision: The last revision to include; None for the latest.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The checksum, and the revisions that it covers.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.hash_kv(
            endpoint, revision, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def snapshot(self, endpoint: str | None = None, *, timeout: float | None = None) -> Snapshot:
        """Stream a member's database; `snapshot_save` writes it to a file and verifies it.

        The stream starts at once. Errors are raised to whoever reads it.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole stream, in seconds. If None, the connection's default
                applies until its first part, and the rest has no deadline.

        Returns:
            An iterator of `bytes`, the parts of the database in order.
        """
        return Snapshot._of(run(self._inner.snapshot, endpoint, timeout=timeout))

    def move_leader(self, target_id: int, *, timeout: float | None = None) -> MoveLeaderResponse:
        """Transfer the leadership of the cluster to another member.

        Only the leader can do this, so the request goes to the leader, even if it is not among the
        endpoints.

        Args:
            target_id: The id of the member that becomes the leader.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            BadLeaderTransfereeError: The member does not exist or is a learner.
            NoLeaderError: The cluster has no leader.
        """
        return self._inner.move_leader(target_id, timeout=timeout)._wait()

    def downgrade(
        self, action: DowngradeAction, version: str, *, timeout: float | None = None
    ) -> DowngradeResponse:
        """Validate, start or cancel a downgrade of the cluster to a lower version of etcd.

        Args:
            action: Whether to validate, start or cancel it.
            version: The target version, such as `3.5.0`.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The version of the cluster.

        Raises:
            InvalidDowngradeTargetVersionError: The cluster cannot be downgraded to that version.
            DowngradeInProcessError: A downgrade is already in progress.
            NoInflightDowngradeError: No downgrade is in progress that could be cancelled.
            UnimplementedError: The server is older than etcd 3.5.
        """
        return self._inner.downgrade(action, version, timeout=timeout)._wait()

    def snapshot_save(
        self,
        path: str | PathLike[str],
        endpoint: str | None = None,
        progress: Callable[[int, int], object] | None = None,
        *,
        timeout: float | None = None,
    ) -> SavedSnapshot:
        """Save a member's database to a file for `etcdutl snapshot restore`.

        The file appears under its name only when it is complete, matches the member's checksum and
        has been flushed to the disk. Until then it is a temporary file in the same directory,
        which is removed on an error or a cancellation. The stream starts at once.

        Args:
            path: The file; an existing one is replaced.
            endpoint: The endpoint of the member; None for the one in use.
            progress: Called in a thread of its own with the number of bytes received and the number
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
            ...     saved = communicator.maintenance.snapshot_save(target)
            ...     saved.size == target.stat().st_size
            True
        """
        return run(self._inner.snapshot_save, path, endpoint, outside(progress), timeout=timeout)
