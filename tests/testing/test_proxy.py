"""The proxy breaks connections as it says, beside a plain TCP server that echoes."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from etcd_client.testing import Direction, Proxy, eventually, free_port

# How long a read waits for what must come, however busy the machine is.
PATIENCE = 20.0


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it receives."""

    def handle(self) -> None:
        """Echo until the client ends its side."""
        with contextlib.suppress(ConnectionError):
            while chunk := self.request.recv(65_536):
                self.request.sendall(chunk)


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """Yield the address of an echo server."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as echoing:
        # A failed test may leave connections open: nothing is to wait for their end.
        echoing.daemon_threads, echoing.block_on_close = True, False
        thread = threading.Thread(target=echoing.serve_forever, args=[0.01])
        thread.start()
        yield "127.0.0.1", echoing.server_address[1]
        echoing.shutdown()
        thread.join()


@pytest.fixture
def echo(server: tuple[str, int]) -> Iterator[Proxy]:
    """Yield a proxy in front of the echo server."""
    with Proxy(server) as proxy:
        yield proxy


def connect(proxy: Proxy) -> socket.socket:
    """Open a connection whose reads give up at last."""
    return socket.create_connection(proxy.address, timeout=PATIENCE)


def exchange(connection: socket.socket, payload: bytes) -> bytes:
    """Send `payload` and return as many bytes of the echo, fewer if the connection ends."""
    connection.sendall(payload)
    received = b""
    while len(received) < len(payload) and (chunk := connection.recv(65_536)):
        received += chunk
    return received


def wait_until_lost(proxy: Proxy, count: int) -> None:
    """Wait until so many connections have lost bytes."""
    serving = proxy._serving  # noqa: SLF001 - nothing else tells it
    eventually(lambda: sum(one.lost_bytes for one in list(serving.values())) == count)


def assert_silent(connection: socket.socket) -> None:
    """Check that nothing arrives and that the connection does not end."""
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(PATIENCE)


def assert_reset(connection: socket.socket) -> None:
    """Check that the connection ends by a reset, not in good order."""
    with pytest.raises(ConnectionResetError):
        connection.recv(1)


def assert_never_connected(connect: Callable[[], socket.socket]) -> None:
    """Check that a new connection is reset at once, which its opening may have noticed already."""
    with pytest.raises(ConnectionResetError), connect() as connection:
        connection.recv(1)


def assert_reset_after(connection: socket.socket, expected: bytes) -> None:
    """Check that the connection is reset after at most the `expected` bytes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(100):
            received += chunk
        pytest.fail("the connection ended in good order")
    assert expected.startswith(received)


def test_passes_bytes_and_counts(echo: Proxy) -> None:
    payload = bytes(range(256)) * 4_000
    with connect(echo) as first, connect(echo) as second:
        assert exchange(first, payload) == payload
        assert exchange(second, b"two") == b"two"
        assert (echo.connections_seen, echo.connections_open) == (2, 2)
    assert echo.forwarded(Direction.TO_SERVER) == echo.forwarded(Direction.TO_CLIENT) == 1_024_003
    eventually(lambda: echo.connections_open == 0)


def test_the_end_of_one_side_reaches_the_other(echo: Proxy) -> None:
    with connect(echo) as connection:
        assert exchange(connection, b"hello") == b"hello"
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_refuse_spares_open_connections(echo: Proxy) -> None:
    with connect(echo) as connection:
        exchange(connection, b"open")
        echo.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(echo)
        assert exchange(connection, b"still") == b"still"
    echo.heal()
    with connect(echo) as connection:
        assert exchange(connection, b"again") == b"again"


def test_drop_resets_all_and_lets_new_ones_in(echo: Proxy) -> None:
    with connect(echo) as first, connect(echo) as second:
        exchange(first, b"1")
        exchange(second, b"2")
        echo.drop()
        assert echo.connections_open == 0
        assert_reset(first)
        assert_reset(second)
    with connect(echo) as connection:
        assert exchange(connection, b"new") == b"new"


def test_blackhole_swallows_and_resets_when_healed(echo: Proxy) -> None:
    with connect(echo) as used, connect(echo) as idle, connect(echo) as leaving:
        for connection in (used, idle, leaving):
            exchange(connection, b"before")
        echo.blackhole()
        used.sendall(b"lost")
        assert_silent(used)
        with connect(echo) as fresh:
            fresh.sendall(b"lost too")
            assert_silent(fresh)
            wait_until_lost(echo, 2)
            leaving.close()
            echo.heal()
            assert_reset(fresh)
        assert_reset(used)
        assert exchange(idle, b"nothing lost") == b"nothing lost"
    eventually(lambda: echo.connections_open == 0)


def test_nothing_passes_behind_a_gap(echo: Proxy) -> None:
    """Between the end of a blackhole and the reset of who lost bytes in it, bytes may come."""
    with connect(echo) as connection:
        exchange(connection, b"before")
        echo.blackhole()
        connection.sendall(b"lost")
        assert_silent(connection)
        wait_until_lost(echo, 1)
        echo._call(echo._change(blackholed=False))  # noqa: SLF001 - what `heal` begins with
        connection.sendall(b"behind")
        assert_silent(connection)
        echo.heal()
        assert_reset(connection)


def test_stall_delivers_everything_later(echo: Proxy) -> None:
    with connect(echo) as connection:
        exchange(connection, b"before")
        echo.stall()
        connection.sendall(b"held back")
        assert_silent(connection)
        echo.heal()
        assert connection.recv(100) == b"held back"


def test_delay_holds_back_in_each_direction(echo: Proxy) -> None:
    with connect(echo) as connection:
        echo.delay(0.1)
        started = time.monotonic()
        for _ in range(50):
            connection.sendall(b"x")
            time.sleep(0.01)
        received = b""
        while len(received) < 50:
            received += connection.recv(50)
        # There and back is 0.2 s for each byte; one by one they would take 10 s together.
        assert 0.2 <= time.monotonic() - started < 8
        connection.sendall(b"y")
        echo.heal()
        assert connection.recv(1) == b"y"


def test_bandwidth_is_limited(echo: Proxy) -> None:
    with connect(echo) as connection:
        echo.limit_bandwidth(100_000)
        started = time.monotonic()
        assert exchange(connection, bytes(20_000)) == bytes(20_000)
        assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("direction", list(Direction))
def test_cut_ends_a_connection_after_so_many_bytes(echo: Proxy, direction: Direction) -> None:
    with connect(echo) as connection:
        assert exchange(connection, b"whole") == b"whole"
        echo.cut(4, direction)
        assert exchange(connection, b"ab") == b"ab"
        connection.sendall(b"cdef")
        assert_reset_after(connection, b"cd")
        assert echo.forwarded(direction) == 9
    with connect(echo) as connection:
        assert exchange(connection, b"whole again") == b"whole again"


def test_a_server_that_is_down_shows_as_a_reset() -> None:
    with Proxy(("127.0.0.1", free_port())) as proxy:
        assert_never_connected(lambda: connect(proxy))


def test_sever_cuts_off_one_origin_only(server: tuple[str, int]) -> None:
    severed_port = free_port()

    def origin(source: tuple[str, int], destination: tuple[str, int]) -> str:
        assert destination == proxy.address
        return "severed" if source[1] == severed_port else "other"

    def connect_severed() -> socket.socket:
        source = ("127.0.0.1", severed_port)
        return socket.create_connection(proxy.address, timeout=PATIENCE, source_address=source)

    with Proxy(server, origin) as proxy, connect(proxy) as other:
        with connect_severed() as connection:
            assert exchange(connection, b"a") == exchange(other, b"a") == b"a"
            proxy.sever("severed")
            assert_reset(connection)
        assert_never_connected(connect_severed)
        assert exchange(other, b"b") == b"b"
        proxy.rejoin("severed")
        with connect_severed() as connection:
            assert exchange(connection, b"c") == b"c"


def test_close_is_idempotent_and_ends_the_thread() -> None:
    # Threads of the tests before may still be ending.
    before = set(threading.enumerate())
    proxy = Proxy(("127.0.0.1", 1))
    (own,) = set(threading.enumerate()) - before
    proxy.close()
    proxy.close()
    assert not own.is_alive()
