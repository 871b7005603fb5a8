"""The works of what stands above the calls, and of many watches: this client's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from benches.works import Work, watched_prefix, work_keys
from etcd_client import Cache, Communicator, Session, Watch

Begin = Callable[[], None]
_TTL = 60


class Above:
    """Does a work on an open communicator, and keeps what it opens for the works after it."""

    def __init__(self, communicator: Communicator, stack: AsyncExitStack) -> None:
        """Open nothing yet."""
        self._communicator = communicator
        self._stack = stack
        self._watches_of_work = AsyncExitStack()
        stack.push_async_exit(self._watches_of_work)
        self._session: Session | None = None
        self._views: dict[bytes, Cache[bytes]] = {}

    async def run(self, work: Work, begin: Begin) -> None:
        """Do one work, of one of the `KINDS`."""
        await KINDS[work.kind](self, work, begin)

    async def _receive_each(self, work: Work, begin: Begin) -> None:
        keys = work_keys(work, watched_prefix(work))
        share, rest = divmod(work.operations, len(keys))
        # They are closed before the next work, as that is not to be measured.
        await self._watches_of_work.aclose()
        watches = [await self._watch(self._watches_of_work, key) for key in keys]
        counts = [share + (index < rest) for index in range(len(keys))]
        readers = asyncio.gather(*map(_read, watches, counts))
        # Until all of them wait.
        await asyncio.sleep(0)
        begin()
        await readers

    async def _watch(self, stack: AsyncExitStack, key: bytes) -> Watch:
        ready = asyncio.Event()
        watch = self._communicator.watch(key, ready_event=ready)
        await stack.enter_async_context(watch)
        await ready.wait()
        return watch

    async def _session_lock(self, work: Work, begin: Begin) -> None:
        if self._session is None:
            session = self._communicator.session(ttl=_TTL)
            self._session = await self._stack.enter_async_context(session)
        begin()
        for _ in range(work.operations):
            async with self._session.lock("bench-lock"):
                pass

    async def _opened_view(self, work: Work) -> Cache[bytes]:
        prefix = watched_prefix(work)
        if prefix not in self._views:
            view = self._communicator.cache(prefix)
            self._views[prefix] = await self._stack.enter_async_context(view)
        return self._views[prefix]

    async def _view_load(self, work: Work, begin: Begin) -> None:
        begin()
        for _ in range(work.operations // work.keys):
            async with self._communicator.cache(watched_prefix(work)) as view:
                if len(view) != work.keys:
                    message = f"a cache has {len(view)} of {work.keys} keys"
                    raise AssertionError(message)

    async def _view_read(self, work: Work, begin: Begin) -> None:
        view = await self._opened_view(work)
        key = work_keys(work, watched_prefix(work))[0]
        begin()
        for _ in range(work.operations):
            view[key]

    async def _view_receive(self, work: Work, begin: Begin) -> None:
        view = await self._opened_view(work)
        # Each put is a revision of its own.
        header = (await self._communicator.range(watched_prefix(work))).header
        last = header.revision + work.operations
        begin()
        await view.wait_for(revision=last)

    async def _watches(self, work: Work, begin: Begin) -> None:
        begin()
        for index in range(work.operations):
            await self._watch(self._stack, b"/bench/idle/%06d" % index)

    async def _calls(self, work: Work, begin: Begin) -> None:
        begin()
        keys = (b"/bench/key/%06d" % index for index in range(work.operations))
        calls = [self._communicator.get(key) for key in keys]
        self._stack.push_async_callback(asyncio.gather, *calls)


async def _read(watch: Watch, count: int) -> None:
    for _ in range(count):
        event = await anext(watch)
        _ = event.key, event.value


_Run = Callable[[Above, Work, Begin], Awaitable[None]]
# ruff: noqa: SLF001 - the table belongs to the class
KINDS: dict[str, _Run] = {
    "receive_each": Above._receive_each,
    "session_lock": Above._session_lock,
    "view_load": Above._view_load,
    "view_read": Above._view_read,
    "view_receive": Above._view_receive,
    "watches": Above._watches,
    "calls": Above._calls,
}
