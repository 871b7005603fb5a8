"""Keys and values of every size, and what the server says of those that are too large."""

import itertools
import sys
from collections.abc import Callable

import pytest

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    EmptyKeyError,
    NoSpaceError,
    OutcomeUnknownError,
    RequestTooLargeError,
    RpcError,
    Txn,
    TxnOp,
)
from etcd_client.testing import EtcdServer
from tests.support import tasks
from tests.support.waiting import eventually_async

MEGABYTE = 1_000_000


def patterned(size: int) -> bytes:
    """Return bytes among which a missing or repeated part would show."""
    return b"".join(b"%08d" % i for i in range(size // 8 + 1))[:size]


@pytest.mark.parametrize("size", [0, 1, 100, 16_383, 16_384, 16_385, 65_536, MEGABYTE, 1_500_000])
async def test_values_of_every_size(communicator: Communicator, size: int) -> None:
    value = patterned(size)
    await communicator.put(b"key", value)
    assert await communicator.get(b"key") == value
    deleted = await communicator.delete(b"key", prev_kv=True)
    assert deleted.prev_kvs[0].value == value


@pytest.mark.parametrize("size", [100, 20_000, MEGABYTE])
@pytest.mark.parametrize("kind", [bytearray, lambda value: memoryview(bytearray(value))])
async def test_a_value_is_what_it_was_when_the_call_began(
    communicator: Communicator, size: int, kind: Callable[[bytes], bytearray | memoryview]
) -> None:
    before, after = patterned(size), bytes(size)
    value = kind(before)
    put = communicator.put(b"key", value)
    await tasks.begun(put)
    value[:] = after
    if not tasks.is_on_threads():
        await put
    assert await communicator.get(b"key") == before


@pytest.mark.parametrize("size", [100, 20_000, MEGABYTE])
async def test_text_and_subclasses_of_bytes(communicator: Communicator, size: int) -> None:
    class Blob(bytes):
        """A kind of bytes that may do something when it ends."""

    await communicator.put(b"key", Blob(patterned(size)))
    assert await communicator.get(b"key") == patterned(size)
    await communicator.put(b"key", "ä" * (size // 2))
    assert await communicator.get(b"key") == ("ä" * (size // 2)).encode()


@pytest.mark.parametrize("prefix", [b"", b"/app/"])
async def test_large_values_with_every_option(communicator: Communicator, prefix: bytes) -> None:
    inside = communicator.namespace(prefix)
    lease = await inside.lease_grant(60)
    values = [patterned(MEGABYTE), patterned(MEGABYTE)[::-1]]
    await inside.put(b"key", values[0], lease=lease)
    answer = await inside.put(b"key", values[1], prev_kv=True, ignore_lease=True)
    assert answer.prev_kv is not None
    assert (answer.prev_kv.value, answer.prev_kv.lease) == (values[0], lease.id)
    pair = await communicator.get_kv(prefix + b"key")
    assert pair is not None
    assert (pair.value, pair.lease) == (values[1], lease.id)


async def test_large_values_are_let_go_however_the_calls_end(
    make_server: Callable[..., EtcdServer],
) -> None:
    server = make_server()
    value, too_large = values = [patterned(MEGABYTE), bytes(3 * MEGABYTE)]

    def references() -> list[int]:
        return [sys.getrefcount(value) for value in values]

    before = references()
    async with Client(server.endpoint).connect() as communicator:
        await communicator.put(b"key", value)
        await eventually_async(lambda: references() == before)
        with pytest.raises(RequestTooLargeError):
            await communicator.put(b"key", too_large)
        await eventually_async(lambda: references() == before)
        server.freeze()
        with pytest.raises(OutcomeUnknownError):
            await communicator.put(b"key", value, timeout=0.3)
        await eventually_async(lambda: references() == before)
        put = tasks.create_task(communicator.put(b"key", value))
        await tasks.sleep(0.2)
        assert references() != before, "it is not copied"
        put.cancel()
        await tasks.wait([put])
        await eventually_async(lambda: references() == before)
        server.thaw()
        assert await communicator.get(b"key") == value


async def test_keys_of_every_byte_and_size(communicator: Communicator) -> None:
    keys = [bytes([byte]) for byte in range(256)] + [
        b"\xff" * 1000,
        b"\x00" * 1000,
        patterned(10**5),
    ]
    await tasks.gather(*(communicator.put(key, key) for key in keys))
    for key in keys:
        assert await communicator.get(key) == key
    assert await communicator.keys_prefix(b"") == sorted(keys)


async def test_ranges_beyond_the_usual_message_limit(communicator: Communicator) -> None:
    values = {b"k/%d" % i: bytes([i]) * MEGABYTE for i in range(8)}
    await tasks.gather(*(communicator.put(key, value) for key, value in values.items()))
    assert dict(await communicator.get_prefix(b"k/")) == values
    assert len((await communicator.range(b"k/", prefix=True)).kvs) == 8
    read = await communicator.txn(Txn().and_then([TxnOp.get(b"k/", prefix=True)]))
    assert sum(len(kv.value) for kv in read.responses[0].kvs) == 8 * MEGABYTE
    deleted = await communicator.delete_prefix(b"k/", prev_kv=True)
    assert {kv.key: kv.value for kv in deleted.prev_kvs} == values


async def test_many_large_calls_at_once(communicator: Communicator) -> None:
    values = [bytes([i]) * 500_000 for i in range(64)]
    await tasks.gather(*(communicator.put(b"%d" % i, value) for i, value in enumerate(values)))
    assert await tasks.gather(*(communicator.get(b"%d" % i) for i in range(64))) == values


async def test_many_small_pairs_at_once(communicator: Communicator) -> None:
    keys = [b"k/%05d" % i for i in range(10_000)]
    for start in range(0, len(keys), 128):
        puts = [TxnOp.put(key, key) for key in keys[start : start + 128]]
        await communicator.txn(Txn().and_then(puts))
    assert await communicator.get_prefix(b"k/") == [(key, key) for key in keys]
    assert await communicator.keys_prefix(b"k/") == keys


async def test_a_server_may_take_larger_values(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server(flags={"max-request-bytes": 16 * MEGABYTE})
    value = patterned(6 * MEGABYTE)
    async with Client(server.endpoint).connect() as communicator:
        async with communicator.watch(b"key") as watch:
            await communicator.put(b"key", value)
            assert (await tasks.wait_for(anext(watch), 20)).value == value
        assert await communicator.get(b"key") == value


@pytest.mark.parametrize("size", [1_600_000, 3 * MEGABYTE, 20 * MEGABYTE])
async def test_says_when_a_request_is_too_large(communicator: Communicator, size: int) -> None:
    with pytest.raises(RequestTooLargeError):
        await communicator.put(b"key", bytes(size))
    with pytest.raises(RequestTooLargeError):
        await communicator.put(bytes(size), b"")
    with pytest.raises(RequestTooLargeError):
        await communicator.txn(Txn().and_then([TxnOp.put(b"key", bytes(size))]))
    assert await communicator.get(b"key") is None, "the connection lives"


async def test_says_when_a_key_is_empty(communicator: Communicator) -> None:
    with pytest.raises(EmptyKeyError):
        await communicator.put(b"", b"value")
    with pytest.raises(EmptyKeyError):
        await communicator.get(b"")
    with pytest.raises(EmptyKeyError):
        await communicator.delete("")
    with pytest.raises(EmptyKeyError):
        await communicator.txn(Txn().and_then([TxnOp.get(b"")]))


async def test_the_largest_response_can_be_limited(endpoint: str) -> None:
    options = ConnectOptions(max_response_size=MEGABYTE)
    async with Client(endpoint, options).connect() as communicator:
        await communicator.put(b"small", bytes(900_000))
        await communicator.put(b"large", bytes(1_100_000))
        assert len(await communicator.get(b"small") or b"") == 900_000
        with pytest.raises(RpcError, match="max_response_size") as refused:
            await communicator.get(b"large")
        assert refused.value.code.name == "OutOfRange"
        assert len(await communicator.get(b"small") or b"") == 900_000, "the connection lives"


async def test_says_when_there_is_no_space(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server(flags={"quota-backend-bytes": 4 * MEGABYTE})
    async with Client(server.endpoint).connect() as communicator:

        async def fill() -> None:
            # etcd looks at the size of what it has committed, ten times a second.
            for i in itertools.count():
                await communicator.put(b"%d" % i, bytes(MEGABYTE))

        with pytest.raises(NoSpaceError):
            await fill()
        assert await communicator.get(b"0") is not None
