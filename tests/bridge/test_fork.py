"""Forks in the middle of the work: a clear error or a working child, and never a hang."""

import asyncio
import concurrent.futures
import gc
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from etcd_client import (
    Call,
    Client,
    Communicator,
    ForkedError,
    LeaseKeepAlives,
    Watch,
    active_context_count,
    cleanup_runtime,
)
from tests.bridge.program import run_program

if not hasattr(os, "fork"):
    pytest.skip("this system has no fork", allow_module_level=True)

Program = Callable[[str], None]

PATIENCE = 20.0


def in_child(work: Callable[[], object]) -> None:
    """Do something in a forked child, which has to come to an end and to succeed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - a child must not return
            sys.excepthook(*sys.exc_info())
        os._exit(code)
    wait_for(child)


def wait_for(child: int) -> None:
    """Wait for a child, and kill it when it hangs."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    message = "the child hangs"
    raise AssertionError(message)


async def use(endpoint: str) -> None:
    """Put and get something with a client of one's own."""
    key = b"%d" % os.getpid()
    async with Client(endpoint).connect() as communicator:
        await communicator.put(key, key)
        assert await communicator.get(key) == key
        async with communicator.watch(key) as watch:
            await communicator.put(key, b"new")
            assert (await anext(watch)).value == b"new"


@contextmanager
def load(endpoint: str) -> Iterator[None]:
    """Have two threads work as fast as they can, so that locks are held at any time."""

    async def work() -> None:
        context = Client(endpoint).connect()
        async with context as communicator, communicator.watch_prefix(b"load/") as watch:
            reading = asyncio.ensure_future(read(watch))
            ready.release()
            while not stop.is_set():
                puts = (communicator.put(b"load/%d" % i, b"value") for i in range(30))
                await asyncio.gather(*puts)
                async with Client(endpoint).connect() as other:
                    await other.get(b"key")
            reading.cancel()

    async def read(watch: Watch) -> None:
        async for _ in watch:
            pass

    stop, ready = threading.Event(), threading.Semaphore(0)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        workers = [threads.submit(asyncio.run, work()) for _ in range(2)]
        for _ in workers:
            ready.acquire()
        try:
            yield
        finally:
            stop.set()
        for worker in workers:
            worker.result(PATIENCE)


def fork_under_load(endpoint: str) -> None:
    """Fork while other threads work; each child has a client of its own."""
    with load(endpoint):
        for _ in range(20):
            in_child(lambda: asyncio.run(use(endpoint)))


def fork_in_a_coroutine(endpoint: str) -> None:
    """Fork with calls and a watch of this very loop under way."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            async with communicator.watch_prefix(b"") as watch:
                for _ in range(10):
                    calls = [communicator.put(b"%d" % i, b"value") for i in range(100)]
                    in_child(lambda: asyncio.run(use(endpoint)))
                    await asyncio.gather(*calls)
            async with communicator.watch(b"key") as watch:
                await communicator.put(b"key", b"value")
                assert (await anext(watch)).value == b"value"
        assert active_context_count() == 0

    asyncio.run(work())


def use_what_is_the_parents(endpoint: str) -> None:
    """Try all that a child could do with what it inherited."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            watch = communicator.watch(b"key")
            await watch.ready()
            renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(60))
            in_child(lambda: asyncio.run(misuse(communicator, watch, renewals)))
            await communicator.put(b"key", b"value")
            assert (await anext(watch)).value == b"value"
            assert (await anext(renewals)).ttl == 60

    async def misuse(communicator: Communicator, watch: Watch, renewals: LeaseKeepAlives) -> None:
        wrong_uses: list[Callable[[], object]] = [
            lambda: communicator.get(b"key"),
            lambda: communicator.put(b"key", b"value"),
            lambda: communicator.watch(b"key"),
            lambda: communicator.namespace(b"a"),
            lambda: communicator.endpoints,
            lambda: anext(watch),
            watch.batches,
            watch.ready,
            lambda: watch.revision,
            watch.request_progress,
            lambda: communicator.lease_keep_alive_stream(1),
            lambda: anext(renewals),
            renewals.__aenter__,
        ]
        for wrong in wrong_uses:
            with pytest.raises(ForkedError, match="before the fork"):
                wrong()
        assert communicator.closed
        communicator.close()
        watch.cancel()
        renewals.cancel()
        assert active_context_count() == 0

    asyncio.run(work())


def drop_what_is_the_parents(endpoint: str) -> None:
    """Let a child's garbage collection meet all there can be, while locks are held."""

    async def work() -> None:
        context = Client(endpoint).connect()
        communicator = await context.__aenter__()
        watch = communicator.watch_prefix(b"load/")
        await watch.ready()
        step = anext(watch)
        batches = watch.batches()
        renewals = communicator.lease_keep_alive_stream(await communicator.lease_grant(60))
        things: list[object] = [context, communicator, watch, step, batches, renewals]
        things += [communicator.get(b"key") for _ in range(20)]
        things.append(communicator.namespace(b"a"))

        def drop() -> None:
            things.clear()
            gc.collect()
            cleanup_runtime()

        del context, step, batches, renewals
        for _ in range(30):
            in_child(drop)
        watch.cancel()
        communicator.close()

    with load(endpoint):
        asyncio.run(work())


def exit_in_the_child(endpoint: str) -> None:
    """Exit in the child as programs do, by `sys.exit` and not by `os._exit`.

    The loop does not run as the process forks: from Python 3.14 on, asyncio itself refuses to leave
    a coroutine in a forked child.
    """

    async def begin() -> tuple[Communicator, Watch, list[Call[bytes | None]]]:
        communicator = await Client(endpoint).open()
        watch = communicator.watch(b"key")
        await watch.ready()
        return communicator, watch, [communicator.get(b"key") for _ in range(10)]

    async def end() -> None:
        await asyncio.gather(*calls)
        watch.cancel()
        await communicator.aclose()

    loop = asyncio.new_event_loop()
    communicator, watch, calls = loop.run_until_complete(begin())
    child = os.fork()
    if child == 0:
        sys.exit(0)
    wait_for(child)
    loop.run_until_complete(end())
    loop.close()


def start_processes(endpoint: str) -> None:
    """Start processes as multiprocessing and its pools do."""
    forking = multiprocessing.get_context("fork")

    async def work() -> None:
        loop = asyncio.get_running_loop()
        async with Client(endpoint).connect() as communicator:
            await communicator.put(b"key", b"value")
            processes = [forking.Process(target=run_use, args=(endpoint,)) for _ in range(4)]
            for process in processes:
                process.start()
            calls = [communicator.get(b"key") for _ in range(100)]
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=forking) as pool:
                await asyncio.gather(
                    *(loop.run_in_executor(pool, run_use, endpoint) for _ in range(4))
                )
            assert await asyncio.gather(*calls) == [b"value"] * 100
            for process in processes:
                await loop.run_in_executor(None, process.join, PATIENCE)
                assert process.exitcode == 0

    asyncio.run(work())


def run_use(endpoint: str) -> None:
    """Do `use`, by a name that pickle can find."""
    asyncio.run(use(endpoint))


def fork_twice(endpoint: str) -> None:
    """Let a child that has worked fork in turn."""

    def generation(left: int) -> None:
        asyncio.run(use(endpoint))
        if left:
            in_child(lambda: generation(left - 1))
        asyncio.run(use(endpoint))

    generation(3)


PROGRAMS = [
    fork_under_load,
    fork_in_a_coroutine,
    use_what_is_the_parents,
    drop_what_is_the_parents,
    exit_in_the_child,
    start_processes,
    fork_twice,
]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_forks(endpoint: str, program: Program) -> None:
    outcome = run_program(program, endpoint)
    assert (outcome.code, outcome.stderr) == (0, "")
