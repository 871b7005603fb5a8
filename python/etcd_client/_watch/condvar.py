"""`CondVar`: an event that stays set; the name is that of etcd-client-py."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from etcd_client._concurrency import Event

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType


class _Done(Coroutine[Any, Any, None]):
    """A coroutine that has already finished; unlike a real one, it need not be awaited."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, None]:
        return iter(())  # type: ignore[return-value]  # an exhausted iterator returns None

    def send(self, _value: object, /) -> NoReturn:
        raise StopIteration

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: object = None,
        _tb: TracebackType | None = None,
        /,
    ) -> NoReturn:
        raise typ if isinstance(typ, BaseException) else typ(val)

    def close(self) -> None:
        pass


class CondVar:
    """Lets tasks wait until something has happened; later waits return at once.

    Examples:
        >>> from etcd_client import CondVar
        >>> ready = CondVar()
        >>> watch = communicator.watch("key", ready_event=ready)
        >>> await ready.wait()
        >>> watch.cancel()
    """

    __module__ = "etcd_client"

    __slots__ = ("_event", "_notified")

    def __init__(self) -> None:
        self._notified = False
        # Made by the first task that waits: here, it is not known yet what will run.
        self._event: Event | None = None

    def __repr__(self) -> str:
        return f"<CondVar {'notified' if self._notified else 'not notified'}>"

    async def wait(self) -> None:
        """Wait until `notify_waiters` has been called, before or after this call."""
        if self._notified:
            return
        if self._event is None:
            self._event = Event()
        await self._event.wait()

    def notify_waiters(self) -> Coroutine[Any, Any, None]:
        """Wake all waiting tasks; the result need not be awaited."""
        self._notified = True
        if self._event is not None:
            self._event.set()
        return _Done()
