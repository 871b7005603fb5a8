"""What Ctrl-C does to a program without an event loop: its handler raises, at any moment."""

from __future__ import annotations

import inspect
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption(KeyboardInterrupt):
    """What the handler of a signal raises."""


class _Moments:
    """Raises at one of the moments where Python calls the handlers of signals.

    It calls them when a function begins, and when a native one has returned; not in between.
    """

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        if event == "call":
            code = frame.f_code
            is_awaited = code.co_flags & inspect.CO_COROUTINE
            if is_awaited and frame.f_lineno != code.co_firstlineno:
                # It does not begin, but goes on.
                return
        elif event != "c_return" or called is sys.setprofile:
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
