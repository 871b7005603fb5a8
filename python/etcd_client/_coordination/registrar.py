"""`Registrar`: keeps the keys of a session registered, even if its lease is lost."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client._backoff import Backoff
from etcd_client._concurrency import Background, Event, checkpoint, finish
from etcd_client._deadline import Deadline
from etcd_client.errors import (
    ClosedError,
    ConflictError,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    InvalidArgsError,
    KeyExistsError,
    LeaseNotFoundError,
    NoLeaderError,
    OutcomeUnknownError,
)

if TYPE_CHECKING:
    from etcd_client._etcd_client import Call, Communicator, HeldLease, ResponseHeader

    from .registered_key import RegisteredKey

# Errors after which an operation is retried while the session is open.
_PASSING = (EtcdConnectionError, EtcdTimeoutError, NoLeaderError, OutcomeUnknownError)
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_REMOVAL_TIMEOUT = 2.0


class Registrar:
    """The keys of one session, and the lease that they are attached to.

    That is the session's lease until it is lost; then the registrar grants its own, and a new one
    after each loss.

    Args:
        communicator: The connection to use.
        lease: The session's.
    """

    def __init__(self, communicator: Communicator, lease: HeldLease) -> None:
        self._communicator = communicator
        self._session_lease = lease
        self._lease: HeldLease | None = lease
        # A key on one of these leases is this session's: a lease that was lost here may outlive
        # the loss on the server.
        self._own = {lease.id}
        self._granted = Event()
        self._keys: dict[bytes, RegisteredKey] = {}
        self._left = False
        self.untold: list[KeyExistsError] = []
        """The conflicts that no `on_conflict` was called for."""

    @property
    def has_lease(self) -> bool:
        """Whether the current lease is alive."""
        return not self._left and self._lease is not None and self._lease.loss is None

    async def run(self) -> None:
        """Replace the lease and write the keys again after each loss, until it is released."""
        lease = self._session_lease
        while await lease.until_over() is not None:
            self._lease = None
            self._granted = Event()
            for key in self._keys.values():
                key.lose()
            try:
                self._lease = lease = await self._grant()
            except ClosedError:
                return
            self._own.add(lease.id)
            self._granted.set()
            async with Background() as writing:
                for key in [*self._keys.values()]:
                    writing.start(self._write_again, key, lease)
                await writing.wait()

    async def _grant(self) -> HeldLease:
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                lease = await self._communicator._hold_lease(  # noqa: SLF001 - made for this
                    self._session_lease.ttl
                )
            except _PASSING:  # noqa: PERF203 - each attempt may fail
                await backoff.pause()
            else:
                lease.adopt()
                return lease

    async def _write_again(self, key: RegisteredKey, lease: HeldLease) -> None:
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while lease.loss is None and self.has(key):
            try:
                async with key.mutex:
                    await key.write(lease, self._own, Deadline(None, "register"))
            except LeaseNotFoundError:  # noqa: PERF203 - each attempt may fail
                return  # `run` will grant another lease and write the key again
            except KeyExistsError as error:
                self._give_up(key, error)
            except _PASSING:
                await backoff.pause()
            else:
                return

    def _give_up(self, key: RegisteredKey, error: KeyExistsError) -> None:
        self._forget(key)
        key.conflict = error
        if key.on_conflict is None:
            self.untold.append(error)
        else:
            key.on_conflict(error)

    def has(self, key: RegisteredKey) -> bool:
        """Return whether a key is still registered.

        Args:
            key: What `add` has got.
        """
        return not self._left and self._keys.get(key.key) is key

    def _forget(self, key: RegisteredKey) -> None:
        if self._keys.get(key.key) is key:
            del self._keys[key.key]
        key.settled.set()

    async def add(self, key: RegisteredKey, timeout: float | None) -> None:
        """Write a key, and keep writing it again after each loss of the lease.

        Args:
            key: A new one.
            timeout: The seconds that it may take.

        Raises:
            InvalidArgsError: This session has one of that name already.
            KeyExistsError: It is another's.
            ClosedError: The session was left.
        """
        if key.key in self._keys:
            message = f"key: {key.key!r} is registered by this session already"
            raise InvalidArgsError(message)
        deadline = Deadline(timeout, "register")
        self._keys[key.key] = key
        try:
            await self._write_first(key, deadline)
        except BaseException:
            self._forget(key)
            await finish(self._delete_quietly, key)
            raise

    async def _write_first(self, key: RegisteredKey, deadline: Deadline) -> None:
        backoff = Backoff()
        while not key.is_written:
            lease = await self._present_lease(deadline)
            try:
                async with key.mutex:
                    if not key.is_written:
                        # To its end, even if it is cancelled: a write that is under way could
                        # take effect after the removal.
                        await finish(key.write, lease, self._own, deadline)
            except LeaseNotFoundError:
                # The server knows that the lease is lost; wait until this side notices.
                await deadline.bound(lease.until_over())
            except OutcomeUnknownError:
                await backoff.pause()

    async def _present_lease(self, deadline: Deadline) -> HeldLease:
        while True:
            if self._left:
                message = "the session was left"
                raise ClosedError(message)
            if self._lease is None:
                await deadline.bound(self._granted.wait())
            elif self._lease.loss is None:
                return self._lease
            else:
                await deadline.bound(self._next_round())

    async def _next_round(self) -> None:
        """Let `run` see that the lease is lost."""
        lost = self._lease
        if lost is not None:
            await lost.until_over()
            await checkpoint()

    async def _delete_quietly(self, key: RegisteredKey) -> None:
        # If this fails, the key ends with its lease.
        with contextlib.suppress(EtcdError):
            await key.delete(_REMOVAL_TIMEOUT)

    async def update(self, key: RegisteredKey, value: bytes, timeout: float | None) -> None:
        """Replace the value of a key; if its lease was lost, wait until it is written again.

        Args:
            key: What `add` has got.
            value: Its new value.
            timeout: The seconds that it may take.

        Raises:
            ConflictError: It was deleted, or is another's.
            ClosedError: The session was left, or the registration withdrawn.
        """
        deadline = Deadline(timeout, "update")
        key.value = value
        while self.has(key):
            lease = await self._present_lease(deadline)
            async with key.mutex:
                if key.is_written and await self._overwrite(key, lease, deadline):
                    return
            await deadline.bound(key.settled.wait())
        if key.conflict is not None:
            raise key.conflict
        message = f"the registration of {key.key!r} is over"
        raise ClosedError(message)

    async def _overwrite(self, key: RegisteredKey, lease: HeldLease, deadline: Deadline) -> bool:
        """Write a value; return False if the lease turns out to be lost."""
        try:
            await key.overwrite(lease, deadline)
        except LeaseNotFoundError:
            pass
        except ConflictError as error:
            if error.kv is not None:
                raise
            # Either somebody deleted it, or its lease expired and this side does not know yet.
            left = await self._communicator.lease_time_to_live(lease.id, timeout=deadline.left())
            if left.ttl >= 0:
                raise
        else:
            return True
        await deadline.bound(self._next_round())
        return False

    async def withdraw(self, key: RegisteredKey, timeout: float | None) -> None:
        """Delete a key and end its registration.

        Args:
            key: What `add` has got.
            timeout: The seconds that it may take.
        """
        self._forget(key)
        if self.has_lease:
            async with key.mutex:
                await key.delete(timeout)

    def leave(self) -> Call[ResponseHeader | None] | None:
        """Stop, and begin to revoke the registrar's own lease; the caller awaits the result.

        The session's lease is revoked by the session.
        """
        self._left = True
        for key in self._keys.values():
            key.settled.set()
        lease, self._lease = self._lease, None
        if lease is None or lease is self._session_lease:
            return None
        return lease.release()
