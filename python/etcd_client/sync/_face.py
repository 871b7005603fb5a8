"""What all faces have: the object of the asyncio face behind them, and how they wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from etcd_client import _etcd_client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, ItemsView, KeysView, ValuesView

    from typing_extensions import Self

_T = TypeVar("_T")
_K = TypeVar("_K")
_V_co = TypeVar("_V_co", covariant=True)
_AnyFace = TypeVar("_AnyFace", bound="Face")
_Function = TypeVar("_Function")

run = _etcd_client.run
leaving = _etcd_client.leaving


class Face:
    """An object for threads; `_inner` is the same one for coroutines."""

    __slots__ = ("__weakref__", "_inner")

    _inner: Any

    def __init__(self) -> None:
        message = f"{type(self).__name__} objects are made by the methods that return them"
        raise TypeError(message)

    @classmethod
    def _of(cls, inner: object) -> Self:
        face = object.__new__(cls)
        face._inner = inner
        return face

    @classmethod
    def _of_optional(cls, inner: object) -> Self | None:
        return None if inner is None else cls._of(inner)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Face):
            return NotImplemented
        return type(self) is type(other) and self._inner is other._inner

    def __hash__(self) -> int:
        return hash((type(self), id(self._inner)))

    def __reduce__(self) -> tuple[Callable[..., Face], tuple[object, ...]]:
        return type(self)._of, (self._inner,)

    def __repr__(self) -> str:
        return run(repr, self._inner)


class Communicator(Face):
    """The base of `etcd_client.sync.Communicator`; see there."""

    __slots__ = ()


class Session(Face):
    """The base of `etcd_client.sync.Session`; see there."""

    __slots__ = ()


class Contents(Mapping[_K, _V_co]):
    """A mapping that changes while a thread reads it: its views are those of a snapshot."""

    __slots__ = ()

    def snapshot(self) -> Mapping[_K, _V_co]:
        """Copy it."""
        raise NotImplementedError

    def keys(self) -> KeysView[_K]:
        return self.snapshot().keys()

    def values(self) -> ValuesView[_V_co]:
        return self.snapshot().values()

    def items(self) -> ItemsView[_K, _V_co]:
        return self.snapshot().items()


def unwrap(value: Any) -> Any:
    """Return what the asyncio face takes for an argument."""
    return value._inner if isinstance(value, Face) else value


def own(value: Any, name: str) -> Any:
    """Return the same as `unwrap`; raise an error for what belongs to an event loop.

    Args:
        value: An argument that is to be a communicator or a session.
        name: The name of the argument.
    """
    kind = type(value)
    if kind.__module__ == "etcd_client" and kind.__name__ in {"Communicator", "Session"}:
        message = (
            f"{name}: expected etcd_client.sync.{kind.__name__}, got etcd_client.{kind.__name__}: "
            "use it with the classes of etcd_client, in coroutines"
        )
        raise TypeError(message)
    return unwrap(value)


def refuse_with_once(**options: object) -> None:
    """Refuse options that calls without `once` alone have."""
    for name, value in options.items():
        if value is not None:
            message = f"{name}: expected None with `once`, got {value!r}"
            raise TypeError(message)


def outside(function: _Function) -> _Function:
    """Return a function that calls `function`, but not as a part of a step."""
    called: Any = function
    return (
        cast("_Function", partial(_etcd_client.call_outside, called))
        if callable(called)
        else called
    )


def interruptible(function: Callable[..., _T]) -> Callable[..., Coroutine[Any, Any, _T]]:
    """Return an async function that calls `function`, whose waits the caller's deadline ends."""
    if not callable(function):
        return function

    async def called(*args: object) -> _T:
        return _etcd_client.call_outside(function, *args)

    return called


def given(face: type[_AnyFace], function: Callable[[_AnyFace], _T]) -> Callable[[Any], _T]:
    """Return a function that takes what is behind the argument of `function`."""
    if not callable(function):
        return function
    return lambda inner: function(face._of(inner))


def waiting(
    face: type[_AnyFace], function: Callable[[_AnyFace], _T]
) -> Callable[[Any], Coroutine[Any, Any, _T]]:
    """Return an async function that calls `function` with the face of its argument."""
    return interruptible(given(face, function))


def abandon(inner: Any, interruption: BaseException) -> None:
    """Leave a context that was being entered when a signal handler raised.

    Python calls handlers between two instructions, also when a context has just been entered.
    """
    if isinstance(interruption, Exception):
        return
    with suppress(Exception):
        run(inner.__aexit__, type(interruption), interruption, interruption.__traceback__)


def following(step: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Return the next item of an iterator."""
    try:
        return run(step)
    except StopAsyncIteration:
        raise StopIteration from None
