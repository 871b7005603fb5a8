"""Connections that cannot be made, and say why."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from etcd_client import Client, ConnectOptions, EtcdConnectionError
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy, ServerTls, free_port
from tests.support.tls import Certificates

QUICK = ConnectOptions(connect_timeout=2, require_connection=True)


async def refusal(endpoints: str | list[str], options: ConnectOptions = QUICK) -> str:
    """Return why connecting has failed, within the connect timeout."""
    began = time.monotonic()
    with pytest.raises(EtcdConnectionError) as error:
        async with Client(endpoints, options).connect():
            pass
    assert time.monotonic() - began < 6
    return str(error.value)


async def test_dial_tls_expired(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    """Port of TestDialTLSExpired."""
    server = make_server(tls=ServerTls(certificates.expired_server()))
    options = QUICK.with_tls(ca=certificates.authority)
    assert "expired" in (await refusal(server.endpoint, options)).lower()


async def test_dial_tls_no_config(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    """Port of TestDialTLSNoConfig: the system does not know the authority."""
    server = make_server(tls=ServerTls(certificates.server()))
    assert "certificate" in (await refusal(server.endpoint)).lower()
    plain = server.endpoint.replace("https", "http")
    assert await refusal(plain)


async def test_dial_with_no_one_there() -> None:
    endpoints = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    message = await refusal(endpoints)
    for endpoint in endpoints:
        assert endpoint in message
    assert "refused" in message


async def test_a_failed_dial_does_not_spoil_the_next(endpoint: str, proxy: Proxy) -> None:
    """What failed a moment ago is tried again, although connections are shared."""
    await asyncio.to_thread(proxy.refuse)
    client = Client(proxy.endpoint, QUICK)
    for _ in range(3):
        with pytest.raises(EtcdConnectionError):
            async with client.connect():
                pass
    await asyncio.to_thread(proxy.heal)
    async with client.connect() as communicator:
        await communicator.put(b"key", b"")
    assert endpoint


async def test_connecting_waits_for_a_server_that_restarts(endpoint: str, proxy: Proxy) -> None:
    """Nobody listens for a second, as while a lone server is replaced."""
    await asyncio.to_thread(proxy.refuse)
    began = time.monotonic()
    asyncio.get_running_loop().call_later(1, proxy.heal)
    options = ConnectOptions(require_connection=True)
    async with Client(proxy.endpoint, options).connect() as communicator:
        assert time.monotonic() - began > 0.5
        await communicator.put(b"key", b"")
    assert endpoint


@contextlib.asynccontextmanager
async def stranger(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """Listen with something that is no etcd and yield its endpoint."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(writer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    writer.transport.abort()


async def speak_http_1(writer: asyncio.StreamWriter) -> None:
    """Answer as a web server would."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("answer", [hang_up, speak_http_1])
async def test_dial_a_stranger(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
    async with stranger(answer) as endpoint:
        assert endpoint in await refusal(endpoint)


@pytest.mark.parametrize("answer", [hang_up, speak_http_1])
async def test_a_stranger_among_the_endpoints_costs_no_error(
    endpoint: str, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async with stranger(answer) as strange:
        for _ in range(10):
            async with Client([strange, endpoint]).connect() as communicator:
                await communicator.put(b"key", b"")


async def test_a_server_that_hangs_up_is_not_dialed_in_a_storm() -> None:
    """A client whose every connection is dropped leaves pauses, however many calls wait."""
    with EtcdServer() as server, Proxy(server.address) as proxy:
        async with Client(proxy.endpoint).connect() as communicator:
            await communicator.put(b"key", b"")
            server.kill()  # the proxy accepts and then resets
            before = proxy.connections_seen
            await asyncio.gather(
                *(communicator.get(b"key", timeout=3) for _ in range(100)), return_exceptions=True
            )
            assert 3 <= proxy.connections_seen - before <= 20


async def test_balancer_support_learner(make_cluster: Callable[..., EtcdCluster]) -> None:
    """Port of TestBalancerSupportLearner: a learner refuses, and the voters serve."""
    cluster = make_cluster(1)
    learner = await asyncio.to_thread(cluster.add, learner=True)
    async with Client(learner.endpoint).connect() as alone:
        with pytest.raises(Exception, match="learner"):
            await alone.get(b"key", timeout=3)
        await alone.range(b"key", serializable=True)
    for _ in range(6):
        async with Client([learner.endpoint, cluster[0].endpoint]).connect() as communicator:
            await communicator.put(b"key", b"")
            async with communicator.watch(b"key") as watch:
                await communicator.put(b"key", b"value")
                assert (await asyncio.wait_for(anext(watch), 5)).value == b"value"
