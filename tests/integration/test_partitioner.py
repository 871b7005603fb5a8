"""Partitioners: each partition has one owner, and moves only when it was released."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    InvalidArgsError,
    KeyExistsError,
    Partition,
    Partitioner,
    SessionLostError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer, Metrics
from tests.support import tasks
from tests.support.leftovers import nothing_left
from tests.support.waiting import eventually_async

NAME = "group"
# A machine that is held up for a second or two must not let it expire.
TTL = 6


async def until_recalled(partition: Partition) -> None:
    """Own a partition as long as nobody else is to have it."""
    await partition.wait_recalled()


@asynccontextmanager
async def member(
    communicator: Communicator, partitions: int | list[str], name: str, ttl: int = 10
) -> AsyncIterator[Partitioner]:
    """Take part in the group with a session of its own, and release what is recalled."""
    async with (
        communicator.session(ttl) as session,
        Partitioner(session, NAME, partitions, member=name) as partitioner,
    ):
        running = tasks.create_task(partitioner.run(until_recalled))
        yield partitioner
        running.cancel()
        await tasks.wait({running})


async def settled(*partitioners: Partitioner, count: int) -> list[set[bytes]]:
    """Wait until all partitions have an owner that keeps them, as all of the members see it."""

    async def done() -> bool:
        shares = [len(each.owned) for each in partitioners]
        owned = [partition for each in partitioners for partition in each.owned.values()]
        return (
            sum(shares) == count
            and max(shares) - min(shares) <= 1
            and not any(partition.is_recalled for partition in owned)
            and all(len(each.owners) == count for each in partitioners)
            and all(len(each.members) == len(partitioners) for each in partitioners)
        )

    await eventually_async(done, within=15)
    return [{*each.owned} for each in partitioners]


# What kazoo's test_partitioner.py tests.


async def test_party_of_one(communicator: Communicator, endpoint: str) -> None:
    async with communicator.session(TTL) as session:
        async with Partitioner(session, NAME, ["1", "2", "3"]) as partitioner:
            acquired = [await tasks.wait_for(anext(partitioner), 5) for _ in range(3)]
            assert [partition.name for partition in acquired] == [b"1", b"2", b"3"]
            assert [*partitioner.owned] == [b"1", b"2", b"3"]
        assert not any(partition.is_owned for partition in acquired)
        assert all(partition.is_recalled for partition in acquired)
        assert await communicator.count_prefix(f"{NAME}/") == 0
    await nothing_left(endpoint)


async def test_party_of_two(communicator: Communicator, endpoint: str) -> None:
    async with member(communicator, 2, "p0") as first:
        async with member(communicator, 2, "p1") as second:
            shares = await settled(first, second, count=2)
            assert [len(share) for share in shares] == [1, 1]
            assert first.members == second.members == [b"p0", b"p1"]
        assert await settled(first, count=2) == [{b"0", b"1"}]
    await nothing_left(endpoint)


async def test_party_expansion(communicator: Communicator) -> None:
    async with AsyncExitStack() as stack:
        members: list[Partitioner] = []
        for number in range(3):
            before = [{*each.owned} for each in members]
            joining = member(communicator, ["1", "2", "3"], f"p{number}")
            members.append(await stack.enter_async_context(joining))
            shares = await settled(*members, count=3)
            # Those who were there before have only given away.
            assert all(after <= old for after, old in zip(shares[:-1], before, strict=True))
        assert [len(share) for share in shares] == [1, 1, 1]


async def test_more_members_than_set_items(communicator: Communicator) -> None:
    async with member(communicator, 1, "p0") as first, member(communicator, 1, "p1") as second:
        assert await settled(first, second, count=1) == [{b"0"}, set()]
        assert second.owners == {b"0": b"p0"}


# Handing over


async def test_a_partition_moves_when_it_was_released(communicator: Communicator) -> None:
    async with (
        communicator.session(TTL) as session,
        Partitioner(session, NAME, 2, member="old") as partitioner,
    ):
        held = {}
        for _ in range(2):
            partition = await anext(partitioner)
            held[partition.name] = partition
        async with member(communicator, 2, "new") as new:

            def recalled() -> list[Partition]:
                return [partition for partition in held.values() if partition.is_recalled]

            (leaving,) = await eventually_async(recalled)
            await tasks.sleep(0.2)
            assert new.owned == {}
            assert leaving.is_owned
            assert new.owners == dict.fromkeys(held, b"old")
            written = Txn().when([leaving.fence]).and_then([TxnOp.put("result", "1")])
            assert (await communicator.txn(written)).succeeded()
            await leaving.release()
            assert not leaving.is_owned
            assert not (await communicator.txn(written)).succeeded()
            await leaving.release()
            (partition,) = await eventually_async(lambda: [*new.owned.values()])
            assert partition.name == leaving.name
            assert partition.revision > leaving.revision
            assert partition.key == leaving.key


async def test_work_has_time_to_finish(communicator: Communicator) -> None:
    begun, finished = [], []

    async def work(partition: Partition) -> None:
        begun.append(partition)
        await partition.wait_recalled()
        await tasks.sleep(0.2)
        finished.append(partition.is_owned)

    async with (
        communicator.session(TTL) as session,
        Partitioner(session, NAME, 4) as partitioner,
    ):
        running = tasks.create_task(partitioner.run(work, grace=30))
        # One that is recalled before its work has begun is released without.
        await eventually_async(lambda: len(begun) == 4)
        async with member(communicator, 4, "new") as new:
            await settled(partitioner, new, count=4)
        assert finished == [True, True]
        running.cancel()
        await tasks.wait({running})


async def test_work_is_cancelled_after_the_grace(communicator: Communicator) -> None:
    begun, cancelled = [], []

    async def work(partition: Partition) -> None:
        try:
            begun.append(partition)
            await tasks.sleep(60)
        except tasks.CANCELLED:
            cancelled.append((partition.name, partition.is_recalled))
            raise

    async with (
        communicator.session(TTL) as session,
        Partitioner(session, NAME, 2) as partitioner,
    ):
        running = tasks.create_task(partitioner.run(work, grace=0.1))
        await eventually_async(lambda: len(begun) == 2)
        async with member(communicator, 2, "new") as new:
            await settled(partitioner, new, count=2)
            assert [recalled for _, recalled in cancelled] == [True]
            assert {name for name, _ in cancelled} == {*new.owned}
        running.cancel()
        await tasks.wait({running})


async def test_work_that_returns_keeps_its_partition(communicator: Communicator) -> None:
    done = []

    async def work(partition: Partition) -> None:
        done.append(partition.name)

    async with (
        communicator.session(TTL) as session,
        Partitioner(session, NAME, 2) as partitioner,
    ):
        running = tasks.create_task(partitioner.run(work))
        await settled(partitioner, count=2)
        await eventually_async(lambda: sorted(done) == [b"0", b"1"])
        await tasks.sleep(0.2)
        assert len(partitioner.owned) == 2
        running.cancel()
        await tasks.wait({running})


async def test_an_error_in_the_work_ends_all_of_it(
    communicator: Communicator, endpoint: str
) -> None:
    first_begun = tasks.Event()
    cancelled = []

    async def work(partition: Partition) -> None:
        if partition.name == b"1":
            await first_begun.wait()
            raise KeyError
        try:
            if partition.name == b"0":
                first_begun.set()
            await tasks.sleep(60)
        finally:
            cancelled.append(partition.name)

    async with communicator.session(TTL) as session:
        with pytest.raises(KeyError):
            async with Partitioner(session, NAME, 3) as partitioner:
                await partitioner.run(work)
        assert b"0" in cancelled
        assert await communicator.count_prefix(f"{NAME}/") == 0
    await nothing_left(endpoint)


async def test_a_partition_that_is_given_back_is_acquired_again(communicator: Communicator) -> None:
    async with (
        communicator.session(TTL) as session,
        Partitioner(session, NAME, 1) as partitioner,
    ):
        revisions = []
        for _ in range(3):
            async with await tasks.wait_for(anext(partitioner), 5) as partition:
                revisions.append(partition.revision)
        assert revisions == sorted({*revisions})


# Losses


async def test_a_lost_session_is_told(communicator: Communicator) -> None:
    async with member(communicator, 4, "other") as other:
        with pytest.raises(SessionLostError):  # noqa: PT012 - on leaving the session, too
            async with (
                communicator.session(TTL) as session,
                Partitioner(session, NAME, 4) as partitioner,
            ):
                running = tasks.create_task(partitioner.run(until_recalled))
                await settled(partitioner, other, count=4)
                held = [*partitioner.owned.values()]
                assert len(held) == 2
                await communicator.lease_revoke(session.id)
                with pytest.raises(SessionLostError):
                    await running
                assert partitioner.owned == {}
                # The server may have told before the session knows of its loss.
                assert all(each.is_recalled and not each.is_owned for each in held)
                assert await tasks.wait_for(held[0].lost.wait(), TTL + 1)
        await settled(other, count=4)


async def test_keys_that_somebody_deletes(communicator: Communicator) -> None:
    """The owner is told, and the group recovers."""
    async with member(communicator, 2, "p0") as first:
        await settled(first, count=2)
        before = first.owned[b"1"]
        await communicator.delete(f"{NAME}/owners/1")

        def owned_again() -> bool:
            now = first.owned.get(b"1")
            return now is not None and now != before

        await eventually_async(owned_again)
        assert before.is_recalled
        assert not before.is_owned
        await communicator.delete(f"{NAME}/members/p0")
        await settled(first, count=2)


async def test_entering_that_is_cancelled_leaves_nothing(
    communicator: Communicator, endpoint: str
) -> None:
    async def enter() -> None:
        async with Partitioner(session, NAME, 4):
            await tasks.sleep(60)

    async def gone() -> bool:
        return await communicator.count_prefix(f"{NAME}/") == 0

    async with communicator.session(TTL) as session:
        for step in range(25):
            task = tasks.create_task(enter())
            await tasks.sleep(step * 0.0003)
            task.cancel()
            await tasks.wait({task})
            assert task.cancelled()
        await eventually_async(gone)
    await nothing_left(endpoint)


async def test_misuse(communicator: Communicator) -> None:
    with pytest.raises(TypeError, match="session: expected Session, got Communicator"):
        Partitioner(communicator, NAME, 4)  # type: ignore[arg-type]
    async with communicator.session(TTL) as session:
        for strange in ("4", b"4", True, 1.5, [1]):
            with pytest.raises(TypeError):
                Partitioner(session, NAME, strange)  # type: ignore[arg-type]
        for wrong in (0, [], ["a", b"a"]):
            with pytest.raises(InvalidArgsError, match="partitions: expected"):
                Partitioner(session, NAME, wrong)  # type: ignore[arg-type]
        partitioner = Partitioner(session, NAME, 1, member="m")
        with pytest.raises(ClosedError, match="not open"):
            await anext(partitioner)
        async with partitioner:
            with pytest.raises(ClosedError, match="entered once"):
                await partitioner.__aenter__()
            with pytest.raises(KeyExistsError, match="has a member b'm' already"):
                await Partitioner(session, NAME, 1, member="m").__aenter__()
            assert partitioner.members == [b"m"]
            with pytest.raises(InvalidArgsError, match="grace: expected"):
                await partitioner.run(until_recalled, grace=0)
        with pytest.raises(ClosedError, match="was left"):
            await anext(partitioner)
    with pytest.raises(ClosedError, match="not open"):
        await Partitioner(communicator.session(), NAME, 1).__aenter__()


async def test_many_partitions_and_members(client: Client, etcd: EtcdServer) -> None:
    """At a few requests each, and nothing is asked once they are shared out."""

    async def handled() -> float:
        metrics = await tasks.to_thread(Metrics.read, etcd.metrics_url)
        return metrics.total("grpc_server_handled_total", grpc_type="unary")

    count = 250
    async with client.connect() as communicator, AsyncExitStack() as stack:
        begun = await handled()
        members = []
        for number in range(5):
            joining = member(communicator, count, f"p{number}", 60)
            members.append(await stack.enter_async_context(joining))
            await settled(*members, count=count)
        # Three to claim all; then each release is a request, and claims are made for several.
        moved = sum(count // number for number in range(2, 6))
        assert await handled() - begun < 2.2 * moved

        async def is_quiet() -> bool:
            # What was asked before is counted a moment after its answer.
            before = await handled()
            await tasks.sleep(0.3)
            return await handled() == before

        await eventually_async(is_quiet)
