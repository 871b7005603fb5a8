"""Protobuf without its definitions: messages are numbers of fields and their values."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, Union

_VARINT, _LENGTH_DELIMITED = 0, 2
_ALL_ONES = (1 << 64) - 1


@dataclass(frozen=True)
class Echo:
    """What a field of the request holds, by its numbers from the outside in; else `default`."""

    path: tuple[int, ...]
    default: int = 1


@dataclass(frozen=True)
class Raw:
    """A field as it goes over the wire, tag and all."""

    data: bytes


class Own(enum.Enum):
    """What a header has to name for a client to know its cluster."""

    CLUSTER = "cluster_id"
    MEMBER = "member_id"


@dataclass(frozen=True)
class Asked:
    """What an answer depends on."""

    request: bytes = b""
    ids: Mapping[Own, int] = field(default_factory=dict)


Value: TypeAlias = Union[
    int, bytes, str, Echo, Own, Raw, "Mapping[int, Value]", "Sequence[Mapping[int, Value]]"
]
Message: TypeAlias = Mapping[int, Value]


def encode(message: Message, asked: Asked) -> bytes:
    """Return a message as it goes over the wire, in answer to what was asked."""
    return b"".join(_field(number, value, asked) for number, value in message.items())


def tag(number: int, wire_type: int) -> bytes:
    """Return what stands before a field."""
    return varint(number << 3 | wire_type)


def varint(number: int) -> bytes:
    """Return an integer of variable length; negative ones have ten bytes."""
    number &= _ALL_ONES
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _field(number: int, value: Value, asked: Asked) -> bytes:
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, Echo):
        value = _find(asked.request, value)
    if isinstance(value, Own):
        value = asked.ids[value]
    if isinstance(value, int):
        return tag(number, _VARINT) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, Mapping):
        value = encode(value, asked)
    if isinstance(value, bytes):
        return tag(number, _LENGTH_DELIMITED) + varint(len(value)) + value
    return b"".join(_field(number, item, asked) for item in value)


def _find(request: bytes, echo: Echo) -> int:
    found: int | bytes = request
    for number in echo.path:
        fields = dict(decode(found)) if isinstance(found, bytes) else {}
        found = fields.get(number, echo.default)
    return found if isinstance(found, int) else echo.default


def decode(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message that is well formed and has integers and bytes only."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = number()
        if key & 7 == _VARINT:
            yield key >> 3, number()
        else:
            length = number()
            yield key >> 3, message[at : at + length]
            at += length
