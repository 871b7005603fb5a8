"""Ctrl-C interrupts any wait at once, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from etcd_client.sync import (
    Client,
    Communicator,
    DoubleBarrier,
    Election,
    Lock,
    Party,
    Queue,
    RWLock,
    Semaphore,
)
from etcd_client.testing import EtcdServer, eventually
from tests.support import gateway
from tests.support.interruptions import Interruption, alarms, at_each_moment


def _watch(communicator: Communicator) -> None:
    for _ in communicator.watch("nothing"):
        pass


def _watch_in_context(communicator: Communicator) -> None:
    with communicator.watch("nothing") as watch:
        next(watch)


def _lock(communicator: Communicator) -> None:
    Lock(communicator, "taken").acquire()


def _lock_on_a_session(communicator: Communicator) -> None:
    with communicator.session() as session, session.lock("taken"):
        pass


def _election(communicator: Communicator) -> None:
    Election(communicator, "taken").run(lambda _: None)


def _work(communicator: Communicator) -> None:
    Election(communicator, "free").run(lambda _: _watch(communicator))


def _loss(communicator: Communicator) -> None:
    with communicator.lease(10) as lease:
        lease.lost.wait()


def _cache(communicator: Communicator) -> None:
    with communicator.cache("") as view:
        view.wait_until(lambda seen: seen.get("nothing"))


def _changes(communicator: Communicator) -> None:
    with communicator.cache("") as view:
        next(view.changes())


def _queue(communicator: Communicator) -> None:
    with communicator.session() as session, Queue(session, "empty").get():
        pass


def _body(communicator: Communicator) -> None:
    with communicator.session(), communicator.lease(10):
        time.sleep(60)


WAITS: dict[str, Callable[[Communicator], None]] = {
    work.__name__.strip("_"): work
    for work in (
        _watch,
        _watch_in_context,
        _lock,
        _lock_on_a_session,
        _election,
        _work,
        _loss,
        _cache,
        _changes,
        _queue,
        _body,
    )
}


def wait(endpoint: str, kind: str) -> None:
    """Wait until interrupted, and check that the program can go on."""
    with Client(endpoint) as communicator:
        threads = set(threading.enumerate())
        try:
            sys.stdout.write("waits\n")
            sys.stdout.flush()
            WAITS[kind](communicator)
        except KeyboardInterrupt:
            interrupted = time.monotonic()
        eventually(lambda: communicator.stats().watches == 0, within=10)
        # What it has left behind for a moment ends by itself.
        eventually(lambda: set(threading.enumerate()) == threads, within=10)
        assert communicator.get("taken/by another") is not None
        sys.stdout.write(f"{time.monotonic() - interrupted}\n")
        sys.stdout.flush()


def get(endpoint: str) -> None:
    """Read until the member does not answer any more."""
    with Client(endpoint) as communicator:
        sys.stdout.write("waits\n")
        sys.stdout.flush()
        while True:
            communicator.get("a", timeout=60)


def interrupt(
    function: Callable[..., None],
    *arguments: str,
    before: Callable[[], object] = lambda: None,
) -> subprocess.CompletedProcess[str]:
    """Run a program, and send it what Ctrl-C sends when it waits."""
    source = f"import sys; from {function.__module__} import {function.__name__} as run; "
    command = [sys.executable, "-c", f"{source}run(*sys.argv[1:])", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "waits\n"
            before()
            time.sleep(0.3)
            program.send_signal(signal.SIGINT)
            out, error = program.communicate(timeout=30)
        finally:
            program.kill()
    return subprocess.CompletedProcess(command, program.returncode, out, error)


@pytest.mark.parametrize("kind", WAITS)
def test_waits_are_interrupted(communicator: Communicator, endpoint: str, kind: str) -> None:
    communicator.put("taken/by another", "")
    ended = interrupt(wait, endpoint, kind)
    assert (ended.returncode, ended.stderr) == (0, "")
    eventually(lambda: gateway.lease_ids(endpoint) == [])
    assert communicator.keys_prefix("") == [b"taken/by another"]


def test_a_call_at_a_frozen_member_is_interrupted(make_server: Callable[[], EtcdServer]) -> None:
    """At once, without waiting for the call's deadline; and the program ends."""
    server = make_server()
    started = time.monotonic()
    try:
        ended = interrupt(get, server.endpoint, before=server.freeze)
    finally:
        server.thaw()
    assert ended.stderr.endswith("KeyboardInterrupt\n")
    assert time.monotonic() - started < 30


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("what", ["lock", "session", "update"])
def test_interrupted_waits(communicator: Communicator, endpoint: str, what: str) -> None:
    """Whatever is interrupted where, the next call goes on, and nothing outlives the connection."""
    interruptions = 0
    with Client(endpoint) as interrupted, alarms() as alarm:
        for _ in range(60):
            with suppress(Interruption):
                alarm(random.uniform(0.0001, 0.01))
                WORKS[what](interrupted)
                time.sleep(0.01)
                continue
            interruptions += 1
        assert interruptions
        alarm(0)
        WORKS[what](interrupted)
    communicator.delete("n")
    eventually(lambda: communicator.keys_prefix("") == [], within=20)
    eventually(lambda: gateway.lease_ids(endpoint) == [], within=20)


def _hold_a_lock(communicator: Communicator) -> None:
    with Lock(communicator, os.urandom(4)):
        communicator.get("a")


def _hold_a_session(communicator: Communicator) -> None:
    with communicator.session(ttl=5) as session:
        communicator.put("a", "1", lease=session)


def _hold_a_lock_of_a_session(communicator: Communicator) -> None:
    with communicator.session() as session, session.lock(os.urandom(4)):
        pass


def _update(communicator: Communicator) -> None:
    communicator.update("n", lambda _: b"1")


def _lead(communicator: Communicator) -> None:
    Election(communicator, os.urandom(4)).run(lambda _: None)


def _pass_a_barrier(communicator: Communicator) -> None:
    with DoubleBarrier(communicator, os.urandom(4), 1):
        pass


def _hold_a_share(communicator: Communicator) -> None:
    with Semaphore(communicator, os.urandom(4), 2):
        pass


def _read(communicator: Communicator) -> None:
    with RWLock(communicator, os.urandom(4)).read():
        pass


def _work_off_a_queue(communicator: Communicator) -> None:
    with communicator.session() as session:
        queue = Queue(session, "queue")
        queue.put("a")
        with queue.get():
            pass


def _take_part(communicator: Communicator) -> None:
    with communicator.session() as session, Party(session, "party", "me"):
        pass


def _register(communicator: Communicator) -> None:
    with communicator.session() as session:
        session.register("service", "1")


def _look_at_a_cache(communicator: Communicator) -> None:
    with communicator.cache("") as view:
        len(view)


def _open_a_watch(communicator: Communicator) -> None:
    with communicator.watch("a") as watch:
        watch.ready()


WORKS: dict[str, Callable[[Communicator], None]] = {
    "lock": _hold_a_lock,
    "session": _hold_a_session,
    "lock of a session": _hold_a_lock_of_a_session,
    "update": _update,
    "election": _lead,
    "double barrier": _pass_a_barrier,
    "semaphore": _hold_a_share,
    "read lock": _read,
    "queue": _work_off_a_queue,
    "party": _take_part,
    "register": _register,
    "cache": _look_at_a_cache,
    "watch": _open_a_watch,
}


# Python drops what a handler raises in the callback of a weak reference.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("what", WORKS)
def test_an_interruption_at_each_moment(
    communicator: Communicator, endpoint: str, what: str
) -> None:
    threads = set(threading.enumerate())
    for _ in at_each_moment(lambda: WORKS[what](communicator)):
        eventually(lambda: gateway.lease_ids(endpoint) == [])
        eventually(lambda: communicator.stats().watches == 0)
        eventually(lambda: set(threading.enumerate()) == threads)
