"""An HTTP/2 proxy that forwards the streams of clients to one server and injects faults.

It runs in its own thread, so that it keeps working while a test blocks its event loop. Each method
takes effect before it returns and may be called from any thread.
"""

import asyncio
import contextlib
import enum
import math
import threading
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

from etcd_client.testing import free_port
from tests.support.front.manners import Answered, Counts, Manners, Quota
from tests.support.front.own_stream import Answer
from tests.support.front.relay import Relay, burst
from tests.support.http2 import Code, Kind

T = TypeVar("T")

_BURST = 1_000


class Flood(enum.Enum):
    """The kinds of frames that a front can flood its clients with."""

    PING = Kind.PING
    PRIORITY = Kind.PRIORITY


class Http2Front:
    """Forwards plain-text HTTP/2 to `upstream`, with one connection for each connection of clients.

    `path` in its methods is the end of a request's path, such as `"/Put"` or
    `"Lease/LeaseKeepAlive"`; an empty one means all requests.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        """Start to listen, without faults."""
        self.address = ("127.0.0.1", free_port())
        self._upstream = upstream
        self._manners = Manners()
        self._counts = Counts()
        self._relays: dict[Relay, asyncio.Task[None]] = {}
        # The handlers of connections that wait for their counterparts.
        self._connecting: set[asyncio.Task[None]] = set()
        self._floods: list[asyncio.Task[None]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="front", daemon=True)
        self._thread.start()
        host, port = self.address
        self._listener = self._call(asyncio.start_server(self._accept, host, port, backlog=1024))

    def __enter__(self) -> "Http2Front":
        """Return the front, which is already listening."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the front and its connections."""
        self.close()

    @property
    def endpoint(self) -> str:
        """The URL at which clients reach the server through the front."""
        host, port = self.address
        return f"http://{host}:{port}"

    @property
    def connections_seen(self) -> int:
        """How many connections clients have made."""
        return self._counts.connections

    @property
    def connections_open(self) -> int:
        """How many connections of clients are open."""
        return len(self._relays)

    @property
    def pings_seen(self) -> int:
        """How many pings clients have sent, without acknowledgements."""
        return self._counts.pings

    @property
    def ping_answers_seen(self) -> int:
        """How many acknowledgements of pings clients have sent."""
        return self._counts.ping_answers

    @property
    def resets_seen(self) -> int:
        """How many streams clients have reset."""
        return self._counts.resets

    @property
    def requests_ignored(self) -> int:
        """How many requests came too late, after a GOAWAY on their connection."""
        return self._counts.ignored

    @property
    def most_streams_at_once(self) -> int:
        """The most streams open at once on one connection, without refused ones."""
        return self._counts.most_streams_at_once

    def streams_seen(self, path: str = "") -> int:
        """Return how many requests came, including refused and ignored ones."""
        return _count(self._counts.streams, path)

    def streams_refused(self, path: str = "") -> int:
        """Return how many requests were refused."""
        return _count(self._counts.refused, path)

    def streams_open(self, path: str = "") -> int:
        """Return how many streams are open now."""

        async def count() -> int:
            streams = [stream for relay in self._relays for stream in relay.streams.values()]
            return sum(stream.path.endswith(path) for stream in streams)

        return self._call(count())

    def go_away(
        self, *, last_stream: int | None = None, code: Code = Code.NO_ERROR, debug: bytes = b""
    ) -> int:
        """Send GOAWAY on every connection, and return how many there are.

        Requests beyond `last_stream` (by default the last one that came) are ignored; open streams
        go on, and the connection is closed when they have ended.
        """

        async def say() -> int:
            relays = list(self._relays)
            for relay in relays:
                relay.go_away(last_stream, code, debug)
            return len(relays)

        return self._call(say())

    def go_away_after(self, requests: int) -> None:
        """Send GOAWAY on each connection that has served this many requests, as nginx does."""
        self._change(lambda: setattr(self._manners, "requests_a_connection", requests))

    def limit_streams(self, at_once: int, *, told: bool = True) -> None:
        """Limit the streams of a connection; new ones advertise this unless `told=False`.

        Requests beyond the limit are not forwarded but reset with REFUSED_STREAM, which says that
        the server did nothing.
        """

        def limit() -> None:
            self._manners.streams_at_once, self._manners.limit_is_told = at_once, told

        self._change(limit)

    def allow_pings_every(self, seconds: float) -> None:
        """Close a connection with `too_many_pings` after three pings in a row that come faster."""
        self._change(lambda: setattr(self._manners, "ping_interval", seconds))

    def delay_answers(self, seconds: float, path: str = "") -> None:
        """Delay each frame of the answers to `path`, until `heal()`."""
        self._change(lambda: self._manners.delays.update({path: seconds}))

    def hold_answers(self, path: str = "") -> None:
        """Hold the answers to `path` back, until `let_go()`."""
        self.delay_answers(math.inf, path)

    def answers_held(self, path: str = "") -> int:
        """Return how many streams have answers, or parts of them, that are held back."""

        async def count() -> int:
            streams = [stream for relay in self._relays for stream in relay.streams.values()]
            return sum(bool(one.held) and one.path.endswith(path) for one in streams)

        return self._call(count())

    def let_go(self) -> None:
        """Send the answers that are held back or delayed, and delay no others."""

        async def let_go() -> None:
            self._manners.delays.clear()
            for relay in list(self._relays):
                relay.let_go()

        self._call(let_go())

    def refuse_next(self, path: str, times: int = 1, code: Code = Code.REFUSED_STREAM) -> None:
        """Reset the next requests to `path` instead of forwarding them."""
        self._change(lambda: self._manners.refused.append(Quota(path, times, code)))

    def break_next(self, path: str, times: int = 1, code: Code = Code.CANCEL) -> None:
        """Forward the next requests to `path`, and reset them instead of answering."""
        self._change(lambda: self._manners.broken.append(Quota(path, times, code)))

    def answer(self, path: str, answer: Answer, times: float = math.inf) -> None:
        """Answer the next requests to `path` with `answer`, which runs in the front's own loop."""
        self._change(lambda: self._manners.answered.append(Answered(path, times, answer)))

    def reset(self, path: str = "", code: Code = Code.CANCEL) -> int:
        """Reset the open streams of `path`, and return how many there were."""

        async def reset() -> int:
            return sum(relay.reset(path, code) for relay in list(self._relays))

        return self._call(reset())

    def drop(self) -> None:
        """Close every connection without a GOAWAY."""

        async def drop() -> None:
            await _cancel([*self._connecting, *self._relays.values()])

        self._call(drop())

    def flood(self, kind: Flood, per_second: int) -> None:
        """Send frames of this kind on every connection, until `heal()`."""

        async def begin() -> None:
            self._floods.append(asyncio.ensure_future(self._flood(kind.value, per_second)))

        self._call(begin())

    def heal(self) -> None:
        """End all faults; what was already sent, such as a GOAWAY, stays in force."""

        async def heal() -> None:
            vars(self._manners).update(vars(Manners()))
            await _cancel(self._floods)
            self._floods.clear()

        self._call(heal())

    def close(self) -> None:
        """Close every connection and stop the thread; may be called twice."""
        if self._loop.is_closed():
            return
        self.heal()
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _change(self, change: Callable[[], object]) -> None:
        async def run() -> None:
            change()

        self._call(run())

    async def _end(self) -> None:
        """Close the listener and every connection, those that are just being accepted too."""
        self._listener.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            # A handler that was just made has to begin: it closes its connection.
            await asyncio.sleep(0)
            await _cancel(tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._counts.connections += 1
        relay = Relay(self._manners, self._counts)
        task = asyncio.current_task()
        assert task is not None
        self._connecting.add(task)
        try:
            server = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.close()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            return
        finally:
            self._connecting.remove(task)
        self._relays[relay] = task
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await relay.serve((reader, writer), server)
        finally:
            del self._relays[relay]

    async def _flood(self, kind: Kind, per_second: int) -> None:
        size = max(1, min(_BURST, per_second // 100))
        frames = burst(kind, size)
        while True:
            for relay in list(self._relays):
                with contextlib.suppress(ConnectionError):
                    await relay.flood(frames)
            await asyncio.sleep(size / per_second)


async def _cancel(tasks: "Collection[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _count(counts: "dict[str, int]", path: str) -> int:
    return sum(count for name, count in dict(counts).items() if name.endswith(path))
