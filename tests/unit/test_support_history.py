"""The history checker: it accepts what can be explained, and nothing else."""

import itertools
import math
import random

import pytest

from tests.support.history import (
    History,
    Kind,
    NotAppliedError,
    Operation,
    UnknownOutcomeError,
    Value,
    is_linearizable,
)

KEY = b"key"


def write(value: Value, called: float, returned: float = math.inf) -> Operation:
    return Operation(Kind.WRITE, KEY, value, called=called, returned=returned)


def read(value: Value, called: float, returned: float = math.inf) -> Operation:
    return Operation(Kind.READ, KEY, value, called=called, returned=returned)


def swap(
    expected: Value,
    value: Value,
    called: float,
    returned: float = math.inf,
    *,
    swapped: bool | None,
) -> Operation:
    return Operation(Kind.SWAP, KEY, value, expected, swapped, called, returned)


GOOD = {
    "nothing": [],
    "one after the other": [write(b"1", 0, 1), read(b"1", 2, 3), write(b"2", 4, 5)],
    "the key's absence": [read(None, 0, 1)],
    "a deletion": [write(b"1", 0, 1), write(None, 2, 3), read(None, 4, 5)],
    "a read beside a write finds the old": [write(b"1", 0, 9), read(None, 1, 2)],
    "a read beside a write finds the new": [write(b"1", 0, 9), read(b"1", 1, 2)],
    "two writes side by side, in either order": [
        write(b"1", 0, 9),
        write(b"2", 0, 9),
        read(b"1", 10, 11),
    ],
    "an unknown write that happened": [write(b"1", 0), read(b"1", 1, 2)],
    "an unknown write that did not happen": [write(b"1", 0), read(None, 1, 2)],
    "an unknown write that happened late": [write(b"1", 0), read(None, 1, 2), read(b"1", 3, 4)],
    "a swap": [write(b"1", 0, 1), swap(b"1", b"2", 2, 3, swapped=True), read(b"2", 4, 5)],
    "a refused swap": [write(b"1", 0, 1), swap(b"0", b"2", 2, 3, swapped=False), read(b"1", 4, 5)],
    "an unknown swap that happened": [
        write(b"1", 0, 1),
        swap(b"1", b"2", 2, swapped=None),
        read(b"2", 4, 5),
    ],
}

BAD = {
    "a value from nowhere": [read(b"1", 0, 1)],
    "a stale read": [write(b"1", 0, 1), write(b"2", 2, 3), read(b"1", 4, 5)],
    "a lost write": [write(b"1", 0, 1), read(None, 2, 3)],
    "a read of what is not yet written": [read(b"1", 0, 1), write(b"1", 2, 3)],
    "an unknown write that happened before its call": [read(b"1", 0, 1), write(b"1", 2)],
    "reads that go back": [
        write(b"1", 0, 9),
        read(b"1", 1, 2),
        read(None, 3, 4),
    ],
    "an unknown write that happened twice": [
        write(b"1", 0),
        read(b"1", 1, 2),
        write(b"2", 3, 4),
        read(b"1", 5, 6),
    ],
    "two swaps of one value": [
        swap(None, b"1", 0, 9, swapped=True),
        swap(None, b"2", 0, 9, swapped=True),
    ],
    "a swap refused without reason": [write(b"1", 0, 1), swap(b"1", b"2", 2, 3, swapped=False)],
}


@pytest.mark.parametrize("operations", GOOD.values(), ids=GOOD)
def test_accepts(operations: list[Operation]) -> None:
    assert is_linearizable(operations)


@pytest.mark.parametrize("operations", BAD.values(), ids=BAD)
def test_refuses(operations: list[Operation]) -> None:
    assert not is_linearizable(operations)


def _explained(operations: list[Operation]) -> bool:
    """Decide by trying all orders: slow, and too simple to be wrong."""
    certain = [o for o in operations if o.returned != math.inf]
    unknown = [o for o in operations if o.returned == math.inf]
    chosen = (
        certain + list(some)
        for count in range(len(unknown) + 1)
        for some in itertools.combinations(unknown, count)
    )
    return any(_fits(order) for some in chosen for order in itertools.permutations(some))


def _fits(order: tuple[Operation, ...]) -> bool:
    state: Value = None
    for place, operation in enumerate(order):
        if any(later.returned < operation.called for later in order[place + 1 :]):
            return False
        possible, state = operation.step(state)
        if not possible:
            return False
    return True


def test_agrees_with_trying_all_orders() -> None:
    chance = random.Random(1)
    outcomes = set()
    for _ in range(1500):
        operations = []
        for _ in range(chance.randint(1, 6)):
            called = chance.randint(0, 8)
            returned = called + chance.randint(1, 4) if chance.random() < 0.8 else math.inf
            value = chance.choice([None, b"1", b"2"])
            kind = chance.choice(list(Kind))
            swapped = chance.choice([True, False]) if returned != math.inf else None
            expected = chance.choice([None, b"1", b"2"])
            operations.append(Operation(kind, KEY, value, expected, swapped, called, returned))
        explained = _explained(operations)
        outcomes.add(explained)
        assert is_linearizable(operations) is explained, operations
    assert outcomes == {True, False}


def test_is_quick_enough_for_what_the_fault_tests_record() -> None:
    operations = []
    for number in range(600):
        value = str(number).encode()
        operations.append(write(value, number, number + 4.5 if number % 10 else math.inf))
    assert is_linearizable(operations)


def test_a_history_knows_its_keys_and_outcomes() -> None:
    history = History()
    with history.record(Operation(Kind.WRITE, b"good", b"1")):
        pass
    with history.record(Operation(Kind.WRITE, b"bad", b"2")):
        raise NotAppliedError
    with history.record(Operation(Kind.WRITE, b"good", b"3")):
        raise UnknownOutcomeError
    for key, value in ((b"good", b"1"), (b"bad", b"2")):
        with history.record(Operation(Kind.READ, key)) as found:
            found.value = value
    assert history.not_applied == 1
    assert history.unknown == 1
    assert history.offending_keys() == [b"bad"]
