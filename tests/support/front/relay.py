"""One connection through an `Http2Front`: from a client, and on to the server.

Frames keep their stream ids, so that WINDOW_UPDATE and most other frames pass unchanged. Header
blocks are decoded and encoded again: dropping one would otherwise desynchronise the HPACK tables.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field

from hpack import Decoder, Encoder

from tests.support import http2
from tests.support.front.manners import Counts, Manners, Outbox, take
from tests.support.front.own_stream import OwnStream, Wire
from tests.support.http2 import Code, Frame, Frames, Headers, Kind, Setting

# How many pings in a row may come too early, as in gRPC servers.
_EARLY_PINGS = 2
_READ = 65_536
OWN_PING = b"by front"


@dataclass
class _Stream:
    path: str
    broken_by: Code | None
    client_done: bool = False
    server_done: bool = False
    # The delayed frames: when each is due, the frame and its headers.
    held: deque[tuple[float, Frame, Headers]] = field(default_factory=deque)


class Relay:
    """Forwards frames, with the faults that the front's `Manners` ask for."""

    def __init__(self, manners: Manners, counts: Counts) -> None:
        self.streams: dict[int, _Stream] = {}
        self._manners = manners
        self._counts = counts
        self._last_stream: int | None = None
        self._highest_stream = 0
        self._requests = 0
        self._early_pings = 0
        self._pinged_at = float("-inf")
        self._settings_seen = False
        self._from_client, self._to_server = Decoder(), Encoder()
        self._from_server, self._to_client = Decoder(), Encoder()
        self._closing = asyncio.Event()
        self._blocks: dict[int, tuple[Frame, bytes]] = {}
        self._own: dict[int, tuple[OwnStream, asyncio.Future[None]]] = {}
        self._client_window = 65_535

    async def serve(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Forward until one side closes, or the last stream after a GOAWAY has ended."""
        self._client, self._server = Outbox(client[1]), Outbox(server[1])
        tasks: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._read_client(client[0])),
            asyncio.ensure_future(self._read_server(server[0])),
            asyncio.ensure_future(self._closing.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            client[1].transport.abort()
            server[1].transport.abort()
            raise
        finally:
            for task in tasks:
                task.cancel()
            self.streams.clear()
            for _stream, answering in self._own.values():
                answering.cancel()
            self._server.close()
            self._client.close()
            await asyncio.gather(*tasks, return_exceptions=True)

    def go_away(self, last_stream: int | None, code: Code, debug: bytes) -> None:
        """Accept no more streams, and close the connection when the open ones have ended."""
        if last_stream is None:
            last_stream = self._highest_stream
        self._last_stream = last_stream
        self._client.send(http2.go_away(last_stream, code, debug).encode())
        self._close_when_empty()

    def reset(self, path: str, code: Code) -> int:
        """Reset the open streams of `path` on both sides."""
        chosen = [n for n, stream in self.streams.items() if stream.path.endswith(path)]
        for number in chosen:
            self._break(number, code)
        return len(chosen)

    def let_go(self) -> None:
        """Send all answers that wait, whenever they are due."""
        for stream in list(self.streams.values()):
            self._release(stream, math.inf)

    async def flood(self, frames: bytes) -> None:
        """Send frames to the client that the server did not send."""
        self._client.send(frames)
        await self._client.drain()

    async def _read_client(self, reader: asyncio.StreamReader) -> None:
        self._server.send(await reader.readexactly(len(http2.PREFACE)))
        frames = Frames()
        while received := await reader.read(_READ):
            for frame in frames.feed(received):
                self._take_from_client(frame)
            await self._server.drain()

    async def _read_server(self, reader: asyncio.StreamReader) -> None:
        frames = Frames()
        while received := await reader.read(_READ):
            for frame in frames.feed(received):
                self._take_from_server(frame)
            await self._client.drain()

    def _take_from_client(self, frame: Frame) -> None:
        if frame.stream in self._own:
            self._take_for_own(frame)
        elif frame.kind in {Kind.HEADERS, Kind.CONTINUATION}:
            whole = self._collect(frame)
            if whole is not None:
                self._open(*whole)
        elif frame.kind == Kind.SETTINGS:
            self._take_settings(frame)
        elif frame.kind == Kind.PING:
            self._take_ping(frame)
        elif frame.stream == 0:
            self._server.send(frame.encode())
        elif frame.stream not in self.streams:
            self._credit_client(frame)
        else:
            self._server.send(frame.encode())
            stream = self.streams[frame.stream]
            if frame.kind == Kind.RST_STREAM:
                self._counts.resets += 1
                self._forget(frame.stream)
            elif frame.kind == Kind.DATA and frame.has(http2.END_STREAM):
                stream.client_done = True
                self._forget_if_done(frame.stream)

    def _take_settings(self, frame: Frame) -> None:
        if not frame.has(http2.ACK):
            values = http2.read_settings(frame)
            self._client_window = values.get(Setting.INITIAL_WINDOW_SIZE, self._client_window)
        self._server.send(_without_tables(frame, {}).encode())

    def _take_for_own(self, frame: Frame) -> None:
        """Hand a frame to a stream that the front answers itself."""
        self._credit_client(frame)
        stream, answering = self._own[frame.stream]
        stream.take(frame)
        if frame.kind == Kind.RST_STREAM:
            answering.cancel()
            del self._own[frame.stream]

    def _credit_client(self, frame: Frame) -> None:
        # Give the client its connection window back, as if the server had read the data.
        if frame.kind == Kind.DATA and frame.payload:
            self._client.send(http2.window_update(0, len(frame.payload)).encode())

    def _collect(self, frame: Frame) -> tuple[Frame, bytes] | None:
        """Return a header block once it is complete, with its first frame."""
        first, block = self._blocks.pop(frame.stream, (frame, b""))
        block += frame.content()
        if frame.has(http2.END_HEADERS):
            return first, block
        self._blocks[frame.stream] = first, block
        return None

    def _open(self, frame: Frame, block: bytes) -> None:
        number = frame.stream
        fields: Headers = [
            (bytes(n), bytes(v)) for n, v in self._from_client.decode(block, raw=True)
        ]
        path = dict(fields).get(b":path", b"").decode()
        self._counts.streams[path] += 1
        if self._last_stream is not None and number > self._last_stream:
            self._counts.ignored += 1
            return
        self._highest_stream = number
        refusal = self._refusal(path)
        if refusal is not None:
            self._counts.refused[path] += 1
            self._client.send(http2.reset(number, refusal).encode())
            return
        answer = self._manners.own_answer(path)
        if answer is not None:
            wire = Wire(self._client.send, self._to_client_headers, self._client.drain, self._end)
            own = OwnStream(number, self._client_window, wire)
            self._own[number] = own, asyncio.ensure_future(answer(own))
            return
        stream = _Stream(path, take(self._manners.broken, path), frame.has(http2.END_STREAM))
        self.streams[number] = stream
        most = max(self._counts.most_streams_at_once, len(self.streams))
        self._counts.most_streams_at_once = most
        self._send_headers(self._server, self._to_server, frame, fields)
        self._requests += 1
        last = self._manners.requests_a_connection
        if self._last_stream is None and last is not None and self._requests >= last:
            self.go_away(number, Code.NO_ERROR, b"")

    def _to_client_headers(self, number: int, fields: Headers, end: bool) -> None:  # noqa: FBT001
        frame = Frame(Kind.HEADERS, http2.END_STREAM if end else 0, number)
        self._send_headers(self._client, self._to_client, frame, fields)

    def _end(self) -> None:
        self._closing.set()

    def _refusal(self, path: str) -> Code | None:
        limit = self._manners.streams_at_once
        if limit is not None and len(self.streams) >= limit:
            return Code.REFUSED_STREAM
        return take(self._manners.refused, path)

    def _take_ping(self, frame: Frame) -> None:
        if frame.has(http2.ACK):
            self._counts.ping_answers += 1
            if frame.payload != OWN_PING:
                self._server.send(frame.encode())
            return
        self._counts.pings += 1
        self._server.send(frame.encode())
        now = asyncio.get_running_loop().time()
        early = now - self._pinged_at < (self._manners.ping_interval or 0.0)
        self._pinged_at = now
        self._early_pings = self._early_pings + 1 if early else 0
        if self._early_pings > _EARLY_PINGS:
            self.go_away(None, Code.ENHANCE_YOUR_CALM, b"too_many_pings")
            self._closing.set()

    def _take_from_server(self, frame: Frame) -> None:
        if frame.kind == Kind.SETTINGS:
            limit = self._manners.streams_at_once if self._manners.limit_is_told else None
            own: dict[int, int] = {} if limit is None else {Setting.MAX_CONCURRENT_STREAMS: limit}
            self._client.send(_without_tables(frame, own).encode())
        elif frame.kind in {Kind.HEADERS, Kind.CONTINUATION}:
            whole = self._collect(frame)
            if whole is not None:
                fields = self._from_server.decode(whole[1], raw=True)
                self._answer(whole[0], [(bytes(name), bytes(value)) for name, value in fields])
        elif frame.stream == 0:
            self._client.send(frame.encode())
        else:
            self._answer(frame, [])

    def _answer(self, frame: Frame, fields: Headers) -> None:
        """Send a frame of a stream to the client, now or when it is due."""
        self._early_pings = 0
        stream = self.streams.get(frame.stream)
        if stream is None:
            self._drop_answer(frame)
        elif stream.broken_by is not None and frame.kind != Kind.WINDOW_UPDATE:
            self._break(frame.stream, stream.broken_by)
            self._drop_answer(frame)
        else:
            delay = self._manners.delay(stream.path)
            if not stream.held and delay == 0:
                self._send_answer(frame, fields)
                return
            loop = asyncio.get_running_loop()
            due = loop.time() + delay
            stream.held.append((due, frame, fields))
            if due < math.inf:
                loop.call_at(due, lambda: self._release(stream, loop.time()))

    def _release(self, stream: _Stream, now: float) -> None:
        while stream.held and stream.held[0][0] <= now:
            _due, frame, fields = stream.held.popleft()
            if self.streams.get(frame.stream) is stream:
                self._send_answer(frame, fields)
            else:
                self._drop_answer(frame)

    def _send_answer(self, frame: Frame, fields: Headers) -> None:
        if frame.kind == Kind.HEADERS:
            self._send_headers(self._client, self._to_client, frame, fields)
        else:
            self._client.send(frame.encode())
        if frame.kind == Kind.RST_STREAM:
            self._forget(frame.stream)
        elif frame.kind in {Kind.HEADERS, Kind.DATA} and frame.has(http2.END_STREAM):
            self.streams[frame.stream].server_done = True
            self._forget_if_done(frame.stream)

    def _drop_answer(self, frame: Frame) -> None:
        # Give the server its connection window back, as if the client had read the data.
        if frame.kind == Kind.DATA and frame.payload:
            self._server.send(http2.window_update(0, len(frame.payload)).encode())

    @staticmethod
    def _send_headers(sink: Outbox, encoder: Encoder, frame: Frame, fields: Headers) -> None:
        end_stream = frame.has(http2.END_STREAM)
        for part in http2.headers(frame.stream, encoder.encode(fields), end_stream=end_stream):
            sink.send(part.encode())

    def _break(self, number: int, code: Code) -> None:
        self._client.send(http2.reset(number, code).encode())
        self._server.send(http2.reset(number, Code.CANCEL).encode())
        self._forget(number)

    def _forget_if_done(self, number: int) -> None:
        stream = self.streams[number]
        # A gRPC server may end a stream with its trailers before the client has ended its side.
        if stream.server_done and stream.client_done:
            self._forget(number)

    def _forget(self, number: int) -> None:
        stream = self.streams.pop(number)
        for _due, frame, _fields in stream.held:
            self._drop_answer(frame)
        stream.held.clear()
        self._close_when_empty()

    def _close_when_empty(self) -> None:
        if self._last_stream is not None and not self.streams:
            self._closing.set()


def _without_tables(frame: Frame, own: dict[int, int]) -> Frame:
    """Return SETTINGS without the HPACK table sizes, as the front has tables of its own."""
    if frame.has(http2.ACK):
        return frame
    values = http2.read_settings(frame)
    values.pop(Setting.HEADER_TABLE_SIZE, None)
    return http2.settings(values | own)


def burst(kind: Kind, count: int) -> bytes:
    """Return `count` frames, PING or PRIORITY."""
    frame = http2.ping(OWN_PING) if kind == Kind.PING else http2.priority(1)
    return frame.encode() * count
