"""Changes happen at most once, and what is said of each is true: counted by key versions."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from etcd_client import (
    Client,
    Communicator,
    EtcdConnectionError,
    EtcdTimeoutError,
    OutcomeUnknownError,
    RpcError,
)
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.support.flags import QUICK_ELECTIONS
from tests.support.front import Front
from tests.support.mischief import (
    Fault,
    cluster_faults,
    front_faults,
    mischief,
    network_faults,
    process_faults,
)

WRITERS = 12
# Shorter than the longest fault, so that deadlines pass too.
DEADLINE = 0.5


@dataclass
class Counter:
    """What one writer was told about its puts of one key."""

    key: bytes
    done: int = 0
    unknown: int = 0
    not_done: int = 0

    async def put(self, communicator: Communicator) -> None:
        """Put the key once and note the outcome."""
        try:
            await communicator.put(self.key, b"", timeout=DEADLINE)
        except OutcomeUnknownError:
            self.unknown += 1
        except (EtcdConnectionError, EtcdTimeoutError, RpcError):
            self.not_done += 1
        else:
            self.done += 1


@asynccontextmanager
async def counters(communicator: Communicator) -> AsyncIterator[list[Counter]]:
    """Let several writers put their keys without a pause while the body runs."""
    made = [Counter(f"counter-{number}".encode()) for number in range(WRITERS)]
    over = asyncio.Event()

    async def write(counter: Counter) -> None:
        while not over.is_set():
            await counter.put(communicator)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(write(counter)) for counter in made]
    try:
        yield made
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def check(made: Sequence[Counter], truth: Communicator) -> None:
    """Compare what the writers were told with what the server counted."""
    for counter in made:
        pair = await truth.get_kv(counter.key)
        version = 0 if pair is None else pair.version
        print(counter, version)
        assert counter.done <= version <= counter.done + counter.unknown
    assert sum(counter.done for counter in made) > 0


async def count_under(  # noqa: PLR0913 - the last one has a default
    faults: Sequence[Fault],
    chance: random.Random,
    endpoints: list[str],
    truth: list[str],
    seconds: float,
    *,
    each_once: bool = False,
) -> list[Counter]:
    """Count puts while faults happen, and check them."""
    async with (
        Client(endpoints).connect() as communicator,
        counters(communicator) as made,
        mischief(faults, chance, each_once=each_once),
    ):
        await asyncio.sleep(seconds)
    async with Client(truth).connect() as communicator:
        await check(made, communicator)
    return made


async def test_through_a_bad_network(endpoint: str, proxy: Proxy, chance: random.Random) -> None:
    faults = network_faults(proxy, "the server", chance)
    made = await count_under(faults, chance, [proxy.endpoint], [endpoint], 6, each_once=True)
    assert sum(counter.unknown for counter in made) > 0, "no fault has hit a put"


@pytest.mark.full_faults
async def test_with_a_server_that_dies(chance: random.Random) -> None:
    with EtcdServer(flags=QUICK_ELECTIONS) as server:
        endpoints = [server.endpoint]
        await count_under(process_faults(server), chance, endpoints, endpoints, 4)


async def test_with_members_that_fail(cluster: EtcdCluster, chance: random.Random) -> None:
    endpoints = cluster.endpoints
    await count_under(cluster_faults(cluster), chance, endpoints, endpoints, 7)


@pytest.mark.full_faults
@pytest.mark.timeout(400)
async def test_with_everything_that_fails(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = cluster_faults(cluster) + front_faults(front, chance)
    await count_under(faults, chance, front.endpoints, cluster.endpoints, 180)


async def test_a_put_that_was_not_sent_is_not_of_unknown_outcome() -> None:
    """While nobody listens, every failure says that nothing was changed."""
    with EtcdServer(flags=QUICK_ELECTIONS) as server:
        async with Client(server.endpoint).connect() as communicator:
            counter = Counter(b"key", done=1)
            await communicator.put(counter.key, b"")
            server.kill()
            await asyncio.gather(*(counter.put(communicator) for _ in range(20)))
            await asyncio.gather(*(counter.put(communicator) for _ in range(20)))
            assert counter.unknown == 0
            assert counter.not_done == 40
            await asyncio.to_thread(server.start)
            await check([counter], communicator)
