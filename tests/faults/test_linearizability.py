"""Everything that many clients did, with all their answers, has an order that explains it."""

import asyncio
import itertools
import random

import pytest

from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    EtcdConnectionError,
    EtcdTimeoutError,
    OutcomeUnknownError,
    RpcError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster
from tests.support.front import Front
from tests.support.history import History, Kind, NotAppliedError, Operation, UnknownOutcomeError
from tests.support.mischief import Fault, cluster_faults, front_faults, mischief
from tests.support.waiting import eventually_async

KEYS = [f"register-{number}".encode() for number in range(8)]
CLIENTS = 10
DEADLINE = 0.5
# Keeps the histories short enough to be checked: no fault is missed by it.
PACE = 0.01


async def carry_out(operation: Operation, communicator: Communicator, deadline: float) -> None:
    """Make the call that an operation stands for, and note its answer."""
    key, value = operation.key, operation.value
    if operation.kind is Kind.READ:
        operation.value = await communicator.get(key, timeout=deadline)
    elif operation.kind is Kind.WRITE and value is None:
        await communicator.delete(key, timeout=deadline)
    elif operation.kind is Kind.WRITE:
        assert value is not None
        await communicator.put(key, value, timeout=deadline)
    else:
        assert value is not None
        condition = (
            Compare.version(key, CompareOp.EQUAL, 0)
            if operation.expected is None
            else Compare.value(key, CompareOp.EQUAL, operation.expected)
        )
        txn = Txn().when([condition]).and_then([TxnOp.put(key, value)])
        operation.swapped = (await communicator.txn(txn, timeout=deadline)).succeeded()


class Actor:
    """A client that does one thing after the other to keys that others use as well."""

    _values = itertools.count()

    def __init__(
        self, communicator: Communicator, history: History, chance: random.Random, deadline: float
    ) -> None:
        """Take a way to the cluster and the record that all share."""
        self._communicator = communicator
        self._deadline = deadline
        self._history = history
        self._chance = chance
        self._seen: dict[bytes, bytes | None] = {}

    def _next_operation(self) -> Operation:
        key = self._chance.choice(KEYS)
        value = str(next(self._values)).encode()
        kind = self._chance.choices(list(Kind), [5, 3, 2])[0]
        if kind is Kind.WRITE and self._chance.random() < 0.2:
            return Operation(kind, key, None)
        return Operation(kind, key, value, expected=self._seen.get(key))

    async def act(self) -> None:
        """Do one thing."""
        with self._history.record(self._next_operation()) as operation:
            try:
                await carry_out(operation, self._communicator, self._deadline)
            except OutcomeUnknownError as error:
                raise UnknownOutcomeError from error
            except (EtcdConnectionError, EtcdTimeoutError, RpcError) as error:
                raise NotAppliedError from error
        if operation.kind is Kind.READ:
            self._seen[operation.key] = operation.value

    async def act_until(self, over: asyncio.Event) -> None:
        """Do one thing after the other."""
        while not over.is_set():
            await self.act()
            await asyncio.sleep(self._chance.uniform(0, 2 * PACE))


async def record(  # noqa: PLR0913 - the last ones have defaults
    endpoints: list[str],
    faults: list[Fault],
    chance: random.Random,
    seconds: float,
    *,
    least: int = 0,
    deadline: float = DEADLINE,
) -> History:
    """Let clients act while faults happen, and read every key at the end.

    They act for so many seconds, and until there are so many operations.
    """
    history = History()
    over = asyncio.Event()
    async with Client(endpoints).connect() as communicator:
        actors = [Actor(communicator, history, chance, deadline) for _ in range(CLIENTS)]
        acting = [asyncio.create_task(actor.act_until(over)) for actor in actors]
        async with mischief(faults, chance):
            await asyncio.sleep(seconds)
            await eventually_async(lambda: len(history.operations) >= least, within=30)
        over.set()
        await asyncio.gather(*acting)
        for key in KEYS:
            with history.record(Operation(Kind.READ, key)) as operation:
                operation.value = await communicator.get(key)
    total, unknown = len(history.operations), history.unknown
    print(f"{total} operations, {unknown} of unknown outcome, {history.not_applied} not applied")
    return history


async def test_a_history_without_faults(cluster: EtcdCluster, chance: random.Random) -> None:
    nothing = Fault("nothing", lambda: None)
    # On a slow machine, a short deadline would be a fault.
    history = await record(cluster.endpoints, [nothing], chance, 1, least=200, deadline=20)
    assert history.offending_keys() == []
    assert history.unknown == history.not_applied == 0


async def test_a_history_with_faults(
    cluster: EtcdCluster, front: Front, chance: random.Random
) -> None:
    faults = cluster_faults(cluster) + front_faults(front, chance)
    history = await record(front.endpoints, faults, chance, 8)
    assert history.offending_keys() == []


@pytest.mark.full_faults
@pytest.mark.timeout(300)
@pytest.mark.parametrize("round_", range(5))
async def test_long_histories_with_faults(
    cluster: EtcdCluster, front: Front, chance: random.Random, round_: int
) -> None:
    assert round_ >= 0
    faults = cluster_faults(cluster) + front_faults(front, chance)
    history = await record(front.endpoints, faults, chance, 60)
    assert history.offending_keys() == []
