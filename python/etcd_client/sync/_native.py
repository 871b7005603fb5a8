"""`_native` for threads; made by `make generate`, change `etcd_client._native`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, abandon, following, leaving, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcd_client import (
        AuthResponse,
        AuthRoleGetResponse,
        AuthRoleListResponse,
        AuthStatusResponse,
        AuthUserGetResponse,
        AuthUserListResponse,
        BytesLike,
        LeaderResponse,
        LeaseKeepAliveResponse,
        MemberAddResponse,
        MemberListResponse,
        MemberPromoteResponse,
        MemberRemoveResponse,
        MemberUpdateResponse,
        PermissionType,
        WatchBatch,
        WatchEvent,
        _etcd_client,
    )


class Auth(Face):
    """Users, roles and authentication: `communicator.auth`.

    Permissions are for the full keys, whatever the namespace of the communicator. Once
    authentication is enabled, changes require a user with the role `root`.

    Examples:
        >>> from etcd_client.sync import PermissionType
        >>> auth = communicator.auth
        >>> done = auth.role_add("reader")
        >>> done = auth.role_grant_permission(
        ...     "reader", PermissionType.READ, "/public/", prefix=True
        ... )
        >>> (auth.role_get("reader")).permissions
        (Permission(type=PermissionType.READ, key=b'/public/', range_end=b'/public0'),)
        >>> done = auth.role_delete("reader")
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Auth

    def enable(self, *, timeout: float | None = None) -> AuthResponse:
        """Enable authentication.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RootUserNotExistError: The user `root` does not exist.
            RootRoleNotExistError: The user `root` does not have the role `root`.
        """
        return self._inner.enable(timeout=timeout)._wait()

    def disable(self, *, timeout: float | None = None) -> AuthResponse:
        """Disable authentication: every client may do everything.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.
        """
        return self._inner.disable(timeout=timeout)._wait()

    def status(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AuthStatusResponse:
        """Get whether authentication is enabled.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            Whether it is enabled, and the revision of users and roles.

        Raises:
            UnimplementedError: The server is older than etcd 3.5.
        """
        return self._inner.status(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def user_add(
        self,
        name: str,
        password: str | None = None,
        no_password: bool = False,
        *,
        timeout: float | None = None,
    ) -> AuthResponse:
        """Add a user.

        Args:
            name: The user's name.
            password: The password.
            no_password: Whether the user has no password and authenticates with a certificate.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: Neither `password` nor `no_password` is given, or both are.
            UserAlreadyExistError: A user with that name exists already.
            UserEmptyError: The name is empty.
        """
        return self._inner.user_add(name, password, no_password, timeout=timeout)._wait()

    def user_get(
        self, name: str, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AuthUserGetResponse:
        """Get the roles of a user.

        Args:
            name: The user's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names of the roles.

        Raises:
            UserNotFoundError: The user does not exist.
        """
        return self._inner.user_get(name, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def user_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AuthUserListResponse:
        """List all users.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names.
        """
        return self._inner.user_list(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def user_delete(self, name: str, *, timeout: float | None = None) -> AuthResponse:
        """Delete a user.

        Args:
            name: The user's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            InvalidAuthMgmtError: It is `root` and authentication is enabled.
        """
        return self._inner.user_delete(name, timeout=timeout)._wait()

    def user_change_password(
        self, name: str, password: str, *, timeout: float | None = None
    ) -> AuthResponse:
        """Change the password of a user.

        Args:
            name: The user's name.
            password: The new password.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
        """
        return self._inner.user_change_password(name, password, timeout=timeout)._wait()

    def user_grant_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> AuthResponse:
        """Grant a role to a user.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            RoleNotFoundError: The role does not exist.
        """
        return self._inner.user_grant_role(name, role, timeout=timeout)._wait()

    def user_revoke_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> AuthResponse:
        """Revoke a role from a user.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            RoleNotGrantedError: The user does not have the role.
            InvalidAuthMgmtError: It is the role `root` of `root` and authentication is enabled.
        """
        return self._inner.user_revoke_role(name, role, timeout=timeout)._wait()

    def role_add(self, role: str, *, timeout: float | None = None) -> AuthResponse:
        """Add a role, without permissions at first.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RoleAlreadyExistError: A role with that name exists already.
            RoleEmptyError: The name is empty.
        """
        return self._inner.role_add(role, timeout=timeout)._wait()

    def role_get(
        self, role: str, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AuthRoleGetResponse:
        """Get the permissions of a role.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The permissions.

        Raises:
            RoleNotFoundError: The role does not exist.
        """
        return self._inner.role_get(role, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def role_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> AuthRoleListResponse:
        """List all roles.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names.
        """
        return self._inner.role_list(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def role_delete(self, role: str, *, timeout: float | None = None) -> AuthResponse:
        """Delete a role, and revoke it from all users.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RoleNotFoundError: The role does not exist.
            InvalidAuthMgmtError: It is `root` and authentication is enabled.
        """
        return self._inner.role_delete(role, timeout=timeout)._wait()

    def role_grant_permission(
        self,
        role: str,
        permission: PermissionType,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        timeout: float | None = None,
    ) -> AuthResponse:
        """Grant a role a permission on a key or a range of keys.

        Args:
            role: The role's name.
            permission: Reading, writing, or both.
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether it covers all keys that begin with `key`.
            from_key: Whether it covers all keys from `key` to the last key of all.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: The role does not exist.
        """
        return self._inner.role_grant_permission(
            role,
            permission,
            key,
            range_end=range_end,
            prefix=prefix,
            from_key=from_key,
            timeout=timeout,
        )._wait()

    def role_revoke_permission(
        self,
        role: str,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        timeout: float | None = None,
    ) -> AuthResponse:
        """Revoke a permission from a role; the range must be the one that was granted.

        Args:
            role: The role's name.
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether it covers all keys that begin with `key`.
            from_key: Whether it covers all keys from `key` to the last key of all.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: The role does not exist.
            PermissionNotGrantedError: The role does not have this permission.
        """
        return self._inner.role_revoke_permission(
            role, key, range_end=range_end, prefix=prefix, from_key=from_key, timeout=timeout
        )._wait()


class Cluster(Face):
    """The members of the cluster: `communicator.cluster`.

    Examples:
        >>> response = communicator.cluster.member_list()
        >>> [(member.name, member.is_learner) for member in response.members]
        [('default', False)]
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Cluster

    def member_list(
        self,
        *,
        linearizable: bool = True,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> MemberListResponse:
        """List the members.

        Args:
            linearizable: Whether the list must be up to date. If not, the member answers from its
                own data, which works without a quorum too.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The members.
        """
        return self._inner.member_list(
            linearizable=linearizable, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def member_add(
        self, peer_urls: Iterable[str], is_learner: bool = False, *, timeout: float | None = None
    ) -> MemberAddResponse:
        """Add a member to the cluster; start it afterwards.

        Args:
            peer_urls: The URLs at which it listens for the other members; at least one.
            is_learner: Whether it joins as a learner, which receives all changes but does not vote
                until it is promoted.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The new member, and all members.

        Raises:
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: A member with one of these URLs exists already.
            MemberExistError: A member with the id of the new one exists already.
            UnhealthyError: Too many members are unhealthy.
            MemberNotEnoughStartedError: Too few members have been started.
            TooManyLearnersError: The cluster has the maximum number of learners.
        """
        return self._inner.member_add(peer_urls, is_learner, timeout=timeout)._wait()

    def member_remove(
        self, member_id: int, *, timeout: float | None = None
    ) -> MemberRemoveResponse:
        """Remove a member from the cluster; it stops.

        Args:
            member_id: The member's id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The remaining members.

        Raises:
            MemberNotFoundError: The member does not exist.
            UnhealthyError: Too many members are unhealthy.
            MemberNotEnoughStartedError: Too few members have been started.
        """
        return self._inner.member_remove(member_id, timeout=timeout)._wait()

    def member_update(
        self, member_id: int, peer_urls: Iterable[str], *, timeout: float | None = None
    ) -> MemberUpdateResponse:
        """Change the peer URLs of a member.

        Args:
            member_id: The member's id.
            peer_urls: The URLs; at least one.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: The member does not exist.
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: Another member has one of these URLs.
        """
        return self._inner.member_update(member_id, peer_urls, timeout=timeout)._wait()

    def member_promote(
        self, member_id: int, *, timeout: float | None = None
    ) -> MemberPromoteResponse:
        """Promote a learner to a voting member.

        Args:
            member_id: The member's id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: The member does not exist.
            MemberNotLearnerError: The member is not a learner.
            LearnerNotReadyError: It has not caught up with the leader yet; retry later.
        """
        return self._inner.member_promote(member_id, timeout=timeout)._wait()


class LeaseKeepAlives(Face):
    """The renewals of a lease, as an iterator and a context manager.

    The lease is renewed in the background, at once and then whenever a third of its time to live
    has passed, failing over between members. This happens whether or not the program reads: of the
    unread responses, the latest 16 are kept. A step that is interrupted loses
    nothing.

    Entering the context waits for the first renewal; leaving it stops renewing. So do `cancel`,
    closing the communicator, and dropping the last reference. None of them revokes the lease: it
    expires when its remaining time has passed.

    Entering and reading it raise:

    Raises:
        LeaseNotFoundError: The lease does not exist.
        LeaseLostError: After a renewal, the lease expired or was revoked, or no member answered
            until it had to be considered expired. It is a `LeaseNotFoundError` too.
        EtcdTimeoutError: The first renewal was not answered in time.
        PermissionDeniedError: The user may not renew the lease.
        ClosedError: The communicator has been closed.

    Examples:
        >>> lease = communicator.lease_grant(30)
        >>> with communicator.lease_keep_alive_stream(lease) as renewals:
        ...     for renewal in renewals:
        ...         print(renewal.id == lease.id, renewal.ttl)
        ...         break
        True 30
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.LeaseKeepAlives

    def __iter__(self) -> LeaseKeepAlives:
        return self

    def __next__(self) -> LeaseKeepAliveResponse:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""
        run(self._inner.cancel)

    def __enter__(self) -> LeaseKeepAlives:
        try:
            self._inner.__aenter__()._wait()
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(self, *_exception: object) -> None:
        run(self._inner.__aexit__, *_exception)


class Observer(Face):
    """The leaders of an election, in order: an iterator of `LeaderResponse`.

    It resumes after a disconnect. A program that reads slowly may miss intermediate values, but
    never the latest.

    Examples:
        >>> from etcd_client.sync import Election
        >>> with Election(communicator, "scheduler", "node-7"):
        ...     for leader in communicator.observe("scheduler"):
        ...         print(leader.kv.value)
        ...         break
        b'node-7'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Observer

    def __iter__(self) -> Observer:
        return self

    def __next__(self) -> LeaderResponse:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""
        run(self._inner.cancel)


class Snapshot(Face):
    """A stream of a member's database: an iterator of its parts, as `bytes`.

    A stream that breaks raises. It cannot be resumed, because another member, or the same member
    later, would send a different database.

    Examples:
        >>> snapshot = communicator.maintenance.snapshot()
        >>> size = sum([len(part) for part in snapshot])
        >>> size > 0, snapshot.remaining_bytes
        (True, 0)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Snapshot

    def __iter__(self) -> Snapshot:
        return self

    def __next__(self) -> bytes:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""
        run(self._inner.cancel)

    @property
    def remaining_bytes(self) -> int | None:
        """The number of bytes that come after the last part; None before the first part."""
        return self._inner.remaining_bytes

    @property
    def version(self) -> str | None:
        """The version of the database's format; None before the first part or before etcd 3.6."""
        return self._inner.version


class Watch(Face):
    """An open watch: an iterator of events, and a context manager.

    Events are ordered, unique and complete: after a disconnect or a failover, the watch resumes
    where it left off. A step that is interrupted loses no event. Memory is
    bounded: a program that reads slowly slows down the server's stream.

    Entering the context waits until the server has confirmed the watch; leaving it cancels the
    watch. Dropping the last reference cancels it too.

    Reading it raises:

    Raises:
        CompactedError: The history that the watch needs has been compacted; a new watch can start
            at `compact_revision`.
        FutureRevisionError: The cluster was restored from a backup or set up anew, and has not
            reached the revision of the watch.
        PermissionDeniedError: The user may not watch these keys.
        WatchCanceledError: The server refused the watch.
        EtcdTimeoutError: The server did not confirm the watch in time.
        ClosedError: The communicator has been closed.

    Examples:
        >>> with communicator.watch_prefix("/jobs/") as watch:
        ...     put = communicator.put("/jobs/1", "running")
        ...     deleted = communicator.delete("/jobs/1")
        ...     for event in watch:
        ...         print(event.event, event.key)
        ...         if len(event.value) == 0:
        ...             break
        WatchEventType.PUT b'/jobs/1'
        WatchEventType.DELETE b'/jobs/1'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Watch

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> WatchEvent:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""
        run(self._inner.cancel)

    def __enter__(self) -> Watch:
        try:
            self._inner.__aenter__()._wait()
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(self, *_exception: object) -> None:
        run(self._inner.__aexit__, *_exception)

    def batches(self) -> WatchBatches:
        """Iterate over lists of events, one list for each revision, instead of single events.

        Returns:
            An iterator of `WatchBatch`, a list of `WatchEvent`. All events of a list have the
            same revision: a transaction that changes several keys is one list.
        """
        return WatchBatches._of(run(self._inner.batches))

    def request_progress(self) -> None:
        """Request a progress report, which advances `revision` once it has been read.

        Ignored for servers before 3.4.25 and 3.5.8: their reports may be ahead of events that are
        still on the way. A server that is still catching up from an earlier `start_revision` does
        not report either.
        """
        run(self._inner.request_progress)

    @property
    def revision(self) -> int:
        """The last revision that was read completely, or up to which nothing changed.

        A new watch with `start_revision=revision + 1` resumes where this one is. Before the watch
        is confirmed, it is 0; before anything is read, it is the one before `start_revision` or,
        without that, the revision at which the watch was created.
        """
        return self._inner.revision

    def ready(self) -> None:
        """Wait until the server has confirmed the watch, or it has been cancelled.

        Raises:
            EtcdError: The watch failed before it was confirmed; the same errors as for reading it.
        """
        self._inner.ready()._wait()


class WatchBatches(Face):
    """An iterator over a watch's events, one list for each revision."""

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: _etcd_client.WatchBatches

    def __iter__(self) -> WatchBatches:
        return self

    def __next__(self) -> WatchBatch:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""
        run(self._inner.cancel)
