"""`Client`: python-aio-etcd's client, on etcd's API v3."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NoReturn

from etcd_client._concurrency import CancelScope
from etcd_client._deadline import Deadline

from . import _arguments
from ._append import append as _append
from ._cluster import ClusterCalls
from ._delete import Deletion
from ._delete import delete as _delete
from ._errors import (
    EtcdKeyNotFound,
    EtcdWatchTimedOut,
    StopWatching,
    translated,
)
from ._paths import path_of
from ._read import read as _read
from ._watch import NodeWatch
from ._write import write as _write

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._result import EtcdResult

_WRITE_OPTIONS = frozenset({"prevValue", "prevIndex", "prevExist", "refresh", "timeout"})
_READ_OPTIONS = frozenset({"recursive", "wait", "waitIndex", "sorted", "quorum", "timeout"})
_DELETE_OPTIONS = frozenset({"prevValue", "prevIndex", "timeout"})


class Client(ClusterCalls):
    """A client with python-aio-etcd's interface, for an etcd that speaks the API v3.

    It connects when it is first used, and again on every other event loop that uses it. Data of the
    API v2 is kept in keys of the API v3; the documentation says how.

    Args:
        host: The name or address of a member, or a tuple of pairs `(host, port)`.
        port: The client port of `host`.
        srv_domain: A domain whose SRV records name the members; see `etcd_client.Client.from_srv`.
        version_prefix: No effect: API v3 has no path.
        allow_redirect: No effect: every member answers every request.
        protocol: `http` or `https`.
        cert: The file with the client certificate and its key, or a pair of files.
        ca_cert: The file with the authority of the server's certificate.
        username: The user to authenticate as.
        password: The user's password.
        allow_reconnect: Whether to use also the members that the cluster says it has. Those that
            were given are tried in any case.
        use_proxies: Whether `host` names proxies, so that no other members are used.
        expected_cluster_id: The id of the cluster, in hexadecimal digits; another one raises
            `EtcdClusterIdChanged`.
        per_host_pool_size: No effect: requests share a connection.
        ssl_verify: `ssl.CERT_NONE` to accept any certificate of the server.
        loop: No effect: it is the running one.
        lock_prefix: The directory of locks.

    Examples:
        >>> from urllib.parse import urlsplit
        >>> import etcd_client.compat.aio_etcd as etcd
        >>> client = etcd.Client(port=urlsplit(endpoint).port)
        >>> result = await client.write("/nodes/n1", 1)
        >>> (await client.read("/nodes/n1")).value
        '1'
        >>> client.close()
    """

    async def write(
        self,
        key: str,
        value: object,
        ttl: int | None = None,
        dir: bool = False,
        append: bool = False,
        **options: object,
    ) -> EtcdResult:
        """Write a file, or make a directory, perhaps on a condition.

        Args:
            key: The path.
            value: The value: `str`, bytes, or anything else whose `str` is meant.
            ttl: Seconds after which it expires; None for never.
            dir: Whether to make a directory; the value is None then.
            append: Whether to make a sequential key in the directory `key`.
            options: `prevValue`: write only if this is the value. `prevIndex`: only if this is the
                `modifiedIndex`. `prevExist`: False to only create, True to only change. `refresh`:
                True to change only the TTL, which watches do not see. `timeout`: the deadline in
                seconds.

        Returns:
            What was written.

        Raises:
            EtcdCompareFailed: The file has another value or index.
            EtcdAlreadyExist: It exists, and `prevExist` is False.
            EtcdKeyNotFound: It does not exist, and a condition wants it to.
            EtcdNotFile: It is a directory.
            EtcdNotDir: A part of the path is a file.
            EtcdRootReadOnly: It is the root.
            EtcdValueError: An argument has a wrong value.
            EtcdConnectionFailed: No member answered in time; the write may have been applied.
        """
        _arguments.check_options(options, _WRITE_OPTIONS, "write")
        path = path_of(key)
        change = _arguments.change(value, ttl, options, dir=dir, append=append)
        with translated():
            deadline = Deadline(_arguments.limit(options.get("timeout")), "write")
            communicator = await deadline.bound(self._communicator())
            if append:
                return await _append(communicator, path, change, deadline)
            return await _write(communicator, path, change, deadline)

    async def set(
        self, key: str, value: object, ttl: int | None = None, **options: object
    ) -> EtcdResult:
        """Write a file; the same as `write`.

        Args:
            key: The path.
            value: The value.
            ttl: Seconds after which it expires; None for never.
            options: As for `write`.
        """
        return await self.write(key, value, ttl=ttl, **options)  # type: ignore[arg-type]

    async def test_and_set(
        self,
        key: str,
        value: object,
        prev_value: object,
        ttl: int | None = None,
        **options: object,
    ) -> EtcdResult:
        """Write a file if it has a certain value.

        Args:
            key: The path.
            value: The new value.
            prev_value: The value that it must have.
            ttl: Seconds after which it expires; None for never.
            options: As for `write`.

        Raises:
            EtcdCompareFailed: It has another value; this is a `ValueError`.
            EtcdKeyNotFound: It does not exist.
        """
        return await self.write(key, value, ttl, prevValue=prev_value, **options)  # type: ignore[arg-type]

    async def refresh(self, key: str, ttl: int, **options: object) -> EtcdResult:
        """Give a file or a directory another time to live; watches do not see it.

        If it has the same time to live already, it only starts again: nothing is written.

        Args:
            key: The path.
            ttl: Seconds after which it expires.
            options: As for `write`.

        Raises:
            EtcdKeyNotFound: It does not exist.
        """
        options["prevExist"] = True
        return await self.write(key, None, ttl=ttl, refresh=True, **options)  # type: ignore[arg-type]

    async def update(self, obj: EtcdResult, **options: object) -> EtcdResult:
        """Write what was read and then changed, unless another client has changed it meanwhile.

        Args:
            obj: What was read, with another `value` or `ttl`.
            options: As for `write`.

        Raises:
            EtcdCompareFailed: It was changed meanwhile; this is a `ValueError`.
            EtcdKeyNotFound: It was deleted meanwhile.
        """
        options |= {"dir": obj.dir, "ttl": obj.ttl, "prevExist": True}
        if not obj.dir:
            options["prevIndex"] = obj.modifiedIndex
        return await self.write(obj.key, obj.value, **options)  # type: ignore[arg-type]

    async def read(self, key: str, **options: object) -> EtcdResult:
        """Read a file, list a directory, or wait for a change.

        Args:
            key: The path.
            options: `recursive`: True to list also what is in the directories of a directory.
                `wait`: True to wait for a change. `waitIndex`: the first index whose change counts;
                by default the next one. `timeout`: the deadline in seconds; a wait has none by
                default. `sorted` and `quorum` have no effect: results are in order and up to date.

        Returns:
            The file or directory, or the change.

        Raises:
            EtcdKeyNotFound: It does not exist.
            EtcdNotDir: A part of the path is a file.
            EtcdEventIndexCleared: The history since `waitIndex` has been compacted.
            EtcdWatchTimedOut: There was no change in time.
            EtcdConnectionFailed: No member answered in time.
        """
        _arguments.check_options(options, _READ_OPTIONS, "read")
        path = path_of(key)
        for name in ("sorted", "quorum"):
            _arguments.flag(options.get(name) or False, name)
        recursive = _arguments.flag(options.get("recursive") or False, "recursive")
        index = _arguments.number(options.get("waitIndex") or 0, "waitIndex")
        limit = _arguments.limit(options.get("timeout"))
        if _arguments.flag(options.get("wait") or False, "wait"):
            return await self._wait(path, index, limit, recursive=recursive)
        with translated():
            deadline = Deadline(limit, "read")
            communicator = await deadline.bound(self._communicator())
            return await _read(communicator, path, deadline, recursive=recursive)

    async def get(self, key: str, **options: object) -> EtcdResult:
        """Read a file or list a directory; the same as `read`.

        Args:
            key: The path.
            options: As for `read`.
        """
        return await self.read(key, **options)

    async def contains(self, key: str) -> bool:
        """Return whether a path exists.

        Args:
            key: The path.
        """
        try:
            await self.get(key)
        except EtcdKeyNotFound:
            return False
        return True

    async def delete(
        self,
        key: str,
        recursive: bool | None = None,
        dir: bool | None = None,
        **options: object,
    ) -> EtcdResult:
        """Delete a file or a directory.

        Args:
            key: The path.
            recursive: Whether it may be a directory that is not empty.
            dir: Whether it may be an empty directory.
            options: `prevValue` and `prevIndex`: delete only a file with this value or
                `modifiedIndex`. `timeout`: the deadline in seconds.

        Returns:
            The deletion, with what was there as `prev`.

        Raises:
            EtcdKeyNotFound: It does not exist.
            EtcdNotFile: It is a directory, and neither `dir` nor `recursive` is given.
            EtcdDirNotEmpty: It is not empty, and `recursive` is not given.
            EtcdCompareFailed: The file has another value or index.
            EtcdRootReadOnly: It is the root.
        """
        _arguments.check_options(options, _DELETE_OPTIONS, "delete")
        path = path_of(key)
        prev_value, prev_index = _arguments.swap_conditions(options)
        deletion = Deletion(
            _arguments.flag(dir or False, "dir"),
            _arguments.flag(recursive or False, "recursive"),
            prev_value,
            prev_index,
        )
        with translated():
            deadline = Deadline(_arguments.limit(options.get("timeout")), "delete")
            communicator = await deadline.bound(self._communicator())
            return await _delete(communicator, path, deletion, deadline)

    async def pop(
        self,
        key: str,
        recursive: bool | None = None,
        dir: bool | None = None,
        **options: object,
    ) -> EtcdResult:
        """Delete a file or a directory, and return what was there.

        Args:
            key: The path.
            recursive: As for `delete`.
            dir: As for `delete`.
            options: As for `delete`.
        """
        deleted = await self.delete(key, recursive=recursive, dir=dir, **options)
        previous = deleted.prev
        assert previous is not None  # noqa: S101 - a deletion always has one
        return previous

    async def watch(
        self,
        key: str,
        index: int | None = None,
        recursive: bool | None = None,
        **options: object,
    ) -> EtcdResult:
        """Wait for a change.

        Args:
            key: The path.
            index: The first index whose change counts; None for the next one.
            recursive: Whether changes in the directory count.
            options: `timeout`: the most seconds to wait.

        Returns:
            The change.

        Raises:
            EtcdEventIndexCleared: The history since `index` has been compacted.
            EtcdWatchTimedOut: There was no change in time.
        """
        return await self.read(key, wait=True, waitIndex=index, recursive=recursive, **options)

    async def eternal_watch(
        self,
        key: str,
        callback: Callable[[EtcdResult], object],
        index: int | None = None,
        recursive: bool | None = None,
    ) -> int:
        """Call a function for every change, until it raises `StopWatching`.

        No change is left out, even if the connection breaks or the server restarts meanwhile.

        Args:
            key: The path.
            callback: Called with each change; a coroutine that it returns is awaited.
            index: The first index whose change counts; None for the next one.
            recursive: Whether changes in the directory count.

        Returns:
            The index to go on from.

        Raises:
            EtcdEventIndexCleared: The history since `index` has been compacted.
        """
        path = path_of(key)
        first = _arguments.number(index or 0, "index")
        deep = _arguments.flag(recursive or False, "recursive")
        with translated():
            communicator = await self._communicator()
            watch = NodeWatch(
                communicator, path, first, Deadline(None, "eternal_watch"), recursive=deep
            )
        async with watch:
            while True:
                with translated():
                    events = await watch.next()
                for event in events:
                    try:
                        outcome = callback(event)
                        if inspect.isawaitable(outcome):
                            await outcome
                    except StopWatching:  # noqa: PERF203 - each call may raise it
                        return event.modifiedIndex + 1

    async def _wait(
        self, path: str, index: int, limit: float | None, *, recursive: bool
    ) -> EtcdResult:
        with CancelScope(limit), translated():
            communicator = await self._communicator()
            watch = NodeWatch(
                communicator, path, index, Deadline(None, "watch"), recursive=recursive
            )
            async with watch:
                return (await watch.next())[0]
        message = f"Watch timed out: there was no change of {path or '/'} in {limit} seconds"
        raise EtcdWatchTimedOut(message)

    def get_lock(self, *_args: object, **_options: object) -> NoReturn:
        """Raise an error, as there: use `Lock`.

        Raises:
            NotImplementedError: Always.
        """
        message = "Lock primitives were removed from etcd 2.0: use Lock"
        raise NotImplementedError(message)

    @property
    def election(self) -> NoReturn:
        """Raises `NotImplementedError`, as there."""
        message = "Election primitives were removed from etcd 2.0"
        raise NotImplementedError(message)
