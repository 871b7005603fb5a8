"""Counters: no addition is lost or made twice, and what one costs."""

import asyncio
import contextlib
import os
import sys
from typing import Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConflictError,
    Counter,
    EtcdTimeoutError,
    InvalidArgsError,
    SessionLostError,
)
from tests.support import tasks
from tests.support.leftovers import nothing_left

NAME = b"visits"


async def test_it_begins_with_its_default(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    assert await counter.value() == 0
    assert await Counter(communicator, NAME, 40).value() == 40
    assert await communicator.get(NAME) is None
    assert await Counter(communicator, NAME, 40).add(2) == 42
    assert await counter.value() == 42


async def test_it_is_added_to_and_subtracted_from(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    assert counter.key == NAME
    assert [await counter.add(2), await counter.add()] == [2, 3]
    assert [await counter.add(-3), await counter.add(-1)] == [0, -1]
    assert await counter.value() == -1
    assert await communicator.get(NAME) == b"-1"
    assert repr(counter) == "<Counter b'visits'>"


async def test_numbers_are_of_any_size(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME, 2**64)
    assert await counter.add(2**100) == 2**64 + 2**100
    assert await counter.value() == 2**64 + 2**100


async def test_an_addition_costs_one_round_trip(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    before = communicator.stats().requests
    for expected in range(1, 11):
        assert await counter.add() == expected
    # The first one too, as there was no such key.
    assert communicator.stats().requests - before == 10
    # Of all running and objects of this process.
    before = communicator.stats().requests
    added = await tasks.gather(*(Counter(communicator, NAME).add() for _ in range(100)))
    assert sorted(added) == list(range(11, 111))
    assert communicator.stats().requests - before == 100


async def test_a_change_by_others_is_found(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    await counter.add()
    await communicator.put(NAME, b"100")
    before = communicator.stats().requests
    assert await counter.add() == 101
    # One that fails and says what there is, and the next one.
    assert communicator.stats().requests - before == 2
    await communicator.delete(NAME)
    assert await counter.add(7) == 7


async def test_to_add_nothing_is_to_read(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    assert await counter.add(0) == 0
    await counter.add(5)
    await communicator.put(NAME, b"100")
    assert await counter.add(0) == 100


async def test_a_key_that_holds_no_number_is_left_alone(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    await communicator.put(NAME, b"many")
    for call in (counter.value(), counter.add(), counter.add(0)):
        with pytest.raises(ConflictError, match="the key b'visits' holds no whole number") as error:
            await call
        assert error.value.kv is not None
        assert error.value.kv.value == b"many"
    assert await communicator.get(NAME) == b"many"
    await communicator.put(NAME, b"5")
    assert await counter.add() == 6


async def test_it_stays_attached_to_its_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        await communicator.put(NAME, b"5", lease=lease)
        await Counter(communicator, NAME).add()
        kv = await communicator.get_kv(NAME)
        assert kv is not None
        assert (kv.value, kv.lease) == (b"6", lease.id)


@pytest.mark.asyncio_only
async def test_several_clients_lose_nothing(communicator: Communicator) -> None:
    """Each with a waiting line of its own, as in processes of their own."""
    program = """
import asyncio, sys
from etcd_client import Client, Counter
async def main():
    async with Client(sys.argv[1]).connect() as communicator:
        counter = Counter(communicator, "visits")
        found = await asyncio.gather(*(counter.add() for _ in range(50)))
        print(*found)
asyncio.run(main())
"""
    endpoint = communicator.endpoints[0]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, endpoint, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    outputs = await tasks.gather(*(process.communicate() for process in processes))
    found = sorted(int(number) for output, _ in outputs for number in output.split())
    assert found == list(range(1, 151))
    assert await Counter(communicator, NAME).value() == 150


async def test_with_a_session_it_is_made_exactly_once(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session() as session:
        counter = session.counter(NAME, 10)
        before = communicator.stats().requests
        added = await tasks.gather(*(counter.add() for _ in range(20)))
        assert sorted(added) == list(range(11, 31))
        assert communicator.stats().requests - before == 20
    assert await Counter(communicator, NAME).value() == 30
    await communicator.delete(NAME)
    await nothing_left(endpoint)


async def test_a_lost_session_adds_nothing(communicator: Communicator) -> None:
    async def use() -> None:
        async with communicator.session() as session:
            counter = session.counter(NAME)
            await counter.add()
            await communicator.lease_revoke(session.id)
            with pytest.raises(SessionLostError):
                await counter.add()

    with pytest.raises(SessionLostError):
        await use()
    assert await Counter(communicator, NAME).value() == 1


async def test_a_cancelled_addition_does_not_stop_the_others(communicator: Communicator) -> None:
    counter = Counter(communicator, NAME)
    running = [tasks.create_task(counter.add()) for _ in range(50)]
    await tasks.sleep(0)
    for number in (0, 3, 20, 49):
        running[number].cancel()
    results = await tasks.gather(*running, return_exceptions=True)
    done = [result for result in results if isinstance(result, int)]
    cancelled = sum(isinstance(result, tasks.CancelledError) for result in results)
    # A thread may be faster than that.
    assert cancelled == 4 or (tasks.is_on_threads() and cancelled < 4)
    assert len(done) == len(set(done)) == 50 - cancelled
    # The first one may have been sent already.
    assert await counter.value() in (len(done), len(done) + 1)


async def test_a_deadline_includes_the_wait_in_line(communicator: Communicator) -> None:
    go_on = tasks.Event()

    async def slow(_value: bytes | None) -> bytes:
        await go_on.wait()
        return b"5"

    updating = tasks.create_task(communicator.update(NAME, slow))
    await tasks.sleep(0.1)
    with pytest.raises(EtcdTimeoutError, match="add: not done within the deadline"):
        await Counter(communicator, NAME).add(timeout=0.1)
    go_on.set()
    await updating
    assert await Counter(communicator, NAME).add() == 6


async def test_it_works_on_several_loops(client: Client) -> None:
    def add() -> list[int]:
        async def main() -> list[int]:
            async with client.connect() as communicator:
                return await tasks.gather(*(Counter(communicator, NAME).add() for _ in range(20)))

        return asyncio.run(main())

    found = await tasks.gather(*(tasks.to_thread(add) for _ in range(3)))
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 61))


make: Any = Counter


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda c: make(c, 5), TypeError, "name: expected"),
        (lambda c: make(c, "\ud800"), InvalidArgsError, "name"),
        (lambda c: make(c, NAME, 0.5), TypeError, "default: expected int, got float"),
        (lambda c: make(c, NAME, True), TypeError, "default: expected int, got bool"),
        (lambda _: make(os, NAME), TypeError, "communicator: expected Communicator"),
        (lambda c: make(c, NAME).add(2.1), TypeError, "amount: expected int, got float"),
        (lambda c: make(c, NAME).add(b"a"), TypeError, "amount: expected int, got bytes"),
        (lambda c: make(c, NAME).add(timeout=0), InvalidArgsError, "timeout"),
    ],
)
async def test_arguments_are_checked(
    communicator: Communicator, call: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        await tasks.begun(call(communicator))
    with contextlib.suppress(ConflictError):
        assert await communicator.get(NAME) is None
