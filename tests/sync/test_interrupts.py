"""Ctrl-C interrupts any wait at once, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from etcd_client.sync import Client, Communicator, Election, Lock, Queue
from etcd_client.testing import EtcdServer, eventually
from tests.support import gateway


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
