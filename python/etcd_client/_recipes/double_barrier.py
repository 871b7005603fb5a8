"""`DoubleBarrier`: a number of clients begin together, and end together."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from etcd_client._arguments import as_bytes, check_count, check_name
from etcd_client._async_only import async_only
from etcd_client._concurrency import Background, CancelScope, finish
from etcd_client._coordination.contender import Contender
from etcd_client._deadline import Deadline
from etcd_client._etcd_client import Compare, Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client._started import StartedCoroutine
from etcd_client.enums import CompareOp, SortOrder, SortTarget, WatchEventType
from etcd_client.errors import (
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    LockError,
    LockLostError,
    OutcomeUnknownError,
)

from .waiting import answered, happens

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from types import TracebackType
    from typing import Any

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import (
        Call,
        Communicator,
        HeldLease,
        KeyValue,
        ResponseHeader,
        TxnResponse,
    )
    from etcd_client._types import BytesLike

_UNLIMITED = 2**62
# How long one that gives up tries to find out whether the others count on it.
_WITHDRAWAL_TIMEOUT = 2.0


class _Seen(NamedTuple):
    """What the server has at a revision."""

    revision: int
    round: int | None
    """The create revision of the last member of the present round; None between rounds."""
    first: Sequence[KeyValue]
    """The first members by create revision, at most as many as make a round."""

    def others(self, round_: int, held: HeldLease) -> list[KeyValue]:
        """Return the members of a round that are still there, but one."""
        inside = [kv for kv in self.first if kv.create_revision <= round_]
        return [kv for kv in inside if kv.create_revision != held.revision]


@async_only
class DoubleBarrier(Contender):
    """A barrier that `count` clients enter together and leave together.

    `enter` waits until `count` of them have come, and `leave` until all of these have left or died.
    They make a round. Clients beyond `count` wait for the next round, which begins when the present
    one has been left by all: there are never more than `count` inside. The first to come are the
    first to enter.

    Each member has a key that lives with it: its lease is renewed in the background, and after a
    crash it expires within 30 seconds, or within the time to live of the `session`.

    A `DoubleBarrier` object is for one member at a time: make one for each task.

    Args:
        communicator: The communicator to use.
        name: The name of the barrier.
        count: The number of members of a round; the same for all clients.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> import asyncio
        >>> from etcd_client import DoubleBarrier
        >>> async def work(name):
        ...     async with DoubleBarrier(communicator, "benchmark", 2):
        ...         return name
        >>> await asyncio.gather(work("one"), work("two"))
        ['one', 'two']
    """

    __module__ = "etcd_client"

    __slots__ = ("_count", "_members", "_ready", "_round")

    _what = "double barrier"
    _error = LockError

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        count: int,
        *,
        session: Session | None = None,
    ) -> None:
        check_name(name, "name")
        check_count(count, "count", 1)
        own = as_bytes(name)
        # Nobody waits in the line of its keys: all of them hold at once.
        super().__init__(communicator, own + b"/members", session, line={"holders": _UNLIMITED})
        self._count = count
        self._members = own + b"/members/"
        self._ready = own + b"/ready"
        self._round = 0

    @property
    def count(self) -> int:
        """The number of members of a round."""
        return self._count

    @property
    def is_inside(self) -> bool:
        """Whether this object is inside: entered, not left and not lost."""
        return self._held is not None and self._held.loss is None

    def enter(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Wait until as many have come as make a round, and enter with them.

        A failed or cancelled attempt leaves nothing on the server. One that has timed out was not
        counted by the others, if the server answers.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit. If the server does not
                answer, it takes a few seconds more.

        Raises:
            EtcdTimeoutError: Not enough have come in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object is inside already.
        """
        deadline = Deadline(timeout, "enter")
        # Of a key that is written in the meantime, withdrawing finds out whether the others count
        # on it; an attempt that ends at the deadline would just delete it.
        call = self._enter(None if timeout is None else timeout + _WITHDRAWAL_TIMEOUT)
        return StartedCoroutine(call.close, self._inside(call, deadline))

    async def _inside(self, call: Call[HeldLease | None], deadline: Deadline) -> None:
        held = await self._placed(call)
        if held is None or self._held is not None:
            raise self._error(self._message("was entered by another task with this object"))
        try:
            round_ = await self._begun_unless_lost(held, deadline)
        except EtcdTimeoutError:
            round_ = await finish(self._withdraw, held)
            if round_ == 0:
                raise
        except BaseException:
            await finish(self._forget, held)
            raise
        # First, so that `__aexit__` leaves, whatever a signal handler raises meanwhile.
        self._held, self._round = held, round_
        held.adopt()

    async def _begun_unless_lost(self, held: HeldLease, deadline: Deadline) -> int:
        scope = CancelScope()
        async with Background() as background:
            background.start(self._cancel_at_loss, held, scope)
            with scope:
                return await self._begun(held, deadline)
        raise LockLostError(self._message(f"was lost while waiting: {held.loss}"))

    @staticmethod
    async def _cancel_at_loss(held: HeldLease, scope: CancelScope) -> None:
        if await held.until_over() is not None:
            scope.cancel()

    async def _begun(self, held: HeldLease, deadline: Deadline) -> int:
        """Wait for the round of a member, and return it."""
        while True:
            seen = await self._look(deadline)
            if seen.round is None:
                if await self._begins(seen, held):
                    continue
                begun = happens(self._communicator, self._ready, WatchEventType.PUT, seen.revision)
                await deadline.bound(begun)
            elif held.revision <= seen.round:
                return seen.round
            else:
                # A round that it is not part of: it waits for its members, one after the other.
                await self._one_left(seen, seen.round, held, deadline)

    async def _begins(self, seen: _Seen, held: HeldLease) -> bool:
        """If there are enough for a round, begin it; somebody else may be faster."""
        if len(seen.first) < self._count:
            return False
        last = seen.first[-1].create_revision
        begin = (
            Txn()
            .when([Key(self._ready).version == 0, Key(held.key).create_revision == held.revision])
            .and_then([TxnOp.put(self._ready, str(last))])
        )
        # If that may have failed, the next look tells.
        with contextlib.suppress(OutcomeUnknownError, EtcdConnectionError, EtcdTimeoutError):
            await self._communicator.txn(begin)
        return True

    async def _one_left(
        self, seen: _Seen, round_: int, held: HeldLease, deadline: Deadline
    ) -> bool:
        """Wait until one more has left a round; return False if all had."""
        others = seen.others(round_, held)
        if not others:
            await self._end(round_)
            return False
        # Not all watch the same key, so that not all are woken each time.
        before = [kv for kv in others if kv.create_revision < held.revision]
        key = (before or others)[-1].key
        gone = happens(self._communicator, key, WatchEventType.DELETE, seen.revision)
        await deadline.bound(gone)
        return True

    async def _end(self, round_: int) -> None:
        """Make room for the next round after all have left."""
        end = Txn().when([Key(self._ready).value == str(round_)])
        with contextlib.suppress(OutcomeUnknownError, EtcdConnectionError, EtcdTimeoutError):
            await self._communicator.txn(end.and_then([TxnOp.delete(self._ready)]))

    async def _look(self, deadline: Deadline) -> _Seen:
        """Ask the server until it answers."""
        look = Txn().and_then(
            [
                TxnOp.get(self._ready),
                TxnOp.get(
                    self._members,
                    prefix=True,
                    limit=self._count,
                    sort_order=SortOrder.ASCEND,
                    sort_target=SortTarget.CREATE,
                    keys_only=True,
                ),
            ]
        )

        def ask(timeout: float | None) -> Call[TxnResponse]:
            return self._communicator.txn(look, timeout=timeout)

        response = await answered(ask, deadline)
        ready, first = response.responses
        round_ = int(ready.kvs[0].value) if ready.kvs else None
        return _Seen(response.header.revision, round_, first.kvs)

    async def _withdraw(self, held: HeldLease) -> int:
        """Leave before the round has begun; return the round if it has.

        The others must not count one that has given up. So its key is deleted only if nobody has
        come since there were too few; otherwise it looks again.
        """
        deadline = Deadline(_WITHDRAWAL_TIMEOUT, "enter")
        try:
            while True:
                seen = await self._look(deadline)
                if seen.round is not None and held.revision <= seen.round:
                    return seen.round
                full = len(seen.first) == self._count
                if seen.round is None and full and held.revision <= seen.first[-1].create_revision:
                    await self._begins(seen, held)
                    continue
                nobody = Compare.create_revision(self._members, CompareOp.LESS, seen.revision + 1)
                leave = Txn().when([] if full else [nobody.with_prefix()])
                response = await self._communicator.txn(
                    leave.and_then([TxnOp.delete(held.key)]), timeout=deadline.left()
                )
                if response.succeeded():
                    break
        except EtcdError:
            # The key ends with its lease, or is deleted when the server answers.
            pass
        await self._forget(held)
        return 0

    async def _forget(self, held: HeldLease) -> None:
        """Delete the key of a member, without waiting for the others."""
        with contextlib.suppress(EtcdError):
            await held.release(_WITHDRAWAL_TIMEOUT)
        await self._end_if_last(held)

    def leave(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Leave, and wait until all members of the round have left or died.

        Its own key is deleted at once, also if the wait fails or is cancelled.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: The others have not left in time.
            LockLostError: Its key or lease had been lost, so that the others may have gone on.
            LockError: This object is not inside.
        """
        deadline = Deadline(timeout, "leave")
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._left(held, call, deadline, self._round)

    async def _left(
        self,
        held: HeldLease,
        call: Call[ResponseHeader | None],
        deadline: Deadline,
        round_: int,
    ) -> None:
        try:
            released = await call
        finally:
            await finish(self._end_if_last, held)
        if released is None:
            raise LockLostError(self._message(f"was lost: {held.loss}"))
        while await self._one_left(await self._look(deadline), round_, held, deadline):
            pass

    async def _end_if_last(self, held: HeldLease) -> None:
        """End the present round if nobody else is in it; the member may have begun it."""
        with contextlib.suppress(EtcdError):
            seen = await self._look(Deadline(_WITHDRAWAL_TIMEOUT, "leave"))
            if seen.round is not None and not seen.others(seen.round, held):
                await self._end(seen.round)

    async def __aenter__(self) -> DoubleBarrier:
        await self.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._held is None:
            return
        if kind is None:
            await self.leave()
            return
        # The exception of the body does not wait for the others.
        held, self._held = self._held, None
        await finish(self._forget, held)

    def __repr__(self) -> str:
        state = "inside" if self.is_inside else "not inside"
        return f"<DoubleBarrier {self._name!r} {state}>"
