"""The connections of a `Proxy`, and the simulated conditions that they share.

All of this runs in the proxy's thread; tests use `Proxy`.
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
# How many chunks may be in flight under a delay; then backpressure stops the sender, as on a slow
# link.
_CHUNKS_IN_FLIGHT = 64
# With limited bandwidth, data is sent this many times a second: a trickle rather than bursts.
_BURSTS_PER_SECOND = 50
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Direction(enum.Enum):
    """The direction of bytes that a `Proxy` forwards."""

    TO_CLIENT = "to client"
    TO_SERVER = "to server"


@dataclass(frozen=True)
class Conditions:
    """What happens to bytes in flight."""

    stalled: bool = False
    blackholed: bool = False
    delay: float = 0.0
    bandwidth: float | None = None


class Link:
    """The state that all connections of a proxy share."""

    def __init__(self) -> None:
        """Start without faults."""
        self.conditions = Conditions()
        self.forwarded: Counter[Direction] = Counter()
        self.cuts: dict[Direction, int] = {}
        self._changed = asyncio.Event()

    def change(self, conditions: Conditions) -> None:
        """Set new conditions and wake the tasks that wait for a change."""
        self.conditions = conditions
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, seconds: float | None = None) -> None:
        """Wait until the conditions change, for at most `seconds`."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def take_cut(self, direction: Direction, size: int) -> int | None:
        """Count `size` bytes towards a cut; if they reach it, return how many come before it."""
        left = self.cuts.get(direction)
        if left is None:
            return None
        if left <= size:
            del self.cuts[direction]
            return left
        self.cuts[direction] = left - size
        return None


class _CutError(Exception):
    """The connection was cut on purpose."""


class Connection:
    """A client's connection, and its counterpart from the proxy to the server."""

    def __init__(self, link: Link, client: socket.socket, origin: str) -> None:
        """Take over the client's socket; `serve` connects to the server."""
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
        """Forward until both sides have ended or one failed; call `close` afterwards."""
        tasks: list[asyncio.Task[None]] = []
        try:
            await asyncio.get_running_loop().sock_connect(self._server, upstream)
            tasks += self._forward(self._client, self._server, Direction.TO_SERVER)
            tasks += self._forward(self._server, self._client, Direction.TO_CLIENT)
            finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            self._in_good_order = all(task.exception() is None for task in finished)
        except OSError:
            pass  # the server is down: `close` resets the client's connection
        finally:
            # No task may stay registered for a closed socket: its descriptor may be reused soon.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Close both sockets, with a reset unless both sides had ended by themselves."""
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
                chunk = b""  # in a blackhole, the other side must not notice the reset
            await in_flight.put((loop.time(), chunk))

    async def _deliver(self, in_flight: _Chunks, sink: socket.socket, direction: Direction) -> None:
        chunk = b"more to come"
        while chunk:
            received_at, chunk = await in_flight.get()
            await self._travel(received_at)
            # TCP delivers nothing after a gap, so drop the rest until the connection is reset.
            if self._link.conditions.blackholed or self.lost_bytes:
                self.lost_bytes = True
            elif chunk:
                await self._send(sink, chunk, direction)
            else:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
        if self.lost_bytes:
            # The end of the stream was dropped too: wait for the reset.
            await asyncio.get_running_loop().create_future()

    async def _travel(self, received_at: float) -> None:
        """Wait for the delay or stall of the link, whose conditions may change meanwhile."""
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
            # Count before sending, so that a receiver of the bytes finds them counted.
            self._link.forwarded[direction] += size
            await loop.sock_sendall(sink, remaining[:size])
            remaining = remaining[size:]
        if first is not None:
            raise _CutError
