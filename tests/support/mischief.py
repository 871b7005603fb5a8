"""Faults at random times, reproducible by a seed."""

import asyncio
import contextlib
import functools
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from etcd_client.testing import Direction, EtcdCluster, EtcdServer, Proxy
from tests.support.front import Front

_LONGEST_CUT = 2000
_SLOW_LINK = 20_000
_LATENCY = 0.05

# Killed under load, servers of these versions may come back without a change that they had made,
# and count other revisions than the rest of the cluster from then on.
_FORGETFUL, _SOUND = (3, 5, 0), (3, 5, 3)


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Fault:
    """A fault and how to undo it; both may block."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object] = _nothing


def network_faults(proxy: Proxy, name: str, chance: random.Random) -> list[Fault]:
    """Return what can happen on the way to one member."""

    def cut() -> None:
        direction = chance.choice(list(Direction))
        proxy.cut(chance.randrange(1, _LONGEST_CUT), direction)

    def slow_down() -> None:
        proxy.limit_bandwidth(_SLOW_LINK)

    def outage() -> None:
        proxy.refuse()
        proxy.drop()

    return [
        Fault(f"drop the connections to {name}", proxy.drop),
        Fault(f"cut a connection to {name}", cut, proxy.heal),
        Fault(f"refuse connections to {name}", outage, proxy.heal),
        Fault(f"stall {name}", proxy.stall, proxy.heal),
        Fault(f"blackhole {name}", proxy.blackhole, proxy.heal),
        Fault(f"delay {name}", functools.partial(proxy.delay, _LATENCY), proxy.heal),
        Fault(
            f"slow down {name}", functools.partial(proxy.limit_bandwidth, _SLOW_LINK), proxy.heal
        ),
    ]


def front_faults(front: Front, chance: random.Random) -> list[Fault]:
    """Return what can happen on the ways to all members."""
    ways = zip(front.proxies, front.members, strict=True)
    return [fault for proxy, member in ways for fault in network_faults(proxy, member.name, chance)]


def restarts(server: EtcdServer) -> list[Fault]:
    """Return the ways in which a member may go down and come back."""
    stop = Fault(f"stop {server.name}", server.stop, server.start)
    if _FORGETFUL <= server.version < _SOUND:
        return [stop]
    return [Fault(f"kill {server.name}", server.kill, server.start), stop]


def process_faults(server: EtcdServer) -> list[Fault]:
    """Return what can happen to the process of a member."""
    return [*restarts(server), Fault(f"freeze {server.name}", server.freeze, server.thaw)]


def cluster_faults(cluster: EtcdCluster) -> list[Fault]:
    """Return what can happen to one member at a time: the others are a quorum."""
    faults = []
    for member in cluster.members:
        faults += process_faults(member)
        isolate = functools.partial(cluster.isolate, member)
        faults.append(Fault(f"isolate {member.name}", isolate, cluster.heal))
    return faults


@contextlib.asynccontextmanager
async def mischief(
    faults: Sequence[Fault],
    chance: random.Random,
    *,
    lasting: tuple[float, float] = (0.1, 0.6),
    pausing: tuple[float, float] = (0.1, 0.2),
    each_once: bool = False,
) -> AsyncIterator[None]:
    """Inject one fault after the other while the body runs; all are undone afterwards.

    They come in rounds, each fault once in a round and every round in another order. With
    `each_once` the first round is made to its end, however slow the machine is.
    """
    over = asyncio.Event()
    started = time.monotonic()

    async def run() -> None:
        rounds = itertools.chain.from_iterable(
            chance.sample(faults, len(faults)) for _ in itertools.count()
        )
        for number, fault in enumerate(rounds):
            if over.is_set() and not (each_once and number < len(faults)):
                break
            print(f"{time.monotonic() - started:8.3f} s: {fault.name}")
            await asyncio.to_thread(fault.begin)
            try:
                await asyncio.sleep(chance.uniform(*lasting))
            finally:
                await asyncio.to_thread(fault.end)
            await asyncio.sleep(chance.uniform(*pausing))

    running = asyncio.create_task(run())
    try:
        yield
    finally:
        over.set()
        await running
