"""The classes of `etcd_client.sync`, with the methods that tests of the asyncio face await.

Each call that is awaited is a call of the public face for threads, in the thread of the task. What
such a call takes and returns is converted, too: objects that it returns are adapters again, and a
function that is passed gets adapters.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextvars import ContextVar
from typing import Any

import etcd_client
from etcd_client import _etcd_client, sync
from etcd_client.sync._face import Face
from scripts.sync_face.choices import ALIASES, UNNAMED
from scripts.sync_face.sources import Method, Sources, public_names

_ENTERED = {"__aenter__": "__enter__", "__aexit__": "__exit__"}
_AWAITED = ("Call[", "Coroutine[", "Awaitable[", "Next[", "LeaseGrant")
_END = object()


class Adapter:
    """The base of all adapters; `face` is the object of `etcd_client.sync`."""

    __slots__ = ("__weakref__", "face")

    face: Any
    faces: type[Any]
    """The class of `face`."""

    def __init__(self, *args: object, **options: object) -> None:
        self.face = outside(self.faces, *args, **options)

    @classmethod
    def around(cls, face: object) -> Adapter:
        """Return the adapter of an object."""
        made = object.__new__(cls)
        made.face = face
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Adapter) and bool(self.face == other.face)

    def __hash__(self) -> int:
        return hash(self.face)

    def __repr__(self) -> str:
        return repr(self.face)

    def __reduce__(self) -> tuple[Callable[..., Adapter], tuple[object, ...]]:
        return type(self).around, (self.face,)


class Deferred:
    """A call that is made when it is awaited, or when its result is entered."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._entered: Any = None

    async def _made(self) -> Any:
        return self._call()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._made().__await__()

    async def __aenter__(self) -> Any:
        self._entered = await self
        return await self._entered.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._entered.__aexit__(*error)


_in_function: ContextVar[bool] = ContextVar("in_function", default=False)


def outside(function: Callable[..., Any], /, *args: object, **options: object) -> Any:
    """Call a function as a program without an event loop does."""
    args = tuple(map(_given, args))
    options = {name: _given(value) for name, value in options.items()}
    if _in_function.get():
        return function(*args, **options)
    return _etcd_client.call_outside(functools.partial(function, *args, **options))


def _given(value: Any) -> Any:
    """Return what the face for threads takes for an argument."""
    if isinstance(value, Adapter):
        return value.face
    if callable(value) and not isinstance(value, type):
        return _called(value)
    return value


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that drives the coroutine of an async one."""

    async def body(*args: object) -> object:
        return _given(await function(*map(_adapted, args)))

    def called(*args: object) -> object:
        # A few are called in the middle of what the package does, and must not leave it.
        token = _in_function.set(_etcd_client.in_step())
        try:
            result = function(*(_adapted(each, is_async=False) for each in args))
        finally:
            _in_function.reset(token)
        return _given(_etcd_client.run(_awaited, result) if inspect.isawaitable(result) else result)

    inner = function.func if isinstance(function, functools.partial) else function
    if inspect.iscoroutinefunction(inner):
        return functools.partial(_etcd_client.run, body)
    return called


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _adapted(value: Any, *, is_async: bool = True) -> Any:
    """Return what a test gets for a result of the face for threads."""
    kind = type(value)
    if kind is list:
        return [_adapted(each) for each in value]
    if kind is dict:
        return {key: _adapted(each) for key, each in value.items()}
    if isinstance(value, Face):
        name = "SyncSTM" if kind is sync.STM and not is_async else kind.__name__
        return ADAPTERS[name].around(value)
    assert kind.__name__ not in ADAPTERS, f"{value!r} is of the asyncio face"
    return value


def _method(face: Callable[..., Any], *, is_awaited: bool) -> Callable[..., Any]:
    def called(self: Adapter, /, *args: object, **options: object) -> Any:
        result = outside(face, self, *args, **options)
        return self if result is self.face else _adapted(result)

    def deferred(self: Adapter, /, *args: object, **options: object) -> Deferred:
        return Deferred(lambda: called(self, *args, **options))

    return deferred if is_awaited else called


async def _next(self: Adapter) -> Any:
    item = outside(next, self, _END)
    if item is _END:
        raise StopAsyncIteration
    return _adapted(item)


def _myself(self: Adapter) -> Adapter:
    return self


def _members(name: str, face: type[Any], methods: dict[str, Method]) -> Iterator[tuple[str, Any]]:
    """Yield what the adapter of a class has."""
    yield "__slots__", ()
    yield "__module__", "etcd_client"
    yield "faces", face
    for special, plain in _ENTERED.items():
        if special in methods:
            yield special, _method(getattr(face, plain), is_awaited=True)
    if "__anext__" in methods:
        yield "__aiter__", _myself
        yield "__anext__", _next
    for key in dir(face):
        if hasattr(Adapter, key) or key in {*_ENTERED.values(), "_inner", "__next__"}:
            continue
        found = inspect.getattr_static(face, key)
        if isinstance(found, property):
            yield key, property(functools.partial(_attribute, name=key))
        elif isinstance(found, classmethod):
            yield key, staticmethod(functools.partial(_made, getattr(face, key)))
        elif inspect.isfunction(found) and not (key == "__iter__" and "__anext__" in methods):
            is_awaited = name != "SyncSTM" and key in methods and _is_awaited(methods[key])
            yield key, _method(found, is_awaited=is_awaited)


def _attribute(adapter: Adapter, name: str) -> Any:
    return _adapted(outside(getattr, adapter, name))


def _made(function: Callable[..., Any], /, *args: object, **options: object) -> Any:
    return _adapted(outside(function, *args, **options))


def _is_awaited(method: Method) -> bool:
    return any(
        isinstance(function, ast.AsyncFunctionDef)
        or ast.unparse(function.returns or ast.Constant(None)).startswith(_AWAITED)
        for function in method.functions
    )


def _adapters() -> dict[str, type[Adapter]]:
    sources = Sources()
    made: dict[str, type[Adapter]] = {}
    for name, module in (public_names() | UNNAMED).items():
        face = _face(name)
        found = sources.find(module, name)
        if face is None or found is None or (name in ALIASES and name != "SyncSTM"):
            continue
        made[name] = type(name, (Adapter,), dict(_members(name, face, found.methods())))
    return made | {alias: made[name] for alias, name in ALIASES.items() if alias not in made}


def _face(name: str) -> type[Any] | None:
    if name in UNNAMED:
        native: type[Any] = getattr(sync._native, name)  # noqa: SLF001 - it has no public name
        return native
    found: type[Any] | None = getattr(sync, name, None)
    return None if found is getattr(etcd_client, name, None) else found


ADAPTERS = _adapters()
"""The adapters by the names of their classes."""
