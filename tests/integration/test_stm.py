"""STM: what functions read and write, how they are repeated and ended. The first are Go's tests."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from etcd_client import (
    STM,
    Client,
    ClosedError,
    Communicator,
    DuplicateKeyError,
    EtcdTimeoutError,
    InvalidArgsError,
    Isolation,
    LeaseNotFoundError,
    OutcomeUnknownError,
    SyncSTM,
    TooManyOpsError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdCluster, Proxy
from tests.support import tasks

CHECKED = [Isolation.SERIALIZABLE_SNAPSHOT, Isolation.SERIALIZABLE, Isolation.REPEATABLE_READS]


@pytest.fixture
async def members(cluster: EtcdCluster) -> AsyncIterator[list[Communicator]]:
    """Yield a connection to each of three members."""
    async with AsyncExitStack() as contexts:
        clients = (Client(endpoint) for endpoint in cluster.endpoints)
        yield [await contexts.enter_async_context(client) for client in clients]


async def number(txn: STM, key: str) -> int:
    """Read a number; 0 where there is none."""
    return int(await txn.get(key) or 0)


@pytest.mark.parametrize("isolation", CHECKED)
async def test_stm_conflict(members: list[Communicator], isolation: Isolation) -> None:
    """TestSTMConflict: conflicts are retried, and no money is lost."""
    names = [f"foo-{index}" for index in range(5)]
    for name in names:
        await members[0].put(name, "100")

    async def transfer(source: str, txn: STM) -> None:
        target = random.choice([name for name in names if name != source])
        paid, held = await number(txn, source), await number(txn, target)
        amount = random.randint(0, paid) // 2
        txn.put(source, str(paid - amount))
        txn.put(target, str(held + amount))

    await tasks.gather(
        *(
            random.choice(members).stm(partial(transfer, name), isolation=isolation)
            for name in names
            for _ in range(4)
        )
    )
    values = [value for _, value in await members[0].get_prefix("foo-")]
    assert sum(map(int, values)) == 500


@pytest.mark.both_loops
async def test_stm_put_new_key(communicator: Communicator) -> None:
    """TestSTMPutNewKey: what is put on a new key is there afterwards."""

    def put(txn: SyncSTM) -> None:
        txn.put("foo", "bar")

    await communicator.stm(put, isolation=Isolation.REPEATABLE_READS)
    assert await communicator.get("foo") == b"bar"


@pytest.mark.parametrize("isolation", Isolation)
async def test_stm_abort(communicator: Communicator, isolation: Isolation) -> None:
    """TestSTMAbort: a transaction that is given up changes nothing."""

    async def raise_(txn: STM) -> None:
        txn.put("foo", "baz")
        assert await txn.get("foo") == b"baz"
        raise LookupError

    async def wait(txn: STM) -> None:
        txn.put("foo", "baz")
        await tasks.sleep(60)

    with pytest.raises(LookupError):
        await communicator.stm(raise_, isolation=isolation)
    task = tasks.create_task(communicator.stm(wait, isolation=isolation))
    await tasks.sleep(0.05)
    task.cancel()
    with pytest.raises(tasks.CancelledError):
        await task
    with pytest.raises(EtcdTimeoutError) as error:
        await communicator.stm(wait, isolation=isolation, timeout=0.1)
    assert not isinstance(error.value, OutcomeUnknownError)
    assert await communicator.get("foo") is None


@pytest.mark.parametrize("isolation", [Isolation.SERIALIZABLE_SNAPSHOT, Isolation.SERIALIZABLE])
async def test_stm_serialize(members: list[Communicator], isolation: Isolation) -> None:
    """TestSTMSerialize: keys that are written together are seen together, on every member."""
    names = [f"foo-{index}" for index in range(5)]

    async def write() -> None:
        for value in range(20):
            await members[0].txn(Txn().and_then([TxnOp.put(name, str(value)) for name in names]))

    async def read(txn: STM) -> set[bytes | None]:
        return {await txn.get(name) for name in names}

    writing = tasks.create_task(write())
    while not writing.done():
        reads = (random.choice(members).stm(read, isolation=isolation) for _ in range(5))
        assert {len(values) for values in await tasks.gather(*reads)} == {1}
    await writing


async def test_stm_apply_on_concurrent_deletion(communicator: Communicator) -> None:
    """TestSTMApplyOnConcurrentDeletion: the deletion of what was read is a conflict."""
    await communicator.put("foo", "bar")
    tries = 0

    async def apply(txn: STM) -> None:
        nonlocal tries
        tries += 1
        await txn.get("foo")
        if tries == 1:
            await communicator.delete("foo")
        txn.put("foo2", "bar2")

    await communicator.stm(apply, isolation=Isolation.REPEATABLE_READS)
    assert tries == 2
    assert await communicator.get("foo2") == b"bar2"


async def test_stm_serializable_snapshot_put(communicator: Communicator) -> None:
    """TestSTMSerializableSnapshotPut: a key newer than what was read is no conflict by itself."""
    await communicator.put("a", "0")
    tries = 0

    async def apply(txn: STM) -> None:
        nonlocal tries
        tries += 1
        await txn.get("a")
        txn.put("b", "1")

    await communicator.stm(apply)
    await communicator.stm(apply)
    assert tries == 2
    kv = await communicator.get_kv("b")
    assert kv is not None
    assert kv.version == 2


# Beyond Go's


async def test_a_function_sees_what_it_has_written(communicator: Communicator) -> None:
    for key in ("a/1", "a/2", "a/3", "b"):
        await communicator.put(key, "old")

    async def look(txn: STM) -> None:
        txn.put("a/2", "new")
        txn.delete("a/3")
        txn.put("a/4", "new")
        assert await txn.get("a/2") == b"new"
        assert await txn.get("a/3") is None
        expected = [(b"a/1", b"old"), (b"a/2", b"new"), (b"a/4", b"new")]
        assert await txn.range("a/", prefix=True) == expected
        assert await txn.range("a/3", range_end="b") == [(b"a/4", b"new")]
        assert await txn.range("a/4", from_key=True) == [(b"a/4", b"new"), (b"b", b"old")]
        txn.put("a/3", "again")
        assert await txn.get("a/3") == b"again"
        assert len(await txn.range("", prefix=True)) == 5

    await communicator.stm(look)
    assert await communicator.get_prefix("") == [
        (b"a/1", b"old"),
        (b"a/2", b"new"),
        (b"a/3", b"again"),
        (b"a/4", b"new"),
        (b"b", b"old"),
    ]


async def test_the_revision_of_a_key_is_that_before(communicator: Communicator) -> None:
    await communicator.put("a", "1")
    kv = await communicator.get_kv("a")
    assert kv is not None

    async def revisions(txn: STM) -> tuple[int, int]:
        txn.put("a", "2")
        return await txn.rev("a"), await txn.rev("missing")

    assert await communicator.stm(revisions) == (kv.mod_revision, 0)
    assert await communicator.get("a") == b"2"


def increment(txn: SyncSTM) -> bytes | None:
    """Add one to a number."""
    txn.put("number", str(int(txn.get("number") or 0) + 1))
    return txn.get("number")


class Together:
    """Functions that add one to a number, of which none commits before each has read."""

    def __init__(self, count: int) -> None:
        self.missing = count
        self.all_have_read = tasks.Event()

    async def increment(self, txn: STM) -> bytes | None:
        """Add one to a number."""
        value = await number(txn, "number")
        self.missing -= 1
        if self.missing == 0:
            self.all_have_read.set()
        await self.all_have_read.wait()
        txn.put("number", str(value + 1))
        return await txn.get("number")


@pytest.mark.both_loops
@pytest.mark.parametrize("isolation", CHECKED)
async def test_many_increments_of_one_key(communicator: Communicator, isolation: Isolation) -> None:
    before = communicator.stats().requests
    together = Together(50)
    increments = (communicator.stm(together.increment, isolation=isolation) for _ in range(50))
    results = await tasks.gather(*increments)
    requests = communicator.stats().requests - before
    assert sorted(results, key=lambda value: int(value or 0)) == [
        str(n + 1).encode() for n in range(50)
    ]
    # Each reads once and commits once: what others here have written meanwhile, it knows. A thread
    # may start so slowly that the line that it was to join has ended since it has read.
    assert 100 <= requests < (150 if tasks.is_on_threads() else 101)


async def test_those_who_update_stand_in_the_same_line(communicator: Communicator) -> None:
    def add_one(value: bytes) -> str:
        return str(int(value) + 1)

    before = communicator.stats().requests
    together = Together(20)
    await tasks.gather(
        *(communicator.stm(together.increment) for _ in range(10)),
        *(communicator.update("number", add_one, default="0") for _ in range(10)),
        *(communicator.stm(together.increment) for _ in range(10)),
    )
    # A read and a commit for each function, and one for each update but for the first; more where
    # threads start slowly.
    most = 20 * 2 + 10 + 1
    assert communicator.stats().requests - before <= (2 * most if tasks.is_on_threads() else most)
    assert await communicator.get("number") == b"30"


async def test_a_plain_function_is_called_again_for_what_it_needs(
    communicator: Communicator,
) -> None:
    await communicator.put("pointer", "target")
    await communicator.put("target", "value")
    calls = 0

    def follow(txn: SyncSTM) -> bytes | None:
        nonlocal calls
        calls += 1
        txn.put("seen", str(calls))
        found = txn.get(txn.get("pointer") or b"")
        assert txn.range("t", prefix=True) == [(b"target", b"value")]
        assert txn.rev("target") > 0
        return found

    assert await communicator.stm(follow) == b"value"
    assert calls == 4
    assert await communicator.get("seen") == b"4"
    assert await communicator.stm(follow, prefetch=["pointer", b"target"]) == b"value"
    assert calls == 6


async def test_what_is_fetched_before_is_not_asked_for_again(communicator: Communicator) -> None:
    for key in ("a", "b"):
        await communicator.put(key, key)

    async def read(txn: STM) -> list[bytes | None]:
        return [await txn.get("a"), await txn.get("b"), await txn.get("a")]

    before = communicator.stats().requests
    assert await communicator.stm(read, prefetch=["a", "b"]) == [b"a", b"b", b"a"]
    assert communicator.stats().requests - before == 1
    assert await communicator.stm(read) == [b"a", b"b", b"a"]
    assert communicator.stats().requests - before == 3


async def test_a_repeated_function_has_what_it_read_before(communicator: Communicator) -> None:
    runs = 0

    async def write(txn: STM) -> None:
        nonlocal runs
        runs += 1
        values = [await txn.get("a"), await txn.range("r/", prefix=True)]
        if runs == 1:
            await communicator.put("a", "new")
            await communicator.put("r/1", "new")
        else:
            assert values == [b"new", [(b"r/1", b"new")]]
        txn.put("b", "1")

    before = communicator.stats().requests
    await communicator.stm(write)
    # Two reads, the two puts, two commits.
    assert communicator.stats().requests - before == 6


async def test_reads_may_be_awaited_at_once(communicator: Communicator) -> None:
    keys = [f"key-{n}" for n in range(10)]

    async def write() -> None:
        for value in range(10):
            await communicator.txn(Txn().and_then([TxnOp.put(key, str(value)) for key in keys]))

    async def read(txn: STM) -> set[bytes | None]:
        return set(await tasks.gather(*(txn.get(key) for key in keys)))

    writing = tasks.create_task(write())
    while not writing.done():
        assert len(await communicator.stm(read)) == 1


async def test_what_is_only_read_is_not_committed(communicator: Communicator) -> None:
    async def read(txn: STM) -> int:
        return len(await txn.range("a", prefix=True)) + (await txn.get("b") is not None)

    before = communicator.stats().requests
    assert await communicator.stm(read) == 0
    assert communicator.stats().requests - before == 2
    # Its reads are of different times, and must be shown to be true at one.
    assert await communicator.stm(read, isolation=Isolation.REPEATABLE_READS) == 0
    assert communicator.stats().requests - before == 5
    assert await communicator.stm(read, isolation=Isolation.READ_COMMITTED) == 0
    assert communicator.stats().requests - before == 7


@pytest.mark.parametrize("swallow", [False, True])
async def test_a_compaction_begins_it_anew(communicator: Communicator, *, swallow: bool) -> None:
    await communicator.put("a", "1")
    runs = 0

    async def read(txn: STM) -> bytes | None:
        nonlocal runs
        runs += 1
        await txn.get("a")
        if runs == 1:
            response = await communicator.put("b", "new")
            await communicator.put("b", "newer")
            await communicator.compact(response.header.revision + 1)
        try:
            return await txn.get("b")
        except Exception:
            if swallow:
                return b"none of the function's business"
            raise

    assert await communicator.stm(read) == b"newer"
    assert runs == 2


async def test_attaches_to_leases(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:

        def attach(txn: SyncSTM) -> None:
            txn.put("a", "1", lease=lease)

        def change(txn: SyncSTM) -> None:
            txn.put("a", "2", ignore_lease=True)

        await communicator.stm(attach)
        await communicator.stm(change)
        kv = await communicator.get_kv("a")
        assert kv is not None
        assert (kv.value, kv.lease) == (b"2", lease.id)
    with pytest.raises(LeaseNotFoundError):
        await communicator.stm(attach)


async def test_works_within_a_namespace(communicator: Communicator) -> None:
    view = communicator.namespace("app/")
    await view.put("list/1", "1")
    await communicator.put("list/2", "2")

    async def move(txn: STM) -> list[tuple[bytes, bytes]]:
        kvs = await txn.range("", from_key=True)
        for key, value in kvs:
            txn.delete(key)
            txn.put(b"moved/" + key, value)
        return kvs

    assert await view.stm(move) == [(b"list/1", b"1")]
    assert await communicator.keys_prefix("") == [b"app/moved/list/1", b"list/2"]


async def test_too_large_a_range_is_refused_by_the_server(communicator: Communicator) -> None:
    for n in range(130):
        await communicator.put(f"many/{n:03}", "")

    async def count(txn: STM) -> None:
        txn.put("count", str(len(await txn.range("many/", prefix=True))))

    with pytest.raises(TooManyOpsError):
        await communicator.stm(count)
    await communicator.stm(count, isolation=Isolation.READ_COMMITTED)
    assert await communicator.get("count") == b"130"


async def test_with_a_session_it_is_committed_once(
    proxy: Proxy, communicator: Communicator
) -> None:
    async with communicator.session(ttl=10) as session, Client(proxy.endpoint) as through:

        async def cut_off(txn: STM) -> None:
            value = await number(txn, "number")
            await tasks.to_thread(proxy.cut, 1)
            txn.put("number", str(value + 1))

        for _ in range(10):
            await through.stm(cut_off, once=session)
        assert await communicator.get("number") == b"10"
        increments = (communicator.stm(increment, once=session) for _ in range(10))
        await tasks.gather(*increments)
        assert await communicator.get("number") == b"20"
        with pytest.raises(OutcomeUnknownError):
            await through.stm(cut_off)


async def test_is_over_when_the_function_has_returned(communicator: Communicator) -> None:
    kept: list[STM] = []

    async def keep(txn: STM) -> None:
        kept.append(txn)

    await communicator.stm(keep)
    with pytest.raises(ClosedError, match="has returned"):
        kept[0].put("a", "1")
    with pytest.raises(ClosedError):
        await kept[0].get("a")


async def test_a_key_is_written_once_however_often_it_is_put(communicator: Communicator) -> None:
    def put(txn: SyncSTM) -> None:
        txn.put("a", "1")
        txn.delete(b"a")
        txn.put(bytearray(b"a"), "2")

    try:
        await communicator.stm(put)
    except DuplicateKeyError as error:
        pytest.fail(str(error))
    kv = await communicator.get_kv("a")
    assert kv is not None
    assert (kv.value, kv.version) == (b"2", 1)


class Incrementing:
    """Something that is called like an async function."""

    async def __call__(self, txn: STM) -> int:
        """Add one to a number."""
        value = await number(txn, "number") + 1
        txn.put("number", str(value))
        return value


async def test_takes_whatever_is_called(communicator: Communicator) -> None:
    awaited = Incrementing()
    assert await communicator.stm(Incrementing()) == 1
    with pytest.raises(TypeError, match="function: expected an async function"):
        await communicator.stm(lambda txn: awaited(txn))  # noqa: PLW0108 - one that is not async
    assert await communicator.get("number") == b"1"


async def test_refuses_wrong_arguments_before_it_sends(communicator: Communicator) -> None:
    before = communicator.stats().requests
    with pytest.raises(TypeError, match="function: expected a function, got str"):
        await communicator.stm("function")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="isolation: expected Isolation, got int"):
        await communicator.stm(increment, isolation=1)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="prefetch: expected a list, got str"):
        await communicator.stm(increment, prefetch="key")
    with pytest.raises(TypeError, match="prefetch: expected a bytes-like object or str, got int"):
        await communicator.stm(increment, prefetch=[1])  # type: ignore[arg-type,list-item]
    with pytest.raises(InvalidArgsError, match="timeout: expected a number of seconds above 0"):
        await communicator.stm(increment, timeout=-1)
    assert communicator.stats().requests == before
