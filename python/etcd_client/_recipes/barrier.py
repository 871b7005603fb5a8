"""`Barrier`: others wait for as long as it exists."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_communicator, check_name
from etcd_client._async_only import async_only
from etcd_client._changes.compare_and_swap import create
from etcd_client._concurrency import finish
from etcd_client._coordination.open_session import check_session
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client.enums import WatchEventType
from etcd_client.errors import EtcdError, KeyExistsError, LeaseNotFoundError, LockLostError

from .waiting import answered, happens

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Call, Communicator, RangeResponse
    from etcd_client._types import BytesLike

# How long to try to remove what a failed attempt has left.
_REMOVAL_TIMEOUT = 2.0


@async_only
class Barrier:
    """A key for which others wait until it is removed.

    Any client can create, await and remove it; `async with` creates it and removes it at the end.
    Without a session it stays until somebody removes it, even if its creator has died. With a
    session it falls at the end of the session at the latest, or within its time to live after a
    crash.

    Args:
        communicator: The communicator to use.
        name: The name of the barrier, which is its key.
        session: The session whose lease to attach it to; None for no lease.

    Examples:
        >>> from etcd_client import Barrier
        >>> barrier = Barrier(communicator, "maintenance")
        >>> async with barrier:
        ...     response = await communicator.put("schema", "2")
        >>> await barrier.wait(timeout=5)
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_communicator", "_key", "_mark", "_session")

    def __init__(
        self, communicator: Communicator, name: BytesLike, *, session: Session | None = None
    ) -> None:
        check_communicator(communicator, self)
        check_name(name, "name")
        check_session(session, "session")
        self._communicator = communicator
        self._key = as_bytes(name)
        self._session = session
        self._mark: bytes | None = None

    @property
    def key(self) -> bytes:
        """The key that exists while others have to wait."""
        return self._key

    async def create(self, *, timeout: float | None = None) -> None:
        """Create the barrier; a cancelled attempt leaves nothing on the server.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            KeyExistsError: There is such a barrier already.
            SessionLostError: The session was lost.
        """
        session = self._session
        lease = None if session is None else session._lease().id  # noqa: SLF001 - ours
        # Tells it from the barriers of others, in case that the answer does not arrive.
        mark = secrets.token_hex(8).encode()
        try:
            # To its end, as it may take effect on the server even after it was cancelled here.
            await finish(create, self._communicator, self._key, mark, lease, timeout, None)
        except KeyExistsError:
            raise
        except LeaseNotFoundError:
            if session is None:
                raise
            raise session._lease_gone() from None  # noqa: SLF001 - ours
        except BaseException:
            await finish(self._remove_quietly, mark)
            raise
        self._mark = mark

    async def wait(self, *, timeout: float | None = None) -> None:
        """Wait until the barrier is removed; return at once if there is none.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: It was not removed in time.
        """
        deadline = Deadline(timeout, "wait")
        while True:
            found = await answered(self._look, deadline)
            if not found.kvs:
                return
            deleted = happens(
                self._communicator, self._key, WatchEventType.DELETE, found.header.revision
            )
            if await deadline.bound(deleted):
                return

    def _look(self, timeout: float | None) -> Call[RangeResponse]:
        return self._communicator.range(self._key, keys_only=True, timeout=timeout)

    async def remove(self, *, timeout: float | None = None) -> bool:
        """Remove the barrier, whoever has created it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether there was one.
        """
        self._mark = None
        return (await self._communicator.delete(self._key, timeout=timeout)).deleted > 0

    async def _remove_own(self, mark: bytes, timeout: float | None) -> bool:
        """Remove the barrier if it is the one that this object created."""
        own = Txn().when([Key(self._key).value == mark]).and_then([TxnOp.delete(self._key)])
        return (await self._communicator.txn(own, timeout=timeout)).succeeded()

    async def _remove_quietly(self, mark: bytes) -> None:
        with contextlib.suppress(EtcdError):
            await self._remove_own(mark, _REMOVAL_TIMEOUT)

    async def __aenter__(self) -> Barrier:
        await self.create()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        mark, self._mark = self._mark, None
        if mark is None:
            return
        if kind is not None:
            # The exception of the body matters more than that of removing.
            await finish(self._remove_quietly, mark)
        elif not await self._remove_own(mark, None):
            message = f"the barrier {self._key!r} was removed before its creator left it"
            raise LockLostError(message)

    def __repr__(self) -> str:
        return f"<Barrier {self._key!r}>"
