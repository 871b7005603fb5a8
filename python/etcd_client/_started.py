"""`StartedCoroutine`: a coroutine whose call is in flight before its first step."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

_T_co = TypeVar("_T_co", covariant=True)


class StartedCoroutine(Coroutine[Any, Any, _T_co]):
    """A coroutine that cancels its call even if it is cancelled before its first step.

    A plain coroutine that has not started runs none of its code when it is closed, so the call that
    it would have awaited would run on until the last reference to it is gone.

    Args:
        give_up: Cancels the call.
        result: Awaits the call; once it has started, it cancels the call itself.
    """

    __slots__ = ("_begun", "_give_up", "_result")

    def __init__(self, give_up: Callable[[], object], result: Coroutine[Any, Any, _T_co]) -> None:
        self._give_up = give_up
        self._result = result
        self._begun = False

    def __await__(self) -> Generator[Any, Any, _T_co]:
        self._begun = True
        return self._result.__await__()

    def send(self, value: None, /) -> object:
        """Advance it, as the coroutine protocol requires; not meant for programs.

        Args:
            value: None.

        Returns:
            The future that it waits for.
        """
        self._begun = True
        return self._result.send(value)

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> object:
        """Cancel it and raise an exception, as happens when its task is cancelled.

        Args:
            typ: The exception or its class.
            val: If `typ` is a class: an instance of it, or the argument to make one.
            tb: The traceback of the exception.
        """
        self._give_up_unbegun()
        if isinstance(typ, BaseException):
            return self._result.throw(typ)
        return self._result.throw(typ, val, tb)

    def close(self) -> None:
        """Cancel it."""
        self._give_up_unbegun()
        self._result.close()

    def __getattr__(self, name: str) -> object:
        # asyncio and debuggers read these attributes of a coroutine to show where a task is.
        if name.startswith("cr_") or name in {"__name__", "__qualname__"}:
            found: object = getattr(self._result, name)
            return found
        message = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(message)

    def _give_up_unbegun(self) -> None:
        if not self._begun:
            self._give_up()
