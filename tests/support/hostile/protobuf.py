"""Protobuf without message definitions: a message maps field numbers to values."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, Union

_VARINT, _LENGTH_DELIMITED = 0, 2
_ALL_ONES = (1 << 64) - 1


@dataclass(frozen=True)
class Echo:
    """The value of a field of the request, by its path of field numbers; else `default`."""

    path: tuple[int, ...]
    default: int = 1


@dataclass(frozen=True)
class Raw:
    """An encoded field, including its tag."""

    data: bytes


class Own(enum.Enum):
    """The ids of the real cluster, which a client checks in each header."""

    CLUSTER = "cluster_id"
    MEMBER = "member_id"


@dataclass(frozen=True)
class Asked:
    """The context that an answer depends on."""

    request: bytes = b""
    ids: Mapping[Own, int] = field(default_factory=dict)


Value: TypeAlias = Union[
    int, bytes, str, Echo, Own, Raw, "Mapping[int, Value]", "Sequence[Mapping[int, Value]]"
]
Message: TypeAlias = Mapping[int, Value]


def encode(message: Message, asked: Asked) -> bytes:
    """Return the encoded message, with `Echo` and `Own` values filled in from `asked`."""
    return b"".join(_field(number, value, asked) for number, value in message.items())


def tag(number: int, wire_type: int) -> bytes:
    """Return the tag of a field."""
    return varint(number << 3 | wire_type)


def varint(number: int) -> bytes:
    """Return an encoded varint; a negative one has ten bytes."""
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
    """Yield the fields of a well-formed message of varints and length-delimited fields only."""
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
