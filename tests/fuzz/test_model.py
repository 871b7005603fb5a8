"""Random sequences of calls on a real server, beside a model of etcd."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from etcd_client import (
    Client,
    Communicator,
    CompactedError,
    Compare,
    CompareOp,
    FutureRevisionError,
    KeyValue,
    SortOrder,
    SortTarget,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer
from tests.fuzz.model import Bounds, Model, Pair, prefix, within
from tests.support import gateway

T = TypeVar("T")

# Few and short, so that they meet; with those at the ends of the order.
KEYS = st.binary(min_size=1, max_size=2).map(lambda b: bytes(b"a\0\xffb"[c % 4] for c in b))
PREFIXES = KEYS | st.just(b"")
VALUES = st.binary(max_size=3)
ENDS = st.none() | KEYS | st.just(b"\0")


def pair_of(kv: KeyValue | None) -> Pair | None:
    """Return a pair of the server's as the model has it."""
    if kv is None:
        return None
    return Pair(kv.key, kv.value, kv.create_revision, kv.mod_revision, kv.version)


class Calls(RuleBasedStateMachine):
    """Makes each call on the server and in the model, and compares."""

    endpoint: str
    namespace: bytes

    def __init__(self) -> None:
        super().__init__()
        gateway.wipe(self.endpoint)
        self._loop = asyncio.new_event_loop()
        self._client = Client(self.endpoint)
        whole = self._call(self._client.connect().__aenter__)
        self.communicator: Communicator = whole
        if self.namespace:
            # A neighbour on each side, which no call may touch.
            for neighbour in (self.namespace[:-1], self.namespace + b"\xff", b"\0", b"\xff\xff"):
                if not neighbour.startswith(self.namespace):
                    self._call(functools.partial(whole.put, neighbour, b"neighbour"))
            self.communicator = whole.namespace(self.namespace)
        self._whole = whole
        self._outside = self._neighbours()
        # With what was before, the model has nothing to do.
        self._call(lambda: whole.put(b"before", b""))
        revision = self._call(lambda: whole.delete(b"before")).header.revision
        self._call(lambda: whole.compact(revision))
        self.model = Model(revision)

    def _neighbours(self) -> list[KeyValue]:
        everything = self._call(lambda: self._whole.range(b"", prefix=True)).kvs
        return [kv for kv in everything if not kv.key.startswith(self.namespace or b"\0\0\0")]

    def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            return await call()

        return self._loop.run_until_complete(run())

    def teardown(self) -> None:
        """Check that nobody else's keys were touched, and close."""
        if self.namespace:
            assert self._neighbours() == self._outside
        self._call(self._whole.aclose)
        self._loop.close()

    @rule(key=KEYS, value=VALUES, prev=st.booleans())
    def put(self, key: bytes, value: bytes, *, prev: bool) -> None:
        """Put a pair."""
        response = self._call(lambda: self.communicator.put(key, value, prev_kv=prev))
        before = self.model.put(key, value)
        assert pair_of(response.prev_kv) == (before if prev else None)
        assert response.header.revision == self.model.revision

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        """Delete one key."""
        response = self._call(lambda: self.communicator.delete(key, prev_kv=True))
        self._check_deletion(response, (key, None))

    @rule(key=PREFIXES)
    def delete_prefix(self, key: bytes) -> None:
        """Delete what begins with a prefix; all, where that is empty."""
        response = self._call(lambda: self.communicator.delete_prefix(key, prev_kv=True))
        self._check_deletion(response, prefix(key))

    @rule(key=KEYS, end=KEYS | st.just(b"\0"))
    def delete_range(self, key: bytes, end: bytes) -> None:
        """Delete a range."""
        response = self._call(lambda: self.communicator.delete_range(key, end, prev_kv=True))
        self._check_deletion(response, (key, end))

    def _check_deletion(self, response: Any, bounds: Bounds) -> None:
        deleted = self.model.delete(bounds)
        assert [pair_of(kv) for kv in response.prev_kvs] == deleted
        assert response.deleted == len(deleted)
        assert response.header.revision == self.model.revision

    @rule(key=KEYS, back=st.integers(-2, 6))
    def get(self, key: bytes, back: int) -> None:
        """Get a value as it is or was."""
        with self._history(back) as revision:
            value = self._call(lambda: self.communicator.get(key, revision=revision))
            pair = self.model.at(revision).get(key)
            assert value == (None if pair is None else pair.value)

    @rule(key=PREFIXES)
    def get_by_prefix(self, key: bytes) -> None:
        """Get all ways to read what begins with a prefix."""
        expected = within(self.model.at(), prefix(key))
        pairs = [(pair.key, pair.value) for pair in expected]
        assert self._call(lambda: self.communicator.get_prefix(key)) == pairs
        assert self._call(lambda: self.communicator.keys_prefix(key)) == [k for k, _ in pairs]
        assert self._call(lambda: self.communicator.count_prefix(key)) == len(pairs)

        async def scan() -> list[Pair | None]:
            return [pair_of(kv) async for kv in self.communicator.scan_prefix(key, page_size=2)]

        assert self._call(scan) == expected

    @rule(
        key=KEYS,
        end=ENDS,
        back=st.integers(-2, 6),
        limit=st.integers(0, 4),
        order=st.sampled_from(SortOrder),
        by=st.sampled_from(SortTarget),
        least=st.integers(0, 30),
    )
    def range(  # noqa: PLR0913 - the options of a range
        self,
        *,
        key: bytes,
        end: bytes | None,
        back: int,
        limit: int,
        order: SortOrder,
        by: SortTarget,
        least: int,
    ) -> None:
        """Read a range with every option."""
        start = self.model.first + least
        with self._history(back) as revision:
            response = self._call(
                lambda: self.communicator.range(
                    key,
                    range_end=end,
                    revision=revision,
                    limit=limit,
                    sort_order=order,
                    sort_target=by,
                    min_mod_revision=start,
                )
            )
            found = within(self.model.at(revision), (key, end))
            kept = _sorted([pair for pair in found if pair.modified >= start], order, by)
            limited = kept[: limit or None]
            assert [pair_of(kv) for kv in response.kvs] == limited
            assert response.header.revision == self.model.revision

    @contextmanager
    def _history(self, back: int) -> Iterator[int]:
        """Give a revision to read at; outside of history, reading has to fail."""
        revision = self.model.revision - back if back else 0
        if revision > self.model.revision:
            with pytest.raises(FutureRevisionError):
                yield revision
        elif revision and revision < self.model.first:
            with pytest.raises(CompactedError):
                yield revision
        else:
            yield revision

    @rule(
        key=KEYS,
        value=VALUES,
        other=KEYS,
        compare=st.sampled_from(CompareOp),
        version=st.integers(0, 2),
    )
    def txn(self, key: bytes, value: bytes, other: bytes, compare: CompareOp, version: int) -> None:
        """Decide by a version, and do several things at once."""
        txn = (
            Txn()
            .when([Compare.version(key, compare, version)])
            .and_then([TxnOp.put(key, value, prev_kv=True), TxnOp.get(key)])
            .or_else([TxnOp.get(other), TxnOp.delete(other, prev_kv=True), TxnOp.get(other)])
        )
        response = self._call(lambda: self.communicator.txn(txn))
        present = self.model.at().get(key)
        holds = _holds(compare, present.version if present else 0, version)
        assert response.succeeded() is holds
        changes = self.model.change()
        expected: list[object]
        if holds:
            expected = [changes.put(key, value), changes.state.get(key)]
            put, got = response.responses
            seen: list[object] = [pair_of(put.prev_kv), pair_of(next(iter(got.kvs), None))]
        else:
            expected = [changes.state.get(other), changes.delete((other, None)), None]
            before, deleted, after = response.responses
            seen = [
                pair_of(next(iter(before.kvs), None)),
                [pair_of(kv) for kv in deleted.prev_kvs],
                pair_of(next(iter(after.kvs), None)),
            ]
        changes.commit()
        assert seen == expected
        assert response.header.revision == self.model.revision

    @rule(back=st.integers(0, 4))
    def compact(self, back: int) -> None:
        """Forget history."""
        revision = max(self.model.revision - back, self.model.first)
        if revision == self.model.first:
            return
        self._call(lambda: self.communicator.compact(revision))
        self.model.compact(revision)

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        """Compare all pairs."""
        response = self._call(lambda: self.communicator.range(b"", prefix=True))
        assert [pair_of(kv) for kv in response.kvs] == within(self.model.at(), prefix(b""))


def _holds(compare: CompareOp, left: int, right: int) -> bool:
    return {
        CompareOp.EQUAL: left == right,
        CompareOp.NOT_EQUAL: left != right,
        CompareOp.GREATER: left > right,
        CompareOp.LESS: left < right,
    }[compare]


def _sorted(pairs: list[Pair], order: SortOrder, target: SortTarget) -> list[Pair]:
    keys: dict[SortTarget, Callable[[Pair], Any]] = {
        SortTarget.KEY: lambda pair: pair.key,
        SortTarget.VERSION: lambda pair: pair.version,
        SortTarget.CREATE: lambda pair: pair.created,
        SortTarget.MOD: lambda pair: pair.modified,
        SortTarget.VALUE: lambda pair: pair.value,
    }
    # Without an order, etcd sorts by what is not the key in ascending order.
    return sorted(pairs, key=keys[target], reverse=order is SortOrder.DESCEND)


@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("namespace", [b"", b"ns/", b"n\xff"], ids=repr)
def test_calls_do_what_the_model_does(server: EtcdServer, namespace: bytes) -> None:
    kind = type("InNamespace", (Calls,), {"endpoint": server.endpoint, "namespace": namespace})
    run_state_machine_as_test(kind, settings=settings(stateful_step_count=25))
