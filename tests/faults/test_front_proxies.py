"""Proxies in front of etcd, and etcd behind them, that fail in their ways: nothing is lost."""

import asyncio
import random
from collections.abc import Callable
from typing import ClassVar

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdError,
    Lock,
    OutcomeUnknownError,
)
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.support.proxies.fronts import Envoy, FrontProxy, GrpcProxy, Haproxy, Nginx
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.proxies

_ROUNDS = 300


class HastyNginx(Nginx):
    """One that winds a connection up after every twenty requests."""

    adapted: ClassVar = {"keepalive_requests 1000000": "keepalive_requests 20"}


class HastyEnvoy(Envoy):
    """One that does the same."""

    adapted: ClassVar = {
        r"( +)codec_type: HTTP2\n": r"\g<0>\1common_http_protocol_options: "
        r"{ max_requests_per_connection: 20 }\n"
    }


class ImpatientNginx(Nginx):
    """One that ends streams which have been idle for a second."""

    adapted: ClassVar = {
        f"{timeout} 1h": f"{timeout} 1s" for timeout in ("body_timeout", "read_timeout")
    }


class ImpatientHaproxy(Haproxy):
    """One that does the same."""

    adapted: ClassVar = {
        f"timeout {side} 1h": f"timeout {side} 1s" for side in ("client", "server")
    }


class ImpatientEnvoy(Envoy):
    """One that does the same."""

    adapted: ClassVar = {"stream_idle_timeout: 3600s": "stream_idle_timeout: 1s"}


class DismissiveNginx(Nginx):
    """One that closes connections which have been idle for a second."""

    adapted: ClassVar = {
        r"( +)keepalive_requests .+\n": r"\g<0>\1keepalive_timeout 1s;\n",
    }


class DismissiveHaproxy(Haproxy):
    """One that does the same."""

    adapted: ClassVar = {"timeout client 1h": "timeout client 1s"}


class DismissiveEnvoy(Envoy):
    """One that does the same."""

    adapted: ClassVar = {
        r"( +)codec_type: HTTP2\n": r"\g<0>\1common_http_protocol_options: { idle_timeout: 1s }\n"
    }


async def work(front: FrontProxy, disturb: Callable[[], None], times: int) -> None:
    """Hold a lock, watch and write while the proxy is disturbed so many times."""
    options = ConnectOptions(timeout=20.0)
    async with (
        Client(front.endpoint, options).connect() as communicator,
        Lock(communicator, "lock") as lock,
        communicator.watch("key") as watch,
    ):
        await watch.ready()
        written: list[bytes] = []
        for number in range(_ROUNDS):
            if number % (_ROUNDS // (times + 1)) == 0 and number > 0:
                await asyncio.to_thread(disturb)
            try:
                await communicator.put("key", str(number))
            except OutcomeUnknownError:
                print(f"unknown: {number}")
                if await communicator.get("key") == str(number).encode():
                    written.append(str(number).encode())
            except EtcdError as error:
                print(f"not done: {number} {error!r}")
            else:
                written.append(str(number).encode())
            await asyncio.sleep(0.005)
        assert len(written) > _ROUNDS // 2
        seen = [(await asyncio.wait_for(anext(watch), 20)).value for _ in written]
        assert seen == written
        kv = await communicator.get_kv("key")
        assert kv is not None
        assert kv.version == len(written)
        assert not lock.lost.is_set(), lock.lost.reason


def nothing() -> None:
    """Leave the proxy alone."""


@pytest.mark.parametrize("kind", [HastyNginx, HastyEnvoy])
async def test_connections_are_wound_up(
    etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]
) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        await work(front, nothing, 0)


@pytest.mark.parametrize("kind", [DismissiveNginx, DismissiveHaproxy, DismissiveEnvoy])
async def test_idle_connections_are_closed(
    etcd: EtcdServer, endpoint: str, kind: type[FrontProxy], chance: random.Random
) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:

        async def write_now_and_then(number: int) -> int:
            # Other options, so that it has a connection of its own.
            options = ConnectOptions(timeout=20.0 + number)
            async with Client(front.endpoint, options).connect() as communicator:
                for _ in range(10):
                    # Some requests cross the proxy's farewell, and none is in doubt.
                    await asyncio.sleep(1 + chance.uniform(-0.005, 0.015))
                    await communicator.put(f"key-{number}", "")
                kv = await communicator.get_kv(f"key-{number}")
                assert kv is not None
                assert kv.version == 10
                return communicator.stats().retries

        retries = await asyncio.gather(*(write_now_and_then(number) for number in range(40)))
        print(f"retries: {sum(retries)}")


@pytest.mark.parametrize("kind", [Nginx, Haproxy])
async def test_a_reload(etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        await work(front, front.reload, 3)


@pytest.mark.parametrize("kind", [Nginx, Haproxy, Envoy, GrpcProxy])
async def test_a_restart(etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        await work(front, front.restart, 2)


@pytest.mark.parametrize("kind", [Nginx, Haproxy, Envoy])
async def test_etcd_ends_behind_it(
    make_server: Callable[..., EtcdServer], kind: type[FrontProxy]
) -> None:
    server = make_server()

    def end() -> None:
        server.kill()
        server.start()

    with kind(server.address) as front:
        await work(front, end, 2)


@pytest.mark.parametrize("kind", [Nginx, Haproxy, Envoy])
async def test_many_calls_are_given_up(
    etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]
) -> None:
    """Proxies end a connection with many resets, as they belong to attacks."""
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        async with Client(front.endpoint).connect() as communicator:

            async def give_up() -> None:
                for _ in range(100):
                    reads = [asyncio.ensure_future(communicator.get("key")) for _ in range(50)]
                    await asyncio.sleep(0.001)
                    for read in reads:
                        read.cancel()
                    await asyncio.gather(*reads, return_exceptions=True)

            giving_up = asyncio.ensure_future(give_up())
            written = 0
            while not giving_up.done():
                await communicator.put("key", "")
                written += 1
            kv = await communicator.get_kv("key")
            assert kv is not None
            assert kv.version == written
            assert communicator.stats().reconnects == 0


@pytest.mark.parametrize("kind", [ImpatientNginx, ImpatientHaproxy, ImpatientEnvoy])
async def test_idle_streams_are_ended(
    etcd: EtcdServer, communicator: Communicator, kind: type[FrontProxy]
) -> None:
    with Proxy(etcd.address) as behind, kind(behind.address) as front:
        async with (
            Client(front.endpoint).connect() as through,
            # Renewed less often than streams end, and over before the test is.
            through.session(5) as session,
            Lock(communicator, "lock") as held,
            through.watch("key") as watch,
        ):

            async def resumed() -> None:
                before = through.stats().resumes
                await eventually_async(lambda: through.stats().resumes > before, within=30)

            await watch.ready()
            first = asyncio.create_task(session.lock("lock").acquire())
            await resumed()
            second = asyncio.create_task(communicator.lock("lock"))
            for number in range(5):
                await resumed()
                # The stream ends meanwhile, and no other can begin.
                behind.stall()
                await asyncio.sleep(1.5)
                await communicator.put("key", str(number))
                behind.heal()
            seen = [(await asyncio.wait_for(anext(watch), 20)).value for _ in range(5)]
            assert seen == [b"0", b"1", b"2", b"3", b"4"]
            await held.release()
            assert await asyncio.wait_for(first, 20)
            assert not second.done()
            assert not session.lost.is_set(), session.lost.reason
            second.cancel()


@pytest.mark.parametrize("kind", [Haproxy, Envoy])
async def test_a_member_freezes_behind_it(cluster: EtcdCluster, kind: type[FrontProxy]) -> None:
    with kind(*(member.address for member in cluster.members)) as front:
        async with Client(front.endpoint).connect() as through, through.watch("key") as watch:
            await watch.ready()
            for number, frozen in enumerate(cluster.members):
                await asyncio.to_thread(frozen.freeze)
                leader = await asyncio.to_thread(cluster.leader, other_than=frozen)
                async with Client(leader.endpoint).connect() as communicator:
                    await communicator.put("key", str(number), timeout=30)
                event = await asyncio.wait_for(anext(watch), 60)
                assert event.value == str(number).encode()
                await asyncio.to_thread(frozen.heal)
