"""`Follower`: keeps the contents of a cache up to date in the background."""

from __future__ import annotations

import contextlib
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any

from etcd_client._backoff import Backoff
from etcd_client._concurrency import CancelScope, Event, checkpoint, sleep
from etcd_client._etcd_client import Txn, TxnOp
from etcd_client.errors import (
    ClosedError,
    CompactedError,
    EtcdError,
    ForkedError,
    WrongLoopError,
)

from .changes import CacheChanges
from .contents import Contents, NotOpen
from .loading import let_go, load
from .merging import Merger
from .waiting import Waiters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etcd_client._etcd_client import Communicator, KeyValue, Watch

    from .changes import CacheChange
    from .contents import Update

# In seconds: the limits of the pauses between progress requests while a task waits for a revision.
# The first request is delayed, as the events themselves usually arrive before.
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.5
# Once the pause is longer than this, the server does not seem to answer progress requests, and a
# costlier way is used: comparing by a read, or with events held back, reading everything again.
_PATIENCE = 0.05
_PATIENCE_HOLDING = 0.3
# The limits of the backoff between attempts to read everything again.
_FIRST_RETRY = 0.05
_LONGEST_RETRY = 10.0
# The number of revisions after which to yield to the event loop.
_TURN = 100
# With several prefixes: how many events may be held back until their revisions are complete.
MOST_HELD = 100_000

_FINAL = (ClosedError, ForkedError, WrongLoopError)


class TooFarBehindError(EtcdError):
    """One prefix is too far behind the others: reading everything again is the better way."""


class Follower:
    """Reads all keys, watches them, and reads them again if the history has a gap.

    Args:
        communicator: The connection to use.
        prefixes: Of which none begins with another one.
        decode: The program's function; None where it wants the bytes.
        silence: The seconds without a word after which the server is asked how far it is.
        timeout: Seconds for each page that is read.
    """

    __slots__ = (
        "_backoff",
        "_begin_anew",
        "_communicator",
        "_decode",
        "_merger",
        "_prefixes",
        "_silence",
        "_subscribers",
        "_timeout",
        "_watch",
        "_wish",
        "contents",
        "heard_at",
        "loads",
        "revision",
        "trouble",
        "waiters",
    )

    def __init__(
        self,
        communicator: Communicator,
        prefixes: Sequence[bytes],
        decode: Callable[[KeyValue], Any] | None,
        silence: float,
        timeout: float | None,
    ) -> None:
        self._communicator = communicator
        self._prefixes = prefixes
        self._silence = silence
        self._timeout = timeout
        self._watch: Watch | None = None
        self._merger: Merger | None = None
        self._begin_anew = False
        self._wish = Event()
        self._backoff = Backoff(_FIRST_RETRY, _LONGEST_RETRY)
        self._subscribers: list[weakref.ref[CacheChanges]] = []
        self._decode = decode
        self.contents: Contents = NotOpen()
        self.revision = 0
        self.heard_at = 0.0
        self.loads = 0
        """How many times everything was read."""
        self.trouble: EtcdError | None = None
        """The error after which everything has to be read again; None if there was none."""
        self.waiters = Waiters(self._wish_for_news)

    async def load_first(self) -> None:
        """Read everything for the first time."""
        # A decoder that looks at the cache sees no keys yet.
        self.contents = Contents(self._decode)
        try:
            while not self.loads:
                try:
                    await self.load()
                except CompactedError:  # noqa: PERF203 - compacted between two pages
                    continue
        finally:
            if not self.loads:
                self.contents = NotOpen()

    async def load(self) -> None:
        """Read everything, and replace the contents atomically."""
        asked_at = monotonic()
        loaded = await load(
            self._communicator,
            self._prefixes,
            self.contents,
            self._timeout,
            compare=self.loads > 0,
        )
        before, self.contents = self.contents, loaded.contents
        self.revision = loaded.revision
        self.heard_at = asked_at
        self.loads += 1
        self.trouble = None
        if loaded.changes and self._subscribers:
            self._publish(loaded.changes)
        self.waiters.wake_all()
        await let_go(before)

    async def follow(self) -> None:
        """Keep the contents up to date until cancelled, or an error that is final."""
        end: Exception = ClosedError("the cache has been left")
        try:
            while True:
                try:
                    if self.trouble is not None:
                        await self._backoff.pause()
                        await self.load()
                    await self._read_watch()
                except _FINAL as error:  # noqa: PERF203 - it goes on after errors
                    end = error
                    return
                except EtcdError as error:
                    self.trouble = error
        except Exception as error:
            end = error
            raise
        finally:
            self._finish(end)

    async def _read_watch(self) -> None:
        """Apply the events of a watch until it fails."""
        watch = self._communicator.watch_many(
            prefixes=self._prefixes, start_revision=self.revision + 1, progress_notify=True
        )
        self._watch = watch
        self._merger = Merger() if len(self._prefixes) > 1 else None
        begun = self.revision
        try:
            count = 0
            async for updates in watch._updates():  # noqa: SLF001 - made for this
                self.heard_at = monotonic()
                self._accept(updates, watch.revision)
                count += len(updates)
                if count >= _TURN:
                    count = 0
                    await checkpoint()
                if begun and self.revision > begun:
                    begun = 0
                    self._backoff = Backoff(_FIRST_RETRY, _LONGEST_RETRY)
            if self._begin_anew:
                self._begin_anew = False
                message = "the server does not tell how far all prefixes are"
                raise TooFarBehindError(message)
            message = "the communicator has been closed"
            raise ClosedError(message)
        finally:
            self._watch = None
            watch.cancel()

    def _accept(self, updates: list[tuple[int, Update]], reached: int) -> None:
        # Skip what `_compare` has already covered.
        known = self.revision
        if self._merger is not None:
            for revision, update in updates:
                if revision > known:
                    self._merger.add(revision, update)
            self._merge(self._merger, reached)
        elif self._subscribers or self.contents.decode is not None:
            for revision, update in updates:
                if revision > known:
                    self._apply(update, revision)
        elif updates:
            # Nobody is told of single revisions: this takes a third of the time.
            self.contents.apply_all(updates, known)
            self.revision = max(known, updates[-1][0])
            self.waiters.changed()
        # `watch.revision` is 0 until the watch is confirmed.
        self.revision = max(self.revision, reached)
        self.waiters.reached(self.revision)

    def _merge(self, merger: Merger, reached: int) -> None:
        for revision, update in merger.complete(reached):
            self._apply(update, revision)
        if merger.count > MOST_HELD:
            message = "one of the prefixes is far behind the others"
            raise TooFarBehindError(message)
        if merger.count:
            self.ask()

    def _apply(self, update: Update, revision: int) -> None:
        told = bool(self._subscribers)
        changes = self.contents.apply(update, told=told)
        self.revision = revision
        if told:
            self._publish(changes)
        self.waiters.changed()

    # Asking

    def ask(self) -> None:
        """Request progress; the response comes after all events up to its revision."""
        if self._watch is not None:
            self._watch.request_progress()

    def _wish_for_news(self) -> None:
        self._wish.set()

    async def keep_asking(self) -> None:
        """Request progress while a task waits for a revision, or after a long silence."""
        pause = _FIRST_PAUSE
        while True:
            if self.waiters or self._holds_back():
                await sleep(pause)
                await self._ask_again(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            self._wish = Event()
            with CancelScope(self._silence):
                await self._wish.wait()
            silent = monotonic() - self.heard_at
            if silent >= 2 * self._silence:
                await self._compare()
            elif silent >= self._silence:
                self.ask()

    async def _ask_again(self, pause: float) -> None:
        self.ask()
        # Servers before 3.4.25 and 3.5.8 do not answer progress requests reliably.
        if self._holds_back():
            if pause > _PATIENCE_HOLDING and self._watch is not None:
                self._begin_anew = True
                self._watch.cancel()
        elif self.waiters and pause > _PATIENCE:
            await self._compare()

    def _holds_back(self) -> bool:
        return self._merger is not None and self._merger.count > 0

    async def _compare(self) -> None:
        """Check with a read whether the contents are those of the cluster now."""
        loads, revision, kvs = self.loads, self.revision, self.contents.kvs
        if self._watch is None:
            return
        newer = [
            TxnOp.get(prefix, prefix=True, min_mod_revision=revision + 1, limit=1, keys_only=True)
            for prefix in self._prefixes
        ]
        asked_at = monotonic()
        with contextlib.suppress(EtcdError):
            response = await self._communicator.txn(Txn().and_then(newer), timeout=self._timeout)
            # The counts ignore `min_mod_revision`: with the same count and no newer key, no key
            # was added, changed or deleted.
            count = sum(found.count for found in response.responses)
            unchanged = count == len(kvs) and not any(found.kvs for found in response.responses)
            # If the watch has delivered events meanwhile, this result is outdated.
            if unchanged and loads == self.loads and revision == self.revision:
                self.revision = max(revision, response.header.revision)
                self.heard_at = max(self.heard_at, asked_at)
                self.waiters.reached(self.revision)

    # Telling

    def subscribe(self, limit: int) -> CacheChanges:
        """Add a subscriber to the changes from now on."""
        changes = CacheChanges(limit)
        if self.waiters.end is not None:
            changes._finish(None)  # noqa: SLF001 - ours
        self._subscribers.append(weakref.ref(changes))
        return changes

    def _publish(self, changes: list[CacheChange]) -> None:
        gone = False
        for reference in self._subscribers:
            subscriber = reference()
            if subscriber is None:
                gone = True
            else:
                subscriber._publish(self.revision, changes)  # noqa: SLF001 - ours
        if gone:
            self._subscribers = [each for each in self._subscribers if each() is not None]

    def _finish(self, error: Exception) -> None:
        """Wake all waiting tasks and end all subscriptions."""
        left = isinstance(error, ClosedError) and not self._communicator.closed
        self.waiters.end = error
        self.waiters.wake_all()
        for reference in self._subscribers:
            subscriber = reference()
            if subscriber is not None:
                subscriber._finish(None if left else error)  # noqa: SLF001 - ours
