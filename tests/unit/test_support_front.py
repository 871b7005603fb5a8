"""The front has its say in HTTP/2 as it promises, between a plain client and a real etcd."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from hpack import Decoder, Encoder

from etcd_client.testing import EtcdServer, eventually
from tests.support import http2
from tests.support.front import Flood, Http2Front
from tests.support.http2 import Code, Frame, Frames, Kind, Setting

RANGE = "/etcdserverpb.KV/Range"
WATCH = "/etcdserverpb.Watch/Watch"
# Protobuf: `key: "a"`, and a watch's `create_request { key: "a" }`.
KEY_A = b"\n\x01a"
WATCH_A = b"\n\x03\n\x01a"


class PlainClient:
    """The least that speaks gRPC, without any idea of what a server may not do."""

    def __init__(self, front: Http2Front) -> None:
        """Connect and exchange settings."""
        self._socket = socket.create_connection(front.address, timeout=5.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._frames, self._encoder, self._decoder = Frames(), Encoder(), Decoder()
        self._waiting: list[Frame] = []
        self._statuses: dict[int, bytes] = {}
        self._next_stream = 1
        self.send(http2.PREFACE + http2.settings({}).encode())
        try:
            self.settings = http2.read_settings(self.await_frame(Kind.SETTINGS))
        except ConnectionError:
            self.close()
            raise
        self.send(Frame(Kind.SETTINGS, http2.ACK, 0).encode())

    def __enter__(self) -> "PlainClient":
        """Return the client, which is connected."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the connection."""
        self.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def call(self, path: str, message: bytes, *, end: bool = True) -> int:
        """Send a request, and return the number of its stream."""
        number = self._next_stream
        self._next_stream += 2
        fields = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "etcd",
            "content-type": "application/grpc",
            "te": "trailers",
        }
        block = self._encoder.encode(list(fields.items()))
        body = Frame(Kind.DATA, http2.END_STREAM if end else 0, number, _framed(message))
        frames = [*http2.headers(number, block, end_stream=False), body]
        self.send(b"".join(frame.encode() for frame in frames))
        return number

    def await_frame(self, kind: Kind, stream: int = 0) -> Frame:
        """Wait for the next frame of this kind and stream; others are kept for later."""
        while True:
            for frame in self._waiting:
                if frame.kind == kind and frame.stream == stream:
                    self._waiting.remove(frame)
                    return frame
            self._receive()

    def status(self, stream: int) -> bytes:
        """Wait for the gRPC status of a stream."""
        while stream not in self._statuses:
            self._receive()
        return self._statuses[stream]

    def code(self, stream: int) -> int:
        """Return by what code a stream was reset."""
        (code,) = struct.unpack(">L", self.await_frame(Kind.RST_STREAM, stream).payload)
        return int(code)

    def await_end(self) -> None:
        """Wait for the end of the connection."""
        with contextlib.suppress(ConnectionResetError):
            while True:
                self._receive()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> None:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionResetError
        for frame in self._frames.feed(received):
            self._waiting.append(frame)
            if frame.kind == Kind.HEADERS:
                # In the order in which they come: each changes the table for the next.
                fields = dict(self._decoder.decode(frame.payload, raw=True))
                if b"grpc-status" in fields:
                    self._statuses[frame.stream] = bytes(fields[b"grpc-status"])


def _framed(message: bytes) -> bytes:
    return struct.pack(">BL", 0, len(message)) + message


@pytest.fixture
def front(etcd: EtcdServer) -> Iterator[Http2Front]:
    """Yield a front of the session's server."""
    with Http2Front(etcd.address) as forwarding:
        yield forwarding


@pytest.fixture
def plain(front: Http2Front) -> Iterator[PlainClient]:
    """Yield a connection through the front."""
    with PlainClient(front) as client:
        yield client


def go_away(client: PlainClient) -> tuple[int, int, bytes]:
    payload = client.await_frame(Kind.GOAWAY).payload
    last_stream, code = struct.unpack(">LL", payload[:8])
    return last_stream, code, payload[8:]


def test_forwards_and_counts(front: Http2Front, plain: PlainClient) -> None:
    for _ in range(50):
        assert plain.status(plain.call(RANGE, KEY_A)) == b"0"
    watch = plain.call(WATCH, WATCH_A, end=False)
    assert plain.await_frame(Kind.DATA, watch).payload
    assert front.streams_seen("/Range") == 50
    assert front.streams_seen() == 51
    assert front.streams_open() == front.streams_open("/Watch") == 1
    assert front.most_streams_at_once in {1, 2}
    assert front.connections_seen == front.connections_open == 1


def test_the_end_of_a_connection_reaches_the_other_side(
    front: Http2Front, plain: PlainClient
) -> None:
    plain.close()
    eventually(lambda: front.connections_open == 0)


def test_goodbye_leaves_open_streams_going(front: Http2Front, plain: PlainClient) -> None:
    watch = plain.call(WATCH, WATCH_A, end=False)
    plain.await_frame(Kind.DATA, watch)
    assert front.go_away() == 1
    assert go_away(plain) == (watch, Code.NO_ERROR, b"")
    late = plain.call(RANGE, KEY_A)
    eventually(lambda: front.requests_ignored == 1)
    # A request for progress is answered on the open stream, the late one never.
    plain.send(Frame(Kind.DATA, 0, watch, _framed(b"\x1a\x00")).encode())
    assert plain.await_frame(Kind.DATA, watch).payload
    plain.send(http2.reset(watch, Code.CANCEL).encode())
    plain.await_end()
    with pytest.raises(ConnectionResetError):
        plain.status(late)


def test_goodbye_after_so_many_requests(front: Http2Front, plain: PlainClient) -> None:
    front.go_away_after(3)
    # The connection ends with its last stream, and a request that comes later meets no goodbye.
    watch = plain.call(WATCH, WATCH_A, end=False)
    calls = [plain.call(RANGE, KEY_A) for _ in range(3)]
    assert [plain.status(call) for call in calls[:2]] == [b"0"] * 2
    assert go_away(plain) == (calls[1], Code.NO_ERROR, b"")
    eventually(lambda: front.requests_ignored == 1)
    plain.send(http2.reset(watch, Code.CANCEL).encode())
    plain.await_end()


@pytest.mark.parametrize("told", [True, False])
def test_refuses_more_streams_than_allowed(front: Http2Front, *, told: bool) -> None:
    front.limit_streams(2, told=told)
    with PlainClient(front) as plain:
        limit = plain.settings.get(Setting.MAX_CONCURRENT_STREAMS)
        assert (limit == 2) is told
        watches = [plain.call(WATCH, WATCH_A, end=False) for _ in range(3)]
        assert plain.code(watches[2]) == Code.REFUSED_STREAM
        assert plain.await_frame(Kind.DATA, watches[1]).payload
        plain.send(http2.reset(watches[0], Code.CANCEL).encode())
        assert plain.status(plain.call(RANGE, KEY_A)) == b"0"
        assert front.streams_refused() == 1
        assert front.most_streams_at_once == 2


def test_calls_pings_that_come_early_too_many(front: Http2Front, plain: PlainClient) -> None:
    front.allow_pings_every(5.0)
    for _ in range(4):
        plain.send(http2.ping(b"12345678").encode())
    assert go_away(plain) == (0, Code.ENHANCE_YOUR_CALM, b"too_many_pings")
    plain.await_end()
    assert front.pings_seen == 4


def test_refuses_and_breaks_chosen_requests(front: Http2Front, plain: PlainClient) -> None:
    front.refuse_next("/Range", times=2)
    assert [plain.code(plain.call(RANGE, KEY_A)) for _ in range(2)] == [Code.REFUSED_STREAM] * 2
    front.break_next("/Range", code=Code.INTERNAL_ERROR)
    assert plain.code(plain.call(RANGE, KEY_A)) == Code.INTERNAL_ERROR
    assert plain.status(plain.call(RANGE, KEY_A)) == b"0"
    assert front.streams_refused("/Range") == 2
    watch = plain.call(WATCH, WATCH_A, end=False)
    plain.await_frame(Kind.DATA, watch)
    assert front.reset("/Watch") == 1
    assert plain.code(watch) == Code.CANCEL
    assert front.streams_open() == 0


def test_holds_answers_back(front: Http2Front, plain: PlainClient) -> None:
    front.delay_answers(0.3, "/Range")
    started = time.monotonic()
    calls = [plain.call(RANGE, KEY_A) for _ in range(20)]
    assert [plain.status(call) for call in calls] == [b"0"] * 20
    # One after the other, they would take 6 s.
    assert 0.3 <= time.monotonic() - started < 6.0
    front.heal()

    def is_quick() -> bool:
        started = time.monotonic()
        plain.status(plain.call(RANGE, KEY_A))
        return time.monotonic() - started < 0.3

    # A busy machine may hold up one of them; an answer that is held back takes this long each time.
    eventually(is_quick)


@pytest.mark.parametrize("kind", Flood)
def test_floods(front: Http2Front, plain: PlainClient, kind: Flood) -> None:
    front.flood(kind, 10_000)
    stream = 0 if kind is Flood.PING else 1
    flood = [plain.await_frame(kind.value, stream) for _ in range(1_000)]
    for frame in flood if kind is Flood.PING else []:
        plain.send(frame._replace(flags=http2.ACK).encode())
    assert plain.status(plain.call(RANGE, KEY_A)) == b"0"
    answers = 1_000 if kind is Flood.PING else 0
    eventually(lambda: front.ping_answers_seen == answers)
    front.heal()


def test_closes_connections_without_a_word(front: Http2Front, plain: PlainClient) -> None:
    front.drop()
    plain.await_end()
    assert front.connections_open == 0
    with PlainClient(front) as again:
        assert again.status(again.call(RANGE, KEY_A)) == b"0"


def test_a_server_that_is_down_ends_the_connection() -> None:
    with Http2Front(("127.0.0.1", 9)) as front, pytest.raises(ConnectionError):
        PlainClient(front)
