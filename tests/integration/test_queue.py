"""Queues: in order, each item with one consumer, committed once, at a stated number of requests."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ConflictError,
    ConnectOptions,
    EtcdTimeoutError,
    InvalidArgsError,
    OutcomeUnknownError,
    PermissionDeniedError,
    PermissionType,
    PriorityQueue,
    Queue,
    SessionLostError,
    TooManyOpsError,
    Txn,
    TxnOp,
    WrongLoopError,
)
from etcd_client.testing import EtcdServer, Metrics
from tests.support import tasks
from tests.support.leftovers import nothing_left, settled_metrics
from tests.support.waiting import eventually_async

NAME = "queue"
# A machine that is held up for a second or two must not let it expire.
TTL = 6


async def take(queue: Queue, timeout: float = 10) -> bytes:
    """Get an item and commit it."""
    async with queue.get(timeout=timeout) as job:
        await job.commit()
        return job.value


async def take_all(queue: Queue, count: int) -> list[bytes]:
    """Get so many items, one after the other."""
    return [await take(queue) for _ in range(count)]


async def in_line(communicator: Communicator, count: int = 1) -> None:
    """Wait until so many sessions stand in the line."""

    async def complete() -> bool:
        return await communicator.count_prefix(f"{NAME}/line/") == count

    await eventually_async(complete)


async def claims(communicator: Communicator) -> int:
    """Return how many items are claimed."""
    return await communicator.count_prefix(f"{NAME}/claims/")


async def unclaimed(communicator: Communicator) -> None:
    """Wait until no item is claimed."""

    async def none() -> bool:
        return await claims(communicator) == 0

    await eventually_async(none)


# What kazoo's test_queue.py tests, for both kinds.


@pytest.mark.parametrize("kind", [Queue, PriorityQueue])
async def test_queue_validation(communicator: Communicator, kind: type[Queue]) -> None:
    queue = kind(communicator, NAME)
    with pytest.raises(TypeError, match="value: expected"):
        await queue.put({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="values: expected a list of values, got str"):
        await queue.put_many("abc")
    with pytest.raises(TypeError, match="value: expected"):
        await queue.put_many(["a", 1])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="session: expected Session or Communicator, got str"):
        kind("queue", NAME)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name: expected"):
        kind(communicator, 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgsError, match="made with a session"):
        queue.get()
    with pytest.raises(InvalidArgsError, match="timeout: expected"):
        queue.get(timeout=0)
    with pytest.raises(InvalidArgsError, match="limit: expected an int of at least 1"):
        await queue.peek(0)
    with pytest.raises(InvalidArgsError, match="limit: expected at most 100"):
        await queue.peek(101)
    assert await queue.size() == 0


@pytest.mark.parametrize("kind", [Queue, PriorityQueue])
async def test_empty_queue(communicator: Communicator, endpoint: str, kind: type[Queue]) -> None:
    async with communicator.session(TTL) as session:
        queue = kind(session, NAME)
        assert await queue.size() == 0
        assert await queue.peek() == []
        with pytest.raises(EtcdTimeoutError):
            await take(queue, timeout=0.1)
        assert await queue.size() == 0
    await nothing_left(endpoint)


@pytest.mark.parametrize("kind", [Queue, PriorityQueue])
async def test_queue(communicator: Communicator, endpoint: str, kind: type[Queue]) -> None:
    values = [b"one", b"", b"\xff\0three"]
    async with communicator.session(TTL) as session:
        queue = kind(session, NAME)
        for value in values:
            item = await queue.put(value)
            assert await communicator.get_kv(item.key) == item
        assert await queue.size() == 3
        assert [kv.value for kv in await queue.peek(5)] == values
        assert await take_all(queue, 3) == values
        assert await queue.size() == 0
    await nothing_left(endpoint)


# What the tests of Go's recipes test: v3_queue_test.go.


@pytest.mark.parametrize(("readers", "writers"), [(1, 1), (4, 1), (1, 4), (4, 4)])
@pytest.mark.parametrize("kind", [Queue, PriorityQueue])
async def test_many_readers_many_writers(
    client: Client, endpoint: str, kind: type[Queue], readers: int, writers: int
) -> None:
    """Each with a connection and a session of its own."""
    count = 20

    async def write(number: int) -> None:
        async with client.connect() as communicator:
            for index in range(count):
                await kind(communicator, NAME).put(f"{number}-{index}")

    async def read(taken: list[bytes]) -> None:
        async with client.connect() as communicator, communicator.session(10) as session:
            queue = kind(session, NAME)
            while True:
                taken.append(await take(queue, timeout=60))

    taken: list[list[bytes]] = [[] for _ in range(readers)]
    reading = [tasks.create_task(read(each)) for each in taken]
    await tasks.gather(*map(write, range(writers)))

    def all_taken() -> bool:
        return sum(map(len, taken)) == writers * count

    await eventually_async(all_taken, within=60)
    for task in reading:
        task.cancel()
    await tasks.wait(reading)
    every = [value for each in taken for value in each]
    assert sorted(every) == sorted(
        f"{number}-{index}".encode() for number in range(writers) for index in range(count)
    )
    if readers == 1:
        for number in range(writers):
            own = [value for value in every if value.startswith(b"%d-" % number)]
            assert own == [b"%d-%d" % (number, index) for index in range(count)]
    await nothing_left(endpoint)


async def test_priorities_first_then_the_order_of_putting(communicator: Communicator) -> None:
    """Over all signed 64-bit numbers."""
    numbers = [2**63 - 1, 0, -1, 5, -(2**63), 1, -17, 2**32]
    async with communicator.session(TTL) as session:
        queue = PriorityQueue(session, NAME)
        for value in ("first", "second"):
            for number in numbers:
                await queue.put(f"{value} {number}", priority=number)
        await queue.put_many(["third", "fourth"], priority=1)
        assert [kv.value for kv in await queue.peek(2)] == [
            b"first %d" % -(2**63),
            b"second %d" % -(2**63),
        ]
        jobs = []
        for _ in range(len(numbers) * 2 + 2):
            async with queue.get(timeout=5) as job:
                await job.commit()
                jobs.append((job.priority, job.value))
        expected = [
            (number, b"%s %d" % (value, number))
            for number in sorted(numbers)
            for value in (b"first", b"second")
        ]
        place = expected.index((1, b"second 1")) + 1
        expected[place:place] = [(1, b"third"), (1, b"fourth")]
        assert jobs == expected


async def test_priorities_that_are_none(communicator: Communicator) -> None:
    queue = PriorityQueue(communicator, NAME)
    for wrong in (2**63, -(2**63) - 1):
        with pytest.raises(InvalidArgsError, match="priority: expected a signed 64-bit number"):
            await queue.put("value", priority=wrong)
    for strange in (1.0, True, "1", None):
        with pytest.raises(TypeError, match="priority: expected int"):
            await queue.put_many(["value"], priority=strange)  # type: ignore[arg-type]
    assert await queue.size() == 0


async def test_the_next_item_is_known_at_once(communicator: Communicator) -> None:
    """What the program has put or returned itself, without waiting for the cache."""
    async with communicator.session(TTL) as session:
        queue = PriorityQueue(session, NAME)
        await queue.put("last", priority=1000)
        for number in range(100):
            value = str(number).encode()
            await queue.put(value, priority=-number)
            async with queue.get(timeout=5) as job:
                assert job.value == value
            if number % 2:
                assert await take(queue) == value
            else:
                await queue.put_many(["before"], priority=-1000)
                assert await take(queue) == b"before"
                assert await take(queue) == value
        assert await take(queue) == b"last"


# Putting


async def test_many_items_with_few_requests(communicator: Communicator, endpoint: str) -> None:
    """126 operations in a transaction, and no more than the server accepts in a request."""
    queue = Queue(communicator, NAME)
    async with communicator.session(TTL) as session:
        await communicator.get("warm")
        for once in (None, session):
            before = communicator.stats().requests
            items = await queue.put_many([f"{number:03}" for number in range(300)], once=once)
            assert communicator.stats().requests - before == 3
            assert len({kv.create_revision for kv in items}) == 3
        assert await queue.put_many([]) == []
        mixed = [b"x" * 700_000, b"y" * 700_000, b"z"]
        await queue.put_many(mixed)
        consumer = Queue(session, NAME)
        assert await take_all(consumer, 300) == [b"%03d" % number for number in range(300)]
        assert await take_all(consumer, 303) == [
            *(b"%03d" % number for number in range(300)),
            *mixed,
        ]
    await nothing_left(endpoint)


# Claims


async def test_an_item_has_one_consumer(communicator: Communicator, client: Client) -> None:
    """Tasks of a session, other sessions, other connections."""
    holding: set[bytes] = set()
    taken: list[bytes] = []

    async def work(queue: Queue) -> None:
        while len(taken) < 60:
            with contextlib.suppress(EtcdTimeoutError):
                async with queue.get(timeout=0.5) as job:
                    assert job.key not in holding
                    holding.add(job.key)
                    await tasks.sleep(0.005)
                    holding.remove(job.key)
                    await job.commit()
                    taken.append(job.value)

    async with (
        client.connect() as other,
        communicator.session(10) as first,
        communicator.session(10) as second,
        other.session(10) as third,
    ):
        queues = [Queue(session, NAME) for session in (first, second, third)]
        await queues[0].put_many(str(number) for number in range(60))
        await tasks.gather(*(work(queue) for queue in queues for _ in range(4)))
    assert sorted(taken) == sorted(str(number).encode() for number in range(60))


async def test_an_error_returns_the_item_to_its_place(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        await queue.put_many(["first", "second"])
        with pytest.raises(KeyError):
            async with queue.get() as job:
                raise KeyError
        assert not job.is_committed
        assert await claims(communicator) == 0
        assert [kv.value for kv in await queue.peek(2)] == [b"first", b"second"]
        async with queue.get() as job:
            assert (job.value, job.attempts) == (b"first", 2)
        with pytest.raises(ClosedError, match="left already"):
            await job.commit()
        async with queue.get() as job:
            assert (job.value, job.attempts) == (b"first", 3)
            await job.commit()
            with pytest.raises(ClosedError, match="committed"):
                await job.commit()
        async with queue.get() as job:
            assert (job.value, job.attempts) == (b"second", 1)


async def test_a_cancelled_body_returns_the_item(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        put = await queue.put("item")
        entered = tasks.Event()

        async def work() -> None:
            async with queue.get():
                entered.set()
                await tasks.sleep(60)

        task = tasks.create_task(work())
        await entered.wait()
        assert await queue.peek() == []
        assert await queue.size() == 1
        task.cancel()
        with pytest.raises(tasks.CancelledError):
            await task
        await unclaimed(communicator)
        async with queue.get(timeout=5) as job:
            assert (job.key, job.put_revision, job.attempts) == (put.key, put.create_revision, 2)


async def test_cancelled_at_any_moment(communicator: Communicator, endpoint: str) -> None:
    """Nothing is left claimed, and nobody in the line."""

    async def attempt(queue: Queue) -> None:
        async with queue.get() as job:
            await job.commit([TxnOp.put(f"done/{job.value.decode()}", "")])

    async with communicator.session(10) as session:
        queue = Queue(session, NAME)
        await queue.put_many([str(number) for number in range(40)])
        for step in range(40):
            task = tasks.create_task(attempt(queue))
            await tasks.sleep(step * 0.0001)
            task.cancel()
            await tasks.wait({task})
        await unclaimed(communicator)
        await in_line(communicator, 0)
        done = await communicator.count_prefix("done/")
        assert await queue.size() == 40 - done
        await take_all(queue, 40 - done)
        waiting = tasks.create_task(attempt(queue))
        await in_line(communicator)
        waiting.cancel()
        await tasks.wait({waiting})
        await in_line(communicator, 0)
    await communicator.delete_prefix("done/")
    await nothing_left(endpoint)


async def test_an_item_that_comes_too_late_goes_to_another(communicator: Communicator) -> None:
    async with communicator.session(10) as session:
        queue = Queue(session, NAME)

        async def work() -> None:
            async with queue.get() as job:
                await job.commit([TxnOp.put(b"done/" + job.value, "")])

        async def both_done() -> bool:
            return await communicator.keys_prefix("done/") == [b"done/1", b"done/2"]

        waiting = [tasks.create_task(work()) for _ in range(4)]
        await in_line(communicator)
        await queue.put_many(["1", "2"])
        waiting[0].cancel()
        waiting[1].cancel()
        # One that is cancelled so late that the server has its commit has done its item.
        await eventually_async(both_done)
        for task in waiting:
            task.cancel()
        await tasks.wait(waiting)
        await unclaimed(communicator)


# Committing


async def test_a_commit_applies_all_or_nothing(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        await queue.put("item")
        async with queue.get() as job:
            with pytest.raises(TooManyOpsError):
                await job.commit([TxnOp.put(f"result/{number}", "") for number in range(200)])
            assert await communicator.count_prefix("result/") == 0
            response = await job.commit([TxnOp.put("result", "1"), TxnOp.get("result")])
            assert response.succeeded()
            _, read = response.responses
            assert read.kvs[0].mod_revision == response.header.revision
            assert job.is_committed
        assert await queue.size() == 0
        assert await claims(communicator) == 0


@pytest.mark.parametrize("wait", [True, False], ids=["known", "unknown"])
async def test_a_commit_after_a_lost_session_is_refused(
    communicator: Communicator, endpoint: str, *, wait: bool
) -> None:
    """Whether the loss is known on this side or not; another consumer gets the item."""
    async with communicator.session(10) as other:
        async with communicator.session(TTL, on_loss=lambda _: None) as session:
            await Queue(session, NAME).put("item")
            async with Queue(session, NAME).get() as job:
                waiting = tasks.create_task(take(Queue(other, NAME)))
                await in_line(communicator)
                await communicator.lease_revoke(session.id)
                if wait:
                    assert await tasks.wait_for(job.lost.wait(), 10)
                with pytest.raises(SessionLostError):
                    await job.commit([TxnOp.put("result", "1")])
                fenced = Txn().when([job.fence]).and_then([TxnOp.put("result", "1")])
                assert not (await communicator.txn(fenced)).succeeded()
        assert await waiting == b"item"
    assert await communicator.get("result") is None
    await nothing_left(endpoint)


async def test_a_commit_of_what_somebody_deleted_is_refused(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        for what in ("items", "claims"):
            await queue.put("item")
            async with queue.get() as job:
                await communicator.delete_prefix(f"{NAME}/{what}/")
                with pytest.raises(ConflictError, match="deleted or changed"):
                    await job.commit([TxnOp.put("result", "1")])
        assert await communicator.get("result") is None


# The end of a session


async def test_waiting_tasks_are_told_of_the_loss(communicator: Communicator) -> None:
    async def wait_for_item() -> None:
        async with communicator.session(TTL, on_loss=lambda _: None) as session:
            waiting = [tasks.create_task(take(Queue(session, NAME))) for _ in range(3)]
            await in_line(communicator)
            await communicator.lease_revoke(session.id)
            for task in waiting:
                with pytest.raises(SessionLostError):
                    await tasks.wait_for(task, 10)
            with pytest.raises(SessionLostError):
                await take(Queue(session, NAME))

    await wait_for_item()
    async with communicator.session(TTL) as session:
        await Queue(session, NAME).put("item")
        assert await take(Queue(session, NAME)) == b"item"


async def test_waiting_tasks_are_told_that_the_session_was_left(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        task = tasks.create_task(take(queue))
        await in_line(communicator)
    with pytest.raises(ClosedError, match="left"):
        await task
    with pytest.raises((ClosedError, SessionLostError)):
        await take(queue)
    await nothing_left(endpoint)
    with pytest.raises(ClosedError, match="not open"):
        await take(Queue(communicator.session(), NAME))


async def test_waiting_tasks_are_told_that_the_communicator_was_closed(client: Client) -> None:
    communicator = await client.open()
    with pytest.raises((ClosedError, SessionLostError)):  # noqa: PT012 - on leaving it, too
        async with communicator.session(TTL) as session:
            task = tasks.create_task(take(Queue(session, NAME)))
            await in_line(communicator)
            communicator.close()
            with pytest.raises(SessionLostError, match="communicator was closed"):
                await task


async def test_a_permission_that_is_missing_is_told(
    make_server: Callable[..., EtcdServer],
) -> None:
    """To the task that waits, and it works once the permission is there."""
    server = make_server()
    async with Client(server.endpoint).connect() as root:
        await root.auth.user_add("root", "secret")
        await root.auth.user_grant_role("root", "root")
        await root.auth.role_add("reader")
        await root.auth.user_add("reader", "secret")
        await root.auth.user_grant_role("reader", "reader")
        await root.auth.enable()

    def options(name: str) -> ConnectOptions:
        return ConnectOptions().with_user(name, "secret")

    async with (
        Client(server.endpoint, options("root")).connect() as root,
        Client(server.endpoint, options("reader")).connect() as communicator,
        communicator.session(10) as session,
    ):
        queue = Queue(session, NAME)
        with pytest.raises(PermissionDeniedError):
            await take(queue)
        await Queue(root, NAME).put("item")
        # So it can read, but claim nothing.
        await root.auth.role_grant_permission(
            "reader", PermissionType.READWRITE, f"{NAME}/", prefix=True
        )
        with pytest.raises(PermissionDeniedError):
            await take(queue)
        await root.auth.role_grant_permission(
            "reader", PermissionType.READWRITE, "__once/", prefix=True
        )
        assert await take(queue) == b"item"


@pytest.mark.parametrize("used", [False, True])
async def test_another_event_loop_is_refused(communicator: Communicator, *, used: bool) -> None:
    """Whether the session has consumers on its own loop or not."""
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        if used:
            await queue.put("item")
            await take(queue)

        def elsewhere() -> None:
            with pytest.raises(WrongLoopError):
                asyncio.run(take(queue))

        await tasks.to_thread(elsewhere)
        await queue.put("item")
        assert await take(queue) == b"item"


async def test_a_job_is_entered_once(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        await queue.put("item")
        job = queue.get()
        with pytest.raises(ClosedError, match="no item yet"):
            _ = job.value
        assert repr(job) == "<Job without an item>"
        async with job:
            with pytest.raises(ClosedError, match="entered once"):
                await job.__aenter__()
            assert "open" in repr(job)
            await job.commit()
        assert "committed" in repr(job)
        assert job.value == b"item"


async def test_a_queue_in_a_namespace(communicator: Communicator) -> None:
    app = communicator.namespace("app/")
    async with app.session(TTL) as session:
        queue = Queue(session, NAME)
        await queue.put("item")
        (key,) = await communicator.keys_prefix("app/queue/")
        async with queue.get() as job:
            assert key == b"app/" + job.key
            await job.commit([TxnOp.put("result", "1")])
    assert await communicator.keys_prefix("") == [b"app/result"]


# What it costs


async def test_requests_for_an_item(
    communicator: Communicator, etcd: EtcdServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three with a backlog: put, claim and commit. Four if the consumer has to wait for it."""
    # The view asks if the server's events are slow.
    monkeypatch.setattr("etcd_client._cache.follower._PATIENCE", 60)

    async def handled() -> float:
        metrics = await tasks.to_thread(Metrics.read, etcd.metrics_url)
        return metrics.total("grpc_server_handled_total", grpc_type="unary")

    def sent() -> int:
        return communicator.stats().requests

    async def waits_since(begun: int) -> None:
        await eventually_async(lambda: sent() == begun + 1)

    async with communicator.session(60) as session:
        queue = Queue(session, NAME)
        await queue.put("first")
        await take(queue)
        counted, begun = await handled(), sent()
        for number in range(20):
            await queue.put(str(number))
        await take_all(queue, 20)
        assert sent() - begun == 60
        # The server counts a call a moment after it has answered.
        assert abs(await handled() - counted - 60) <= 1

        begun = sent()
        await queue.put_many([str(number) for number in range(20)])
        await tasks.gather(*(take(queue) for _ in range(20)))
        # One to put all, one to claim all, and a commit for each.
        assert sent() - begun == 22

        for number in range(20):
            begun = sent()
            task = tasks.create_task(take(queue))
            await waits_since(begun)
            await queue.put(str(number))
            await task
            assert sent() - begun == 4


async def test_a_new_item_is_claimed_without_a_herd(
    client: Client,
    communicator: Communicator,
    etcd: EtcdServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve sessions wait, and one of them asks for the item."""
    # Otherwise the next one takes the item of one that is slow.
    monkeypatch.setattr("etcd_client._queues.backlog._PATIENCE", 60)

    async def handled() -> float:
        metrics = await tasks.to_thread(Metrics.read, etcd.metrics_url)
        return metrics.total("grpc_server_handled_total", grpc_type="unary")

    async def consume(taken: list[bytes]) -> None:
        async with client.connect() as own, own.session(60) as session:
            while True:
                taken.append(await take(Queue(session, NAME), timeout=60))

    taken: list[list[bytes]] = [[] for _ in range(12)]
    waiting = [tasks.create_task(consume(each)) for each in taken]
    await in_line(communicator, 12)
    queue = Queue(communicator, NAME)
    begun, asked = await handled(), 0
    for number in range(24):
        await queue.put(str(number))

        async def gone() -> bool:
            nonlocal asked
            asked += 2
            return await queue.size() == 0 and await claims(communicator) == 0

        async def complete() -> bool:
            nonlocal asked
            asked += 1
            return await communicator.count_prefix(f"{NAME}/line/") == 12

        await eventually_async(gone)
        await eventually_async(complete)
    spent = await handled() - begun
    for task in waiting:
        task.cancel()
    await tasks.wait(waiting)
    # The line is a round: each has had the same number of items.
    assert [len(each) for each in taken] == [2] * 12
    # Put, claim, commit, a place in the line; at most three more, beside what the test has asked.
    assert spent - asked <= 24 * 4 + 24 * 3


async def test_a_backlog_is_claimed_without_a_herd(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    """However old it is: a session that is second waits in the line, and has its own item there."""

    async def handled() -> float:
        metrics = await tasks.to_thread(Metrics.read, etcd.metrics_url)
        return metrics.total("grpc_server_handled_total", grpc_type="unary")

    count = 160
    taken: list[bytes] = []

    async def consume() -> None:
        async with communicator.session(60) as session:
            # Meanwhile the other items are nobody's.
            pause = 2.0
            while len(taken) < count - 7:
                async with Queue(session, NAME).get(timeout=10) as job:
                    await tasks.sleep(pause)
                    pause = 0.01
                    await job.commit()
                    taken.append(job.value)

    await Queue(communicator, NAME).put_many([str(number) for number in range(count)])
    begun = await handled()
    await tasks.gather(*(consume() for _ in range(8)))
    # A claim and a commit; at most one claim more, of an item that another session has got.
    assert await handled() - begun < 3.6 * count


async def test_consumers_of_a_session_share_a_watch(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    before = (await settled_metrics(etcd)).watchers
    async with communicator.session(60) as session:
        waiting = [tasks.create_task(take(Queue(session, NAME))) for _ in range(200)]
        await in_line(communicator)
        await eventually_async(lambda: Metrics.read(etcd.metrics_url).watchers - before == 1)
        await Queue(session, NAME).put_many([str(number) for number in range(200)])
        assert len(set(await tasks.gather(*waiting))) == 200


async def test_a_dead_place_in_the_line_does_not_keep_an_item_long(
    communicator: Communicator, client: Client
) -> None:
    """A consumer that was killed stands in the line until its lease ends."""
    lease = await communicator.lease_grant(600)
    for number in range(3):
        await communicator.put(f"{NAME}/line/{number}", "", lease=lease.id)
    async with client.connect() as other, other.session(60) as session:
        task = tasks.create_task(take(Queue(session, NAME)))
        await in_line(communicator, 4)
        await Queue(communicator, NAME).put("item")
        assert await tasks.wait_for(task, 15) == b"item"


async def test_a_large_backlog(communicator: Communicator) -> None:
    async with communicator.session(60) as session:
        queue = Queue(session, NAME)
        await queue.put_many([str(number) for number in range(5000)])
        assert await queue.size() == 5000
        taken = await tasks.gather(*(take_all(queue, 20) for _ in range(50)))
        assert sorted(int(value) for each in taken for value in each) == list(range(1000))
        assert await queue.size() == 4000


async def test_an_unknown_put_is_put_at_most_once(communicator: Communicator) -> None:
    """With `once`, exactly once, also when the call is given up before it is sent."""
    async with communicator.session(TTL) as session:
        queue = Queue(session, NAME)
        put = queue.put("never", once=session)
        put.close()
        task = tasks.create_task(queue.put("perhaps", once=session))
        await tasks.sleep(0.001)
        task.cancel()
        await tasks.wait({task})
        assert await queue.size() <= 1
        with pytest.raises(TypeError, match="once: expected Session"):
            await queue.put("value", once="session")  # type: ignore[arg-type]
        with contextlib.suppress(EtcdTimeoutError, OutcomeUnknownError):
            await queue.put("late", timeout=0.0001)
        assert await queue.size() <= 2
