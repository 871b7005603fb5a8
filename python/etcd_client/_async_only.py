"""What needs `async with` or `async for`, and says so to programs that forget the `async`."""

from __future__ import annotations

from typing import NoReturn, TypeVar

T = TypeVar("T")


def async_only(entered: type[T]) -> type[T]:
    """Explain `with`; type checkers, which do not see it, refuse it in any case.

    Args:
        entered: A class that supports `async with`.
    """
    setattr(entered, "__enter__", refuse)  # noqa: B010 - hidden from type checkers
    setattr(entered, "__exit__", _leave)  # noqa: B010
    return entered


def refuse(entered: object) -> NoReturn:
    """Raise the error for what is entered without `async`; native classes call this too.

    Args:
        entered: What stands after `with`.
    """
    raise _needs_async(entered, "does not support `with`: use `async with`")


def async_iterator(iterated: type[T]) -> type[T]:
    """Explain `for`; type checkers, which do not see it, refuse it in any case.

    Args:
        iterated: A class that supports `async for`.
    """
    setattr(iterated, "__iter__", _refuse_for)  # noqa: B010 - hidden from type checkers
    return iterated


def _refuse_for(iterated: object) -> NoReturn:
    raise _needs_async(iterated, "is not iterable: use `async for`")


def _needs_async(used: object, advice: str) -> TypeError:
    kind = type(used).__name__
    other = "or etcd_client.sync in programs without an event loop"
    return TypeError(f"{kind!r} object {advice}, {other}")


def _leave(_entered: object, *_exception: object) -> None:
    """Is looked up before what is entered, and never called."""
