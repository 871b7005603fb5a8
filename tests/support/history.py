"""Histories of operations on a few keys, and whether they are linearizable.

Linearizable means that each operation seems to take effect at one instant between its call and its
return. The search is that of Wing and Gong with Lowe's memoization, key by key.
"""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

Value = bytes | None


class Kind(Enum):
    """What an operation does to its key."""

    READ = "read"
    WRITE = "write"
    SWAP = "swap"


@dataclass
class Operation:
    """One call of one client, on one key.

    A read found `value`, a write set it (None: deleted the key), a swap set it if it found
    `expected`, and says whether it did. An operation of unknown outcome never returned: it may take
    effect at any later time, or so late that nobody notices.
    """

    kind: Kind
    key: bytes
    value: Value = None
    expected: Value = None
    swapped: bool | None = None
    called: float = 0.0
    returned: float = math.inf

    def step(self, state: Value) -> tuple[bool, Value]:
        """Return whether this can happen in `state`, and the state after it."""
        if self.kind is Kind.READ:
            return self.returned == math.inf or state == self.value, state
        if self.kind is Kind.WRITE:
            return True, self.value
        swaps = state == self.expected
        if self.swapped is not None and self.swapped is not swaps:
            return False, state
        return True, self.value if swaps else state


class NotAppliedError(Exception):
    """Raised inside `History.record` to say that the operation certainly did not happen."""


class UnknownOutcomeError(Exception):
    """Raised inside `History.record` to say that the operation may have happened."""


@dataclass
class History:
    """The operations of all clients of one process, with the times of one clock."""

    operations: list[Operation] = field(default_factory=list)
    not_applied: int = 0

    @contextmanager
    def record(self, operation: Operation) -> Iterator[Operation]:
        """Time what is done inside; the two errors above end here and are part of the record."""
        operation.called = time.monotonic()
        try:
            yield operation
        except NotAppliedError:
            self.not_applied += 1
            return
        except UnknownOutcomeError:
            operation.returned = math.inf
        else:
            operation.returned = time.monotonic()
        self.operations.append(operation)

    @property
    def unknown(self) -> int:
        """The number of operations of unknown outcome."""
        return sum(operation.returned == math.inf for operation in self.operations)

    def offending_keys(self, initial: Value = None) -> list[bytes]:
        """Return the keys whose operations are not linearizable."""
        by_key: dict[bytes, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            by_key[operation.key].append(operation)
        return [key for key, done in by_key.items() if not is_linearizable(done, initial)]


class _Entry:
    """The call or the return of an operation, in a list ordered by time."""

    def __init__(self, number: int, operation: Operation, *, is_call: bool) -> None:
        self.number = number
        self.operation = operation
        self.is_call = is_call
        self.match: _Entry | None = None
        self.before: _Entry | None = None
        self.after: _Entry | None = None

    @property
    def time(self) -> tuple[float, bool]:
        # Calls before returns of the same instant: more orders are allowed, so no false alarm.
        if self.is_call:
            return self.operation.called, False
        return self.operation.returned, True

    def lift(self) -> None:
        """Take the call and its return out of the list."""
        for entry in (self, self.match):
            if entry is not None and entry.before is not None:
                entry.before.after = entry.after
                if entry.after is not None:
                    entry.after.before = entry.before

    def put_back(self) -> None:
        """Undo `lift`."""
        for entry in (self.match, self):
            if entry is not None and entry.before is not None:
                entry.before.after = entry
                if entry.after is not None:
                    entry.after.before = entry


def _in_order_of_time(operations: Iterable[Operation]) -> _Entry:
    """Return the head of a linked list of calls and returns; the head itself is none of them."""
    entries = []
    for number, operation in enumerate(operations):
        call = _Entry(number, operation, is_call=True)
        call.match = _Entry(number, operation, is_call=False)
        entries += [call, call.match]
    head = last = _Entry(-1, Operation(Kind.READ, b""), is_call=True)
    for entry in sorted(entries, key=lambda entry: entry.time):
        entry.before, last.after = last, entry
        last = entry
    return head


def is_linearizable(operations: Iterable[Operation], initial: Value = None) -> bool:
    """Tell whether the operations on one key have an order that explains all their results."""
    head = _in_order_of_time(operations)
    state = initial
    done = 0  # a bit for each operation that is part of the order so far
    tried = {(done, state)}
    order: list[tuple[_Entry, Value]] = []
    entry = head.after
    while entry is not None:
        if entry.is_call:
            possible, after = entry.operation.step(state)
            result = (done | 1 << entry.number, after)
            if possible and result not in tried:
                tried.add(result)
                order.append((entry, state))
                done, state = result
                entry.lift()
                entry = head.after
            else:
                entry = entry.after
        elif entry.operation.returned == math.inf:
            return True  # what is left may happen after everything that anybody has seen
        elif order:
            # This one had to be in the order before it returned: the last choice was wrong.
            choice, state = order.pop()
            done &= ~(1 << choice.number)
            choice.put_back()
            entry = choice.after
        else:
            return False
    return True
