"""The steps of a hostile server on a stream."""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.support.front.own_stream import OwnStream
from tests.support.hostile import protobuf
from tests.support.hostile.protobuf import Asked, Message, Own
from tests.support.http2 import Code, Frame, go_away

GRPC: Mapping[str, str | bytes] = {"content-type": "application/grpc"}


@dataclass(frozen=True)
class Head:
    """HEADERS; with `end`, they are the whole answer."""

    fields: Mapping[str, str | bytes] = field(default_factory=lambda: GRPC)
    status: str = "200"
    end: bool = False


@dataclass(frozen=True)
class Data:
    """DATA, as one frame or as several."""

    content: bytes
    at_once: int = 0
    end: bool = False


@dataclass(frozen=True)
class Answer:
    """DATA with a gRPC message, which may echo fields of the request."""

    message: Message
    at_once: int = 0
    end: bool = False


@dataclass(frozen=True)
class Healthy:
    """DATA with the message of a healthy answer, or the first part of it."""

    at_once: int = 0
    end: bool = False
    part: float = 1.0


@dataclass(frozen=True)
class Trailers:
    """HEADERS that end the stream."""

    status: str | None = "0"
    message: str | bytes | None = None
    more: Sequence[tuple[str, str | bytes]] = ()
    end: bool = True


@dataclass(frozen=True)
class Reset:
    """RST_STREAM."""

    code: Code = Code.CANCEL


@dataclass(frozen=True)
class GoAway:
    """GOAWAY, whose last stream id is that of this stream plus `beyond`."""

    beyond: int = 0
    code: Code = Code.NO_ERROR
    debug: bytes = b""


@dataclass(frozen=True)
class RawFrame:
    """A frame of any kind: on this stream, on a later one, or on stream 0."""

    kind: int
    flags: int = 0
    payload: bytes = b""
    shift: int | None = 0
    times: int = 1


@dataclass(frozen=True)
class RawBytes:
    """Bytes that are not a frame."""

    content: bytes


@dataclass(frozen=True)
class Pause:
    """A pause of some seconds."""

    seconds: float


@dataclass(frozen=True)
class Close:
    """The end of the connection, without a GOAWAY."""


@dataclass(frozen=True)
class NextRequest:
    """Waits for the client's next message, which later answers then refer to."""


@dataclass(frozen=True)
class Forever:
    """Repeats these steps forever."""

    steps: "Steps"
    pause: float = 0.0


Step: TypeAlias = (
    Head
    | Data
    | Answer
    | Healthy
    | Trailers
    | Reset
    | GoAway
    | RawFrame
    | RawBytes
    | Pause
    | Close
    | NextRequest
    | Forever
)
Steps: TypeAlias = Sequence[Step]


def framed(message: bytes, flag: int = 0) -> bytes:
    """Return a message with its gRPC prefix."""
    return struct.pack(">BL", flag, len(message)) + message


def refusal(code: int | str, message: str = "") -> Steps:
    """Return the steps of an error, as gRPC servers send it."""
    return (Head({**GRPC, "grpc-status": str(code), "grpc-message": message}, end=True),)


class Player:
    """Plays its steps on each stream, and counts the streams."""

    def __init__(self, steps: Steps, healthy: Message, ids: Mapping[Own, int]) -> None:
        self.played = 0
        self._healthy = healthy
        self._ids = ids
        self._steps = steps

    async def __call__(self, stream: OwnStream) -> None:
        """Play the steps once the client has sent its first message."""
        self.played += 1
        request = await stream.messages.get()
        await self._play(stream, self._steps, request or b"")

    async def _play(self, stream: OwnStream, steps: Steps, request: bytes) -> bytes:
        for step in steps:
            if isinstance(step, NextRequest):
                request = await stream.messages.get() or b""
            elif isinstance(step, Forever):
                while True:
                    request = await self._play(stream, step.steps, request)
                    await asyncio.sleep(step.pause)
            elif isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, (Data, Answer, Healthy)):
                content = self._content(step, Asked(request, self._ids))
                await stream.send_data(content, end=step.end, at_once=step.at_once)
            else:
                _send(stream, step)
        return request

    def _content(self, step: Data | Answer | Healthy, asked: Asked) -> bytes:
        if isinstance(step, Data):
            return step.content
        if isinstance(step, Answer):
            return framed(protobuf.encode(step.message, asked))
        whole = framed(protobuf.encode(self._healthy, asked))
        return whole[: round(len(whole) * step.part)]


def _send(
    stream: OwnStream, step: Head | Trailers | Reset | GoAway | RawFrame | RawBytes | Close
) -> None:
    if isinstance(step, Head):
        fields = [(b":status", step.status.encode()), *map(_pair, step.fields.items())]
        stream.send_headers(fields, end=step.end)
    elif isinstance(step, Trailers):
        named = {"grpc-status": step.status, "grpc-message": step.message}
        known = [(name, value) for name, value in named.items() if value is not None]
        stream.send_headers([*map(_pair, known), *map(_pair, step.more)], end=step.end)
    elif isinstance(step, Reset):
        stream.reset(step.code)
    elif isinstance(step, GoAway):
        last_stream = max(0, stream.number + step.beyond)
        stream.send_raw(go_away(last_stream, step.code, step.debug).encode())
    elif isinstance(step, RawFrame):
        number = 0 if step.shift is None else stream.number + step.shift
        frame = Frame(step.kind, step.flags, number, step.payload).encode()
        stream.send_raw(frame * step.times)
    elif isinstance(step, RawBytes):
        stream.send_raw(step.content)
    else:
        stream.close_connection()


def _pair(item: tuple[str, str | bytes]) -> tuple[bytes, bytes]:
    name, value = item
    return name.encode(), value.encode() if isinstance(value, str) else value
