"""Hooks of programs without an event loop."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from etcd_client.sync import Client, ConnectOptions
from etcd_client.telemetry import CallEnded, Connected, LeaseRenewed, WatchRead
from etcd_client.testing import eventually
from tests.support.recorder import Recorder

NAME = contextvars.ContextVar("NAME", default="none")


class Threads(Recorder):
    """Keeps the context and the thread of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []

    def context(self) -> object:
        """Return the context variable."""
        return NAME.get()

    def call_ended(self, call: CallEnded) -> None:
        """Keep the thread, too."""
        self.threads.append(threading.get_ident())
        super().call_ended(call)


def test_a_call_is_told_in_its_thread_before_it_returns(endpoint: str) -> None:
    hooks = Threads()
    with Client(endpoint, ConnectOptions(hooks=hooks)).connect() as communicator:
        eventually(lambda: hooks.of(Connected))
        for number in range(10):
            communicator.put("key", "value")
            assert len(hooks.of(CallEnded)) == number + 1
        assert set(hooks.threads) == {threading.get_ident()}


def test_threads_have_contexts_of_their_own(endpoint: str) -> None:
    hooks = Threads()

    def work(number: int) -> None:
        NAME.set(f"thread {number}")
        communicator.get("key")

    with (
        Client(endpoint, ConnectOptions(hooks=hooks)).connect() as communicator,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(work, range(100)))
        eventually(lambda: len(hooks.of(CallEnded)) == 100)
    contexts = {call.context for call in hooks.of(CallEnded)}
    assert contexts == {f"thread {number}" for number in range(100)}


def test_what_no_call_is_about_is_told_too(endpoint: str) -> None:
    hooks = Threads()
    with (
        Client(endpoint, ConnectOptions(hooks=hooks)).connect() as communicator,
        communicator.lease(6),
        communicator.watch("key") as watch,
    ):
        watch.ready()
        communicator.put("key", "value")
        assert next(watch).value == b"value"
        eventually(lambda: hooks.of(WatchRead))
        eventually(lambda: hooks.of(LeaseRenewed), within=20)
