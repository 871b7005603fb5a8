"""The nine invariants, on streams that went through every kind of fault."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EtcdError,
    Txn,
    TxnOp,
    Watch,
    WatchFilterType,
)
from etcd_client.testing import EtcdCluster, EtcdServer, Proxy
from tests.support import truth
from tests.support.front import Front
from tests.support.invariants import Batch, Stream, violations
from tests.support.mischief import (
    Fault,
    cluster_faults,
    front_faults,
    mischief,
    network_faults,
    restarts,
)

PREFIX = b"watched/"
WRITERS = 4
# Makes one response of many revisions exceed what a message may carry without fragments.
LARGE = 50_000
# The seconds after which what should end by itself has not, on however slow a machine.
PATIENCE = 45


@dataclass(frozen=True)
class Reader:
    """How a watch is asked for and read."""

    filters: tuple[WatchFilterType, ...] = ()
    prev_kv: bool = False
    fragment: bool = False
    patience: float = 1.0
    """How long one step may wait before it is cancelled."""
    pause: float = 0.0
    """How long the reader rests after each list of events."""

    def watch(self, communicator: Communicator, start_revision: int) -> Watch:
        """Open the watch."""
        return communicator.watch_prefix(
            PREFIX,
            start_revision=start_revision,
            filters=list(self.filters),
            prev_kv=self.prev_kv,
            fragment=self.fragment,
            progress_notify=True,
        )


READERS = {
    "plain": Reader(),
    "with what was before": Reader(prev_kv=True),
    "in fragments": Reader(prev_kv=True, fragment=True),
    "puts only": Reader(filters=(WatchFilterType.NODELETE,), prev_kv=True),
    "deletions only": Reader(filters=(WatchFilterType.NOPUT,)),
    "slow": Reader(prev_kv=True, pause=0.005),
    "impatient": Reader(patience=0.0005),
}


async def write(communicator: Communicator, chance: random.Random, over: asyncio.Event) -> None:
    """Change watched and other keys, one by one and several in one revision."""
    while not over.is_set():
        key = PREFIX + str(chance.randrange(10)).encode()
        value = bytes(LARGE if chance.random() < 0.05 else chance.randrange(100))
        change = chance.randrange(4)
        with contextlib.suppress(EtcdError):
            if change == 0:
                await communicator.delete(key, timeout=2)
            elif change == 1:
                keys = [PREFIX + f"{chance.randrange(5)}/{n}".encode() for n in range(20)]
                await communicator.txn(
                    Txn().and_then([TxnOp.put(each, value[:20]) for each in keys]), timeout=2
                )
            elif change == 2:
                await communicator.put(b"other", value, timeout=2)
            else:
                await communicator.put(key, value, timeout=2)
        await asyncio.sleep(chance.uniform(0, 0.02))


async def read(
    reader: Reader, communicator: Communicator, start_revision: int, over: "asyncio.Future[int]"
) -> Stream:
    """Read a watch up to the revision that `over` brings, and return all of it."""
    stream = Stream(PREFIX, start_revision, filters=reader.filters, prev_kv=reader.prev_kv)
    watch = reader.watch(communicator, start_revision)
    batches = watch.batches()
    while not over.done() or watch.revision < over.result():
        if over.done():
            # Where no event is wanted up to the end, it is a report that says so.
            watch.request_progress()
        bookmark = watch.revision
        try:
            events = await asyncio.wait_for(anext(batches), reader.patience)
        except asyncio.TimeoutError:
            bookmark = watch.revision
        else:
            stream.batches.append(Batch(events, bookmark))
        await asyncio.sleep(reader.pause)
    stream.end_revision = watch.revision
    watch.cancel()
    return stream


@contextlib.asynccontextmanager
async def writers(endpoints: list[str], chance: random.Random) -> AsyncIterator[None]:
    """Let several writers write while the body runs."""
    over = asyncio.Event()
    async with Client(endpoints).connect() as communicator:
        writing = [asyncio.create_task(write(communicator, chance, over)) for _ in range(WRITERS)]
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*writing)


async def streams_under(
    faults: Sequence[Fault],
    endpoints: list[str],
    healthy: list[str],
    chance: random.Random,
    seconds: float,
) -> list[Stream]:
    """Read watches of every kind while faults happen, until all is told that was written."""
    start_revision = truth.current_revision(healthy[0]) + 1
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    options = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=1)
    async with Client(endpoints, options).connect() as communicator:
        reading = [
            asyncio.create_task(read(reader, communicator, start_revision, over), name=name)
            for name, reader in READERS.items()
        ]
        async with writers(healthy, chance), mischief(faults, chance, each_once=True):
            await asyncio.sleep(seconds)
        async with Client(healthy).connect() as direct:
            # An event that every reader gets, whatever it filters: the end of all streams.
            await direct.put(PREFIX + b"end", b"", timeout=PATIENCE)
            deletion = await direct.delete(PREFIX + b"end", timeout=PATIENCE)
            await direct.put(PREFIX + b"end", b"", timeout=PATIENCE)
        over.set_result(deletion.header.revision)
        _, late = await asyncio.wait(reading, timeout=PATIENCE)
        print(communicator.stats())
        assert not late, f"not told up to revision {over.result()}"
        assert communicator.stats().resumes > 0, "no fault has hit a watch"
    return [task.result() for task in reading]


def check(streams: Sequence[Stream], endpoint: str) -> None:
    """Compare what the readers got with what the server remembers."""
    start = streams[0].start_revision
    history = truth.history(endpoint, start)
    wrong = {}
    for name, stream in zip(READERS, streams, strict=True):
        print(f"{name}: {len(stream.events)} events up to revision {stream.end_revision}")
        assert stream.events, name
        if found := violations(stream, history):
            wrong[name] = [f"{len(found)} complaints", *found[:3], *found[-3:]]
    assert wrong == {}


async def test_through_a_bad_network(
    endpoint: str, proxy: Proxy, etcd: EtcdServer, chance: random.Random
) -> None:
    faults = network_faults(proxy, "the server", chance)
    streams = await streams_under(faults, [proxy.endpoint], [endpoint], chance, 4.5)
    check(streams, etcd.endpoint)


@pytest.mark.timeout(240)
async def test_with_members_that_fail(cluster: EtcdCluster, chance: random.Random) -> None:
    endpoints = cluster.endpoints
    # One for each member, the one in use among them.
    faults = [chance.choice(restarts(member)) for member in cluster.members]
    streams = await streams_under(faults, endpoints, endpoints, chance, 5)
    for member in cluster.members:
        check(streams, member.endpoint)


@pytest.mark.full_faults
@pytest.mark.timeout(400)
async def test_with_everything_that_fails(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = cluster_faults(cluster) + front_faults(front, chance)
    streams = await streams_under(faults, front.endpoints, cluster.endpoints, chance, 180)
    for member in cluster.members:
        check(streams, member.endpoint)
