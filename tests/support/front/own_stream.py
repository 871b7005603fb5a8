"""A stream that the front answers itself, instead of the server."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.support import http2
from tests.support.http2 import Code, Frame, Headers, Kind

_PREFIX = 5
_LARGEST_FRAME = 16_384

Answer = Callable[["OwnStream"], Awaitable[None]]


@dataclass(frozen=True)
class Wire:
    """The parts of its connection that a stream uses."""

    send: Callable[[bytes], None]
    send_headers: Callable[[int, Headers, bool], None]
    drain: Callable[[], Awaitable[None]]
    close: Callable[[], None]


class OwnStream:
    """Receives what the client sends on a stream, and sends it anything, valid or not."""

    def __init__(self, number: int, window: int, wire: Wire) -> None:
        self.number = number
        self.messages: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._window = window
        self._room = asyncio.Event()
        self._wire = wire
        self._received = b""

    def take(self, frame: Frame) -> None:
        """Handle a frame of the client."""
        if frame.kind == Kind.DATA:
            self._received += frame.content()
            self._take_messages()
            if frame.has(http2.END_STREAM):
                self.messages.put_nowait(None)
        elif frame.kind == Kind.WINDOW_UPDATE:
            self._window += struct.unpack(">L", frame.payload)[0]
            self._room.set()

    def _take_messages(self) -> None:
        while len(self._received) >= _PREFIX:
            _flag, length = struct.unpack_from(">BL", self._received)
            end = _PREFIX + length
            if len(self._received) < end:
                return
            self.messages.put_nowait(self._received[_PREFIX:end])
            self._received = self._received[end:]

    def send_headers(self, fields: Headers, *, end: bool = False) -> None:
        """Send HEADERS, which are the trailers if they end the stream."""
        self._wire.send_headers(self.number, fields, end)

    async def send_data(self, data: bytes, *, end: bool = False, at_once: int = 0) -> None:
        """Send DATA within the client's flow-control window, in frames of `at_once` bytes."""
        size = at_once or _LARGEST_FRAME
        pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        for number, piece in enumerate(pieces, 1):
            while self._window < len(piece):
                self._room.clear()
                await self._room.wait()
            self._window -= len(piece)
            last = end and number == len(pieces)
            flags = http2.END_STREAM if last else 0
            self._wire.send(Frame(Kind.DATA, flags, self.number, piece).encode())
            await self._wire.drain()

    def send_raw(self, data: bytes) -> None:
        """Send bytes, whatever they are."""
        self._wire.send(data)

    def reset(self, code: Code) -> None:
        """Reset the stream."""
        self._wire.send(http2.reset(self.number, code).encode())

    def close_connection(self) -> None:
        """Close the whole connection without a GOAWAY."""
        self._wire.close()
