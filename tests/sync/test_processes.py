"""Forks, and the end of the interpreter."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from etcd_client.sync import Client, Communicator, ConnectOptions, ForkedError, Lock
from etcd_client.testing import EtcdServer
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
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.seconds < 20


def use_it_at_exit(endpoint: str) -> None:
    """A handler that was registered before this package's runs after it."""
    program = f"""
import atexit
communicator = None
atexit.register(lambda: print(communicator.get("a")))
from etcd_client.sync import Client
communicator = Client({endpoint!r}).open()
"""
    exec(program, {})  # noqa: S102 - written above


def test_calls_at_the_exit_do_not_hang(endpoint: str) -> None:
    ended = run_program(use_it_at_exit, endpoint)
    assert ended.seconds < 20
