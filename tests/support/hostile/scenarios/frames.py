"""All orders of frames, and invalid frames, in answer to one request.

The steps do not depend on the call; the outcome is that of a put.
"""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from tests.support.hostile.calls import PUT
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import (
    GRPC,
    Close,
    Data,
    GoAway,
    Head,
    Healthy,
    Pause,
    RawBytes,
    RawFrame,
    Reset,
    Steps,
    Trailers,
    framed,
    refusal,
)
from tests.support.http2 import ACK, END_HEADERS, END_STREAM, Code, Kind, Setting, settings

ANSWERED, UNKNOWN, NOT_DONE = Outcome.ANSWERED, Outcome.UNKNOWN, Outcome.NOT_DONE
REFUSED, FAILED = Outcome.REFUSED, Outcome.FAILED
_EITHER = ANSWERED | UNKNOWN

_HEADERS_ONLY = Head()
_HTML = Data(b"<html><body><h1>It works!</h1></body></html>", end=True)
_HUGE = 1 << 31


class Entry(NamedTuple):
    """The steps of the server, and the outcome of a put."""

    steps: Steps
    outcome: Outcome
    refused: bool = False


def _whole(*steps: object) -> Steps:
    return (Head(), Healthy(), *steps)  # type: ignore[arg-type]


def _set(**values: int) -> RawFrame:
    frame = settings({Setting[name]: value for name, value in values.items()})
    return RawFrame(frame.kind, frame.flags, frame.payload, shift=None)


def _http(status: str, *, html: bool = True) -> Steps:
    return (Head({"content-type": "text/html"}, status, end=not html), *((_HTML,) if html else ()))


FRAMES: Mapping[str, Entry] = {
    # Valid frames in any order
    "healthy": Entry((Head(), Healthy(), Trailers()), ANSWERED),
    "no message, but success": Entry((Head(), Trailers()), UNKNOWN),
    "success in the first headers": Entry((Head({**GRPC, "grpc-status": "0"}, end=True),), UNKNOWN),
    "success in the first headers, then the message": Entry(
        (Head({**GRPC, "grpc-status": "0"}), Healthy(end=True)), _EITHER
    ),
    "a message before the headers": Entry((Healthy(), Head(), Trailers()), UNKNOWN),
    "trailers, then the message": Entry((Head(), Trailers(), Healthy()), UNKNOWN),
    "a message after the trailers": Entry(_whole(Trailers(), Healthy()), _EITHER),
    "trailers twice": Entry(_whole(Trailers(), Trailers()), _EITHER),
    "trailers that do not end the stream": Entry(_whole(Trailers(end=False)), UNKNOWN),
    "two messages": Entry(_whole(Healthy(), Trailers()), UNKNOWN),
    "a message and a half": Entry(_whole(Healthy(part=0.5), Trailers()), _EITHER),
    "half a message": Entry((Head(), Healthy(part=0.5), Trailers()), UNKNOWN),
    "half a prefix": Entry((Head(), Data(b"\0\0"), Trailers()), UNKNOWN),
    "no trailers": Entry((Head(), Healthy(end=True)), UNKNOWN),
    "empty data, then the message": Entry(
        (Head(), Data(b""), Healthy(), Data(b""), Trailers()), ANSWERED
    ),
    "one byte at a time": Entry((Head(), Healthy(at_once=1), Trailers()), ANSWERED),
    "interim headers": Entry((Head({}, "103"), Head(), Healthy(), Trailers()), ANSWERED),
    "interim headers that end the stream": Entry((Head({}, "103", end=True),), UNKNOWN),
    "headers alone": Entry((_HEADERS_ONLY,), UNKNOWN),
    "the message and then nothing": Entry(_whole(), UNKNOWN),
    "nothing": Entry((), UNKNOWN),
    # Streams that are reset
    **{
        f"reset with {code.name} in place of an answer": Entry((Reset(code),), UNKNOWN)
        for code in Code
        if code != Code.REFUSED_STREAM
    },
    "refused": Entry((Reset(Code.REFUSED_STREAM),), NOT_DONE, refused=True),
    "refused after the headers": Entry((Head(), Reset(Code.REFUSED_STREAM)), UNKNOWN),
    "refused within the message": Entry(
        (Head(), Healthy(part=0.5), Reset(Code.REFUSED_STREAM)), UNKNOWN
    ),
    "refused after the message": Entry(_whole(Reset(Code.REFUSED_STREAM)), UNKNOWN),
    "reset after the message": Entry(_whole(Reset(Code.NO_ERROR)), UNKNOWN),
    "reset after the trailers": Entry(_whole(Trailers(), Reset(Code.NO_ERROR)), _EITHER),
    "reset with an undefined code": Entry(
        (RawFrame(Kind.RST_STREAM, 0, b"\xff\xff\xff\xff"),), UNKNOWN
    ),
    # Connections that end
    "closed in place of an answer": Entry((Close(),), UNKNOWN),
    "closed within the message": Entry((Head(), Healthy(part=0.5), Close()), UNKNOWN),
    "closed after the message": Entry(_whole(Close()), UNKNOWN),
    "goodbye, then the answer": Entry((GoAway(), Head(), Healthy(), Trailers()), ANSWERED),
    "goodbye in advance, then the answer": Entry(
        (GoAway(2**31 - 2**16), Head(), Healthy(), Trailers()), ANSWERED
    ),
    "goodbye, then nothing": Entry((GoAway(), Close()), UNKNOWN),
    "goodbye within the message": Entry((Head(), Healthy(part=0.5), GoAway(), Close()), UNKNOWN),
    "goodbye to the request": Entry((GoAway(-2),), NOT_DONE, refused=True),
    "goodbye to the request after its headers": Entry(
        (Head(), GoAway(-2), Pause(0.05), Close()), UNKNOWN
    ),
    "goodbye twice, with a later last stream": Entry(
        (GoAway(-2), GoAway(4), Close()), UNKNOWN | NOT_DONE, refused=True
    ),
    "goodbye with an error": Entry((GoAway(0, Code.INTERNAL_ERROR), Close()), UNKNOWN),
    "too many pings, at once": Entry(
        (GoAway(-2, Code.ENHANCE_YOUR_CALM, b"too_many_pings"), Close()), NOT_DONE, refused=True
    ),
    # Statuses
    "no status": Entry(_whole(Trailers(None)), UNKNOWN),
    **{
        f"status {status!r}": Entry(_whole(Trailers(status)), UNKNOWN)
        for status in ("17", "99", "-1", "", "abc", "0x0", "1e0", "9" * 40)
    },
    "a status of bytes that are no text": Entry(
        _whole(Trailers(None, more=[("grpc-status", b"\xff\xfe")])), UNKNOWN
    ),
    "a second status": Entry(_whole(Trailers("0", more=[("grpc-status", "14")])), _EITHER),
    "a status after the message": Entry(_whole(Trailers("14", "too late")), UNKNOWN),
    "a refusal after the message": Entry(
        _whole(Trailers("3", "etcdserver: key is not provided")), UNKNOWN
    ),
    "a refused token after the message": Entry(
        _whole(Trailers("16", "etcdserver: invalid auth token")), UNKNOWN
    ),
    "another member's job, after the message": Entry(
        _whole(Trailers("14", "etcdserver: no leader")), UNKNOWN
    ),
    "a message of 100 kB": Entry(refusal(14, "x" * 100_000), UNKNOWN),
    "a message that is not well escaped": Entry(refusal(14, "%zz%4%"), UNKNOWN),
    "a message that is no text": Entry(
        (Trailers("14", b"\xff\xfe\x80", more=[(":status", "200")]),), UNKNOWN
    ),
    # Compression and sizes
    **{
        f"a message with flag {flag}": Entry(
            (Head(), Data(framed(b"\n\0", flag)), Trailers()), UNKNOWN
        )
        for flag in (1, 2, 255)
    },
    "a message of 2 GiB, announced": Entry(
        (Head(), Data(b"\0" + struct.pack(">L", _HUGE) + b"x"), Trailers()), UNKNOWN
    ),
    "a message of 4 GiB, announced": Entry(
        (Head(), Data(b"\0\xff\xff\xff\xff" + b"x"), Trailers()), UNKNOWN
    ),
    "a message that is no protobuf": Entry(
        (Head(), Data(framed(b"\xff" * 30)), Trailers()), UNKNOWN
    ),
    "an empty message": Entry((Head(), Data(framed(b"")), Trailers()), _EITHER),
    # HTTP that is not gRPC
    **{
        f"HTTP {status}": Entry(_http(status), UNKNOWN)
        for status in ("302", "500", "502", "503", "504")
    },
    **{
        f"HTTP {status}": Entry(_http(status), REFUSED | UNKNOWN)
        for status in ("400", "401", "403", "404", "405", "415", "429")
    },
    "HTTP 502 without a body": Entry(_http("502", html=False), UNKNOWN),
    "HTTP 404 with a status of gRPC": Entry(
        (Head({**GRPC, "grpc-status": "0"}, "404"), Healthy(end=True)), UNKNOWN | REFUSED
    ),
    "a page in HTML": Entry((Head({"content-type": "text/html"}), _HTML), UNKNOWN),
    "a page that looks like gRPC": Entry(
        (Head({"content-type": "text/html"}), Healthy(), Trailers()), _EITHER
    ),
    "no content type": Entry((Head({}), Healthy(), Trailers()), _EITHER),
    "a content type with its codec": Entry(
        (Head({"content-type": "application/grpc+proto"}), Healthy(), Trailers()), ANSWERED
    ),
    "no HTTP status": Entry((Trailers("0", more=[("content-type", "x")]),), UNKNOWN),
    "an HTTP status that is none": Entry((Head(status="abc", end=True),), UNKNOWN),
    "a server of HTTP/1": Entry((RawBytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Close()), UNKNOWN),
    # Frames that break the protocol
    "bytes that are no frame": Entry((RawBytes(b"\xff" * 64),), UNKNOWN),
    "a frame of 16 MiB, announced": Entry((RawBytes(b"\xff\xff\xff\0\0\0\0\0\1"),), UNKNOWN),
    "headers that are no headers": Entry(
        (RawFrame(Kind.HEADERS, END_HEADERS, b"\xff" * 20),), UNKNOWN
    ),
    "headers on no stream": Entry((RawFrame(Kind.HEADERS, END_HEADERS, shift=None),), UNKNOWN),
    "data on no stream": Entry((RawFrame(Kind.DATA, 0, b"x", shift=None),), UNKNOWN),
    "data on a stream that was never opened": Entry(
        (RawFrame(Kind.DATA, 0, b"x", shift=100),), UNKNOWN
    ),
    "headers on a stream of the server's": Entry(
        (RawFrame(Kind.HEADERS, END_HEADERS, b"\x88", shift=1),), UNKNOWN
    ),
    "a continuation of nothing": Entry((RawFrame(Kind.CONTINUATION, END_HEADERS),), UNKNOWN),
    "a pushed stream": Entry((RawFrame(Kind.PUSH_PROMISE, END_HEADERS, b"\0\0\0\2\x88"),), UNKNOWN),
    "more padding than data": Entry((Head(), RawFrame(Kind.DATA, 0x8, b"\xffxx")), UNKNOWN),
    "a frame of an unknown kind": Entry(
        (RawFrame(0xAB, 0xFF, b"x" * 99), Head(), Healthy(), Trailers()), ANSWERED
    ),
    "a window that grows by nothing": Entry(
        (RawFrame(Kind.WINDOW_UPDATE, 0, b"\0\0\0\0"),), UNKNOWN
    ),
    "a window that overflows": Entry(
        (RawFrame(Kind.WINDOW_UPDATE, 0, b"\x7f\xff\xff\xff", shift=None, times=2),), UNKNOWN
    ),
    "settings against the rules": Entry((_set(MAX_FRAME_SIZE=1),), UNKNOWN),
    "settings of a wrong size": Entry((RawFrame(Kind.SETTINGS, 0, b"x", shift=None),), UNKNOWN),
    "settings acknowledged for nothing": Entry(
        (RawFrame(Kind.SETTINGS, ACK, shift=None), Head(), Healthy(), Trailers()), _EITHER
    ),
    "a ping answered that was never sent": Entry(
        (RawFrame(Kind.PING, ACK, b"12345678", shift=None), Head(), Healthy(), Trailers()), _EITHER
    ),
    "a ping of a wrong size": Entry((RawFrame(Kind.PING, 0, b"1", shift=None),), UNKNOWN),
    "no streams allowed for a moment": Entry(
        (
            _set(MAX_CONCURRENT_STREAMS=0),
            Head(),
            Healthy(),
            Trailers(),
            Pause(0.05),
            _set(MAX_CONCURRENT_STREAMS=100),
        ),
        ANSWERED,
    ),
    "no window for a moment": Entry(
        (
            _set(INITIAL_WINDOW_SIZE=0),
            Head(),
            Healthy(),
            Trailers(),
            Pause(0.05),
            _set(INITIAL_WINDOW_SIZE=65_535),
        ),
        ANSWERED,
    ),
    # Floods
    "10,000 empty frames of data": Entry(
        (Head(), RawFrame(Kind.DATA, times=10_000), Healthy(), Trailers()), _EITHER
    ),
    "10,000 settings": Entry(
        (RawFrame(Kind.SETTINGS, shift=None, times=10_000), Head(), Healthy(), Trailers()), _EITHER
    ),
    "10,000 pings": Entry(
        (
            RawFrame(Kind.PING, 0, b"12345678", shift=None, times=10_000),
            Head(),
            Healthy(),
            Trailers(),
        ),
        _EITHER,
    ),
    "10,000 resets": Entry((RawFrame(Kind.RST_STREAM, 0, b"\0\0\0\2", times=10_000),), UNKNOWN),
    "headers that never end": Entry(
        (
            RawFrame(Kind.HEADERS, 0, b"\x88"),
            RawFrame(Kind.CONTINUATION, 0, b"\x00\x01x\x7f\x80\x01" + b"x" * 255, times=10_000),
        ),
        UNKNOWN,
    ),
    "headers of 1 MiB": Entry(
        (Head({**GRPC, **{f"x-{n}": "y" * 1_000 for n in range(1_000)}}), Healthy(), Trailers()),
        _EITHER,
    ),
    "10,000 interim headers": Entry(
        (*([Head({}, "103")] * 10_000), Head(), Healthy(), Trailers()), _EITHER
    ),
    "trailers without an end of the headers": Entry(
        _whole(RawFrame(Kind.HEADERS, END_STREAM, b"\x88"), Close()), UNKNOWN
    ),
}

PUTS = tuple(
    Scenario(name, PUT, entry.steps, entry.outcome, refused=entry.refused, timeout=0.5)
    for name, entry in FRAMES.items()
)
