"""Converting arguments that native calls have accepted, and checking arguments as they would.

An argument that is kept for a later call is checked when it is passed, so that the traceback shows
where the mistake is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import _etcd_client
from .errors import InvalidArgsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import BytesLike, LeaseId


# The longest time that native calls accept, too.
_LONGEST = 1e9
_LARGEST = 2**63 - 1


def as_bytes(value: BytesLike) -> bytes:
    """Return a key or a value as it is sent.

    Args:
        value: A value that a native call has accepted.
    """
    return value.encode() if isinstance(value, str) else bytes(value)


def lease_id(lease: LeaseId | None) -> int:
    """Return the id of a lease; 0 for none.

    Args:
        lease: A lease that a native call has accepted.
    """
    if lease is None:
        return 0
    return lease if isinstance(lease, int) else lease.id


def check_lease(value: object, name: str) -> None:
    """Raise an error if the value is None, which native calls take for no lease.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if value is None:
        message = f"{name}: expected a lease or its id, got None"
        raise TypeError(message)


def check_count(value: object, name: str, least: int) -> None:
    """Raise an error unless the value is an int of 64 bits and at least `least`.

    Args:
        value: The argument.
        name: The name of the argument.
        least: The smallest value that is accepted.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name}: expected int, got {type(value).__qualname__}"
        raise TypeError(message)
    if value < least:
        message = f"{name}: expected an int of at least {least}, got {value}"
        raise InvalidArgsError(message)
    if value > _LARGEST:
        message = f"{name}: expected an int of 64 bits, got {value}"
        raise InvalidArgsError(message)


def check_flag(value: object, name: str) -> None:
    """Raise an error unless the value is a bool.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if not isinstance(value, bool):
        message = f"{name}: expected bool, got {type(value).__qualname__}"
        raise TypeError(message)


def check_function(value: Callable[..., object], name: str) -> None:
    """Raise an error unless the value can be called.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if not callable(value):
        message = f"{name}: expected a function, got {type(value).__qualname__}"
        if hasattr(value, "__await__"):
            message += ": pass the function itself, without calling it"
        raise TypeError(message)


def check_awaitable(returned: object, name: str) -> None:
    """Raise an error unless a function that had to be async has returned an awaitable.

    Args:
        returned: What it has returned.
        name: The name of the argument that is the function.
    """
    if not hasattr(returned, "__await__"):
        kind = type(returned).__qualname__
        message = f"{name}: expected an async function, got one that returned {kind}"
        raise TypeError(message)


def check_options(value: object) -> None:
    """Raise an error unless the value is `ConnectOptions`.

    Args:
        value: The argument `connect_options`.
    """
    if not isinstance(value, _etcd_client.ConnectOptions):
        message = f"connect_options: expected ConnectOptions, got {type(value).__qualname__}"
        if isinstance(value, int):
            message += ": the port is a part of the endpoint, as in 'localhost:2379'"
        elif isinstance(value, dict):
            message += ": pass ConnectOptions(**options)"
        raise TypeError(message)


def check_seconds(value: object, name: str) -> None:
    """Raise an error unless the value is a number of seconds above 0.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{name}: expected a number of seconds, got {type(value).__qualname__}"
        raise TypeError(message)
    if not 0 < value <= _LONGEST:
        message = f"{name}: expected a number of seconds above 0, got {value}"
        raise InvalidArgsError(message)


def check_ttl(value: object, name: str = "ttl") -> None:
    """Raise an error unless the value is a lease's time to live, in whole seconds.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    check_count(value, name, 1)


def check_name(value: object, name: str) -> None:
    """Raise an error unless the value is a bytes-like object or a `str` that UTF-8 can encode.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    try:
        value.encode() if isinstance(value, str) else memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        kind = type(value).__qualname__
        message = f"{name}: expected a bytes-like object or str, got {kind}"
        raise TypeError(message) from None
    except UnicodeEncodeError:
        message = f"{name}: expected text that UTF-8 can encode, got surrogates"
        raise InvalidArgsError(message) from None


def read_names(values: object, name: str, expected: str = "a list") -> list[bytes]:
    """Return several keys; raise an error unless they are a collection, and not a single key.

    Args:
        values: The argument.
        name: The name of the argument.
        expected: What it may be, for the message.
    """
    is_key = isinstance(values, str | bytes | bytearray | memoryview)
    if is_key or not isinstance(values, Iterable):
        message = f"{name}: expected {expected}, got {type(values).__qualname__}"
        raise TypeError(message)
    read = []
    for value in values:
        check_name(value, name)
        read.append(as_bytes(value))
    return read


def check_communicator(
    value: object, user: object, name: str = "communicator", expected: str = "Communicator"
) -> None:
    """Raise an error unless the value is a communicator; the message says how to get one.

    Args:
        value: The argument.
        user: The object that is to use it.
        name: The name of the argument.
        expected: What may be given.
    """
    if not isinstance(value, _etcd_client.Communicator):
        kind = kind_of(value)
        advice = "use `async with client.connect() as communicator`"
        if kind.startswith(FACE_FOR_THREADS):
            advice = f"use {FACE_FOR_THREADS}{type(user).__name__}"
        message = f"{name}: expected {expected}, got {kind}: {advice}"
        raise TypeError(message)


FACE_FOR_THREADS = "etcd_client.sync."


def kind_of(value: object) -> str:
    """Return the name of the class of a wrong argument; in full, where it is of the other face.

    Args:
        value: The argument.
    """
    kind = type(value)
    other = f"{kind.__module__}." == FACE_FOR_THREADS
    return f"{FACE_FOR_THREADS}{kind.__qualname__}" if other else kind.__qualname__
