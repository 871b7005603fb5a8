"""Changes with a session are made exactly once, whatever fails, and their outcome is known."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from etcd_client import (
    STM,
    Client,
    Communicator,
    Compare,
    CompareOp,
    EtcdConnectionError,
    EtcdTimeoutError,
    OutcomeUnknownError,
    Session,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster, Proxy
from tests.faults.test_at_most_once import counters
from tests.faults.tools import steer
from tests.support.front import Front
from tests.support.history import History, Kind, NotAppliedError, Operation, UnknownOutcomeError
from tests.support.leftovers import leases
from tests.support.mischief import Fault, cluster_faults, front_faults, mischief, network_faults
from tests.support.waiting import eventually_async

# Longer than all faults together.
TTL = 60
# Shorter than the longest fault, so that deadlines pass too.
DEADLINE = 0.5
WRITERS = 10
KEYS = [f"register-{number}".encode() for number in range(6)]

Change = Callable[[], Coroutine[Any, Any, object]]


async def is_made(change: Change) -> bool:
    """Make a change, and return whether it was made; there is no third outcome."""
    try:
        await change()
    except OutcomeUnknownError:
        raise
    except (EtcdConnectionError, EtcdTimeoutError):
        return False
    return True


class Writer:
    """Makes changes of all kinds to a key of its own, and counts those that were made."""

    def __init__(self, communicator: Communicator, session: Session, number: int) -> None:
        """Take a way to the cluster, and a session."""
        self._communicator = communicator
        self._once = session
        self._numbers = itertools.count()
        self.key = f"writer-{number}"
        self.made = 0
        self.not_made = 0
        # An impatient one has deadlines that pass.
        self._timeout = DEADLINE if number % 2 else None

    async def write_until(self, over: asyncio.Event) -> None:
        """Make one change after the other, and at least one."""
        while not over.is_set() or self.made == 0:
            if await is_made(self._change(next(self._numbers))):
                self.made += 1
            else:
                self.not_made += 1
            await asyncio.sleep(0)

    def _change(self, number: int) -> Change:
        communicator, key, value = self._communicator, self.key, str(number)
        options: dict[str, Any] = {"timeout": self._timeout, "once": self._once}

        async def blindly(txn: STM) -> None:
            txn.put(key, value)

        changes: list[Change] = [
            lambda: communicator.put(key, value, **options),
            lambda: communicator.txn(Txn().and_then([TxnOp.put(key, value)]), **options),
            lambda: communicator.update(key, lambda _: value, **options),
            lambda: communicator.stm(blindly, **options),
        ]
        return changes[number % len(changes)]


@asynccontextmanager
async def writers(through: Communicator, direct: Communicator) -> AsyncIterator[list[Writer]]:
    """Let several write while the body runs, and count afterwards what the server has."""
    over = asyncio.Event()
    async with direct.session(ttl=TTL) as session:
        made = [Writer(through, session, number) for number in range(WRITERS)]
        tasks = [asyncio.create_task(writer.write_until(over)) for writer in made]
        try:
            yield made
        finally:
            over.set()
            await asyncio.gather(*tasks)
        assert await direct.count_prefix("__once/") <= WRITERS
    for writer in made:
        kv = await direct.get_kv(writer.key)
        print(writer.key, writer.made, writer.not_made, kv)
        assert kv is not None
        assert kv.version == writer.made
    assert await direct.count_prefix("__once/") == 0


async def test_through_a_bad_network(
    communicator: Communicator, proxy: Proxy, chance: random.Random
) -> None:
    faults = network_faults(proxy, "the server", chance)
    async with (
        Client(proxy.endpoint).connect() as through,
        writers(through, communicator),
        counters(through) as others,
        mischief(faults, chance, each_once=True),
    ):
        await asyncio.sleep(5)
    assert sum(other.unknown for other in others) > 0, "no fault has hit a change"


async def test_with_members_that_fail(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = cluster_faults(cluster) + front_faults(front, chance)
    async with (
        Client(front.endpoints).connect() as through,
        Client(cluster.endpoints).connect() as direct,
    ):
        async with writers(through, direct), mischief(faults, chance):
            await asyncio.sleep(8)
        leader = await asyncio.to_thread(cluster.leader)
        await eventually_async(lambda: leases(leader.endpoint) == [])


async def test_a_frozen_member_holds_a_change_up_for_seconds_only(
    cluster: EtcdCluster, front: Front
) -> None:
    frozen = cluster.followers()[0]
    async with (
        Client(front.endpoints).connect() as through,
        Client(cluster.leader().endpoint).connect() as direct,
        direct.session(ttl=TTL) as session,
    ):
        await steer(through, front, cluster.members.index(frozen))
        frozen.freeze()
        try:
            started = time.monotonic()
            await through.put("key", "value", once=session)
            took = time.monotonic() - started
        finally:
            frozen.thaw()
        print(f"{took:.1f} s")
        # The connection itself would be given up after nine seconds.
        assert took < 7
        kv = await direct.get_kv("key")
        assert kv is not None
        assert kv.version == 1


class Actor:
    """A client that does one thing after the other to keys that others use as well."""

    _values = itertools.count()

    def __init__(
        self, communicator: Communicator, session: Session, history: History, chance: random.Random
    ) -> None:
        """Take a way to the cluster, a session, and the record that all share."""
        self._communicator = communicator
        self._once = session
        self._history = history
        self._chance = chance
        self._seen: dict[bytes, bytes | None] = {}

    async def act_until(self, over: asyncio.Event) -> None:
        """Do one thing after the other."""
        while not over.is_set():
            with self._history.record(self._next_operation()) as operation:
                try:
                    await self._carry_out(operation)
                except OutcomeUnknownError as error:
                    raise UnknownOutcomeError from error
                except (EtcdConnectionError, EtcdTimeoutError) as error:
                    raise NotAppliedError from error
            if operation.kind is Kind.READ:
                self._seen[operation.key] = operation.value
            await asyncio.sleep(self._chance.uniform(0, 0.02))

    def _next_operation(self) -> Operation:
        key = self._chance.choice(KEYS)
        value = str(next(self._values)).encode()
        kind = self._chance.choices(list(Kind), [5, 3, 3])[0]
        if kind is Kind.WRITE and self._chance.random() < 0.2:
            return Operation(kind, key, None)
        return Operation(kind, key, value, expected=self._seen.get(key))

    async def _carry_out(self, operation: Operation) -> None:
        key, value = operation.key, operation.value
        timeout = self._chance.choice([None, DEADLINE])
        if operation.kind is Kind.READ:
            operation.value = await self._communicator.get(key)
        elif operation.kind is Kind.WRITE and value is None:
            await self._communicator.delete(key, timeout=timeout, once=self._once)
        elif operation.kind is Kind.WRITE:
            assert value is not None
            await self._communicator.put(key, value, timeout=timeout, once=self._once)
        else:
            swap = self._chance.choice([self._swap_by_txn, self._swap_by_stm])
            operation.swapped = await swap(operation, timeout)

    async def _swap_by_txn(self, operation: Operation, timeout: float | None) -> bool:
        key, value = operation.key, operation.value or b""
        condition = (
            Compare.version(key, CompareOp.EQUAL, 0)
            if operation.expected is None
            else Compare.value(key, CompareOp.EQUAL, operation.expected)
        )
        txn = Txn().when([condition]).and_then([TxnOp.put(key, value)])
        response = await self._communicator.txn(txn, timeout=timeout, once=self._once)
        return response.succeeded()

    async def _swap_by_stm(self, operation: Operation, timeout: float | None) -> bool:
        async def swap(txn: STM) -> bool:
            swaps = await txn.get(operation.key) == operation.expected
            if swaps:
                txn.put(operation.key, operation.value or b"")
            return swaps

        return await self._communicator.stm(swap, timeout=timeout, once=self._once)


async def record(
    cluster: EtcdCluster, front: Front, faults: list[Fault], chance: random.Random, seconds: float
) -> History:
    """Let clients act while faults happen, and read every key at the end."""
    history = History()
    over = asyncio.Event()
    async with (
        Client(front.endpoints).connect() as through,
        Client(cluster.endpoints).connect() as direct,
    ):
        async with direct.session(ttl=TTL) as session:
            actors = [Actor(through, session, history, chance) for _ in range(WRITERS)]
            acting = [asyncio.create_task(actor.act_until(over)) for actor in actors]
            async with mischief(faults, chance):
                await asyncio.sleep(seconds)
            over.set()
            await asyncio.gather(*acting)
        for key in KEYS:
            with history.record(Operation(Kind.READ, key)) as operation:
                operation.value = await direct.get(key)
        assert await direct.count_prefix("__once/") == 0
    print(f"{len(history.operations)} operations, {history.not_applied} not applied")
    return history


async def test_a_history_with_faults(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = cluster_faults(cluster) + front_faults(front, chance)
    history = await record(cluster, front, faults, chance, 8)
    assert history.unknown == 0
    assert history.offending_keys() == []


@pytest.mark.full_faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("round_", range(5))
async def test_long_histories_with_faults(
    cluster: EtcdCluster, front: Front, chance: random.Random, round_: int
) -> None:
    assert round_ >= 0
    faults = cluster_faults(cluster) + front_faults(front, chance)
    history = await record(cluster, front, faults, chance, 60)
    assert history.unknown == 0
    assert history.offending_keys() == []
