"""`Job`: an item of a queue while one consumer works on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from etcd_client._async_only import async_only
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import Txn, TxnOp, TxnResponse
from etcd_client.errors import ClosedError, ConflictError

from .consumers import consumers_of

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator, Compare
    from etcd_client._lease.loss import Loss

    from .claim import Claim
    from .consumers import Consumers
    from .queue_keys import QueueKeys


@async_only
class Job:
    """An item of a queue that this consumer has claimed: no other has it meanwhile.

    `Queue.get` returns it; entering it waits for an item. `commit` removes the item. If the context
    is left without it, by an error or not, the item returns to its place in the queue, and the next
    consumer gets it. That also happens if the session is lost, or the process dies: so an item may
    be worked on more than once, but is committed only once.

    Examples:
        >>> from etcd_client import Queue, TxnOp
        >>> async with communicator.session(ttl=10) as session:
        ...     queue = Queue(session, "mail")
        ...     item = await queue.put("hello")
        ...     async with queue.get() as job:
        ...         response = await job.commit([TxnOp.put("sent/hello", "yes")])
        ...     job.value, job.is_committed, await queue.size()
        (b'hello', True, 0)
    """

    __module__ = "etcd_client"

    __slots__ = (
        "_claim",
        "_communicator",
        "_consumers",
        "_entered",
        "_is_committed",
        "_keys",
        "_session",
        "_timeout",
    )

    def __init__(
        self,
        session: Session,
        communicator: Communicator,
        keys: QueueKeys,
        timeout: float | None,
    ) -> None:
        self._session = session
        self._communicator = communicator
        self._keys = keys
        self._timeout = timeout
        self._entered = False
        self._claim: Claim | None = None
        self._consumers: Consumers | None = None
        self._is_committed = False

    @property
    def key(self) -> bytes:
        """The key of the item."""
        return self._claimed().item.key

    @property
    def value(self) -> bytes:
        """The value that was put."""
        return self._claimed().item.value

    @property
    def put_revision(self) -> int:
        """The revision at which the item was put."""
        return self._claimed().item.create_revision

    @property
    def priority(self) -> int | None:
        """The priority of the item; None if the queue has no priorities."""
        return self._keys.priority(self.key)

    @property
    def attempts(self) -> int:
        """How many times the item has been claimed, this time included: 1 for the first.

        It is above 1 if an earlier consumer returned the item, lost its session or died.
        """
        return self._claimed().item.version

    @property
    def fence(self) -> Compare:
        """The condition that the item is still claimed by this job, for transactions.

        `commit` has it already. It is for what has to be written before.
        """
        return self._claimed().fence

    @property
    def lost(self) -> Loss:
        """Whether the session was lost, and with it the claim."""
        return self._session.lost

    @property
    def is_committed(self) -> bool:
        """Whether the item was removed by `commit`."""
        return self._is_committed

    async def commit(
        self, ops: Iterable[TxnOp] = (), *, timeout: float | None = None
    ) -> TxnResponse:
        """Remove the item, and apply further operations with it: all of that or nothing.

        The server does so only while the claim is this job's and the session lives. It is applied
        exactly once, whatever fails; its outcome is unknown only if the session is lost meanwhile.

        Args:
            ops: What else the transaction is to do, such as writing the result.
            timeout: Seconds after which no further attempt is made. By default, it is tried until
                it succeeds or the session is lost.

        Returns:
            The response, with those of `ops`.

        Raises:
            SessionLostError: The session was lost; nothing was applied.
            OutcomeUnknownError: The session was lost while the transaction was on its way.
            ConflictError: Somebody has deleted or changed the item or the claim; nothing was
                applied.
            TooManyOpsError: There are more operations than the server allows, by default about 120.
            ClosedError: The job was committed or left already, or not entered.
        """
        if not isinstance(ops, Iterable):
            message = f"ops: expected a list of TxnOp, got {type(ops).__qualname__}"
            raise TypeError(message)
        claim = self._claimed()
        if self._is_committed or self._consumers is None:
            message = f"the job {claim.item.key!r} was committed or left already"
            raise ClosedError(message)
        self._session._lease()  # noqa: SLF001 - raises if the session was lost
        removing = [TxnOp.delete(claim.item.key), TxnOp.delete(claim.key)]
        txn = Txn().when([claim.fence, claim.is_present]).and_then([*removing, *ops])
        response = await self._communicator.txn(txn, timeout=timeout, once=self._session)
        if not response.succeeded():
            message = f"the item {claim.item.key!r} or its claim was deleted or changed"
            raise ConflictError(message)
        self._is_committed = True
        return TxnResponse(response.header, True, response.responses[len(removing) :])  # noqa: FBT003

    def _claimed(self) -> Claim:
        if self._claim is None:
            message = "the job has no item yet: enter it with `async with`"
            raise ClosedError(message)
        return self._claim

    async def __aenter__(self) -> Job:
        if self._entered:
            message = "a job is entered once: get another one"
            raise ClosedError(message)
        self._entered = True
        deadline = Deadline(self._timeout, "waiting for an item")
        consumers = consumers_of(self._session, self._communicator, self._keys)
        self._claim = await consumers.claim(deadline)
        self._consumers = consumers
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        consumers, self._consumers = self._consumers, None
        if consumers is not None and self._claim is not None and not self._is_committed:
            await consumers.give_back(self._claim)

    def __repr__(self) -> str:
        if self._claim is None:
            return "<Job without an item>"
        state = "committed" if self._is_committed else "left" if self._consumers is None else "open"
        return f"<Job {self._claim.item.key!r} {state}>"
