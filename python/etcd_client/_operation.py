"""Operations: what makes several calls, told to the hooks of a program as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ._etcd_client import Communicator
    from .telemetry._dispatcher import Operation

_T = TypeVar("_T")


class _Untold:
    """An operation of a communicator without hooks: nothing is added to it."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_exception: object) -> None:
        pass

    @staticmethod
    def giving_up(give_up: Callable[[], object]) -> Callable[[], object]:
        return give_up

    @staticmethod
    def until_end_of(make: Callable[[], Coroutine[Any, Any, _T]]) -> Coroutine[Any, Any, _T]:
        return make()

    around = until_end_of


_UNTOLD = _Untold()


def begin(communicator: Communicator, name: str) -> Operation | _Untold:
    """Return an operation that begins now.

    Args:
        communicator: The communicator that makes its calls.
        name: Its name, such as `Lock.acquire`.
    """
    dispatcher = communicator._dispatcher  # noqa: SLF001 - made for this
    return _UNTOLD if dispatcher is None else dispatcher.begin(name)
