"""`_lease` for threads; made by `make generate`, change `etcd_client._lease`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, abandon, leaving, run

if TYPE_CHECKING:
    from types import TracebackType


class Lease(Face):
    """A lease that is kept alive until it is revoked or its communicator closes.

    It is renewed in the background, failing over between members. Leaving `with` revokes the
    lease, and raises `LeaseLostError` if it was lost before.

    Examples:
        >>> with communicator.lease(10) as lease:
        ...     response = communicator.put("workers/7", "ready", lease=lease)
        ...     communicator.get("workers/7")
        b'ready'
        >>> communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Lease

    @property
    def id(self) -> int:
        """The id by which etcd knows the lease."""
        return run(lambda: self._inner.id)

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""
        return run(lambda: self._inner.ttl)

    @property
    def lost(self) -> Loss:
        """Whether it ended without having been revoked by this object."""
        return Loss._of(run(lambda: self._inner.lost))

    def revoke(self, *, timeout: float | None = None) -> None:
        """Revoke the lease, which deletes the keys attached to it; revoking again does nothing.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LeaseLostError: The lease had been lost.
        """
        run(self._inner.revoke, timeout=timeout)

    def __enter__(self) -> Lease:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)


class Loss(Face):
    """Whether a lease, a lock or a leadership was lost; used like an `threading.Event`.

    It is up to date even while the thread does other work, because the engine keeps track on its
    own thread.

    Examples:
        >>> from etcd_client.sync import Lock
        >>> with Lock(communicator, "report") as lock:
        ...     for page in ("first", "second"):
        ...         if lock.lost.is_set():
        ...             break
        ...         response = communicator.put(page, "written")
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Loss

    @property
    def reason(self) -> str | None:
        """Why it was lost; None if it was not."""
        return run(lambda: self._inner.reason)

    def is_set(self) -> bool:
        """Return whether it was lost."""
        return run(self._inner.is_set)

    def wait(self) -> bool:
        """Wait until it is lost, which returns True, or released, which returns False."""
        return run(self._inner.wait)
