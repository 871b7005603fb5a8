"""A server or a cluster that many tests share, and that each finds in good order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ._cluster import EtcdCluster
from ._server import EtcdServer

_S = TypeVar("_S", bound=EtcdServer | EtcdCluster)


class Shared(Generic[_S]):
    """Starts one when it is first needed, and another one when a test has broken it for good."""

    def __init__(self, make: Callable[[], _S]) -> None:
        self._make = make
        self._running: _S | None = None

    def __enter__(self) -> Shared[_S]:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._close()

    def emptied(self) -> _S:
        """Return it without keys, leases and faults."""
        if self._running is not None:
            try:
                self._running.heal()
                self._running.wipe()
            except (RuntimeError, OSError, AssertionError):
                # Not to be repaired: authentication, deleted data, another membership.
                self._close()
            else:
                return self._running
        # Kept before it is started, so that one that fails to start is closed too.
        self._running = self._make()
        self._running.start()
        return self._running

    def _close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.close()
