"""`Consumers`: all tasks of one session that wait for items of one queue."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from etcd_client._backoff import Backoff
from etcd_client._cache.cache import Cache
from etcd_client._concurrency import Background, CancelScope, Event, current_loop
from etcd_client._etcd_client import Txn, TxnOp
from etcd_client._kv.keys import Key
from etcd_client.errors import (
    ClosedError,
    EtcdError,
    NoLeaderError,
    SessionLostError,
    WrongLoopError,
)

from .backlog import Backlog
from .claim import Claim

if TYPE_CHECKING:
    from etcd_client._cache.changes import CacheChanges
    from etcd_client._coordination.open_session import Session
    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import Communicator, KeyValue, TxnResponse

    from .queue_keys import QueueKeys

# Each claim takes two operations of a transaction, of which etcd allows 128.
_MOST_CLAIMS = 50
# The seconds for which a task that leaves an item waits until it is back in its place.
_PATIENCE = 2.0
# The seconds of silence after which the cache asks the server whether there is anything new.
_MAX_AGE = 30.0


class _Waiting:
    """A task that waits for an item."""

    __slots__ = ("claim", "error", "event")

    def __init__(self) -> None:
        self.event = Event()
        self.claim: Claim | None = None
        self.error: Exception | None = None


class Consumers:
    """The tasks of one session that wait for items of one queue; they share a cache.

    In the background of the session, one task claims items for all of them, several with one
    transaction. If another session was faster, or there are no items, it takes a place in the line
    of sessions that wait, which `Backlog` deals the items to.

    Args:
        session: The session whose lease the claims are attached to.
        communicator: The connection to use.
        keys: The keys of the queue.
    """

    def __init__(self, session: Session, communicator: Communicator, keys: QueueKeys) -> None:
        self._session = session
        self._communicator = communicator
        self._keys = keys
        self._own = keys.line + f"{session.id:016x}-".encode()
        self._loop = current_loop()
        self._known = 0
        self._place: bytes | None = None
        self._places = 0
        self._waiting: deque[_Waiting] = deque()
        self._changed = Event()
        self._background: Background | None = None
        self._end: Exception | None = None

    # For the tasks

    async def claim(self, deadline: Deadline) -> Claim:
        """Wait for an item and claim it.

        Args:
            deadline: When to give up.

        Raises:
            EtcdTimeoutError: There was none in time.
            SessionLostError: The session was lost.
            ClosedError: The session was left, or the communicator closed.
            WrongLoopError: The session was opened on another event loop.
        """
        if current_loop() is not self._loop:
            message = "the session was opened on another event loop"
            raise WrongLoopError(message)
        if self._end is not None:
            raise self._end
        waiting = _Waiting()
        self._waiting.append(waiting)
        self._changed.set()
        try:
            await deadline.bound(waiting.event.wait())
        except BaseException:
            if waiting.claim is not None:
                self._start_to_return(waiting.claim)
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
                self._changed.set()
            raise
        if waiting.claim is None:
            raise waiting.error or ClosedError
        return waiting.claim

    async def give_back(self, claim: Claim) -> None:
        """Return an item to its place.

        That goes on in the background of the session if it takes long, or the caller is cancelled.
        If the session has ended, its lease has returned the item.

        Args:
            claim: What `claim` has returned.
        """
        returned = self._start_to_return(claim)
        with CancelScope(_PATIENCE):
            await returned.wait()

    def know(self, revision: int) -> None:
        """Claim nothing more before the cache shows what this program has changed itself."""
        self._known = max(self._known, revision)

    def _start_to_return(self, claim: Claim) -> Event:
        returned = Event()
        if self._background is None:
            returned.set()
        else:
            self._background.start(self._return, claim, returned)
        return returned

    async def _return(self, claim: Claim, returned: Event) -> None:
        txn = Txn().when([claim.fence]).and_then([TxnOp.delete(claim.key)])
        backoff = Backoff(0.05, 2.0)
        while not self._session.lost.is_set():
            try:
                response = await self._write(txn)
            except (ClosedError, SessionLostError):  # noqa: PERF203 - each attempt may fail
                break
            except EtcdError:
                await backoff.pause()
            else:
                self.know(response.header.revision)
                break
        returned.set()

    # In the background

    async def run(self) -> None:
        """Claim items for the tasks, until the session ends."""
        end: Exception = ClosedError("the session has been left")
        try:
            async with self._cache() as view:
                changes = view.changes()
                backlog = Backlog(self._keys, view)
                async with Background() as background:
                    self._background = background
                    try:
                        background.start(self._follow, changes, backlog)
                        background.start(self._end_with_session)
                        await self._serve(view, changes, backlog)
                    finally:
                        # What would be started from now on would be cancelled.
                        self._background = None
        except EtcdError as error:
            end = error
        finally:
            self._end = end
            _forget(self._session, self._keys, self)
            self._fail(end)

    def _cache(self) -> Cache[bytes]:
        return Cache(self._communicator, [self._keys.prefix], None, _MAX_AGE, None)

    async def _follow(self, changes: CacheChanges, backlog: Backlog) -> None:
        async for batch in changes:
            backlog.update(change.key for change in batch)
            self._changed.set()

    async def _end_with_session(self) -> None:
        if await self._session.lost.wait():
            raise self._session._lost_error(self._session.lost.reason)  # noqa: SLF001 - ours

    async def _serve(self, view: Cache[bytes], changes: CacheChanges, backlog: Backlog) -> None:
        backoff = Backoff(0.05, 2.0)
        while True:
            self._changed = Event()
            try:
                wait = await self._step(view, changes, backlog)
            except (ClosedError, SessionLostError):
                raise
            except NoLeaderError:
                await backoff.pause()
                continue
            except EtcdError as error:
                # Such as a permission that is missing: the tasks can decide whether to try again.
                self._fail(error)
                continue
            with CancelScope(wait):
                await self._changed.wait()

    async def _step(
        self, view: Cache[bytes], changes: CacheChanges, backlog: Backlog
    ) -> float | None:
        """Claim what can be claimed; return how long to wait for a change at most."""
        while self._waiting:
            if view.revision < self._known:
                await view.wait_for(revision=self._known)
            while (batch := changes._take()) is not None:  # noqa: SLF001 - ours
                backlog.update(change.key for change in batch)
            items, wait = backlog.deal(self._own, min(len(self._waiting), _MOST_CLAIMS))
            if items:
                self.know(await self._claim(items))
            elif self._place is None:
                place = self._new_place()
                await self._write(Txn().and_then([self._take(place)]))
                self._place = place
            else:
                return wait
        if self._place is not None:
            await self._write(Txn().and_then([TxnOp.delete(self._place)]))
            self._place = None
        return None

    async def _claim(self, items: list[KeyValue]) -> int:
        """Claim all of the items, or else take a place in the line; return the revision."""
        unclaimed, claiming, losing = [], [], []
        for item in items:
            key = self._keys.claim(item.key)
            unclaimed.append(Key(item.key).mod_revision == item.mod_revision)
            claiming.append(TxnOp.put(key, b"", lease=self._session.id))
            claiming.append(TxnOp.put(item.key, b"", ignore_value=True, ignore_lease=True))
        place = self._place
        if place is None:
            place = self._new_place()
            losing.append(self._take(place))
        else:
            claiming.append(TxnOp.delete(place))
        response = await self._write(Txn().when(unclaimed).and_then(claiming).or_else(losing))
        revision = response.header.revision
        self._place = None
        if response.succeeded():
            for item in items:
                self._hand_over(Claim(item, self._keys.claim(item.key), revision))
        else:
            self._place = place
        return revision

    def _new_place(self) -> bytes:
        self._places += 1
        return self._own + f"{self._places:08x}".encode()

    def _take(self, place: bytes) -> TxnOp:
        return TxnOp.put(place, b"", lease=self._session.id)

    async def _write(self, txn: Txn) -> TxnResponse:
        return await self._communicator.txn(txn, once=self._session)

    def _hand_over(self, claim: Claim) -> None:
        if not self._waiting:
            self._start_to_return(claim)
            return
        waiting = self._waiting.popleft()
        waiting.claim = claim
        waiting.event.set()

    def _fail(self, error: Exception) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            waiting.error = error
            waiting.event.set()


_consumers: WeakKeyDictionary[Session, dict[bytes, Consumers]] = WeakKeyDictionary()


def consumers_of(session: Session, communicator: Communicator, keys: QueueKeys) -> Consumers:
    """Return the consumers of a session for a queue, which all its queues of that name share."""
    session._lease()  # noqa: SLF001 - raises if the session is not open or was lost
    by_name = _consumers.setdefault(session, {})
    found = by_name.get(keys.prefix)
    if found is None:
        found = Consumers(session, communicator, keys)
        session._background.start(found.run)  # noqa: SLF001 - ours
        by_name[keys.prefix] = found
    return found


def know(session: Session | None, keys: QueueKeys, revision: int) -> None:
    """Have the next item that a session claims take account of what was just put.

    Args:
        session: The session; None where items are only put.
        keys: The keys of the queue.
        revision: The revision of the items.
    """
    consumers = None if session is None else _consumers.get(session, {}).get(keys.prefix)
    if consumers is not None:
        consumers.know(revision)


def _forget(session: Session, keys: QueueKeys, consumers: Consumers) -> None:
    by_name = _consumers.get(session, {})
    if by_name.get(keys.prefix) is consumers:
        del by_name[keys.prefix]
