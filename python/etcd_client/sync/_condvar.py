"""`CondVar` for threads."""

from __future__ import annotations

import threading


class CondVar:
    """Lets threads wait until something has happened; later waits return at once.

    Examples:
        >>> from etcd_client.sync import CondVar
        >>> ready = CondVar()
        >>> watch = communicator.watch("key", ready_event=ready)
        >>> ready.wait()
        >>> watch.cancel()
    """

    __module__ = "etcd_client.sync"

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def __repr__(self) -> str:
        return f"<CondVar {'notified' if self._event.is_set() else 'not notified'}>"

    def wait(self) -> None:
        """Wait until `notify_waiters` has been called, before or after this call."""
        self._event.wait()

    def notify_waiters(self) -> None:
        """Wake all waiting threads."""
        self._event.set()
