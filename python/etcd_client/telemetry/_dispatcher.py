"""Passes what the engine tells to the hooks of a program."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from ._events import (
    Attempt,
    CallEnded,
    CallsMoved,
    Connected,
    ConnectFailed,
    Disconnected,
    LeaseLost,
    LeaseRenewed,
    StreamResumed,
    WatchRead,
)
from ._hooks import Hooks

_LOG = logging.getLogger("etcd_client")

# Communicators with the same hooks share their connections, and one of them is told what happens
# there. The number of a call begins with that of the dispatcher that keeps its context.
_dispatchers: WeakValueDictionary[int, Dispatcher] = WeakValueDictionary()
_dispatcher_numbers = itertools.count(1)
_CALL_BITS = 32

_AttemptTold: TypeAlias = tuple[str, float, float, bool, "str | None"]


def _call_ended(  # noqa: PLR0913, PLR0917 - the arguments of the native side
    rpc: tuple[str, str],
    started_ns: int,
    duration: float,
    outcome: tuple[Exception | None, bool],
    attempts: tuple[_AttemptTold, ...],
    sizes: tuple[int, int | None],
    caller: int | None,
) -> CallEnded:
    context = None if caller is None else _contexts_with(caller).get(caller)
    made = tuple(Attempt(*attempt) for attempt in attempts)
    return CallEnded(*rpc, started_ns, duration, *outcome, made, *sizes, context)


def _contexts_with(caller: int) -> dict[int, object]:
    """Return the contexts among which is that of a call."""
    owner = _dispatchers.get(caller >> _CALL_BITS)
    return {} if owner is None else owner.contexts


_EVENTS: dict[str, Callable[..., object]] = {
    "call_ended": _call_ended,
    "connected": Connected,
    "connect_failed": ConnectFailed,
    "disconnected": Disconnected,
    "calls_moved": CallsMoved,
    "stream_resumed": StreamResumed,
    "watch_read": WatchRead,
    "lease_renewed": LeaseRenewed,
    "lease_lost": LeaseLost,
}


def _methods(hooks: object) -> dict[str, Callable[..., object]]:
    """Return the hooks that an object has, without those that do nothing."""
    found = {name: getattr(hooks, name, None) for name in ("context", *_EVENTS)}
    return {
        name: method
        for name, method in found.items()
        if callable(method) and getattr(method, "__func__", None) is not getattr(Hooks, name)
    }


def check(hooks: object, name: str) -> None:
    """Refuse what is no object with hooks.

    Args:
        hooks: The object.
        name: The name of the argument.

    Raises:
        TypeError: It has none of the methods, or one of them is a coroutine function.
    """
    methods = _methods(hooks)
    # A class has the methods, too, but without an instance to call them on.
    if isinstance(hooks, type) or not (methods or isinstance(hooks, Hooks)):
        found = hooks.__name__ if isinstance(hooks, type) else type(hooks).__name__
        message = f"{name}: expected an object with methods of telemetry.Hooks, got {found}"
        raise TypeError(message)
    for method in methods:
        if iscoroutinefunction(methods[method]):
            message = f"{name}: expected functions, but {method} is a coroutine function"
            raise TypeError(message)


class Dispatcher:
    """The hooks of one communicator.

    Args:
        hooks: An object that `check` has accepted.
    """

    def __init__(self, hooks: object) -> None:
        self._methods = _methods(hooks)
        self._failed: set[str] = set()
        self.keeps_contexts = "context" in self._methods
        self.contexts: dict[int, object] = {}
        number = next(_dispatcher_numbers)
        self._numbers = itertools.count(number << _CALL_BITS)
        _dispatchers[number] = self

    def enter(self) -> int:
        """Keep the context of a call that begins, and return its number."""
        number = next(self._numbers)
        self.contexts[number] = self._call("context")
        return number

    def tell(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Call a hook, if there is one.

        Args:
            name: The name of the hook, or `caller_left` for the end of a call.
            arguments: What the event is made of.
        """
        if name == "caller_left":
            self._forget(*arguments)
        elif name in self._methods:
            self._call(name, _EVENTS[name](*arguments))

    @staticmethod
    def _forget(caller: int) -> None:
        _contexts_with(caller).pop(caller, None)

    def _call(self, name: str, *arguments: object) -> object:
        try:
            return self._methods[name](*arguments)
        except Exception:  # noqa: BLE001 - whatever a program's hook raises, calls go on
            if name not in self._failed:
                self._failed.add(name)
                _LOG.exception("the hook %s has failed; it is called again, silently", name)
        return None
