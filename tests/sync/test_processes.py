"""Forks, and the end of the interpreter."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable

import pytest

from etcd_client._etcd_client import _at_exit, run
from etcd_client.sync import Client, Communicator, ConnectOptions, ForkedError, Lock
from etcd_client.telemetry import CallEnded, Hooks
from etcd_client.testing import EtcdServer, eventually
from tests.bridge.program import run_program
from tests.bridge.test_fork import in_child


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_opens_its_own_communicator(communicator: Communicator, endpoint: str) -> None:
    watch = communicator.watch("a")
    with communicator.session() as session, communicator.cache("") as view:

        def work() -> None:
            with pytest.raises(ForkedError):
                communicator.get("a")
            with pytest.raises(ForkedError):
                Lock(communicator, "l").acquire()
            with pytest.raises((ForkedError, RuntimeError)):
                next(watch)
            assert view.get("a") is None
            with Client(endpoint) as own:
                own.put("a", "1")
                with own.session() as other, other.lock("l"):
                    assert own.get("a") == b"1"
                with own.cache("") as cached:
                    assert cached["a"] == b"1"

        in_child(work)
        assert not session.lost.is_set()
    assert next(watch).value == b"1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_while_other_threads_work(communicator: Communicator, endpoint: str) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            communicator.update("n", lambda value: str(int(value) + 1), default="0")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()

    def work() -> None:
        with Client(endpoint) as own:
            assert own.update("m", lambda _: "1") is not None

    for _ in range(5):
        in_child(work)
    stop.set()
    for thread in threads:
        thread.join()


def fork_while_threads_import(endpoint: str) -> None:
    """Fork while other threads use parts of the package for the first time."""
    communicator = Client(endpoint).open()

    def write() -> None:
        communicator.update("n", lambda value: str(int(value) + 1), default="0")

    def work() -> None:
        with Client(endpoint) as own:
            assert own.update("m", lambda _: "1") is not None

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    in_child(work)
    for thread in threads:
        thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_while_other_threads_import(endpoint: str) -> None:
    """Whoever imports a module has a lock that a child would wait for without end."""
    ended = run_program(fork_while_threads_import, endpoint)
    assert ended.code == 0, ended.stderr


def exit_while_threads_wait(endpoint: str, frozen: str) -> None:
    """End the program while daemon threads wait for all kinds of things."""
    communicator = Client(endpoint).open()
    other = Client(frozen, ConnectOptions(connect_timeout=0.2)).open()

    def hold() -> None:
        with communicator.session() as session, session.lock("l"):
            for _ in communicator.watch("nothing"):
                pass

    works = (
        lambda: other.get("a", timeout=60),
        lambda: next(communicator.watch("nothing")),
        hold,
        lambda: communicator.cache("").__enter__().wait_until(lambda seen: seen.get("a")),
    )
    for work in works:
        threading.Thread(target=work, daemon=True).start()
    # A watch for each of the last three, and one that looks after the lock.
    eventually(
        lambda: communicator.stats().watches == 4 and other.stats().in_flight == 1, within=20
    )
    time.sleep(0.3)


def test_the_interpreter_ends_while_threads_wait(
    endpoint: str, make_server: Callable[[], EtcdServer]
) -> None:
    server = make_server()
    server.freeze()
    try:
        ended = run_program(exit_while_threads_wait, endpoint, server.endpoint)
    finally:
        server.thaw()
    # Of the frozen server; nothing of the threads.
    (warning,) = ended.stderr.splitlines()
    assert warning.startswith("opened without a connection: ")
    assert ended.code == 0
    assert ended.seconds < 20


def exit_in_functions(endpoint: str) -> None:
    """End the program while daemon threads run functions of it that do not return."""
    begun = threading.Semaphore(0)

    def never_return(*_: object) -> str:
        begun.release()
        while True:
            pass

    class EndlessHooks(Hooks):
        def call_ended(self, call: CallEnded) -> None:
            never_return(call)

    communicator = Client(endpoint).open()
    watched = Client(endpoint, ConnectOptions(hooks=EndlessHooks())).open()
    works = (lambda: communicator.update("a", never_return, default=""), lambda: watched.get("a"))
    for work in works:
        threading.Thread(target=work, daemon=True).start()
        begun.acquire()


def exit_among_steps(endpoint: str) -> None:
    """End the program while daemon threads begin and end steps, and their waits, all the time."""
    sys.setswitchinterval(1e-6)
    communicator = Client(endpoint).open()
    begun = threading.Semaphore(0)

    def write(key: str) -> None:
        begun.release()
        while True:
            communicator.update(key, lambda value: str(int(value) + 1), default="0")

    for number in range(16):
        threading.Thread(target=write, args=(str(number),), daemon=True).start()
        begun.acquire()
    time.sleep(0.1)


def exit_in_first_waits(endpoint: str) -> None:
    """End the program while daemon threads wait for the first time."""
    sys.setswitchinterval(1e-6)
    communicator = Client(endpoint).open()
    begun = threading.Semaphore(0)

    def get() -> None:
        begun.release()
        communicator.get("a")
        threading.Thread(target=get, daemon=True).start()

    for _ in range(16):
        threading.Thread(target=get, daemon=True).start()
        begun.acquire()
    time.sleep(0.1)


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("program", "times"), [(exit_in_functions, 1), (exit_among_steps, 3), (exit_in_first_waits, 3)]
)
def test_the_interpreter_ends_while_threads_run(
    endpoint: str, program: Callable[[str], None], times: int
) -> None:
    """Before 3.14 it unwinds the stacks of such threads."""
    for _ in range(times):
        ended = run_program(program, endpoint)
        assert (ended.code, ended.stderr) == (0, "")
        assert ended.at_once, ended


def call_after_the_end(function: Callable[[], object]) -> None:
    """Call it at the exit, after this package's handler, as if registered before its import."""
    atexit.unregister(_at_exit)
    atexit.register(function)
    atexit.register(_at_exit)


def use_it_beside_a_step() -> None:
    """Take a step at the exit, while a thread is in one that does not end."""
    begun = threading.Event()

    def never_return() -> None:
        begun.set()
        while True:
            pass

    threading.Thread(target=run, args=(never_return,), daemon=True).start()
    begun.wait()
    call_after_the_end(lambda: run(int))


def test_the_exit_waits_for_no_step() -> None:
    ended = run_program(use_it_beside_a_step)
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.at_once, ended


def use_it_at_exit(endpoint: str) -> None:
    """Make a call at the exit."""
    communicator = Client(endpoint).open()
    call_after_the_end(lambda: communicator.get("a"))


def test_calls_at_the_exit_do_not_hang(endpoint: str) -> None:
    ended = run_program(use_it_at_exit, endpoint)
    assert ended.seconds < 20
