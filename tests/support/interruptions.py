"""What Ctrl-C does to a program without an event loop: its handler raises, at any moment."""

from __future__ import annotations

import dis
import inspect
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import pytest

from etcd_client.sync import Communicator
from etcd_client.testing import eventually
from tests.support import gateway

# Python drops what a handler raises in a finalizer, or before the first step of a coroutine.
DROPPED = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


_CALL_FUNCTION_EX = dis.opmap["CALL_FUNCTION_EX"]
_WAITS = inspect.CO_COROUTINE


class Interruption(BaseException):
    """What the handler of a signal raises."""


class _Moments:
    """Raises at one of the moments where Python calls the handlers of signals.

    It calls them when a function begins, when a native one has returned, and when one has that was
    called with `*` or `**`; not in between.
    """

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        code, caller = frame.f_code, frame.f_back
        if event == "call":
            # One that is awaited may not begin, but go on.
            is_moment = not code.co_flags & _WAITS or frame.f_lineno == code.co_firstlineno
        elif event == "return":
            is_moment = (
                caller is not None
                and not code.co_flags & (_WAITS | inspect.CO_GENERATOR)
                and caller.f_code.co_code[caller.f_lasti] == _CALL_FUNCTION_EX
            )
        else:
            is_moment = event == "c_return" and called is not sys.setprofile
        if not is_moment:
            return
        self.left -= 1
        if self.left == 0:
            sys.setprofile(None)
            raise Interruption


def at_each_moment(work: Callable[[], object]) -> Iterator[int]:
    """Do some work again and again, and interrupt it each time at the next possible moment.

    Args:
        work: The work. It is done once before, so that it imports nothing.

    Yields:
        After each interruption, its number.
    """
    work()
    number = 0
    moments = _Moments(0)
    while moments.left <= 0:
        number += 1
        moments = _Moments(number)
        try:
            sys.setprofile(moments)
            work()
        except Interruption:
            pass
        finally:
            sys.setprofile(None)
        if moments.left <= 0:
            _check_locks()
            yield number
    assert number > 10, "the work has hardly any moments"


def _check_locks() -> None:
    """Check that no lock was left locked which all threads of a program need."""
    other = threading.Thread(target=logging.getLogger, args=("etcd_client",), daemon=True)
    other.start()
    other.join(10)
    assert not other.is_alive(), "the lock of the package logging is left locked"


@contextmanager
def alarms() -> Iterator[Callable[[float], None]]:
    """Yield a function that lets this thread be interrupted once, in that many seconds.

    A second call replaces the first; 0 takes it back.
    """
    raising = False

    def handle(*_: object) -> None:
        nonlocal raising
        if raising:
            raising = False
            raise Interruption

    def start(seconds: float) -> None:
        nonlocal raising
        raising = seconds > 0
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, handle)
    try:
        yield start
    finally:
        start(0)
        signal.signal(signal.SIGALRM, before)


class Left:
    """What there is that was not there before.

    Args:
        communicator: What does the work.
        endpoint: The server.
        leases: The leases that are there before.
    """

    def __init__(
        self, communicator: Communicator, endpoint: str, leases: Sequence[int] = ()
    ) -> None:
        self._communicator = communicator
        self._endpoint = endpoint
        self._leases = list(leases)
        self._threads = set(threading.enumerate())

    def is_nothing(self) -> None:
        """Wait until nothing is left."""
        eventually(lambda: gateway.lease_ids(self._endpoint) == self._leases)
        eventually(lambda: self._communicator.stats().watches == 0)
        eventually(lambda: set(threading.enumerate()) == self._threads)
