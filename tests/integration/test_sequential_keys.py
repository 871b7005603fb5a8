"""Sequential keys: in order, each once, without gaps, whoever appends."""

import asyncio
import threading

import pytest

from etcd_client import Client, Communicator, InvalidArgsError, KeyValue, LeaseNotFoundError
from etcd_client.testing import Proxy
from tests.support import tasks


def key(number: int) -> bytes:
    """Return the key of a number."""
    return f"jobs/{number:016}".encode()


async def keys(communicator: Communicator) -> list[bytes]:
    """Return the appended keys, in the order in which they were written."""
    kvs = [kv async for kv in communicator.scan_prefix("jobs/")]
    return [kv.key for kv in sorted(kvs, key=lambda kv: kv.create_revision)]


@pytest.mark.both_loops
async def test_numbers_keys_in_the_order_of_the_calls(communicator: Communicator) -> None:
    before = communicator.stats().requests
    made = await tasks.gather(*(communicator.append("jobs/", str(n)) for n in range(20)))
    assert communicator.stats().requests - before == 20
    assert [kv.key for kv in made] == [key(n) for n in range(20)]
    assert [kv.value for kv in made] == [str(n).encode() for n in range(20)]
    assert made == [kv async for kv in communicator.scan_prefix("jobs/")]


async def test_one_after_the_other_needs_a_request_each(communicator: Communicator) -> None:
    before = communicator.stats().requests
    for _ in range(10):
        await communicator.append("jobs/", "")
    assert communicator.stats().requests - before == 10


async def test_prefixes_have_numbers_of_their_own(communicator: Communicator) -> None:
    view = communicator.namespace("app/")
    assert (await communicator.append("a/", "")).key == b"a/0000000000000000"
    assert (await communicator.append("a/b/", "")).key == b"a/b/0000000000000000"
    assert (await view.append("a/", "")).key == b"a/0000000000000000"
    assert (await communicator.append("a/", "")).key == b"a/0000000000000001"
    assert await communicator.count_prefix("a/") == 3
    assert await communicator.get("__sequence/a/") == b"2"


async def test_no_number_is_used_again(communicator: Communicator, client: Client) -> None:
    for _ in range(3):
        kv = await communicator.append("jobs/", "")
        await communicator.delete(kv.key)
    async with client.connect() as another:
        assert (await another.append("jobs/", "")).key == key(3)
    assert (await communicator.append("jobs/", "")).key == key(4)


def test_several_loops_leave_no_gap(endpoint: str) -> None:
    """Loops that cannot wait for each other are to each other what processes are."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            await tasks.gather(*(communicator.append("jobs/", "") for _ in range(25)))

    threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def read() -> list[bytes]:
        async with Client(endpoint).connect() as communicator:
            return await keys(communicator)

    assert asyncio.run(read()) == [key(number) for number in range(100)]


@pytest.mark.parametrize("another", [False, True])
async def test_goes_on_behind_the_keys_when_the_counter_is_lost(
    communicator: Communicator, client: Client, *, another: bool
) -> None:
    for _ in range(3):
        await communicator.append("jobs/", "")
    await communicator.put("jobs/x", "not one of them")
    await communicator.delete("__sequence/jobs/")
    async with client.connect() as fresh:
        appending = fresh if another else communicator
        assert (await appending.append("jobs/", "")).key == key(3)
    assert await communicator.get("__sequence/jobs/") == b"4"


async def test_passes_over_keys_that_others_have_written(communicator: Communicator) -> None:
    await communicator.append("jobs/", "")
    for number in (1, 2):
        await communicator.put(key(number), "by hand")
    kv = await communicator.append("jobs/", "")
    assert kv.key == key(3)
    assert await communicator.get(key(1)) == b"by hand"


async def test_attaches_keys_to_a_lease(communicator: Communicator) -> None:
    async with communicator.lease(60) as lease:
        kv = await communicator.append("jobs/", "", lease=lease)
        assert kv == await communicator.get_kv(kv.key)
        assert kv.lease == lease.id
    assert await keys(communicator) == []
    with pytest.raises(LeaseNotFoundError):
        await communicator.append("jobs/", "", lease=lease.id)
    assert (await communicator.append("jobs/", "")).key == key(1)


async def test_every_answer_may_be_lost(proxy: Proxy, communicator: Communicator) -> None:
    """With a session nothing is appended twice, and nothing left out."""
    appended: list[KeyValue] = []
    async with communicator.session(ttl=10) as session, Client(proxy.endpoint) as through:
        for number in range(10):
            await tasks.to_thread(proxy.cut, 1)
            appended.append(await through.append("jobs/", str(number), once=session))
    assert [kv.key for kv in appended] == [key(number) for number in range(10)]
    assert appended == [kv async for kv in communicator.scan_prefix("jobs/")]


async def test_refuses_wrong_arguments_before_it_sends(communicator: Communicator) -> None:
    before = communicator.stats().requests
    with pytest.raises(InvalidArgsError, match="prefix: expected at least one byte, got none"):
        await communicator.append("", "value")
    with pytest.raises(TypeError, match="value: expected a bytes-like object or str, got int"):
        await communicator.append("jobs/", 1)  # type: ignore[arg-type]
    assert communicator.stats().requests == before
