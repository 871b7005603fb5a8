"""`Attempt`: what awaits a call whose result has to be kept by somebody."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from ._etcd_client import Call

_T_co = TypeVar("_T_co", covariant=True)


class Attempt(Coroutine[Any, Any, _T_co]):
    """A coroutine around a call, which it ends where it is cancelled before its first step.

    A coroutine that has not begun has no code that would do it: its call would go on until the
    last reference to its frame goes away.
    """

    __slots__ = ("_begun", "_call", "_result")

    def __init__(self, call: Call[Any], result: Coroutine[Any, Any, _T_co]) -> None:
        self._call = call
        self._result = result
        self._begun = False

    def __await__(self) -> Generator[Any, Any, _T_co]:
        self._begun = True
        return self._result.__await__()

    def send(self, value: None, /) -> object:
        """Resume the call, as a task does; not for programs.

        Args:
            value: None.

        Returns:
            The future that the call waits for.
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
        """End the call with an exception, as the cancellation of its task does.

        Args:
            typ: The exception or its class.
            val: Where `typ` is a class: an instance, or the argument to make one.
            tb: The traceback of the exception.
        """
        self._end_before_it_began()
        if isinstance(typ, BaseException):
            return self._result.throw(typ)
        return self._result.throw(typ, val, tb)

    def close(self) -> None:
        """Cancel the call."""
        self._end_before_it_began()
        self._result.close()

    def _end_before_it_began(self) -> None:
        if not self._begun:
            self._call.close()
