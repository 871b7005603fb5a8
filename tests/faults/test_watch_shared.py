"""Streams that many watches share, when they break: bounded work, and nothing lost for any."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdTimeoutError,
    PermissionDeniedError,
    PermissionType,
)
from etcd_client.testing import EtcdServer, Metrics, Proxy
from tests.faults.tools import values
from tests.support.auth import QUICK_PASSWORDS
from tests.support.tls import jwt_auth_token
from tests.support.waiting import eventually_async

MANY = 5000


def requests(metrics: Metrics) -> int:
    """Return how many requests the server has received on watch streams."""
    return int(metrics.total("grpc_server_msg_received_total", grpc_method="Watch"))


async def test_five_thousand_resume_in_bounded_time_and_requests(
    endpoint: str, proxy: Proxy, etcd: EtcdServer
) -> None:
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        watches = [client.watch(b"key/%d" % number) for number in range(MANY)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        before = requests(etcd.metrics())
        began = time.monotonic()
        await asyncio.to_thread(proxy.drop)
        for number in range(0, MANY, 500):
            await direct.put(b"key/%d" % number, b"value")
        told = await asyncio.gather(*(values(watch, 1) for watch in watches[::500]))
        assert told == [[b"value"]] * 10
        assert client.stats().watch_streams == client.stats().resumes == 3
        await eventually_async(lambda: etcd.metrics().watchers == MANY, within=20)
        assert time.monotonic() - began < 20
        assert requests(etcd.metrics()) - before <= 1.01 * MANY


async def test_a_slow_line_confirms_many_in_few_round_trips(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    await asyncio.to_thread(proxy.delay, 0.1)
    async with Client(proxy.endpoint).connect() as client:
        began = time.monotonic()
        watches = [client.watch(b"key/%d" % number) for number in range(1000)]
        await asyncio.gather(*(watch.ready() for watch in watches))
        # The first alone, then 512 at a time.
        assert time.monotonic() - began < 10


async def test_the_first_confirmation_is_as_patient_as_a_resume(
    make_server: Callable[..., EtcdServer],
) -> None:
    """An established watch lives through a frozen server, and so does one that is opened then."""
    server = make_server()
    options = ConnectOptions(timeout=1)
    async with Client(server.endpoint, options).connect() as client:
        server.freeze()
        watch, bounded = client.watch(b"key"), client.watch(b"key", timeout=0.5)
        with pytest.raises(EtcdTimeoutError):
            await bounded.ready()
        await asyncio.sleep(2)
        server.thaw()
        await asyncio.wait_for(watch.ready(), 20)
        await client.put(b"key", b"value", timeout=10)
        assert await values(watch, 1) == [b"value"]


async def test_watches_come_and_go_while_their_streams_break(
    endpoint: str, proxy: Proxy, chance: random.Random
) -> None:
    """Each is told what was written from its confirmation on until its end, and nothing twice."""
    async with Client(endpoint).connect() as direct, Client(proxy.endpoint).connect() as client:
        over = asyncio.Event()

        async def come_and_go() -> None:
            while not over.is_set():
                async with client.watch_prefix(b"key/") as watch:
                    start = watch.revision
                    found = []
                    for _ in range(chance.randrange(1, 20)):
                        event = await asyncio.wait_for(anext(watch), 20)
                        assert event.kv is not None
                        found.append(event.kv.mod_revision)
                    assert found == list(range(start + 1, start + 1 + len(found)))

        async def write() -> None:
            while not over.is_set():
                await direct.put(b"key/%d" % chance.randrange(10), b"")
                await asyncio.sleep(0.001)

        watching = [asyncio.create_task(come_and_go()) for _ in range(50)]
        writing = asyncio.create_task(write())
        for _ in range(20):
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(proxy.drop)
        await asyncio.sleep(0.5)
        over.set()
        writing_on = asyncio.create_task(_write_until(direct, watching))
        await asyncio.wait_for(asyncio.gather(writing, *watching), 30)
        await writing_on


async def _write_until(direct: object, watching: list["asyncio.Task[None]"]) -> None:
    while not all(task.done() for task in watching):
        await direct.put(b"key/end", b"")  # type: ignore[attr-defined]
        await asyncio.sleep(0.005)


async def protect(server: EtcdServer) -> None:
    """Turn on authentication; alice may read and write below `a/`."""
    async with Client(server.endpoint).connect() as communicator:
        auth = communicator.auth
        await auth.user_add("root", "root")
        await auth.user_grant_role("root", "root")
        await auth.user_add("alice", "alice")
        await auth.role_add("a")
        await auth.role_grant_permission("a", PermissionType.READWRITE, "a/", prefix=True)
        await auth.user_grant_role("alice", "a")
        await auth.enable()


ALICE = ConnectOptions(user="alice", password="alice")  # noqa: S106 - of a server for one test


async def test_a_denied_watch_ends_beside_allowed_ones(
    make_server: Callable[..., EtcdServer],
) -> None:
    server = make_server(flags=QUICK_PASSWORDS)
    await protect(server)
    async with Client(server.endpoint, ALICE).connect() as alice:
        keys = [b"b/key" if number % 10 == 5 else b"a/key" for number in range(100)]
        watches = [alice.watch(key) for key in keys]
        outcomes = await asyncio.gather(
            *(watch.ready() for watch in watches), return_exceptions=True
        )
        kinds = Counter(map(type, outcomes))
        assert kinds == {type(None): 90, PermissionDeniedError: 10}
        assert [type(outcome) for outcome in outcomes[5::10]] == [PermissionDeniedError] * 10
        await alice.put(b"a/key", b"value")
        allowed = [watch for key, watch in zip(keys, watches, strict=True) if key == b"a/key"]
        assert await asyncio.gather(*(values(w, 1) for w in allowed)) == [[b"value"]] * 90
        await eventually_async(lambda: server.metrics().watchers == 90)
        assert alice.stats().watch_streams <= 2


async def test_watches_are_opened_with_a_token_that_has_expired(
    make_server: Callable[..., EtcdServer], tmp_path: Path
) -> None:
    """Those that were there before lose nothing, and streams do not pile up."""
    # Its end is a whole second: one of a second may have ended before it is used.
    flags = {**QUICK_PASSWORDS, "auth-token": jwt_auth_token(tmp_path, ttl=2)}
    server = make_server(flags=flags)
    await protect(server)
    async with Client(server.endpoint, ALICE).connect() as alice:
        watches = []
        for number in range(5):
            watches += [alice.watch(b"a/key") for _ in range(10)]
            await asyncio.gather(*(watch.ready() for watch in watches))
            value = b"%d" % number
            await alice.put(b"a/key", value)
            told = await asyncio.gather(*(values(watch, 1) for watch in watches))
            assert told == [[value]] * len(watches)
            await asyncio.sleep(2.2)
        await eventually_async(lambda: alice.stats().watch_streams == 1)
        await eventually_async(lambda: server.metrics().watchers == 50)
