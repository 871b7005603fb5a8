"""Caches: mappings that a watch keeps up to date."""

import gc
import pickle
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from etcd_client import (
    CacheBatch,
    Client,
    ClosedError,
    Communicator,
    EtcdTimeoutError,
    KeyValue,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.support import tasks
from tests.support.leftovers import settled_metrics
from tests.support.waiting import eventually_async

WITHIN = 20.0
BLOCKING = 0.06
"""In seconds of processor time: three times what loading may take at once, for slow machines."""


async def fill(communicator: Communicator, keys: Iterable[bytes], value: bytes) -> None:
    """Write keys, a hundred at a time."""
    pending = list(keys)
    for first in range(0, len(pending), 100):
        puts = [TxnOp.put(key, value) for key in pending[first : first + 100]]
        await communicator.txn(Txn().and_then(puts))


def apply(batch: CacheBatch, copy: dict[bytes, KeyValue]) -> None:
    """Apply changes to a copy, of which each has to begin with what is there."""
    for change in batch:
        assert copy.get(change.key) == change.old
        if change.new is None:
            del copy[change.key]
        else:
            copy[change.key] = change.new


@pytest.mark.both_loops
async def test_shows_what_is_there_and_what_comes(communicator: Communicator) -> None:
    await communicator.put(b"c/1", b"one")
    await communicator.put(b"d", b"outside")
    async with communicator.cache("c/") as view:
        assert dict(view) == {b"c/1": b"one"}
        assert view.fresh
        put = await communicator.put(b"c/2", b"two")
        assert await view.wait_for(revision=put.header.revision, timeout=WITHIN) >= 2
        assert (view["c/2"], view[bytearray(b"c/2")], view[b"c/2"]) == (b"two",) * 3
        assert b"c/2" in view
        assert "c/3" not in view  # type: ignore[comparison-overlap]
        assert 3 not in view  # type: ignore[comparison-overlap]
        assert view.get(b"c/3") is None
        assert view.get("c/3", b"else") == b"else"
        assert sorted(view.items()) == [(b"c/1", b"one"), (b"c/2", b"two")]
        assert len(view) == 2
        assert view.kv("c/2") == await communicator.get_kv(b"c/2")
        with pytest.raises(KeyError):
            view[b"c/3"]
        deleted = await communicator.delete(b"c/1")
        await view.wait_for(revision=deleted.header.revision, timeout=WITHIN)
        assert list(view) == [b"c/2"]
    assert list(view) == [b"c/2"], "it shows what it last was"
    assert not view.fresh


@pytest.mark.parametrize("prefix", [b"", b"\xff", b"\xff\xff", b"a\xff"])
async def test_takes_any_prefix(communicator: Communicator, prefix: bytes) -> None:
    keys = [b"\x00", b"a", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff\x00"]
    await fill(communicator, keys[::2], b"old")
    async with communicator.cache(prefix) as view:
        await fill(communicator, keys, b"new")
        await view.sync(timeout=WITHIN)
        assert sorted(view) == sorted(key for key in keys if key.startswith(prefix))
        assert set(view.values()) == {b"new"}


async def test_large_values(communicator: Communicator) -> None:
    await communicator.put(b"c/1", bytes(1_000_000))
    async with communicator.cache(b"c/") as view:
        await communicator.put(b"c/2", b"x" * 1_000_000)
        await view.sync(timeout=WITHIN)
        assert (view[b"c/1"], view[b"c/2"]) == (bytes(1_000_000), b"x" * 1_000_000)


async def test_sync_shows_what_others_have_written(endpoint: str) -> None:
    async with (
        Client(endpoint) as writer,
        Client(endpoint) as reader,
        reader.cache(b"c/") as view,
    ):
        for number in range(20):
            await writer.put(b"c/1", b"%d" % number)
            await view.sync(timeout=WITHIN)
            assert view[b"c/1"] == b"%d" % number
        outside = await writer.put(b"elsewhere", b"")
        assert await view.sync(timeout=WITHIN) >= outside.header.revision


async def test_a_transaction_is_seen_as_a_whole(communicator: Communicator) -> None:
    """In one prefix, and over several."""
    one = communicator.cache(b"")
    several = communicator.cache(prefixes=["a/", "b/", "c/"])
    async with one, several:
        seen: set[tuple[bytes | None, ...]] = set()

        def look(view: Any) -> bool:
            seen.add(tuple(view.get(key) for key in ("a/1", "b/1", "c/1")))
            return bool(view.get("a/1") == b"49")

        looking = [
            tasks.create_task(view.wait_until(look, timeout=WITHIN)) for view in (one, several)
        ]
        for number in range(50):
            puts = [TxnOp.put(key, b"%d" % number) for key in ("a/1", "b/1", "c/1")]
            await communicator.txn(Txn().and_then(puts))
        await tasks.gather(*looking)
    assert all(len(set(values)) == 1 for values in seen), seen


async def test_several_prefixes_and_what_is_between(communicator: Communicator) -> None:
    await fill(communicator, [b"a/1", b"b/1", b"c/1"], b"")
    async with communicator.cache(prefixes=[b"c/", "a/", b"a/1"]) as view:
        assert sorted(view) == [b"a/1", b"c/1"]
        await fill(communicator, [b"a/2", b"b/2"], b"")
        await view.sync(timeout=WITHIN)
        assert sorted(view) == [b"a/1", b"a/2", b"c/1"]


async def test_changes_lead_to_what_is_shown(communicator: Communicator) -> None:
    await communicator.put(b"c/0", b"")
    async with communicator.cache(b"c/") as view:
        copy = {key: kv for key in view if (kv := view.kv(key)) is not None}
        changes = view.changes()
        await communicator.put(b"c/1", b"1")
        await communicator.delete(b"c/0")
        last = await communicator.put(b"c/1", b"2")
        batches = [await tasks.wait_for(anext(changes), WITHIN) for _ in range(3)]
        for batch in batches:
            apply(batch, copy)
            assert not batch.merged
        assert batches[-1].revision == last.header.revision
        assert {key: kv.value for key, kv in copy.items()} == dict(view) == {b"c/1": b"2"}
    with pytest.raises(StopAsyncIteration):
        await anext(changes)


async def test_a_slow_reader_gets_the_last_state_of_each_key(communicator: Communicator) -> None:
    await communicator.put(b"c/gone", b"")
    async with communicator.cache(b"c/") as view:
        copy = {key: kv for key in view if (kv := view.kv(key)) is not None}
        changes = view.changes(limit=10)
        await communicator.put(b"c/passing", b"")
        for number in range(100):
            await communicator.put(b"c/%d" % (number % 3), b"%d" % number)
        await communicator.delete(b"c/passing")
        await communicator.delete(b"c/gone")
        await view.sync(timeout=WITHIN)
        batch = await tasks.wait_for(anext(changes), WITHIN)
        assert batch.merged
        assert batch[0].key == b"c/gone", "deleted keys come first"
        assert len(batch) == 4
        apply(batch, copy)
        assert {key: kv.value for key, kv in copy.items()} == dict(view)
        put = await communicator.put(b"c/0", b"last")
        batch = await tasks.wait_for(anext(changes), WITHIN)
        assert (batch.merged, batch.revision) == (False, put.header.revision)


async def test_what_waits_for_a_slow_reader_is_bounded_by_the_keys(
    communicator: Communicator,
) -> None:
    async with communicator.cache(b"c/") as view:
        changes = view.changes(limit=10)
        for number in range(200):
            await communicator.put(b"c/%d" % number, b"")
            await communicator.delete(b"c/%d" % number)
        await communicator.put(b"c/last", b"")
        await view.sync(timeout=WITHIN)
        batch = await tasks.wait_for(anext(changes), WITHIN)
        assert batch.merged
        assert [change.key for change in batch] == [b"c/last"]


async def test_a_cancelled_step_loses_no_change(communicator: Communicator) -> None:
    async with communicator.cache(b"c/") as view:
        changes = view.changes()
        for number in range(20):
            with pytest.raises(tasks.TimeoutError):
                await tasks.wait_for(anext(changes), 0.01)
            await communicator.put(b"c/1", b"%d" % number)
            batch = await tasks.wait_for(anext(changes), WITHIN)
            assert batch[0].new is not None
            assert batch[0].new.value == b"%d" % number
        waiting = {tasks.create_task(anext(changes)) for _ in range(2)}
        (refused,), (other,) = await tasks.wait(waiting, return_when=tasks.FIRST_COMPLETED)
        with pytest.raises(RuntimeError, match="another task"):
            await refused
        other.cancel()


async def test_what_cannot_be_decoded_is_told(
    communicator: Communicator, caplog: pytest.LogCaptureFixture
) -> None:
    await communicator.put(b"c/1", b"1")
    await communicator.put(b"c/bad", b"x")
    async with communicator.cache(b"c/", decode=lambda kv: int(kv.value)) as view:
        assert dict(view) == {b"c/1": 1}
        assert isinstance(view.errors[b"c/bad"], ValueError)
        kv = view.kv(b"c/bad")
        assert kv is not None
        assert kv.value == b"x"
        await communicator.put(b"c/bad", b"2")
        await communicator.put(b"c/1", b"y")
        await view.sync(timeout=WITHIN)
        assert dict(view) == {b"c/bad": 2}
        assert list(view.errors) == [b"c/1"]
        await communicator.delete(b"c/1")
        await view.sync(timeout=WITHIN)
        assert not view.errors
    assert "could not be decoded" in caplog.text


async def test_a_snapshot_stays_as_it_is(communicator: Communicator) -> None:
    await communicator.put(b"c/1", b"1")
    async with communicator.cache(b"c/") as view:
        snapshot = view.snapshot()
        put = await communicator.put(b"c/1", b"2")
        await view.wait_for(revision=put.header.revision, timeout=WITHIN)
        assert (snapshot["c/1"], view["c/1"]) == (b"1", b"2")
        assert snapshot.revision == put.header.revision - 1
        copy = pickle.loads(pickle.dumps(snapshot))  # noqa: S301 - made here
        assert (copy, copy.revision) == (snapshot, snapshot.revision)
        with pytest.raises(AttributeError):
            snapshot.revision = 3


async def test_many_tasks_share_one_watch(communicator: Communicator, etcd: EtcdServer) -> None:
    # Those of the test before have ended.
    await eventually_async(lambda: etcd.metrics().watchers == 0)
    async with communicator.cache(b"c/") as view:
        # What the view begins with may be newer than the question, before its watch has begun.
        await view.sync(timeout=WITHIN)
        await eventually_async(lambda: etcd.metrics().watchers == 1)
        waiting = [
            tasks.create_task(view.wait_until(lambda v: b"c/1" in v, timeout=WITHIN))
            for _ in range(100)
        ]
        syncing = [tasks.create_task(view.sync(timeout=WITHIN)) for _ in range(100)]
        await communicator.put(b"c/1", b"")
        await tasks.gather(*waiting, *syncing)
        assert etcd.metrics().watchers == 1
    await eventually_async(lambda: etcd.metrics().watchers == 0)


async def test_what_waits_ends_with_the_cache(communicator: Communicator) -> None:
    async with communicator.cache(b"c/") as view:
        waiting = [
            tasks.create_task(view.wait_for(revision=10**9)),
            tasks.create_task(view.wait_until(lambda _: False)),
        ]
        with pytest.raises(EtcdTimeoutError):
            await view.wait_for(revision=10**9, timeout=0.05)
        with pytest.raises(ZeroDivisionError):
            await view.wait_until(lambda _: 1 / 0)
        await tasks.sleep(0.01)
    for task in waiting:
        with pytest.raises(ClosedError):
            await tasks.wait_for(task, WITHIN)
    for call in (view.sync(), view.wait_for(revision=10**9)):
        with pytest.raises(ClosedError):
            await call
    with pytest.raises(ClosedError):
        view.changes()
    with pytest.raises(ClosedError):
        await view.__aenter__()


async def test_what_waits_ends_with_the_communicator(endpoint: str) -> None:
    communicator = await Client(endpoint).open()
    async with communicator.cache(b"c/") as view:
        changes = view.changes()
        waiting = tasks.create_task(view.wait_for(revision=10**9))
        await tasks.sleep(0.05)
        await communicator.aclose()
        with pytest.raises(ClosedError):
            await tasks.wait_for(waiting, WITHIN)
        with pytest.raises(ClosedError):
            await tasks.wait_for(anext(changes), WITHIN)
        assert not view.fresh


async def test_a_cancelled_body_leaves_nothing(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    running = tasks.count()

    async def use() -> None:
        async with communicator.cache(b"c/") as view:
            await view.sync(timeout=WITHIN)
            await tasks.sleep(3600)

    for pause in (0, 0.001, 0.1):
        task = tasks.create_task(use())
        await tasks.sleep(pause)
        task.cancel()
        with pytest.raises(tasks.CancelledError):
            await task

    async def as_before() -> bool:
        return tasks.count() == running

    # A thread still unwinds after it was awaited.
    await eventually_async(as_before)
    await eventually_async(lambda: etcd.metrics().watchers == before)


async def test_says_when_it_gets_old(endpoint: str, proxy: Proxy) -> None:
    assert endpoint
    async with (
        Client(proxy.endpoint) as communicator,
        communicator.cache(b"c/", max_age=0.6) as view,
    ):

        async def is_fresh() -> bool:
            return view.fresh

        await tasks.sleep(1.5)
        # It asks where nothing changes, on a slow machine a moment later.
        await eventually_async(is_fresh)
        proxy.blackhole()

        async def is_old() -> bool:
            return not view.fresh

        await eventually_async(is_old)
        assert view.age > 0.6


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((), {}, ValueError, "prefix, prefixes: expected one of them"),
        (("a",), {"prefixes": ["b"]}, ValueError, "prefix, prefixes: expected one of them"),
        ((), {"prefixes": []}, ValueError, "prefixes: expected at least one"),
        ((), {"prefixes": "ab"}, TypeError, "prefixes: expected a list, got str"),
        ((7,), {}, TypeError, "prefix: expected a bytes-like object or str, got int"),
        (("a",), {"decode": 7}, TypeError, "decode: expected a function, got int"),
        (("a",), {"max_age": 0}, ValueError, "max_age: expected a number of seconds above 0"),
        (("a",), {"max_age": "1"}, TypeError, "max_age: expected a number of seconds, got str"),
        (("a",), {"timeout": -1}, ValueError, "timeout: expected a number of seconds above 0"),
    ],
)
async def test_refuses_wrong_arguments(
    communicator: Communicator,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        communicator.cache(*arguments, **options)


async def test_refuses_use_before_it_is_entered(communicator: Communicator) -> None:
    view = communicator.cache(b"c/")
    with pytest.raises(ClosedError, match="enter it"):
        await view.sync()
    reads: list[Callable[[], object]] = [
        lambda: view["c/1"],
        lambda: view.get(b"c/1"),
        lambda: b"c/1" in view,
        lambda: list(view),
        lambda: dict(view.items()),
        lambda: len(view),
        lambda: bool(view),
        lambda: view.kv("c/1"),
        lambda: view.errors,
        view.snapshot,
        lambda: view.age,
    ]
    for read in reads:
        with pytest.raises(
            ClosedError, match=r"^the cache is not open: enter it with `async with`$"
        ):
            read()
    assert (repr(view), view.revision, view.fresh, view.trouble) == (
        "<Cache not open>",
        0,
        False,
        None,
    )
    async with view:
        for read in reads[1:]:
            read()
        with pytest.raises(ValueError, match=r"^revision: expected an int of at least 0"):
            await view.wait_for(revision=-1)
        with pytest.raises(TypeError, match=r"^revision: expected int"):
            await view.wait_for(revision="1")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"^limit: expected an int of at least 1"):
            view.changes(limit=0)


async def longest_gap(over: tasks.Event) -> float:
    """Return the longest time for which the loop's thread worked without a turn for others.

    It is the time of the processor: on a busy machine a thread stands still for other reasons too.
    """
    longest, last = 0.0, time.thread_time()
    while not over.is_set():
        await tasks.sleep(0)
        now = time.thread_time()
        longest, last = max(longest, now - last), now
    return longest


async def load(communicator: Communicator, keys: int) -> float:
    """Load a cache of so many keys, and return the longest time for which the loop stood still."""
    over = tasks.Event()
    # The collector would also go through all that the tests before have left in this process.
    gc.collect()
    gc.freeze()
    try:
        ticking = tasks.create_task(longest_gap(over))
        async with communicator.cache(b"many/", timeout=60) as view:
            over.set()
            gap = await ticking
            assert len(view) == keys
    finally:
        gc.unfreeze()
    return gap


async def test_loads_many_keys_without_blocking(communicator: Communicator) -> None:
    await fill(communicator, (b"many/%07d" % number for number in range(100_000)), bytes(100))
    # What blocks does so each time; a machine that is held up does not.
    gaps = [await load(communicator, 100_000) for _ in range(3)]
    assert min(gaps) < BLOCKING


@pytest.mark.full_faults
async def test_loads_a_million_keys_without_blocking(
    make_server: Callable[..., EtcdServer],
) -> None:
    async with Client(make_server().endpoint) as communicator:
        await fill(communicator, (b"many/%07d" % number for number in range(1_000_000)), bytes(100))
        assert await load(communicator, 1_000_000) < BLOCKING


async def test_a_cache_that_could_not_be_entered_is_not_open(endpoint: str) -> None:
    async with Client(endpoint) as communicator:
        view = communicator.cache(b"c/")
    with pytest.raises(ClosedError):
        await view.__aenter__()
    with pytest.raises(ClosedError, match="enter it"):
        len(view)


async def test_a_decoder_may_look_at_the_cache(communicator: Communicator) -> None:
    await communicator.put(b"c/1", b"one")

    def numbered(kv: KeyValue) -> int:
        return view.get(kv.key, 0) + 1

    view = communicator.cache(b"c/", decode=numbered)
    async with view:
        assert dict(view) == {b"c/1": 1}
        put = await communicator.put(b"c/1", b"two")
        await view.wait_for(revision=put.header.revision, timeout=WITHIN)
        assert dict(view) == {b"c/1": 2}
