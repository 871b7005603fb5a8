"""Runs of trio: several, nested in asyncio, ended with work left, and wrong ones."""

import asyncio
import gc
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest
import trio

from etcd_client import (
    Client,
    Communicator,
    CondVar,
    EtcdTimeoutError,
    Lock,
    WrongLoopError,
    active_context_count,
    cleanup_runtime,
)
from etcd_client._concurrency._trio_loop import TrioLoop, running_loop
from etcd_client.testing import EtcdServer, eventually
from tests.bridge.program import run_program
from tests.support.leftovers import nothing_left, settled_metrics


@pytest.fixture(scope="module", autouse=True)
def _no_context_is_open() -> None:
    """Let those go that other files have left to the garbage collector: contexts are counted."""
    gc.collect()
    eventually(lambda: active_context_count() == 0)


async def put_and_get(endpoint: str, key: str) -> bytes | None:
    async with Client(endpoint).connect() as communicator:
        await communicator.put(key, key)
        return await communicator.get(key)


def test_runs_follow_each_other(endpoint: str) -> None:
    for number in range(5):
        assert trio.run(put_and_get, endpoint, str(number)) == str(number).encode()
        assert active_context_count() == 0
    cleanup_runtime()
    assert trio.run(put_and_get, endpoint, "again") == b"again"


def test_runs_in_several_threads(endpoint: str) -> None:
    keys = [f"key/{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = threads.map(lambda key: trio.run(put_and_get, endpoint, key), keys)
        assert list(found) == [key.encode() for key in keys]
    assert active_context_count() == 0


def test_asyncio_and_trio_follow_each_other(endpoint: str) -> None:
    assert asyncio.run(put_and_get(endpoint, "first")) == b"first"
    assert trio.run(put_and_get, endpoint, "second") == b"second"
    assert asyncio.run(put_and_get(endpoint, "third")) == b"third"


def test_a_guest_of_asyncio_has_its_own_communicators(endpoint: str) -> None:
    """Both loops run in one thread, and each of their tasks uses its own."""

    async def guest(host: Communicator, stop: Callable[[], None]) -> bytes | None:
        try:
            with pytest.raises(WrongLoopError):
                await host.get("key")
            return await put_and_get(endpoint, "guest")
        finally:
            stop()

    async def main() -> None:
        async with Client(endpoint).connect() as communicator:
            over = asyncio.Event()
            finished: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
            trio.lowlevel.start_guest_run(
                guest,
                communicator,
                over.set,
                run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
                done_callback=lambda outcome: finished.set_result(outcome.unwrap()),
            )
            while not over.is_set():
                await communicator.put("host", "key")
            assert await finished == b"guest"
            assert await communicator.get("guest") == b"guest"

    asyncio.run(main())


def test_a_communicator_belongs_to_its_run(endpoint: str) -> None:
    kept: list[Communicator] = []

    async def keep() -> None:
        kept.append(await Client(endpoint).open())

    async def use() -> None:
        for call in (kept[0].get, kept[0].watch):
            with pytest.raises(WrongLoopError):
                call("key")

    trio.run(keep)
    trio.run(use)
    asyncio.run(use())
    with pytest.raises(WrongLoopError):
        kept[0].get("key")
    kept[0].close()
    assert active_context_count() == 0


def test_what_a_run_has_left_ends_with_it(endpoint: str, etcd: EtcdServer) -> None:
    watchers = trio.run(settled_metrics, etcd).watchers

    async def leave() -> None:
        communicator = await Client(endpoint).open()
        await communicator.lease(60)
        await Lock(communicator, "lock").acquire()
        watch = communicator.watch("key")
        await watch.ready()

    trio.run(leave)
    gc.collect()
    eventually(lambda: active_context_count() == 0)
    eventually(lambda: etcd.metrics().watchers <= watchers)
    trio.run(nothing_left, endpoint)


def test_a_run_that_crashes_leaves_nothing(endpoint: str) -> None:
    async def crash() -> None:
        async with (
            Client(endpoint).connect() as communicator,
            communicator.session() as session,
            session.lock("lock"),
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(communicator.get, "key")
            nursery.start_soon(session.lock("lock").acquire)
            await trio.sleep(0.05)
            raise KeyError

    # The nursery of the program makes a group of it.
    with pytest.RaisesGroup(KeyError):
        trio.run(crash)
    trio.run(nothing_left, endpoint)
    assert active_context_count() == 0


def test_a_keyboard_interrupt_ends_a_call(endpoint: str) -> None:
    waits: SimpleQueue[bool] = SimpleQueue()

    def interrupt() -> None:
        waits.get()
        time.sleep(0.1)
        signal.raise_signal(signal.SIGINT)

    async def wait_for_ever() -> None:
        async with Client(endpoint).connect() as communicator, Lock(communicator, "lock"):
            waits.put(True)
            await Lock(communicator, "lock").acquire()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        trio.run(wait_for_ever)
    trio.run(nothing_left, endpoint)


def test_an_event_that_was_made_before_the_run(endpoint: str) -> None:
    ready = CondVar()

    async def wait(kind: Callable[[], Any]) -> None:
        event = kind()
        async with Client(endpoint).connect() as communicator:
            watch = communicator.watch("key", ready_event=event)
            with trio.fail_after(10):
                await event.wait()
            watch.cancel()

    trio.run(wait, lambda: ready)
    trio.run(wait, trio.Event)


def test_deadlines_are_those_of_the_call(endpoint: str) -> None:
    async def main() -> None:
        async with Client(endpoint).connect() as communicator, Lock(communicator, "lock"):
            with pytest.raises(EtcdTimeoutError):
                await communicator.lock("lock", timeout=0.05)

    trio.run(main)


def test_loops_that_cannot_watch_descriptors(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: a thread tells the run of results."""

    def refuse(_loop: TrioLoop, _descriptor: int, _callback: Callable[[], object]) -> None:
        raise NotImplementedError

    monkeypatch.setattr(TrioLoop, "add_reader", refuse)

    async def main() -> TrioLoop | None:
        async with Client(endpoint).connect() as communicator, trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(communicator.put, str(number), "value")
            async with communicator.session() as session, session.lock("lock"):
                pass
        return running_loop()

    for _ in range(2):
        loop = trio.run(main)
        assert loop is not None
        assert loop.is_closed()
        with pytest.raises(RuntimeError):
            loop.call_soon_threadsafe(lambda: None)


def test_there_has_to_be_a_run(endpoint: str) -> None:
    connecting: Awaitable[Communicator] = Client(endpoint).open()
    with pytest.raises(RuntimeError, match="no running event loop"):
        connecting.__await__().__next__()


def use_asyncio_alone(endpoint: str) -> None:
    async def main() -> None:
        async with Client(endpoint).connect() as communicator, communicator.session():
            pass

    asyncio.run(main())
    assert "trio" in sys.modules
    assert "etcd_client._concurrency._trio" not in sys.modules


def test_programs_of_asyncio_do_not_load_the_backend_of_trio(endpoint: str) -> None:
    ended = run_program(use_asyncio_alone, endpoint)
    assert ended.code == 0, ended.stderr
