"""Many threads at once: in parallel where Python has no global lock (3.14t), in turns where it has.

Each program runs in a process of its own, whose end shows what no exception tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import sysconfig
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import TYPE_CHECKING

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    Lock,
    Txn,
    TxnOp,
    active_context_count,
    sync,
)
from etcd_client.testing import eventually
from tests.bridge.program import run_program
from tests.support import gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[[str, str], None]

THREADS = 8
# What a thread may take to end once the time is over, on a machine that does much else.
PATIENCE = 60


class Run:
    """Threads that work until the time is up, and what they have done together."""

    def __init__(self, seconds: str) -> None:
        """Begin a run of that many seconds."""
        self._end = time.monotonic() + float(seconds)
        self._counting = threading.Lock()
        self.done: Counter[str] = Counter()
        self.inside: list[int] = []

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end

    def count(self, **done: int) -> None:
        """Add what one thread did."""
        with self._counting:
            self.done.update(done)

    def take_turn(self, number: int) -> None:
        """Be alone here: what a lock is for."""
        assert not self.inside
        self.inside.append(number)
        time.sleep(0)
        assert self.inside.pop() == number

    def threads(self, *works: Callable[[int], object]) -> None:
        """Run each of the functions in as many threads; all threads end well."""
        with ThreadPoolExecutor(THREADS * len(works)) as threads:
            running = [threads.submit(work, number) for number in range(THREADS) for work in works]
            for finished in as_completed(running, self._end - time.monotonic() + PATIENCE):
                finished.result()


def finish(run: Run) -> None:
    """Look at what every program ends with."""
    assert active_context_count() == 0
    assert min(run.done.values()) >= THREADS, run.done
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        # Python turns the lock on for a module that does not say that it can do without.
        assert not sys._is_gil_enabled()  # type: ignore[attr-defined] # noqa: SLF001


async def give_up(communicator: Communicator, number: int) -> None:
    """Cancel calls at any moment, some of them already answered."""
    calls = [asyncio.ensure_future(communicator.get(f"{number}/{place}")) for place in range(8)]
    await calls[0]
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


def loops(endpoint: str, seconds: str) -> None:
    """A loop for each thread: values, watches, locks and cancelled calls."""
    run = Run(seconds)

    async def work(number: int) -> None:
        key, rounds = f"{number}/value", 0
        async with Client(endpoint).connect() as communicator, communicator.watch(key) as watch:
            await watch.ready()
            # It may have taken all of the time to come here.
            while rounds == 0 or not run.over:
                rounds += 1
                value = b"%d" % rounds
                await communicator.put(key, value)
                assert await communicator.get(key) == value
                assert (await anext(watch)).value == value
                await give_up(communicator, number)
                if rounds % 16 == 1:
                    async with Lock(communicator, "turns"):
                        run.take_turn(number)
                    run.count(turns=1)
        run.count(values=rounds)

    run.threads(lambda number: asyncio.run(work(number)))
    finish(run)


def loops_that_end(endpoint: str, seconds: str) -> None:
    """Loops that come and go beside one another; the engine may go with the last of them."""
    run = Run(seconds)

    async def work(number: int) -> None:
        async with Client(endpoint).connect() as communicator, communicator.session(ttl=30):
            await communicator.put(f"{number}/value", b"value")
            communicator.watch(f"{number}/value")  # left to the end of the context
            assert await communicator.get(f"{number}/value") == b"value"

    def thread(number: int) -> None:
        while True:
            asyncio.run(work(number))
            run.count(loops=1)
            if run.over:
                return

    run.threads(thread)
    finish(run)


def shared(endpoint: str, seconds: str) -> None:
    """A communicator, a session, a cache and a transaction for all threads."""
    run = Run(seconds)
    both = Txn().and_then([TxnOp.get("0/value"), TxnOp.get("sum")])
    with (
        sync.Client(endpoint).connect() as communicator,
        communicator.session(ttl=30) as session,
        communicator.cache("") as view,
    ):

        def write(number: int) -> None:
            key, rounds, changes = f"{number}/value", 0, view.changes()
            with communicator.watch(key) as watch:
                watch.ready()
                while rounds == 0 or not run.over:
                    rounds += 1
                    value = b"%d" % rounds
                    revision = communicator.put(key, value, lease=session).header.revision
                    assert communicator.get(key) == value
                    assert next(watch).value == value
                    view.wait_for(revision=revision)
                    assert view[key] == value
                    assert any(batch.revision >= revision for batch in changes)
                    communicator.update("sum", lambda kept: str(int(kept) + 1), default="0")
                    if rounds % 16 == 1:
                        with sync.Lock(communicator, "turns"):
                            run.take_turn(number)
                        run.count(turns=1)
            run.count(values=rounds)

        def read(_number: int) -> None:
            revision = rounds = 0
            while rounds == 0 or not run.over:
                rounds += 1
                snapshot = view.snapshot()
                assert snapshot.revision >= revision
                revision = snapshot.revision
                # Those of the lock come and go.
                assert {*view} >= {key for key in snapshot if key.endswith(b"/value")}
                assert session.remaining > 0
                assert not session.lost.is_set()
                assert communicator.txn(both).succeeded()
                assert all(map(repr, (communicator, session, view, both)))
                run.count(reads=1)

        run.threads(write, read)
        assert communicator.get("sum") == b"%d" % run.done["values"]
    finish(run)


def closed_meanwhile(endpoint: str, seconds: str) -> None:
    """Communicators that one thread closes while the others use them."""
    run = Run(seconds)

    def use(communicator: sync.Communicator, number: int) -> None:
        done = 0
        with contextlib.suppress(ClosedError):
            while True:
                if number % 2:
                    communicator.put("key", b"value")
                else:
                    communicator.get("key")
                assert repr(communicator)
                done += 1
        run.count(calls=done, closed=1)

    def close(communicator: sync.Communicator, watch: sync.Watch) -> None:
        next(watch)
        communicator.close()

    while not run.over:
        communicator = sync.Client(endpoint).open()
        watch = communicator.watch("key")
        closing = threading.Thread(target=close, args=(communicator, watch))
        closing.start()
        run.threads(partial(use, communicator))
        closing.join(PATIENCE)
        with pytest.raises(ClosedError):
            list(watch)
    finish(run)


PROGRAMS = [loops, loops_that_end, shared, closed_meanwhile]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.parametrize(
    "seconds", [2, pytest.param(120, marks=[pytest.mark.full_faults, pytest.mark.timeout(300)])]
)
def test_threads(endpoint: str, program: Program, seconds: int) -> None:
    ended = run_program(program, endpoint, str(seconds), within=seconds + 2 * PATIENCE)
    assert (ended.code, ended.stderr) == (0, "")
    eventually(lambda: gateway.lease_ids(endpoint) == [])
