"""Proxies in front of etcd that end connections, are reloaded or restarted: nothing is lost."""

import asyncio
from collections.abc import Callable

import pytest

from etcd_client import Client, ConnectOptions, EtcdError, Lock, OutcomeUnknownError
from etcd_client.testing import EtcdServer
from tests.support.proxies.fronts import FrontProxy, GrpcProxy, Haproxy, Nginx

pytestmark = pytest.mark.proxies

_ROUNDS = 300


class HastyNginx(Nginx):
    """One that winds a connection up after every twenty requests."""

    keepalive_requests = 20


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


async def test_nginx_winds_connections_up(etcd: EtcdServer, endpoint: str) -> None:
    assert endpoint == etcd.endpoint
    with HastyNginx(etcd.address) as front:
        await work(front, nothing, 0)


@pytest.mark.parametrize("kind", [Nginx, Haproxy])
async def test_a_reload(etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        await work(front, front.reload, 3)


@pytest.mark.parametrize("kind", [Nginx, Haproxy, GrpcProxy])
async def test_a_restart(etcd: EtcdServer, endpoint: str, kind: type[FrontProxy]) -> None:
    assert endpoint == etcd.endpoint
    with kind(etcd.address) as front:
        await work(front, front.restart, 2)
