"""Times to live: a lease for each file or directory that has one of its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client import EtcdError, LeaseNotFoundError, OutcomeUnknownError
from etcd_client._concurrency import finish

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client import Communicator, LeaseTimeToLiveResponse, Txn, TxnResponse
    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import HeldLease

_REVOKE_TIMEOUT = 5.0


class Grant:
    """A lease for what is being written; revoked on leaving if nothing was attached to it.

    Args:
        communicator: The communicator to use.
        ttl: The time to live in seconds; None for no lease.
        deadline: The deadline of the call.
        kept: The id of a lease that somebody keeps alive, to be used instead; 0 for none.
    """

    def __init__(
        self, communicator: Communicator, ttl: int | None, deadline: Deadline, kept: int = 0
    ) -> None:
        self._communicator = communicator
        self._ttl = ttl
        self._deadline = deadline
        self._kept = kept
        self._id = 0
        # Held until it is used: a grant that was cancelled on its way is revoked when it arrives.
        self._own: HeldLease | None = None

    async def below(self, directory: int) -> tuple[int, int | None]:
        """Choose the lease of a key: the directory's, unless the key's own ends sooner.

        Args:
            directory: The lease of the directory; 0 for none.

        Returns:
            The lease, 0 for none; and the seconds that it has left.
        """
        if self._kept:
            return self._kept, None
        if directory:
            known = await time_left(self._communicator, directory, self._deadline)
            left = max(0, rounded_up(known))
            if self._ttl is None or self._ttl >= left:
                return directory, left
        if self._ttl is None:
            return 0, None
        if not self._id:
            self._own = await self._communicator._hold_lease(  # noqa: SLF001 - made for this
                self._ttl, timeout=self._deadline.left()
            )
            self._id, self._ttl = self._own.id, self._own.ttl
        return self._id, self._ttl

    async def commit(self, txn: Txn, lease: int) -> TxnResponse | None:
        """Do a transaction that attaches keys to a lease, and leave the lease to them.

        Args:
            txn: The transaction.
            lease: The lease.

        Returns:
            The response; None if the lease has just expired, so that another one is needed.

        Raises:
            LeaseNotFoundError: The lease that somebody should have kept alive is lost.
        """
        try:
            response = await self._communicator.txn(txn, timeout=self._deadline.left())
        except LeaseNotFoundError:
            if self._kept:
                raise
            if lease == self._id:
                self._id, self._own = 0, None
            return None
        except OutcomeUnknownError:
            self._leave(lease)
            raise
        if response.succeeded():
            self._leave(lease)
        return response

    def _leave(self, lease: int) -> None:
        if self._own is not None and self._own.id == lease:
            self._own.let_go()
            self._own = None

    async def __aenter__(self) -> Grant:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._own is not None:
            await finish(self._revoke, self._own)

    async def _revoke(self, own: HeldLease) -> None:
        # It expires by itself where that fails.
        with contextlib.suppress(EtcdError):
            await own.release(_REVOKE_TIMEOUT)


async def time_left(
    communicator: Communicator, lease: int, deadline: Deadline
) -> LeaseTimeToLiveResponse:
    """Return what etcd knows of a lease.

    Args:
        communicator: The communicator to use.
        lease: The lease.
        deadline: The deadline of the call.
    """
    return await communicator.lease_time_to_live(lease, timeout=deadline.left())


def rounded_up(answer: LeaseTimeToLiveResponse) -> int:
    """Return the seconds that are left to a lease, rounded up as in API v2; -1 if it is over.

    Args:
        answer: What etcd knows of it.
    """
    return -1 if answer.ttl < 0 else min(answer.ttl + 1, answer.granted_ttl)
