"""Starting threads, while signal handlers may raise."""

from __future__ import annotations

import _thread
import threading
from queue import SimpleQueue


def start(thread: threading.Thread) -> None:
    """Start a thread. If a signal handler raises meanwhile, that is raised; the thread runs.

    Python waits for the first step of a thread with locks that a handler which raises leaves as
    they must not be: it raises a `RuntimeError` in place of the interruption, or the thread waits
    for ever. Handlers run in the main thread alone, so that another one does it.

    Args:
        thread: The thread.

    Raises:
        RuntimeError: There can be no more threads.
    """
    if threading.current_thread() is not threading.main_thread():
        thread.start()
        return
    outcome: SimpleQueue[Exception | None] = SimpleQueue()
    _thread.start_new_thread(_start, (thread, outcome))
    error = outcome.get()
    if error is not None:
        raise error


def _start(thread: threading.Thread, outcome: SimpleQueue[Exception | None]) -> None:
    try:
        thread.start()
    except Exception as error:  # noqa: BLE001 - it is raised in the thread that waits
        outcome.put(error)
    else:
        outcome.put(None)
