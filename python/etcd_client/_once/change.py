"""`Change`: a transaction that is applied exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._backoff import Backoff
from etcd_client._etcd_client import ResponseHeader, Txn, TxnOp, TxnResponse
from etcd_client._kv.keys import Key
from etcd_client.errors import (
    ClosedError,
    EtcdConnectionError,
    EtcdTimeoutError,
    LeaseNotFoundError,
    OutcomeUnknownError,
    RpcError,
    SessionLostError,
)

from .marker import markers_of
from .rebuilt import rebuilt

if TYPE_CHECKING:
    from etcd_client._coordination.open_session import Session
    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import Communicator, KeyValue

# The last byte of a marker's value, after the number of the change.
_CONDITIONS_HELD, _CONDITIONS_DID_NOT_HOLD, _GIVEN_UP = b"+", b"-", b"!"

# In seconds: the timeout of a request that finds out the outcome of a change, and the limits of the
# backoff between such requests. The first attempt at a change has twice this timeout, as giving it
# up does no harm; each retry has twice that of the attempt before, as the server may be slow.
_PATIENCE = 1.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Change:
    """The caller's transaction, nested in one that also writes a marker.

    If the outcome of an attempt is unknown, another transaction tries to write the marker instead.
    Either that finds the attempt's number in the marker: the attempt was applied. Or it writes the
    marker: the attempt can no longer be applied, and it is safe to retry.

    Args:
        communicator: The connection to use.
        session: The session on whose lease the marker is.
        txn: What to do.
        deadline: When no further attempt is to be made.
    """

    __slots__ = (
        "_communicator",
        "_conditions",
        "_deadline",
        "_failure",
        "_marker",
        "_number",
        "_patience",
        "_session",
        "_success",
    )

    def __init__(
        self, communicator: Communicator, session: Session, txn: Txn, deadline: Deadline
    ) -> None:
        self._communicator = communicator
        self._session = session
        self._deadline = deadline
        self._patience = _PATIENCE
        self._conditions, *branches = txn._parts()  # noqa: SLF001 - made for this
        self._success, self._failure = branches
        markers = markers_of(session, communicator)
        self._number = str(next(markers.numbers)).encode()
        self._marker = markers.take()

    async def make(self) -> TxnResponse:
        """Apply the change, and return the response of the caller's transaction."""
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        try:
            while (response := await self._try()) is None:
                await self._deadline.bound(backoff.pause())
            return response
        finally:
            markers_of(self._session, self._communicator).give_back(self._marker)

    async def _try(self) -> TxnResponse | None:
        """Make an attempt and find out its outcome; None if it is to be retried."""
        try:
            return await self._attempt()
        except OutcomeUnknownError as error:
            return await self._find_out(error)
        except (EtcdConnectionError, EtcdTimeoutError):
            self._check_session()
            if self._deadline.is_over:
                raise
            return None

    async def _attempt(self) -> TxnResponse | None:
        """Send the change, and return its response; None if it is to be retried."""
        change = (
            Txn()
            .when(self._conditions)
            .and_then([self._mark(_CONDITIONS_HELD), *self._success])
            .or_else([self._mark(_CONDITIONS_DID_NOT_HOLD), *self._failure])
        )
        self._patience *= 2
        left = self._deadline.left()
        timeout = self._patience if left is None else min(left, self._patience)
        try:
            attempt = self._marking(TxnOp.txn(change))
            response = await self._communicator.txn(attempt, timeout=timeout)
        except LeaseNotFoundError as error:
            await self._check_lease(error)
            raise
        if not response.succeeded():
            # An earlier change, whose task was cancelled, was still in flight and wrote the marker.
            return await self._outcome(response)
        self._marker.revision = response.header.revision
        made: TxnResponse = response.responses[0]
        return TxnResponse(response.header, made.succeeded(), made.responses[1:])

    async def _find_out(self, error: OutcomeUnknownError) -> TxnResponse | None:
        """Return the response of an attempt; None if it was not applied and never will be."""
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while not self._session.lost.is_set():
            try:
                response = await self._give_up()
            except (ClosedError, RpcError):
                raise error from error.cause
            if response is None:
                await backoff.pause()
                continue
            if response.succeeded():
                self._marker.revision = response.header.revision
                return None
            if self._present(response) is None:
                # The marker was deleted, by the end of the lease or by hand, so that the outcome
                # stays unknown.
                break
            return await self._outcome(response)
        raise error from error.cause

    async def _give_up(self) -> TxnResponse | None:
        """Write the marker instead of the change; None if that may have failed."""
        try:
            txn = self._marking(self._mark(_GIVEN_UP))
            return await self._communicator.txn(txn, timeout=_PATIENCE)
        except (OutcomeUnknownError, EtcdConnectionError, EtcdTimeoutError):
            return None

    async def _outcome(self, response: TxnResponse) -> TxnResponse | None:
        """Read the outcome from the marker in the response of a transaction that failed."""
        kv = self._present(response)
        if kv is None:
            await self._check_lease(None)
            self._marker = markers_of(self._session, self._communicator).make()
            return None
        self._marker.revision = kv.mod_revision
        number, mark = kv.value[:-1], kv.value[-1:]
        if number != self._number or mark == _GIVEN_UP:
            return None
        about = response.header
        header = ResponseHeader(about.cluster_id, about.member_id, kv.mod_revision, about.raft_term)
        held = mark == _CONDITIONS_HELD
        operations = self._success if held else self._failure
        return TxnResponse(header, held, await rebuilt(self._communicator, operations, header))

    @staticmethod
    def _present(response: TxnResponse) -> KeyValue | None:
        kvs: tuple[KeyValue, ...] = response.responses[0].kvs
        return kvs[0] if kvs else None

    def _mark(self, mark: bytes) -> TxnOp:
        return TxnOp.put(self._marker.key, self._number + mark, lease=self._session.id)

    def _marking(self, operation: TxnOp) -> Txn:
        """Return a transaction that writes the marker, or reads it if it was written meanwhile."""
        unwritten = Key(self._marker.key).mod_revision == self._marker.revision
        return Txn().when([unwritten]).and_then([operation]).or_else([TxnOp.get(self._marker.key)])

    def _check_session(self) -> None:
        reason = self._session.lost.reason
        if reason is not None:
            raise SessionLostError(self._message(reason))

    async def _check_lease(self, error: LeaseNotFoundError | None) -> None:
        """Raise `SessionLostError` if the session's lease, not the caller's, no longer exists."""
        left = await self._communicator.lease_time_to_live(self._session.id)
        if left.ttl < 0:
            raise SessionLostError(self._message("there is no such lease")) from error

    def _message(self, why: str) -> str:
        return f"the session {self._session.id:x} has ended, and the change was not made: {why}"
