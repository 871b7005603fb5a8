"""A TCP proxy that simulates network faults.

It runs in its own thread, so that it keeps working while a test blocks its event loop. Each method
that changes its behaviour takes effect before it returns and may be called from any thread.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from ._link import Address, Conditions, Connection, Direction, Link
from ._ports import free_port

__all__ = ["Direction", "Proxy"]

T = TypeVar("T")


class Proxy:
    """Forwards TCP from a port of its own to a server, subject to the faults that a test asks for.

    It begins to listen when it is made; leaving its context closes it.

    Args:
        upstream: The address of the server, such as `EtcdServer.address`.
        origin: Returns the name of a client, for `sever`, given the addresses that its connection
            comes from and leads to. It is called in the proxy's thread, once for each connection.
        scheme: The scheme of `endpoint`.

    Examples:
        >>> from etcd_client import Client
        >>> from etcd_client.testing import EtcdServer, Proxy
        >>> with EtcdServer() as server, Proxy(server.address) as proxy:
        ...     async with Client(proxy.endpoint).connect() as communicator:
        ...         proxy.drop()
        ...         await communicator.get("missing") is None
        True
    """

    def __init__(
        self,
        upstream: Address,
        origin: Callable[[Address, Address], str] | None = None,
        *,
        scheme: str = "http",
    ) -> None:
        self.address: Address = ("127.0.0.1", free_port())
        self.connections_seen = 0
        self._scheme = scheme
        self._upstream = upstream
        self._origin = origin or (lambda _source, _destination: "")
        self._severed: set[str] = set()
        self._link = Link()
        self._serving: dict[asyncio.Task[None], Connection] = {}
        self._listener: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._call(self._listen())

    def __enter__(self) -> "Proxy":
        """Return the proxy, which is already listening."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the proxy and its connections."""
        self.close()

    @property
    def endpoint(self) -> str:
        """The URL at which clients reach the server through the proxy."""
        host, port = self.address
        return f"{self._scheme}://{host}:{port}"

    @property
    def connections_open(self) -> int:
        """How many connections are open now."""
        return len(self._serving)

    def forwarded(self, direction: Direction) -> int:
        """Return how many bytes were forwarded in one direction."""
        return self._link.forwarded[direction]

    def heal(self) -> None:
        """End all faults and listen again.

        Connections that lost bytes in a blackhole are reset, as TCP cannot continue after a gap.
        """
        self._call(self._heal())

    def refuse(self) -> None:
        """Refuse new connections until `heal()`; open ones go on."""
        self._call(self._stop_listening())

    def lead_to(self, upstream: Address) -> None:
        """Forward new connections to another server."""

        async def change() -> None:
            self._upstream = upstream

        self._call(change())

    def drop(self) -> None:
        """Reset all open connections once; new ones are not affected."""
        self._call(self._reset(lambda _connection: True))

    def stall(self) -> None:
        """Hold all bytes back until `heal()`, then forward them, as in a short network outage."""
        self._call(self._change(stalled=True))

    def blackhole(self) -> None:
        """Drop all bytes in both directions but keep all sockets open, until `heal()`."""
        self._call(self._change(blackholed=True))

    def delay(self, seconds: float) -> None:
        """Delay all bytes by `seconds` in each direction, until `heal()`."""
        self._call(self._change(delay=seconds))

    def limit_bandwidth(self, bytes_per_second: float) -> None:
        """Limit the bandwidth of each direction of each connection, until `heal()`."""
        self._call(self._change(bandwidth=bytes_per_second))

    def cut(self, after: int, direction: Direction = Direction.TO_CLIENT) -> None:
        """Forward the next `after` bytes, over all connections, then reset the one in use.

        This happens once; later connections are not affected.
        """
        self._call(self._cut(after, direction))

    def sever(self, origin: str) -> None:
        """Reset the connections of one origin and refuse new ones until `rejoin(origin)`."""
        self._call(self._sever(origin))

    def rejoin(self, origin: str) -> None:
        """Undo `sever(origin)`."""
        self._call(self._rejoin(origin))

    def close(self) -> None:
        """Reset all connections and stop the thread; may be called twice."""
        if self._loop.is_closed():
            return
        self._call(self._stop_listening())
        self.drop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _change(self, **conditions: Any) -> None:
        self._link.change(replace(self._link.conditions, **conditions))

    async def _heal(self) -> None:
        # Conditions first: otherwise a connection could lose its first bytes during the resets and
        # not be reset itself.
        self._link.change(Conditions())
        self._link.cuts.clear()
        self._severed.clear()
        await self._reset(lambda connection: connection.lost_bytes)
        await self._listen()

    async def _cut(self, after: int, direction: Direction) -> None:
        self._link.cuts[direction] = after

    async def _sever(self, origin: str) -> None:
        self._severed.add(origin)
        await self._reset(lambda connection: connection.origin == origin)

    async def _rejoin(self, origin: str) -> None:
        self._severed.discard(origin)

    async def _reset(self, chosen: Callable[[Connection], bool]) -> None:
        tasks = [task for task, connection in self._serving.items() if chosen(connection)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        if self._listener is not None:
            return
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(self.address)
        self._listener.listen(1024)
        self._listener.setblocking(False)
        # A reader, not a task: a task cancelled just after accepting would leak the socket.
        self._loop.add_reader(self._listener, self._accept, self._listener)

    async def _stop_listening(self) -> None:
        if self._listener is None:
            return
        self._loop.remove_reader(self._listener)
        self._listener.close()
        self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, source = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        client.setblocking(False)
        self.connections_seen += 1
        connection = Connection(self._link, client, self._origin(source, self.address))
        task = self._loop.create_task(connection.serve(self._upstream))
        self._serving[task] = connection
        task.add_done_callback(self._served)
        if connection.origin in self._severed:
            task.cancel()

    def _served(self, task: "asyncio.Task[None]") -> None:
        self._serving.pop(task).close()
