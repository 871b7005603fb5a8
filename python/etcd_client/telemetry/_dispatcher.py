"""Passes what the engine tells to the hooks of a program."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from operator import methodcaller
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
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
    OperationEnded,
    StreamResumed,
    WatchRead,
)
from ._hooks import Hooks
from ._open_now import OpenNow

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AbstractContextManager
    from types import TracebackType

    from typing_extensions import Self

    from etcd_client._etcd_client import Stats, StatsSource

_T = TypeVar("_T")

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
    kind: tuple[int | None, bool],
) -> CallEnded:
    caller, is_stream = kind
    context = None if caller is None else _contexts_with(caller).get(caller)
    made = tuple(Attempt(*attempt) for attempt in attempts)
    return CallEnded(*rpc, started_ns, duration, *outcome, made, *sizes, context, is_stream)


def _contexts_with(caller: int) -> dict[int, object]:
    """Return the contexts among which is that of a call."""
    owner = _dispatchers.get(caller >> _CALL_BITS)
    return {} if owner is None else owner.contexts


_EVENTS: dict[str, Callable[..., object]] = {
    "call_ended": _call_ended,
    "operation_ended": OperationEnded,
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
    found = {name: getattr(hooks, name, None) for name in ("context", "operation", *_EVENTS)}
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
        self.hooks = hooks
        self._source: StatsSource | None = None
        self._methods = _methods(hooks)
        self._failed: set[str] = set()
        self.keeps_contexts = "context" in self._methods
        self.contexts: dict[int, object] = {}
        number = next(_dispatcher_numbers)
        self._numbers = itertools.count(number << _CALL_BITS)
        _dispatchers[number] = self

    def attach(self, source: StatsSource) -> None:
        """Keep where to ask what the communicator has open."""
        self._source = source

    def counted(self) -> tuple[int, Stats] | None:
        """Return a number of the connections, and their counters; None if they are closed."""
        return None if self._source is None else self._source.read()

    def begin(self, name: str) -> Operation:
        """Return an operation that begins now."""
        return Operation(self, name)

    def enter_operation(self, name: str) -> tuple[AbstractContextManager[object] | None, object]:
        """Enter what the hook for operations returns; return it, and what it stands for."""
        manager: Any = self._call("operation", name) if "operation" in self._methods else None
        if manager is None:
            return None, None
        return manager, self._guarded("operation", methodcaller("__enter__"), manager)

    def leave_operation(self, manager: AbstractContextManager[object] | None) -> None:
        """Leave what was entered."""
        if manager is not None:
            self._guarded("operation", methodcaller("__exit__", None, None, None), manager)

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
        return self._guarded(name, self._methods[name], *arguments)

    def _guarded(self, name: str, hook: Callable[..., object], *arguments: object) -> object:
        try:
            return hook(*arguments)
        except Exception:  # noqa: BLE001 - whatever a program's hook raises, calls go on
            if name not in self._failed:
                self._failed.add(name)
                _LOG.exception("the hook %s has failed; it is called again, silently", name)
        return None


class Operation:
    """An operation that begins; entered while its calls are made.

    Args:
        dispatcher: What passes its beginning and its end to the hooks.
        name: Its name, such as `Lock.acquire`.
    """

    def __init__(self, dispatcher: Dispatcher, name: str) -> None:
        self._dispatcher = dispatcher
        self._name = name
        self._context: object = None
        self._manager: AbstractContextManager[object] | None = None
        self._started_ns = time.time_ns()
        self._started = time.perf_counter()

    def __enter__(self) -> Self:
        self._manager, self._context = self._dispatcher.enter_operation(self._name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._dispatcher.leave_operation(self._manager)
        if kind is not None:
            self._ended(error)

    def giving_up(self, give_up: Callable[[], object]) -> Callable[[], object]:
        """Return a function that gives up the call of the operation, and tells of it.

        Args:
            give_up: Gives up the call.
        """

        def given_up() -> None:
            give_up()
            self._ended(GeneratorExit())

        return given_up

    async def until_end_of(self, make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Await the rest of the operation, whose calls have been made.

        Args:
            make: Makes what to await.

        Returns:
            Its result.
        """
        try:
            result = await make()
        except BaseException as error:
            self._ended(error)
            raise
        self._ended(None)
        return result

    async def around(self, make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Await what makes the calls of the operation.

        Args:
            make: Makes what to await.

        Returns:
            Its result.
        """
        with self:
            result = await make()
        self._ended(None)
        return result

    def _ended(self, error: BaseException | None) -> None:
        failure = error if isinstance(error, Exception) else None
        cancelled = error is not None and failure is None
        duration = time.perf_counter() - self._started
        self._dispatcher.tell(
            "operation_ended",
            (self._name, self._started_ns, duration, failure, cancelled, self._context),
        )


def open_now(hooks: object) -> OpenNow:
    """Return what the open clients with these hooks have open now; from any thread.

    Args:
        hooks: The object that was given as `ConnectOptions(hooks=...)`.

    Returns:
        The sums of all connections that clients with it share.
    """
    # Not iterated over: another thread may open a client meanwhile.
    dispatchers = (reference() for reference in _dispatchers.valuerefs())
    counted = [each.counted() for each in dispatchers if each is not None and each.hooks is hooks]
    # Communicators that share connections have the same counters.
    stats = dict(each for each in counted if each is not None).values()
    return OpenNow(
        connections=sum(each.connections for each in stats),
        calls=sum(each.in_flight for each in stats),
        streams=sum(each.streams for each in stats),
        watches=sum(each.watches for each in stats),
        leases=sum(each.leases_kept for each in stats),
    )
