"""Caches under faults: what they show is what the cluster had at their revision."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

import pytest

from etcd_client import (
    Cache,
    CacheChanges,
    Client,
    Communicator,
    ConnectOptions,
    EtcdError,
    KeyValue,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster
from tests.faults.tools import PASSING, all_caught_up
from tests.support.front import Front
from tests.support.mischief import Fault, cluster_faults, front_faults, mischief, restarts

PREFIX = b"cached/"
WITHIN = 60.0


async def write(communicator: Communicator, chance: random.Random, over: asyncio.Event) -> None:
    """Change cached and other keys, one by one and several in one revision."""
    while not over.is_set():
        key = PREFIX + b"%d" % chance.randrange(20)
        value = b"%d" % chance.randrange(1000)
        with contextlib.suppress(EtcdError):
            match chance.randrange(4):
                case 0:
                    await communicator.delete(key, timeout=2)
                case 1:
                    keys = [PREFIX + b"%d/" % chance.randrange(3) + b"%d" % n for n in range(20)]
                    puts = [TxnOp.put(each, value) for each in keys]
                    await communicator.txn(Txn().and_then(puts), timeout=2)
                case 2:
                    await communicator.put(b"other", value, timeout=2)
                case _:
                    await communicator.put(key, value, timeout=2)
        await asyncio.sleep(chance.uniform(0, 0.02))


async def compact(communicator: Communicator, chance: random.Random, over: asyncio.Event) -> None:
    """Compact all history but the last few revisions, now and then."""
    while not over.is_set():
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        with contextlib.suppress(EtcdError):
            revision = (await communicator.get_kv(b"other") or NOTHING).mod_revision
            if revision > 100:
                await communicator.compact(revision - 20, timeout=2)


NOTHING = KeyValue(b"", b"", 0, 0, 0, 0)


async def at(healthy: Communicator, revision: int) -> dict[bytes, KeyValue] | None:
    """Return what the cluster had at a revision; None where it does not tell."""
    try:
        found = await healthy.range(PREFIX, prefix=True, revision=revision, timeout=2)
    except PASSING:
        return None
    return {kv.key: kv for kv in found.kvs}


def contents(view: Cache[bytes]) -> dict[bytes, KeyValue]:
    """Return what a cache has."""
    return {key: kv for key in view if (kv := view.kv(key)) is not None}


async def check(view: Cache[bytes], healthy: Communicator, over: asyncio.Event) -> None:
    """Compare what is shown with what the cluster had, some times at least."""
    compared = 0
    while not over.is_set() or compared <= 10:
        shown, revision = contents(view), view.revision
        there = await at(healthy, revision)
        if there is not None:
            assert shown == there, f"at revision {revision}"
            compared += 1
        await asyncio.sleep(0.01)


async def acknowledge(view: Cache[bytes], healthy: Communicator, over: asyncio.Event) -> None:
    """Write and synchronise, some times at least."""
    synchronised = 0
    while not over.is_set() or synchronised <= 3:
        with contextlib.suppress(*PASSING):
            put = await healthy.put(PREFIX + b"acknowledged", b"%d" % synchronised, timeout=2)
            assert await view.sync(timeout=5) >= put.header.revision
            assert int(view[PREFIX + b"acknowledged"]) >= synchronised
            synchronised += 1
        await asyncio.sleep(0.02)


async def follow(
    changes: CacheChanges, copy: dict[bytes, KeyValue], pause: float, over: "asyncio.Future[int]"
) -> None:
    """Apply changes to a copy up to a revision, and check that none is missing."""
    revision = 0
    while not over.done() or revision < over.result():
        # The last change may come before it is known to be the last.
        with contextlib.suppress(asyncio.TimeoutError):
            batch = await asyncio.wait_for(anext(changes), 0.5)
            for key, old, new in batch:
                assert copy.pop(key, None) == old
                if new is not None:
                    copy[key] = new
            revision = batch.revision
        await asyncio.sleep(pause)


@contextlib.asynccontextmanager
async def churn(endpoints: list[str], chance: random.Random) -> AsyncIterator[None]:
    """Write and compact while the body runs."""
    over = asyncio.Event()
    async with Client(endpoints).connect() as communicator:
        writing = [asyncio.create_task(write(communicator, chance, over)) for _ in range(3)]
        writing.append(asyncio.create_task(compact(communicator, chance, over)))
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*writing)


async def run(
    faults: Sequence[Fault],
    endpoints: list[str],
    healthy_endpoints: list[str],
    chance: random.Random,
    seconds: float,
) -> None:
    """Check a cache for as long as faults happen."""
    options = ConnectOptions(keep_alive_interval=1, keep_alive_timeout=1)
    over = asyncio.Event()
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with (
        Client(healthy_endpoints).connect() as healthy,
        Client(endpoints, options).connect() as communicator,
        communicator.cache(PREFIX) as view,
    ):
        copies = [contents(view), contents(view)]
        following = [
            asyncio.create_task(follow(view.changes(limit=limit), copy, pause, last))
            for copy, limit, pause in zip(copies, (10_000, 50), (0, 0.3), strict=True)
        ]
        checking = asyncio.create_task(check(view, healthy, over))
        writing = asyncio.create_task(acknowledge(view, healthy, over))
        async with churn(healthy_endpoints, chance), mischief(faults, chance):
            await asyncio.sleep(seconds)
        over.set()
        await asyncio.wait_for(asyncio.gather(checking, writing), WITHIN)
        put = await healthy.put(PREFIX + b"last", b"")
        last.set_result(put.header.revision)
        await view.wait_for(revision=put.header.revision, timeout=WITHIN)
        await asyncio.wait_for(asyncio.gather(*following), WITHIN)
        assert copies[0] == copies[1] == contents(view) == await at(healthy, view.revision)


async def test_shows_what_the_cluster_had_while_ways_break(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    await run(front_faults(front, chance), front.endpoints, cluster.endpoints, chance, 6)


async def test_shows_what_the_cluster_had_while_members_go_down(
    cluster: EtcdCluster, chance: random.Random
) -> None:
    faults = [fault for member in cluster.members for fault in restarts(member)]
    await run(faults, cluster.endpoints, cluster.endpoints, chance, 6)


@pytest.mark.full_faults
@pytest.mark.timeout(300)
async def test_shows_what_the_cluster_had_whatever_happens(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = [*front_faults(front, chance), *cluster_faults(cluster)]
    await run(faults, front.endpoints, cluster.endpoints, chance, 60)


async def test_reads_again_after_a_compaction_while_it_was_cut_off(
    through_front: Communicator, front: Front, direct: Communicator
) -> None:
    kept = (await direct.put(PREFIX + b"kept", b"")).header.revision
    await direct.put(PREFIX + b"deleted", b"")
    await direct.put(PREFIX + b"changed", b"1")
    async with through_front.cache(PREFIX) as view:
        changes = view.changes()
        kept_kv = view.kv(PREFIX + b"kept")
        for proxy in front.proxies:
            await asyncio.to_thread(proxy.refuse)
            await asyncio.to_thread(proxy.drop)
        await direct.put(PREFIX + b"added", b"")
        await direct.put(PREFIX + b"changed", b"2")
        last = (await direct.delete(PREFIX + b"deleted")).header.revision
        await direct.compact(last)
        await all_caught_up(front)
        await asyncio.to_thread(front.heal)
        await view.wait_for(revision=last, timeout=WITHIN)
        batch = await asyncio.wait_for(anext(changes), WITHIN)
        assert [(change.key, change.new and change.new.value) for change in batch] == [
            (PREFIX + b"deleted", None),
            (PREFIX + b"added", b""),
            (PREFIX + b"changed", b"2"),
        ]
        assert not batch.merged
        assert view.kv(PREFIX + b"kept") is kept_kv, "what is the same is kept"
        assert kept_kv is not None
        assert kept_kv.mod_revision == kept
        assert contents(view) == await at(direct, view.revision)
        assert view.trouble is None
        # It goes on.
        put = await direct.put(PREFIX + b"changed", b"3")
        await view.wait_for(revision=put.header.revision, timeout=WITHIN)
        assert view[PREFIX + b"changed"] == b"3"
