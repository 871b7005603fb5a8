"""The part of HTTP/2, HPACK and protobuf that one fast hand-written etcd client needs.

It encodes with nothing but the static table and literals, so that a request can be encoded once
and sent again and again with only its stream id changed, and it asks the server to do likewise,
so that no header block has to be decoded.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
CANCEL = 8
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
HEADER_TABLE_SIZE, ENABLE_PUSH, INITIAL_WINDOW_SIZE = 1, 2, 4

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DEFAULT_WINDOW = 65_535
LARGEST_WINDOW = 2**31 - 1
MAX_FRAME = 16_384
# gRPC puts a flag and the length before each message.
MESSAGE_HEADER = 5
# The connection's window is refilled when half of it is used: too rarely to be measured.
REFILL_AFTER = 2**30

_SEVEN_BITS = 0x7F
_FRAME_HEADER = struct.Struct(">BHBBI")
_STREAM_ID = struct.Struct(">I")
# Where the stream id stands in a frame's header.
_ID_OFFSET = 5
_NO_ERROR = bytes(4)
_SETTING = struct.Struct(">HI")


def varint(number: int) -> bytes:
    """Encode a protobuf varint."""
    encoded = bytearray()
    while number > _SEVEN_BITS:
        encoded.append(number & _SEVEN_BITS | ~_SEVEN_BITS & 0xFF)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def bytes_field(number: int, value: bytes) -> bytes:
    """Encode a length-delimited protobuf field: bytes, a string or an embedded message."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data: bytes | bytearray, position: int) -> tuple[int, int]:
    """Return the varint at a position, and the position after it."""
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & _SEVEN_BITS) << shift
        if byte <= _SEVEN_BITS:
            return number, position
        shift += 7


def grpc_message(message: bytes) -> bytes:
    """Give a protobuf message gRPC's prefix: not compressed, and its length."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Encode one HTTP/2 frame."""
    size = len(payload)
    return _FRAME_HEADER.pack(size >> 16, size & 0xFFFF, kind, flags, stream) + payload


def _literal(value: bytes) -> bytes:
    if len(value) >= _SEVEN_BITS:
        message = "only short header strings are needed here"
        raise ValueError(message)
    return bytes((len(value),)) + value


def header_block(method: bytes, authority: bytes) -> bytes:
    """Encode the headers of a gRPC request, never indexed in the dynamic table."""
    return b"".join(
        (
            b"\x83\x86",  # static table: ":method: POST", ":scheme: http"
            b"\x04" + _literal(method),  # ":path", name indexed
            b"\x01" + _literal(authority),  # ":authority", name indexed
            b"\x0f\x10" + _literal(b"application/grpc"),  # "content-type" is number 31 = 15 + 16
            b"\x00" + _literal(b"te") + _literal(b"trailers"),
        )
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A request encoded once; its stream id goes between `head`, `middle` and `tail`."""

    head: bytes
    middle: bytes
    tail: bytes
    message: bytes

    @classmethod
    def encode(cls, method: str, authority: str, message: bytes, *, last: bool = True) -> Request:
        """Encode a call of `method`; with `last` unset the stream stays open for more."""
        block = header_block(method.encode(), authority.encode())
        headers = frame(HEADERS, END_HEADERS, 0, block)
        body = grpc_message(message)
        data = frame(DATA, END_STREAM if last else 0, 0, body)
        middle = headers[_FRAME_HEADER.size :] + data[:_ID_OFFSET]
        return cls(headers[:_ID_OFFSET], middle, data[_FRAME_HEADER.size :], body)


class Connection:
    """One HTTP/2 connection to etcd on a blocking socket, used by one thread.

    `bodies` holds what each stream that is not finished, or not yet taken, has received.
    """

    def __init__(self, host: str, port: int) -> None:
        """Connect and send the settings."""
        self._socket = socket.create_connection((host, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 18)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._next_stream = 1
        self._window = DEFAULT_WINDOW
        self._stream_window = DEFAULT_WINDOW
        self._large_stream = 0
        self._large_window = 0
        self._unacknowledged = 0
        self.bodies: dict[int, bytearray] = {}
        settings = b"".join(
            (
                _SETTING.pack(HEADER_TABLE_SIZE, 0),
                _SETTING.pack(ENABLE_PUSH, 0),
                _SETTING.pack(INITIAL_WINDOW_SIZE, LARGEST_WINDOW),
            )
        )
        refill = _STREAM_ID.pack(LARGEST_WINDOW - DEFAULT_WINDOW)
        self._socket.sendall(
            PREFACE + frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, refill)
        )

    def close(self) -> None:
        """Close the socket; the server needs no good-bye."""
        self._view.release()
        self._socket.close()

    def start(self, requests: Sequence[Request], first: int, count: int) -> int:
        """Send up to `count` small requests at once, going round `requests` from `first`.

        Returns how many the connection's flow-control window had room for.
        """
        pieces: list[bytes] = []
        stream = self._next_stream
        for index in range(first, first + count):
            request = requests[index % len(requests)]
            if self._window < len(request.message):
                count = index - first
                break
            self._window -= len(request.message)
            stream_id = _STREAM_ID.pack(stream)
            pieces += (request.head, stream_id, request.middle, stream_id, request.tail)
            stream += 2
        self._next_stream = stream
        self._socket.sendall(b"".join(pieces))
        return count

    def open(self, request: Request) -> int:
        """Send one small request and return its stream id."""
        stream = self._next_stream
        while not self.start((request,), 0, 1):
            self.receive()
        return stream

    def reset(self, stream: int) -> None:
        """Cancel a stream and forget it."""
        self._socket.sendall(frame(RST_STREAM, 0, stream, _STREAM_ID.pack(CANCEL)))
        self.bodies.pop(stream, None)

    def send_large(self, request: Request) -> None:
        """Send one request of any size, in frames as large as the windows allow."""
        stream = self._large_stream = self._next_stream
        self._next_stream += 2
        self._large_window = self._stream_window
        # What follows the HEADERS frame in `middle` is the start of one DATA frame for it all.
        headers = request.head + _STREAM_ID.pack(stream) + request.middle[:-_ID_OFFSET]
        self._socket.sendall(headers)
        left = memoryview(request.message)
        while left:
            size = min(len(left), MAX_FRAME, self._window, self._large_window)
            if size <= 0:
                self.receive()
                continue
            self._window -= size
            self._large_window -= size
            flags = END_STREAM if size == len(left) else 0
            self._socket.sendall(frame(DATA, flags, stream, bytes(left[:size])))
            left = left[size:]

    def receive(self) -> list[int]:
        """Wait for bytes, handle every whole frame among them, return the streams that ended."""
        received = self._socket.recv_into(self._view[self._filled :])
        if not received:
            message = "etcd closed the connection"
            raise ConnectionError(message)
        end = self._filled + received
        position = 0
        ended: list[int] = []
        buffer, bodies = self._buffer, self.bodies
        while end - position >= _FRAME_HEADER.size:
            high, low, kind, flags, stream = _FRAME_HEADER.unpack_from(buffer, position)
            after = position + 9 + (high << 16 | low)
            if after > end:
                break
            if kind == DATA:
                self._unacknowledged += after - position - 9
                body = bodies.get(stream)
                if body is None:
                    bodies[stream] = buffer[position + 9 : after]
                else:
                    body += self._view[position + 9 : after]
            elif kind != HEADERS:
                self._control(kind, flags, stream, bytes(buffer[position + 9 : after]))
            if flags & END_STREAM and kind <= HEADERS:
                if stream not in bodies:
                    message = f"etcd answered stream {stream} with an error"
                    raise ConnectionError(message)
                ended.append(stream)
            position = after
        self._filled = end - position
        buffer[: self._filled] = buffer[position:end]
        if self._unacknowledged > REFILL_AFTER:
            self._refill()
        return ended

    def _refill(self) -> None:
        amount, self._unacknowledged = self._unacknowledged, 0
        self._socket.sendall(frame(WINDOW_UPDATE, 0, 0, _STREAM_ID.pack(amount)))

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == WINDOW_UPDATE:
            (amount,) = _STREAM_ID.unpack(payload)
            if stream == 0:
                self._window += amount
            elif stream == self._large_stream:
                self._large_window += amount
        elif kind == SETTINGS and not flags & ACK:
            for identifier, value in _SETTING.iter_unpack(payload):
                if identifier == INITIAL_WINDOW_SIZE:
                    self._large_window += value - self._stream_window
                    self._stream_window = value
            self._socket.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._socket.sendall(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM and payload == _NO_ERROR:
            # The answer has come whole: etcd was done before it saw that the request had ended.
            return
        elif kind in (RST_STREAM, GOAWAY):
            message = f"etcd ended stream {stream} or the connection: {payload!r}"
            raise ConnectionError(message)
