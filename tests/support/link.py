"""The connections of a `Proxy`, and the conditions that they all pass under.

All of this runs in the proxy's own thread; `tests.support.proxy` is what tests use.
"""

import asyncio
import contextlib
import enum
import socket
import struct
from collections import Counter
from dataclasses import dataclass

Address = tuple[str, int]
_Chunks = asyncio.Queue[tuple[float, bytes]]

_CHUNK = 65_536
# How many chunks may wait out a delay: beyond that the sender is held back, as by a slow link.
_CHUNKS_IN_FLIGHT = 64
# A limited link sends this many times a second, so that it trickles rather than bursts.
_BURSTS_PER_SECOND = 50
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Direction(enum.Enum):
    """Which way bytes go."""

    TO_CLIENT = "to client"
    TO_SERVER = "to server"


@dataclass(frozen=True)
class Conditions:
    """What happens to bytes on the way."""

    stalled: bool = False
    blackholed: bool = False
    delay: float = 0.0
    bandwidth: float | None = None


class Link:
    """What all connections of one proxy share."""

    def __init__(self) -> None:
        """Begin as a link without faults."""
        self.conditions = Conditions()
        self.forwarded: Counter[Direction] = Counter()
        self.cuts: dict[Direction, int] = {}
        self._changed = asyncio.Event()

    def change(self, conditions: Conditions) -> None:
        """Set new conditions and wake whoever waits for some."""
        self.conditions = conditions
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, seconds: float | None = None) -> None:
        """Wait until the conditions change, or until so many seconds have passed."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def take_cut(self, direction: Direction, size: int) -> int | None:
        """Count `size` bytes towards a cut; return how many go first if it falls among them."""
        left = self.cuts.get(direction)
        if left is None:
            return None
        if left <= size:
            del self.cuts[direction]
            return left
        self.cuts[direction] = left - size
        return None


class _CutError(Exception):
    """The connection was cut here on purpose."""


class Connection:
    """A client's connection, and the proxy's own to the server behind it."""

    def __init__(self, link: Link, client: socket.socket, origin: str) -> None:
        """Take over the client's socket; `serve` does the rest."""
        self.origin = origin
        self.lost_bytes = False
        self._in_good_order = False
        self._link = link
        self._client = client
        self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._server.setblocking(False)
        for side in (self._client, self._server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def serve(self, upstream: Address) -> None:
        """Forward until both sides have ended or one broke; call `close` when it is over."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await asyncio.get_running_loop().sock_connect(self._server, upstream)
            tasks += self._forward(self._client, self._server, Direction.TO_SERVER)
            tasks += self._forward(self._server, self._client, Direction.TO_CLIENT)
            finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            self._in_good_order = all(task.exception() is None for task in finished)
        except OSError:
            pass  # the server is down: the client is told by a reset
        finally:
            # No task may be registered for a socket that closes: its number may be another's soon.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Close both sockets: with a reset, unless both sides had ended by themselves."""
        for side in (self._client, self._server):
            if not self._in_good_order:
                with contextlib.suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            side.close()

    def _forward(
        self, source: socket.socket, sink: socket.socket, direction: Direction
    ) -> "list[asyncio.Task[None]]":
        in_flight: _Chunks = asyncio.Queue(_CHUNKS_IN_FLIGHT)
        return [
            asyncio.ensure_future(self._receive(source, in_flight)),
            asyncio.ensure_future(self._deliver(in_flight, sink, direction)),
        ]

    async def _receive(self, source: socket.socket, in_flight: _Chunks) -> None:
        loop = asyncio.get_running_loop()
        chunk = b"more to come"
        while chunk:
            try:
                chunk = await loop.sock_recv(source, _CHUNK)
            except OSError:
                if not self._link.conditions.blackholed:
                    raise
                chunk = b""  # the other side must not learn of a reset in a blackhole
            await in_flight.put((loop.time(), chunk))

    async def _deliver(self, in_flight: _Chunks, sink: socket.socket, direction: Direction) -> None:
        chunk = b"more to come"
        while chunk:
            received_at, chunk = await in_flight.get()
            await self._travel(received_at)
            # TCP never delivers what comes behind a gap, also not until the reset that heals it.
            if self._link.conditions.blackholed or self.lost_bytes:
                self.lost_bytes = True
            elif chunk:
                await self._send(sink, chunk, direction)
            else:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
        if self.lost_bytes:
            # The end of the stream was swallowed too: nothing more happens here before a reset.
            await asyncio.get_running_loop().create_future()

    async def _travel(self, received_at: float) -> None:
        """Wait as long as the link takes under conditions that may change meanwhile."""
        loop = asyncio.get_running_loop()
        while self._link.conditions.stalled:
            await self._link.wait_for_change()
        while (left := received_at + self._link.conditions.delay - loop.time()) > 0:
            await self._link.wait_for_change(left)

    async def _send(self, sink: socket.socket, chunk: bytes, direction: Direction) -> None:
        loop = asyncio.get_running_loop()
        first = self._link.take_cut(direction, len(chunk))
        remaining = memoryview(chunk)[:first]
        while remaining:
            bandwidth = self._link.conditions.bandwidth
            size = len(remaining)
            if bandwidth is not None:
                size = min(size, max(1, int(bandwidth / _BURSTS_PER_SECOND)))
                await asyncio.sleep(size / bandwidth)
            # Counted first: whoever receives the bytes finds them in the count.
            self._link.forwarded[direction] += size
            await loop.sock_sendall(sink, remaining[:size])
            remaining = remaining[size:]
        if first is not None:
            raise _CutError
