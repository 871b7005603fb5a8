"""Compare and swap: creating, replacing and updating keys that others change as well."""

import asyncio
import threading

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConflictError,
    EtcdTimeoutError,
    InvalidArgsError,
    KeyExistsError,
    KeyValue,
    LeaseNotFoundError,
    OutcomeUnknownError,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.waiting import eventually_async


def increment(value: bytes) -> str:
    """Add one to a number."""
    return str(int(value) + 1)


async def make(communicator: Communicator, key: str, value: str) -> KeyValue:
    """Write a key, and return what it is."""
    await communicator.put(key, value)
    kv = await communicator.get_kv(key)
    assert kv is not None
    return kv


@pytest.mark.both_loops
async def test_creates_a_key_once(communicator: Communicator) -> None:
    made = await communicator.create("key", "first")
    assert made == await communicator.get_kv("key")
    with pytest.raises(KeyExistsError, match="b'key' exists") as error:
        await communicator.create("key", "second")
    assert error.value.kv == made


async def test_only_one_of_many_creates_a_key(communicator: Communicator) -> None:
    attempts = (communicator.create("key", str(number)) for number in range(20))
    outcomes = await tasks.gather(*attempts, return_exceptions=True)
    made = [outcome for outcome in outcomes if isinstance(outcome, KeyValue)]
    assert made == [await communicator.get_kv("key")]
    assert sum(isinstance(outcome, KeyExistsError) for outcome in outcomes) == 19


async def test_attaches_what_it_creates_to_a_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        made = await communicator.create("key", "value", lease=lease)
        assert made == await communicator.get_kv("key")
        assert made.lease == lease.id
    with pytest.raises(LeaseNotFoundError):
        await communicator.create("key", "value", lease=lease.id)


async def test_a_call_is_under_way_before_it_is_awaited(communicator: Communicator) -> None:
    async def is_made() -> bool:
        return await communicator.get("key") == b"value"

    call = communicator.create("key", "value")
    await eventually_async(is_made)
    await call


async def test_replaces_what_is_as_it_was(communicator: Communicator) -> None:
    kv = await make(communicator, "key", "one")
    two = await communicator.replace(kv, "two")
    three = await communicator.replace(two, "three")
    assert three == await communicator.get_kv("key")
    with pytest.raises(ConflictError, match="b'key' was changed") as error:
        await communicator.replace(two, "four")
    assert error.value.kv == three


async def test_replaces_no_key_that_was_deleted_or_made_anew(communicator: Communicator) -> None:
    kv = await make(communicator, "key", "one")
    await communicator.delete("key")
    with pytest.raises(ConflictError, match="b'key' was deleted") as error:
        await communicator.replace(kv, "two")
    assert error.value.kv is None
    again = await make(communicator, "key", "one")
    with pytest.raises(ConflictError) as error:
        await communicator.replace(kv, "two")
    assert error.value.kv == again


async def test_a_replaced_key_stays_with_its_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease, communicator.lease(60) as other:
        kv = await communicator.create("key", "one", lease=lease)
        kv = await communicator.replace(kv, "two")
        assert kv.lease == lease.id
        assert kv == await communicator.get_kv("key")
        kv = await communicator.replace(kv, "three", lease=other)
        assert kv == await communicator.get_kv("key")
        kv = await communicator.replace(kv, "four", lease=0)
        assert kv.lease == 0
        assert kv == await communicator.get_kv("key")


@pytest.mark.both_loops
async def test_fifty_contended_increments_need_few_requests(communicator: Communicator) -> None:
    before = communicator.stats().requests
    increments = (communicator.update("key", increment, default="0") for _ in range(50))
    results = await tasks.gather(*increments)
    requests = communicator.stats().requests - before
    if not tasks.is_on_asyncio():
        # They start tasks in any order.
        results.sort(key=lambda kv: kv.mod_revision if kv else 0)
    assert [kv and kv.value for kv in results] == [str(n + 1).encode() for n in range(50)]
    assert results[-1] == await communicator.get_kv("key")
    # Threads may start so slowly that nobody stands in line, and the next one reads the key again.
    assert 51 <= requests < (100 if tasks.is_on_threads() else 52)


async def test_those_with_a_communicator_each_stand_in_one_line(client: Client) -> None:
    async def one() -> int:
        async with client.connect() as communicator:
            for _ in range(5):
                await communicator.update("key", increment, default="0")
            return communicator.stats().requests

    async with client.connect() as communicator:
        before = communicator.stats().requests
    requests = await tasks.gather(*(one() for _ in range(10)))
    async with client.connect() as communicator:
        assert await communicator.get("key") == b"50"
    # Where they share a connection, also with the test before, they share its counts.
    assert max(requests) - before < 150


async def test_a_view_of_the_keys_stands_in_the_same_line(communicator: Communicator) -> None:
    view = communicator.namespace("app/")
    before = communicator.stats().requests
    await tasks.gather(
        *(communicator.update("app/key", increment, default="0") for _ in range(10)),
        *(view.update("key", increment, default="0") for _ in range(10)),
        *(view.update("app/key", increment, default="0") for _ in range(3)),
    )
    assert await communicator.get("app/key") == b"20"
    assert await view.get("app/key") == b"3"
    requests = communicator.stats().requests - before - 2
    assert 21 + 4 <= requests < (40 + 6 if tasks.is_on_threads() else 21 + 4 + 1)


def test_those_of_several_loops_lose_nothing(endpoint: str) -> None:
    """Loops that cannot wait for each other are to each other what processes are."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            updates = (communicator.update("key", increment, default="0") for _ in range(25))
            await tasks.gather(*updates)

    threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def read() -> bytes | None:
        async with Client(endpoint).connect() as communicator:
            return await communicator.get("key")

    assert asyncio.run(read()) == b"100"


async def test_another_change_makes_the_function_run_again(communicator: Communicator) -> None:
    given = []

    async def change(value: bytes | None) -> bytes | None:
        given.append(value)
        if len(given) < 4:
            await communicator.put("key", str(len(given)))
        return (value or b"") + b"!"

    kv = await communicator.update("key", change)
    assert given == [None, b"1", b"2", b"3"]
    assert kv is not None
    assert kv.value == b"3!"
    assert kv == await communicator.get_kv("key")


async def test_what_is_not_changed_is_not_written(communicator: Communicator) -> None:
    kv = await make(communicator, "key", "same")
    assert await communicator.update("key", lambda value: value) == kv
    assert await communicator.update("missing", lambda value: value) is None
    assert await communicator.get_kv("key") == kv
    assert await communicator.get("missing") is None


async def test_none_deletes(communicator: Communicator) -> None:
    await make(communicator, "key", "value")
    assert await communicator.update("key", lambda _: None) is None
    assert await communicator.get("key") is None
    kv = await communicator.update("key", lambda value: "again" if value is None else None)
    assert kv == await communicator.get_kv("key")


async def test_an_updated_key_stays_with_its_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        await communicator.put("key", "0", lease=lease)
        kv = await communicator.update("key", increment, default="0")
        assert kv == await communicator.get_kv("key")
        assert kv is not None
        assert kv.lease == lease.id
        # The value stays, and the lease does not.
        kv = await communicator.update("key", lambda value: value, lease=0)
        assert kv == await communicator.get_kv("key")
        assert kv is not None
        assert kv.lease == 0


async def test_what_the_function_raises_ends_the_call(communicator: Communicator) -> None:
    async def refuse(_value: object) -> bytes:
        message = "no"
        raise LookupError(message)

    with pytest.raises(LookupError):
        await communicator.update("key", refuse)
    kv = await communicator.update("key", increment, default="0")
    assert kv is not None
    assert kv.value == b"1"


async def test_one_who_gives_up_waiting_is_passed_over(communicator: Communicator) -> None:
    begun, go_on = tasks.Event(), tasks.Event()

    async def slow(value: bytes) -> str:
        begun.set()
        await go_on.wait()
        return increment(value)

    first = tasks.create_task(communicator.update("key", slow, default="0"))
    await begun.wait()
    cancelled = tasks.create_task(communicator.update("key", increment, default="0"))
    last = tasks.create_task(communicator.update("key", increment, default="0"))
    with pytest.raises(EtcdTimeoutError) as error:
        await communicator.update("key", increment, default="0", timeout=0.1)
    assert not isinstance(error.value, OutcomeUnknownError)
    cancelled.cancel()
    go_on.set()
    await tasks.gather(first, last)
    await tasks.wait({cancelled})
    assert cancelled.cancelled()
    assert await communicator.get("key") == b"2"


async def test_the_deadline_ends_the_function(communicator: Communicator) -> None:
    async def endless(_value: bytes | None) -> bytes:
        await tasks.sleep(60)
        return b""

    with pytest.raises(EtcdTimeoutError):
        await communicator.update("key", endless, timeout=0.2)


async def test_a_function_that_would_wait_for_itself_is_refused(
    communicator: Communicator,
) -> None:
    async def nested(_value: bytes) -> bytes:
        kv = await communicator.update("key", increment, default="0")
        return kv.value if kv else b""

    with pytest.raises(InvalidArgsError, match="function: expected one that changes its keys by"):
        await tasks.wait_for(communicator.update("key", nested, default="0"), timeout=5)
    assert await communicator.update("key", increment, default="0") is not None
    assert await communicator.get("key") == b"1"


async def test_an_update_of_unknown_outcome_is_not_made_again(
    proxy: Proxy, communicator: Communicator
) -> None:
    await communicator.put("key", "0")
    async with Client(proxy.endpoint).connect() as through:

        async def cut_off(value: bytes) -> str:
            # The change is made meanwhile: who hears of the cut may cancel what is not made yet.
            await tasks.to_thread(proxy.delay, 0.2)
            await tasks.to_thread(proxy.cut, 1)
            return increment(value)

        with pytest.raises(OutcomeUnknownError):
            await through.update("key", cut_off, default="0")
        assert await communicator.get("key") == b"1"
        assert await through.update("key", increment, default="0") is not None
    assert await communicator.get("key") == b"2"


async def test_refuses_wrong_arguments_before_it_sends(communicator: Communicator) -> None:
    before = communicator.stats().requests
    with pytest.raises(TypeError, match="kv: expected KeyValue, got str"):
        await communicator.replace("key", "value")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="function: expected a function, got str"):
        await communicator.update("key", "value")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="timeout: expected a number of seconds, got str"):
        await communicator.update("key", increment, default="0", timeout="1")  # type: ignore[call-overload]
    with pytest.raises(InvalidArgsError, match="timeout: expected a number of seconds above 0"):
        await communicator.update("key", increment, default="0", timeout=0)
    with pytest.raises(TypeError, match="key: expected a bytes-like object or str, got int"):
        await communicator.update(1, increment, default="0")  # type: ignore[call-overload]
    assert communicator.stats().requests == before


async def test_refuses_a_wrong_result_of_the_function(communicator: Communicator) -> None:
    with pytest.raises(TypeError, match="value: expected a bytes-like object or str, got int"):
        await communicator.update("key", lambda _: 1)  # type: ignore[arg-type,return-value]
    assert await communicator.get("key") is None
