"""The interpreter's exit, whatever is pending: exit code 0, at once, and nothing to say."""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

from etcd_client import Client, Communicator, ConnectOptions
from etcd_client.telemetry import CallEnded, Hooks
from etcd_client.testing import Proxy
from tests.bridge.program import run_program

Program = Callable[[str], None]

kept: list[object] = []
"""What lives until the interpreter takes its modules apart."""


async def open_communicator(endpoint: str) -> Communicator:
    """Open a context that nobody closes."""
    context = Client(endpoint).connect()
    communicator = await context.__aenter__()
    kept.extend((context, communicator))
    return communicator


async def leave_everything_pending(endpoint: str) -> Communicator:
    """Begin calls and watches, and leave them."""
    communicator = await open_communicator(endpoint)
    watch = communicator.watch_prefix(b"")
    await watch.ready()
    kept.extend((watch, anext(watch), watch.batches()))
    kept.extend(communicator.put(b"%d" % i, b"value") for i in range(200))
    kept.append(communicator.scan_prefix(b""))
    return communicator


def exit_after_run(endpoint: str) -> None:
    """End the loop in good order, with calls and watches pending."""
    asyncio.run(leave_everything_pending(endpoint))


def exit_with_tasks(endpoint: str) -> None:
    """End a loop whose tasks wait for calls and watches."""

    async def work() -> None:
        communicator = await leave_everything_pending(endpoint)
        watch = communicator.watch(b"key")
        kept.extend(asyncio.ensure_future(anext(watch)) for _ in range(10))
        kept.extend(asyncio.create_task(communicator.get(b"key")) for _ in range(100))
        await asyncio.sleep(0)

    asyncio.run(work())


def exit_with_an_open_loop(endpoint: str) -> None:
    """Leave the loop as it is."""
    loop = asyncio.new_event_loop()
    kept.append(loop)
    loop.run_until_complete(leave_everything_pending(endpoint))


def exit_with_an_open_uvloop(endpoint: str) -> None:
    """Leave the other kind of loop as it is."""
    import uvloop  # noqa: PLC0415 - does not exist for every platform

    loop = uvloop.new_event_loop()
    kept.append(loop)
    loop.run_until_complete(leave_everything_pending(endpoint))


def exit_in_a_callback(endpoint: str) -> None:
    """Exit from inside the loop."""

    async def work() -> None:
        await leave_everything_pending(endpoint)
        sys.exit(0)

    asyncio.run(work())


def exit_beside_threads(endpoint: str) -> None:
    """Exit while the loops of daemon threads work."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            started.release()
            while True:
                await asyncio.gather(*(communicator.get(b"key") for _ in range(50)))

    sys.setswitchinterval(1e-6)
    started = threading.Semaphore(0)
    for _ in range(8):
        threading.Thread(target=lambda: asyncio.run(work()), daemon=True).start()
        started.acquire()
    time.sleep(0.2)


def exit_in_a_hook(endpoint: str) -> None:
    """Exit while a hook of a daemon thread's loop does not return."""
    begun = threading.Event()

    class EndlessHooks(Hooks):
        def call_ended(self, call: CallEnded) -> None:
            assert call
            begun.set()
            while True:
                pass

    async def work() -> None:
        options = ConnectOptions(hooks=EndlessHooks())
        async with Client(endpoint, options).connect() as communicator:
            while True:
                await communicator.get(b"key")

    threading.Thread(target=lambda: asyncio.run(work()), daemon=True).start()
    begun.wait()


def exit_without_a_context(endpoint: str) -> None:
    """Exit while the engine lingers."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            await communicator.put(b"key", b"value")

    asyncio.run(work())


def exit_and_collect(endpoint: str) -> None:
    """Take everything apart before the exit, in whatever order."""
    asyncio.run(leave_everything_pending(endpoint))
    kept.reverse()
    kept.clear()
    gc.collect()


def exit_while_connecting(endpoint: str) -> None:
    """Leave a connection that is under way."""

    async def work() -> None:
        kept.append(asyncio.ensure_future(Client(endpoint).connect().__aenter__()))
        await asyncio.sleep(0.01)

    asyncio.run(work())


PROGRAMS = [
    exit_after_run,
    exit_with_tasks,
    exit_with_an_open_loop,
    exit_with_an_open_uvloop,
    exit_in_a_callback,
    exit_beside_threads,
    exit_in_a_hook,
    exit_without_a_context,
    exit_and_collect,
    exit_while_connecting,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_exits_at_once_and_in_silence(endpoint: str, program: Program) -> None:
    outcome = run_program(program, endpoint)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.at_once, outcome


def exit_before_the_answer(endpoint: str) -> None:
    """Exit with calls to a server that does not answer any more."""

    async def work() -> None:
        communicator = await open_communicator(endpoint)
        await communicator.put(b"swallow", b"everything from now on")
        kept.extend(communicator.put(b"key", b"value", timeout=60) for _ in range(10))
        # These are sent from where they are; most of them cannot be sent at all.
        kept.extend(communicator.put(b"key", b"%d" % i * 500_000, timeout=60) for i in range(9))
        kept.append(communicator.watch(b"key"))
        await asyncio.sleep(0.1)

    asyncio.run(work())


def test_exits_at_once_when_the_server_is_silent(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    proxy.delay(0.3)
    outcome = run_program(exit_before_the_answer, proxy.endpoint)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.at_once, outcome


def exit_with_an_error(endpoint: str) -> None:
    """Fail with everything pending."""
    asyncio.run(leave_everything_pending(endpoint))
    sys.exit(3)


def test_keeps_the_exit_code(endpoint: str) -> None:
    outcome = run_program(exit_with_an_error, endpoint)
    assert (outcome.code, outcome.stderr) == (3, "")


def interrupt(endpoint: str) -> None:
    """Be interrupted, as by Ctrl-C, while a watch waits."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
            async for _ in communicator.watch(b"key"):
                pass

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        sys.exit(7)


def test_can_be_interrupted(endpoint: str) -> None:
    outcome = run_program(interrupt, endpoint)
    assert (outcome.code, outcome.stderr) == (7, "")
    assert outcome.at_once, outcome
