"""Frames of HTTP/2 (RFC 9113): just enough to pass them on, and to make ones that break rules."""

import enum
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

ACK = 0x1
END_STREAM = 0x1
END_HEADERS = 0x4
_PADDED = 0x8
_PRIORITY = 0x20

_HEADER_SIZE = 9
_LARGEST_FRAME = 16_384

Headers = list[tuple[bytes, bytes]]


class Kind(enum.IntEnum):
    """Types of frames."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Code(enum.IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    REFUSED_STREAM = 7
    CANCEL = 8
    ENHANCE_YOUR_CALM = 11
    HTTP_1_1_REQUIRED = 13


class Setting(enum.IntEnum):
    """What a peer can set."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Frame(NamedTuple):
    """One frame; its kind is a number, because peers may send kinds that nobody knows."""

    kind: int
    flags: int
    stream: int
    payload: bytes = b""

    def has(self, flag: int) -> bool:
        """Whether a flag is set."""
        return bool(self.flags & flag)

    def encode(self) -> bytes:
        """Return the frame as it goes over the wire."""
        size = len(self.payload)
        head = struct.pack(">BHBBL", size >> 16, size & 0xFFFF, self.kind, self.flags, self.stream)
        return head + self.payload

    def content(self) -> bytes:
        """Return the payload of DATA or HEADERS without padding and priority."""
        begin, end = 0, len(self.payload)
        if self.has(_PADDED):
            begin, end = 1, end - self.payload[0]
        if self.kind == Kind.HEADERS and self.has(_PRIORITY):
            begin += 5
        return self.payload[begin:end]


class Frames:
    """Cuts what a peer sends into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Frame]:
        """Take bytes and yield the frames that are complete."""
        self._buffer += received
        while len(self._buffer) >= _HEADER_SIZE:
            high, low, kind, flags, stream = struct.unpack_from(">BHBBL", self._buffer)
            end = _HEADER_SIZE + (high << 16 | low)
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_HEADER_SIZE:end])
            del self._buffer[:end]
            yield Frame(kind, flags, stream & 0x7FFFFFFF, payload)


def headers(stream: int, block: bytes, *, end_stream: bool) -> list[Frame]:
    """Return an encoded block of headers as HEADERS and, where it is long, CONTINUATION."""
    pieces = [block[at : at + _LARGEST_FRAME] for at in range(0, len(block), _LARGEST_FRAME)]
    flags = END_STREAM if end_stream else 0
    frames = [Frame(Kind.HEADERS, flags, stream, pieces[0] if pieces else b"")]
    frames += [Frame(Kind.CONTINUATION, 0, stream, piece) for piece in pieces[1:]]
    frames[-1] = frames[-1]._replace(flags=frames[-1].flags | END_HEADERS)
    return frames


def settings(values: Mapping[int, int]) -> Frame:
    """Return SETTINGS with these values."""
    payload = b"".join(struct.pack(">HL", name, value) for name, value in values.items())
    return Frame(Kind.SETTINGS, 0, 0, payload)


def read_settings(frame: Frame) -> dict[int, int]:
    """Return the values that SETTINGS carries."""
    return dict(struct.iter_unpack(">HL", frame.payload))


def go_away(last_stream: int, code: int, debug: bytes = b"") -> Frame:
    """Return GOAWAY."""
    return Frame(Kind.GOAWAY, 0, 0, struct.pack(">LL", last_stream, code) + debug)


def reset(stream: int, code: int) -> Frame:
    """Return RST_STREAM."""
    return Frame(Kind.RST_STREAM, 0, stream, struct.pack(">L", code))


def window_update(stream: int, size: int) -> Frame:
    """Return WINDOW_UPDATE, which lets the peer send `size` more bytes."""
    return Frame(Kind.WINDOW_UPDATE, 0, stream, struct.pack(">L", size))


def ping(payload: bytes, *, ack: bool = False) -> Frame:
    """Return PING; the payload has 8 bytes."""
    return Frame(Kind.PING, ACK if ack else 0, 0, payload)


def priority(stream: int) -> Frame:
    """Return PRIORITY, which says nothing that matters."""
    return Frame(Kind.PRIORITY, 0, stream, struct.pack(">LB", 0, 15))
