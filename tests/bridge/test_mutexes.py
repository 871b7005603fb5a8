"""No Python runs under a mutex of the native module: nobody comes to one that he holds himself.

Each program here is a process of its own, because a mutex that is never released stops all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import signal
import sys
import threading
from pathlib import Path
from sysconfig import get_config_var
from typing import TYPE_CHECKING, Any

import pytest

from etcd_client import Client, Communicator, CompactedError, InvalidUriError, Watch
from etcd_client.errors import _makers
from tests.bridge.program import run_program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SOURCES = Path(__file__).parents[2] / "src"
# They wait for a condition, which takes a guard, and no Python object is near them.
WITH_GUARDS = {
    "bridge/mutex.rs",
    "bridge/engine.rs",
    "bridge/loops/wakeup.rs",
    "bridge/threads/lock.rs",
    "bridge/threads/sleep.rs",
}


@contextlib.asynccontextmanager
async def compacted_watch(endpoint: str) -> AsyncIterator[tuple[Communicator, Watch]]:
    """Open a watch whose reading fails."""
    async with Client(endpoint).connect() as communicator:
        await communicator.put(b"key", b"1")
        response = await communicator.put(b"key", b"2")
        with contextlib.suppress(CompactedError):
            await communicator.compact(response.header.revision)
        yield communicator, communicator.watch(b"key", start_revision=1)


def touch(communicator: Communicator, watch: Watch) -> None:
    """Come to every mutex that the two have."""
    assert not communicator.closed
    assert communicator.stats().requests
    assert communicator.endpoints
    assert watch.revision >= 0
    with contextlib.suppress(InvalidUriError):
        communicator.set_endpoints(["http://["])


async def fail_to_read(communicator: Communicator, watch: Watch) -> None:
    """Read a watch and give a wrong endpoint, which both make an exception."""
    with pytest.raises(CompactedError):
        await asyncio.wait_for(anext(watch), 10)
    with pytest.raises(CompactedError):
        await asyncio.wait_for(anext(watch.batches()), 10)
    with pytest.raises(InvalidUriError):
        communicator.set_endpoints(["http://["])


def a_signal_while_exceptions_are_made(endpoint: str) -> None:
    """Touch the objects in a signal handler, at the worst moment."""
    handled = 0

    def interrupted(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: object) -> object:
            if not handling:
                signal.raise_signal(signal.SIGINT)
            return make(*arguments)

        return made

    async def main() -> None:
        nonlocal handled

        def handle(*_: object) -> None:
            nonlocal handled
            handling.append(True)
            touch(communicator, watch)
            watch.batches()
            handled += 1
            handling.clear()

        async with compacted_watch(endpoint) as (communicator, watch):
            signal.signal(signal.SIGINT, handle)
            for name in ("from_status", "InvalidUriError"):
                setattr(_makers, name, interrupted(getattr(_makers, name)))
            await fail_to_read(communicator, watch)

    handling: list[bool] = []
    asyncio.run(main())
    assert handled >= 3


def a_collection_while_objects_are_made(endpoint: str) -> None:
    """Touch the objects in whatever the garbage collector calls."""
    collected = 0

    async def main() -> None:
        def collect(*_: object) -> None:
            nonlocal collected
            touch(communicator, watch)
            collected += 1

        async with compacted_watch(endpoint) as (communicator, watch):
            gc.callbacks.append(collect)
            # Without the second one, builds without the GIL wait until much is to be collected.
            gc.set_threshold(1, 0)
            await fail_to_read(communicator, watch)
            async with communicator.watch(b"other") as events:
                for number in range(20):
                    await communicator.put(b"other", b"%d" % number)
                for _ in range(10):
                    await anext(events)
                    await anext(events.batches())
            gc.callbacks.remove(collect)

    asyncio.run(main())
    # Those builds count the objects that have stayed, and only some hundred at a time.
    assert collected > (0 if get_config_var("Py_GIL_DISABLED") else 20)


def threads_at_the_same_objects(endpoint: str) -> None:
    """Touch the objects from other threads, which come in at every moment."""
    sys.setswitchinterval(1e-6)

    async def main() -> None:
        def work() -> None:
            while not stop.is_set():
                touch(communicator, watch)

        async with compacted_watch(endpoint) as (communicator, first):
            watch = first
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            for _ in range(30):
                await fail_to_read(communicator, watch)
                watch.cancel()
                watch = communicator.watch(b"key", start_revision=1)
            stop.set()
            for thread in threads:
                thread.join()

    stop = threading.Event()
    asyncio.run(main())


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "program",
    [
        a_signal_while_exceptions_are_made,
        a_collection_while_objects_are_made,
        threads_at_the_same_objects,
    ],
)
def test_waits_for_no_mutex_of_its_own(program: Callable[[str], None], endpoint: str) -> None:
    ended = run_program(program, endpoint)
    assert (ended.code, ended.stderr) == (0, "")


def test_every_mutex_is_the_one_without_a_guard() -> None:
    """What `src/bridge/mutex.rs` makes a compile error is one only where that mutex is used."""
    found = {
        path.relative_to(SOURCES).as_posix()
        for room in ("bridge", "py")
        for path in (SOURCES / room).rglob("*.rs")
        if re.search(r"sync::(\{[^}]*\b)?(Mutex|RwLock)\b", path.read_text())
    }
    assert found == WITH_GUARDS
