"""Converting arguments that native calls have accepted, and checking arguments as they would.

An argument that is kept for a later call is checked when it is passed, so that the traceback shows
where the mistake is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import _etcd_client
from .errors import InvalidArgsError

if TYPE_CHECKING:
    from ._types import BytesLike, LeaseId


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


def check_count(value: object, name: str, least: int) -> None:
    """Raise an error unless the value is an int of at least `least`.

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
    if value >= 2**63:
        message = f"{name}: expected an int of 64 bits, got {value}"
        raise InvalidArgsError(message)


def check_seconds(value: object, name: str) -> None:
    """Raise an error unless the value is a number of seconds above 0.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{name}: expected a number of seconds, got {type(value).__qualname__}"
        raise TypeError(message)
    if not 0 < value < math.inf:
        message = f"{name}: expected a number of seconds above 0, got {value}"
        raise InvalidArgsError(message)


def check_ttl(value: object, name: str = "ttl") -> None:
    """Raise an error unless the value is a lease's time to live, in whole seconds.

    Args:
        value: The argument.
        name: The name of the argument.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name}: expected int, got {type(value).__qualname__}"
        raise TypeError(message)
    if value < 1:
        message = f"{name}: expected a number of seconds of at least 1, got {value}"
        raise InvalidArgsError(message)


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


def check_communicator(value: object) -> None:
    """Raise an error unless the value is a communicator; the message says how to get one.

    Args:
        value: The argument.
    """
    if not isinstance(value, _etcd_client.Communicator):
        kind = type(value).__qualname__
        message = (
            f"communicator: expected Communicator, got {kind}: "
            "use `async with client.connect() as communicator`"
        )
        raise TypeError(message)
