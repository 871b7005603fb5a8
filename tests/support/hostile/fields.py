"""Generated scenarios: every field of every answer at its extremes."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.hostile.calls import CALLS, Call
from tests.support.hostile.protobuf import Echo, Message, Own, Raw, tag, varint

_INTEGERS = (0, 1, -1, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 2, 2**63 - 1, -(2**63))
_BYTES = (b"", b"\xff\xfe\x80", b"\0", b"x" * 100_000)
_TOO_LONG = Raw(b"\x08" + b"\xff" * 11)
_MANY = 10_000


def extremes(call: Call) -> Iterator[tuple[str, Message]]:
    """Yield variants of a call's answer, each with one field changed, and what was changed."""
    yield from _of_message("", call.answer)
    yield "a field of a size that lies", {**call.answer, 99: Raw(tag(99, 2) + varint(2**60))}
    yield "an integer without an end", {**call.answer, 99: _TOO_LONG}
    yield "a group", {**call.answer, 99: Raw(tag(99, 3) + tag(98, 3))}
    yield "a field with number 0", {**call.answer, 99: Raw(b"\x02\x00")}
    yield "fields that nobody knows", {**call.answer, 99: b"x", 2**28: 7}


def _of_message(path: str, message: Message) -> Iterator[tuple[str, Message]]:
    for number, value in message.items():
        name = f"{path}{number}"
        yield f"{name} is missing", {n: v for n, v in message.items() if n != number}
        for what, other in _instead_of(number, value):
            yield f"{name} {what}", {**message, number: other}
        for what, other in _within(f"{name}.", value):
            yield what, {**message, number: other}


def _instead_of(number: int, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (int, Echo, Own)):
        yield from ((f"is {integer}", integer) for integer in _INTEGERS)
        yield "is bytes", b"bytes"
        return
    yield "is an integer", 7
    yield "is of no wire type", Raw(tag(number, 7))
    if isinstance(value, (bytes, str)):
        yield from ((f"is {other[:4]!r}, {len(other)} bytes", other) for other in _BYTES)
    else:
        yield "is bytes", b"\xff\xff\xff"
        yield "is empty", {}
    if isinstance(value, list):
        yield f"is there {_MANY} times", value * _MANY


def _within(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from _of_message(path, value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for what, other in _of_message(f"{path}[{index}].", item):
                yield what, [*value[:index], other, *value[index + 1 :]]


SWEPT = CALLS
