"""How long the machine holds a test up, for what must happen within a time that is promised."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STEP = 0.01


class Stalls:
    """The stalls of this process, which count for nobody's promise."""

    def __init__(self) -> None:
        """Begin without any."""
        self.seconds = 0.0
        """All of them together."""

    def _watch(self, over: threading.Event) -> None:
        before = time.monotonic()
        while not over.wait(_STEP):
            now = time.monotonic()
            self.seconds += max(0.0, now - before - 2 * _STEP)
            before = now


@contextmanager
def stalls() -> Iterator[Stalls]:
    """Count how long a thread that wants to run is held up, in the body of the context."""
    counted, over = Stalls(), threading.Event()
    thread = threading.Thread(target=counted._watch, args=(over,), daemon=True)  # noqa: SLF001
    thread.start()
    try:
        yield counted
    finally:
        over.set()
        thread.join()
