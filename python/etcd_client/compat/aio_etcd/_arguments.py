"""Reading arguments as etcd's API v2 does, with its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ._errors import EtcdException, EtcdValueError, answer
from ._paths import encode

if TYPE_CHECKING:
    from collections.abc import Container

_FLAGS = {
    True: True,
    False: False,
    **dict.fromkeys(("true", "True", "TRUE", "t", "T", "1", 1), True),
    **dict.fromkeys(("false", "False", "FALSE", "f", "F", "0", 0), False),
}


class Change(NamedTuple):
    """What a write shall do."""

    action: str
    value: bytes = b""
    ttl: int | None = None
    dir: bool = False
    refresh: bool = False
    prev_value: bytes | None = None
    prev_index: int | None = None


def change(
    value: object,
    ttl: object,
    options: dict[str, object],
    *,
    dir: bool,
    append: bool = False,
) -> Change:
    """Read the arguments of a write.

    Args:
        value: The value; None for an empty one.
        ttl: The time to live.
        options: `prevExist`, `prevValue`, `prevIndex` and `refresh`.
        dir: Whether to write a directory.
        append: Whether to make a sequential key.
    """
    if dir and value:
        message = "Cannot create a directory with a value"
        raise EtcdException(message)
    refresh = flag(options.get("refresh", False), "refresh")
    seconds = time_to_live(ttl)
    if refresh and value is not None:
        raise answer(211, "refresh")
    if refresh and seconds is None:
        raise answer(212, "refresh")
    exist = flag(options["prevExist"], "prevExist") if "prevExist" in options else None
    prev_value, prev_index = swap_conditions(options)
    action = "set"
    if append or exist is False:
        action = "create"
    elif prev_value is not None or prev_index is not None:
        action = "compareAndSwap"
    elif exist:
        action = "update"
    content = b"" if value is None else text(value, "value")
    return Change(action, content, seconds, dir, refresh, prev_value, prev_index)


def swap_conditions(options: dict[str, object]) -> tuple[bytes | None, int | None]:
    """Read what a key must be for a change; None for what is not given.

    Args:
        options: Perhaps with `prevValue` and `prevIndex`.
    """
    prev_value = prev_index = None
    if "prevValue" in options:
        given = options["prevValue"]
        prev_value = b"" if given is None else text(given, "prevValue")
        if not prev_value:
            # An unconditional write would be worse than an error.
            raise answer(201, "prevValue")
    if "prevIndex" in options:
        # 0 is "no condition" there.
        prev_index = number(options["prevIndex"], "prevIndex") or None
    return prev_value, prev_index


def text(value: object, name: str) -> bytes:
    """Return the bytes of a value: bytes as they are, `str` as UTF-8, of anything else its `str`.

    Args:
        value: The value.
        name: The name of the argument.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, list | tuple | dict | set | frozenset):
        message = f"{name}: expected one value, got {type(value).__qualname__}"
        raise TypeError(message)
    return encode(str(value))


def number(value: object, name: str, code: int = 203) -> int:
    """Return a whole number that may be given as digits.

    Args:
        value: The number.
        name: The name of the argument.
        code: The error code for anything else.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise answer(code, f'invalid value for "{name}": {value!r}')
    return value


def flag(value: object, name: str) -> bool:
    """Return a yes or no that may be given as text.

    Args:
        value: The answer.
        name: The name of the argument.
    """
    if isinstance(value, bool | int | str) and value in _FLAGS:
        return _FLAGS[value]
    raise answer(209, f'invalid value for "{name}": {value!r}')


def time_to_live(value: object) -> int | None:
    """Return the seconds of a lease; None for no limit.

    Args:
        value: The seconds; None or empty text for no limit.
    """
    if value is None or value == "":
        return None
    # etcd v3 has no lease of 0 seconds; v2 deletes such a key at its next tick.
    return number(value, "ttl", 202) or 1


def limit(value: object) -> float | None:
    """Return the seconds that a call may take; None for the default.

    Args:
        value: A number, or the like of an `aiohttp.ClientTimeout`; 0 and None for the default.
    """
    value = getattr(value, "total", value)
    if value is None or value == 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"timeout: expected a number of seconds, got {type(value).__qualname__}"
        raise TypeError(message)
    if value < 0:
        message = f"timeout: expected a number of seconds of at least 0, got {value}"
        raise EtcdValueError(message)
    return float(value)


def check_options(options: dict[str, object], known: Container[str], method: str) -> None:
    """Refuse what a method does not know.

    Args:
        options: The keyword arguments.
        known: Their names.
        method: The name of the method.
    """
    for name in options:
        if name not in known:
            message = f"{method}() got an unexpected keyword argument {name!r}"
            raise TypeError(message)
