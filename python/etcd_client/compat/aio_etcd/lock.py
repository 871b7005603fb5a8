"""`Lock`: python-aio-etcd's lock, a line of sequential keys."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from etcd_client import EtcdError as EtcdV3Error
from etcd_client._arguments import check_seconds
from etcd_client._concurrency import CancelScope, finish
from etcd_client._deadline import Deadline

from . import _arguments
from ._append import append
from ._arguments import Change
from ._errors import (
    EtcdEventIndexCleared,
    EtcdException,
    EtcdKeyNotFound,
    EtcdLockExpired,
    EtcdWatchTimedOut,
    translated,
)
from ._paths import decode, directory_key, path_of

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client import KeyValue, Lease

    from .client import Client

_log = logging.getLogger("etcd_client.compat.aio_etcd")

# How long after its holder's death a lock without a TTL of its own is free.
_KEPT_TTL = 10
_LEAVE_TIMEOUT = 5.0


class Lock:
    """A lock with one holder at a time: the first in a directory of sequential keys.

    With `async with`, or with `lock_ttl=0`, it is held until it is released or its holder dies; it
    is free 10 seconds after that. With `lock_ttl=None` it is held until it is released, even if its
    holder dies. With any other `lock_ttl` it ends so many seconds after it was acquired, unless
    `acquire` is called again; waiting for it does not count.

    Args:
        client: The client; its `lock_prefix` is where locks are.
        lock_name: The name of the lock.

    Examples:
        >>> from urllib.parse import urlsplit
        >>> import etcd_client.compat.aio_etcd as etcd
        >>> client = etcd.Client(port=urlsplit(endpoint).port)
        >>> async with etcd.Lock(client, "customer1") as lock:
        ...     bool(lock.is_acquired)
        True
        >>> client.close()
    """

    def __init__(self, client: Client, lock_name: str) -> None:
        self.client = client
        self.name = lock_name
        self.path = f"{client.lock_prefix}/{lock_name}"
        self.is_taken = False
        self._directory = path_of(self.path)
        self._uuid = uuid4().hex
        self._sequence: str | None = None
        self._lease: Lease | None = None
        self._granted = 0
        self._until = math.inf
        self._may_be_in_line = False

    @property
    def uuid(self) -> str:
        """The value of its key, by which it is known."""
        return self._uuid

    async def set_uuid(self, value: str) -> None:
        """Take over a place in the line, perhaps from another process.

        Args:
            value: The `uuid` of the lock object that made it.

        Raises:
            ValueError: There is none.
        """
        before = self._uuid, self._sequence
        self._uuid, self._sequence = value, None
        if not await self._find():
            self._uuid, self._sequence = before
            message = "Nonexistent UUID"
            raise ValueError(message)

    @property
    def lock_key(self) -> str:
        """The path of its key.

        Raises:
            ValueError: It has none.
        """
        if self._sequence is None:
            message = "No sequence present."
            raise ValueError(message)
        return f"{self.path}/{self._sequence}"

    @property
    def is_acquired(self) -> Acquired:
        """Whether it is held, by what is known here; `await lock.is_acquired()` asks the server."""
        return Acquired(self)

    def _is_held(self) -> bool:
        lost = self._lease is not None and self._lease.lost.is_set()
        return self.is_taken and not lost and time.monotonic() < self._until

    async def acquire(
        self,
        blocking: bool = True,
        lock_ttl: int | None = 3600,
        timeout: float | None = None,
    ) -> bool:
        """Acquire the lock, or renew it if it is held; a failed attempt leaves nothing behind.

        Args:
            blocking: Whether to wait for it.
            lock_ttl: Seconds after which it ends; None for never, 0 for when its holder dies.
            timeout: The most seconds to wait; None for no limit.

        Returns:
            Whether it is held.

        Raises:
            EtcdLockExpired: Its key was deleted while it waited.
            EtcdConnectionFailed: No member answered in time.
        """
        ttl = None if lock_ttl is None else _arguments.number(lock_ttl, "lock_ttl", 202)
        if timeout is not None:
            check_seconds(timeout, "timeout")
        was_held = self.is_taken
        acquired = False
        try:
            with CancelScope(timeout):
                acquired = await self._acquire(ttl, blocking=blocking)
        finally:
            if self._may_be_in_line and not acquired and not was_held:
                await finish(self._leave)
        return acquired

    async def _acquire(self, ttl: int | None, *, blocking: bool) -> bool:
        if not await self._renew(ttl):
            await self._enter(ttl)
        sent = time.monotonic()
        waited = False
        while True:
            ahead = await self._ahead()
            if ahead is None:
                break
            self.is_taken = False
            if not blocking:
                return False
            waited = True
            await self._wait_for(ahead, ttl)
        if waited and ttl:
            # Its time begins now.
            sent = time.monotonic()
            await self._keep(ttl)
        if ttl:
            self._until = sent + ttl
        self.is_taken = True
        return True

    async def release(self) -> None:
        """Release the lock; it is logged if it had been lost.

        Raises:
            ValueError: It was never acquired.
            EtcdConnectionFailed: No member answered in time.
        """
        if self._sequence is None:
            await self._find()
        key = self.lock_key
        self.is_taken = False
        try:
            await self.client.delete(key, prevValue=self._uuid)
        except (EtcdKeyNotFound, ValueError):
            _log.warning("the lock %s was lost before it was released", key)
        finally:
            await finish(self._end_lease)
        self._sequence = None

    async def _find(self) -> bool:
        """Find its key, by the name or else by the uuid; return whether there is one."""
        for kv in await self._line():
            name = decode(kv.key).rpartition("/")[2]
            if decode(kv.value) == self._uuid and self._sequence in {None, name}:
                self._sequence = name
                return True
        return False

    async def _line(self) -> list[KeyValue]:
        """Return the keys of all that hold it or wait for it, in order."""
        with translated():
            communicator = await self.client._communicator()  # noqa: SLF001 - ours
            start = directory_key(self._directory)
            found = await communicator.range(start, prefix=True)
        line = [kv for kv in found.kvs if b"/" not in kv.key[len(start) :] and kv.key != start]
        shared = {kv.lease for kv in found.kvs if kv.key == start}
        for kv in line:
            if decode(kv.value) == self._uuid and kv.lease not in shared:
                self._granted = kv.lease
        return line

    async def _renew(self, ttl: int | None) -> bool:
        """Give it another time to live, if it has a key; return whether it has."""
        if not await self._find():
            self._sequence, self.is_taken = None, False
            await self._end_lease()
            return False
        self._may_be_in_line = True
        if not ttl:
            return True
        try:
            if self._lease is None:
                await self.client.refresh(self.lock_key, ttl=ttl)
            else:
                await self.client.write(self.lock_key, self._uuid, ttl=ttl, prevExist=True)
                await self._end_lease()
        except EtcdKeyNotFound:
            return False
        return True

    async def _enter(self, ttl: int | None) -> None:
        """Take the last place in the line."""
        self._until = math.inf
        self._may_be_in_line = True
        with translated():
            communicator = await self.client._communicator()  # noqa: SLF001 - ours
            kept = 0
            if ttl == 0:
                self._lease = await communicator.lease(_KEPT_TTL)
                kept = self._lease.id
            change = Change("create", self._uuid.encode(), ttl or None)
            deadline = Deadline(None, "acquire")
            place = await append(communicator, self._directory, change, deadline, kept)
        self._sequence = place.key.rpartition("/")[2]

    async def _ahead(self) -> KeyValue | None:
        """Return the key just ahead in the line; None if there is none."""
        ahead = None
        for kv in await self._line():
            if decode(kv.key).rpartition("/")[2] == self._sequence:
                return ahead
            ahead = kv
        message = "Lock not found"
        raise EtcdLockExpired(message)

    async def _wait_for(self, ahead: KeyValue, ttl: int | None) -> None:
        """Wait until a key is changed, or until the own one must be renewed."""
        renewal = ttl / 3 if ttl else None
        try:
            await self.client.watch(
                decode(ahead.key), index=ahead.mod_revision + 1, timeout=renewal
            )
        except EtcdWatchTimedOut:
            await self._keep(ttl)
        except EtcdEventIndexCleared:
            # Long ago; the line says what is there now.
            return

    async def _keep(self, ttl: int | None) -> None:
        """Begin the time to live of its key again."""
        try:
            await self.client.refresh(self.lock_key, ttl=ttl or 1)
        except EtcdKeyNotFound as error:
            message = "Lock not found"
            raise EtcdLockExpired(message) from error

    async def _leave(self) -> None:
        """Leave the line after a failed attempt; what cannot be deleted now ends with its TTL."""
        self.is_taken = False
        with contextlib.suppress(EtcdException, EtcdV3Error), CancelScope(_LEAVE_TIMEOUT):
            if await self._find():
                await self.client.delete(self.lock_key, prevValue=self._uuid)
        self._sequence = None
        self._may_be_in_line = False
        await self._end_lease()

    async def _end_lease(self) -> None:
        """Revoke the lease of its key, which would stay for its whole time otherwise."""
        lease, self._lease = self._lease, None
        granted, self._granted = self._granted, 0
        with contextlib.suppress(EtcdException, EtcdV3Error):
            if lease is not None:
                await lease.revoke(timeout=_LEAVE_TIMEOUT)
            elif granted:
                communicator = await self.client._communicator()  # noqa: SLF001 - ours
                await communicator.lease_revoke(granted, timeout=_LEAVE_TIMEOUT)

    async def __aenter__(self) -> Lock:
        await self.acquire(blocking=True, lock_ttl=0)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.release()


class Acquired(int):
    """Whether a lock is held: true or false as it is, and what the server says when called."""

    _lock: Lock

    def __new__(cls, lock: Lock) -> Acquired:
        """Make it of what is known now."""
        known = super().__new__(cls, lock._is_held())  # noqa: SLF001 - ours
        known._lock = lock
        return known

    async def __call__(self) -> bool:
        """Ask the server."""
        lock = self._lock
        if lock.is_taken and not await lock._find():  # noqa: SLF001 - ours
            _log.warning("the lock %s was lost", lock.path)
            lock.is_taken = False
        return lock.is_taken

    def __repr__(self) -> str:
        return str(bool(self))
