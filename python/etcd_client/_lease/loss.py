"""`Loss`: how the holder of a lease, a lock or a leadership notices its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etcd_client._etcd_client import HeldLease


class Loss:
    """Whether a lease, a lock or a leadership was lost; used like an `asyncio.Event`.

    It is up to date even after the event loop was blocked, because the engine keeps track on its
    own thread.

    Examples:
        >>> from etcd_client import Lock
        >>> async with Lock(communicator, "report") as lock:
        ...     for page in ("first", "second"):
        ...         if lock.lost.is_set():
        ...             break
        ...         response = await communicator.put(page, "written")
    """

    __module__ = "etcd_client"

    __slots__ = ("_held",)

    def __init__(self, held: HeldLease | None) -> None:
        self._held = held

    @property
    def reason(self) -> str | None:
        """Why it was lost; None if it was not."""
        return None if self._held is None else self._held.loss

    def is_set(self) -> bool:
        """Return whether it was lost."""
        return self.reason is not None

    async def wait(self) -> bool:
        """Wait until it is lost, which returns True, or released, which returns False."""
        return self._held is not None and await self._held.until_over() is not None

    def __repr__(self) -> str:
        return f"<Loss {self.reason!r}>"
