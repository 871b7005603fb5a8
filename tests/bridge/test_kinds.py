"""What Python does with any object: copying, pickling, printing, collecting, other loops."""

from __future__ import annotations

import _testcapi  # type: ignore[import-not-found]
import asyncio
import copy
import gc
import pickle
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    ConnectOptions,
    Discovery,
    EtcdLockOption,
    InvalidArgsError,
    InvalidUriError,
    Key,
    LockLostError,
    SortOrder,
    Txn,
    TxnOp,
    WrongLoopError,
)
from etcd_client.testing import eventually
from tests.bridge.program import run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from etcd_client._etcd_client import HeldLease
    from tests.support.tls import Certificates

TXN = (
    Txn()
    .when([Key(b"a").version == 0, Compare.value(b"b", CompareOp.GREATER, b"\xff").with_prefix()])
    .and_then([TxnOp.put(b"a", b"1", prev_kv=True), TxnOp.txn(Txn().and_then([TxnOp.get(b"c")]))])
    .or_else([TxnOp.get(b"a", prefix=True, sort_order=SortOrder.DESCEND), TxnOp.delete(b"d")])
)


def pickled(kept: object) -> object:
    """Return what a spawned worker gets."""
    return pickle.loads(pickle.dumps(kept))  # noqa: S301 - its own


COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, pickled]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kept", [TXN, TxnOp.put(b"a", b"1", lease=7), Key(b"a").lease == 7, Txn()])
def test_transactions_can_be_copied(kept: object, copied: Callable[[Any], Any]) -> None:
    assert repr(copied(kept)) == repr(kept)
    assert type(copied(kept)) is type(kept)


@pytest.mark.parametrize("copied", COPIES)
def test_options_can_be_copied(copied: Callable[[Any], Any], certificates: Certificates) -> None:
    pair = certificates.client()
    for options in (
        ConnectOptions(),
        ConnectOptions().with_timeout(None),
        ConnectOptions().with_tls(),
        ConnectOptions(verify=False, server_name="etcd"),
        ConnectOptions(
            ca=str(certificates.authority), cert=pair.certificate.read_bytes(), key=pair.key
        ),
        ConnectOptions(
            user="root",
            password="secret",  # noqa: S106 - of nobody
            connect_timeout=0.1,
            timeout=1.7,
            keep_alive_interval=7,
            keep_alive_timeout=0.3,
            keep_alive_while_idle=True,
            tcp_keepalive=11,
            max_response_size=1,
            require_connection=True,
            sync_interval=60,
        ),
    ):
        assert copied(options) == options


@pytest.mark.parametrize("copied", COPIES)
async def test_clients_can_be_copied(endpoint: str, copied: Callable[[Any], Any]) -> None:
    client = Client(endpoint, ConnectOptions(timeout=3), EtcdLockOption("name", ttl=5))
    async with client:
        other = copied(client)
    assert repr(other) == repr(client)
    async with other as communicator:
        assert communicator.held_lock is not None
        assert await communicator.get(b"key") is None
    by_domain = Client(Discovery("example.com", "name"))
    assert repr(copied(by_domain)) == repr(by_domain)


def nested(levels: int) -> Txn:
    """Return transactions in each other."""
    txn = Txn().and_then([TxnOp.put(b"key", b"value")])
    for _ in range(levels - 1):
        txn = Txn().and_then([TxnOp.txn(txn)])
    return txn


async def test_transactions_are_nested_so_deep(communicator: Communicator) -> None:
    response = await communicator.txn(nested(32))
    for _ in range(31):
        (response,) = response.responses
    assert await communicator.get(b"key") == b"value"
    with pytest.raises(InvalidArgsError, match=r"txn: expected .* at most 32 levels, got 33"):
        nested(33)
    with pytest.raises(InvalidArgsError, match="txn: "):
        nested(20_000)


def test_calls_from_no_loop_say_what_to_do(endpoint: str) -> None:
    async def work() -> None:
        def elsewhere() -> None:
            for call in (lambda: communicator.get(b"key"), lambda: anext(watch), watch.ready):
                with pytest.raises(WrongLoopError, match="run_coroutine_threadsafe") as told:
                    call()
                assert isinstance(told.value, RuntimeError)

        async with Client(endpoint).connect() as communicator, communicator.watch(b"key") as watch:
            await asyncio.to_thread(elsewhere)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(work())
    communicator = loop.run_until_complete(Client(endpoint).connect().__aenter__())
    with pytest.raises(WrongLoopError):
        loop.run_until_complete(communicator.get(b"key"))
    communicator.close()
    loop.close()


async def test_streams_are_of_one_loop(communicator: Communicator) -> None:
    def elsewhere() -> None:
        async def read() -> None:
            for step in (lambda: anext(watch), lambda: anext(batches), watch.ready):
                with pytest.raises(WrongLoopError):
                    await step()

        asyncio.run(read())

    async with communicator.watch(b"key") as watch:
        batches = watch.batches()
        await asyncio.to_thread(elsewhere)


def descriptors() -> int:
    """Count the open files of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def dropped_loops(endpoint: str) -> None:
    """Use loops, and drop them without closing them."""

    async def work() -> None:
        async with Client(endpoint).connect() as communicator:
            await communicator.put(b"key", b"value")
            kept = communicator.watch(b"key")
            await kept.ready()

    def use() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(work())

    for _ in range(3):
        use()
    gc.collect()
    before = descriptors()
    for _ in range(20):
        use()
    gc.collect()
    # The engine of an earlier loop may be closing its own.
    eventually(lambda: descriptors() <= before + 4)


def in_a_sub_interpreter() -> None:
    """Import the package first here, and then there."""
    failed = """
try:
    import etcd_client
except ImportError as error:
    assert "sub-interpreter" in str(error), error
else:
    raise AssertionError("imported")
"""
    assert _testcapi.run_in_subinterp(failed) == 0
    import etcd_client  # noqa: F401, PLC0415


def test_a_loop_that_nobody_holds_is_collected(endpoint: str) -> None:
    ended = run_program(dropped_loops, endpoint)
    assert ended.code == 0, ended.stderr


def test_a_sub_interpreter_is_told() -> None:
    ended = run_program(in_a_sub_interpreter)
    assert (ended.code, ended.stderr) == (0, "")


def test_printing_never_fails(endpoint: str) -> None:
    made = Client.__new__(Client)
    assert repr(made) == "<Client>"
    with pytest.raises(InvalidUriError) as told:
        Client(["http://localhost:99999"])
    # As tools do that print the variables of a traceback.
    assert all(repr(kept) for entry in told.traceback for kept in entry.locals.values())

    async def main() -> None:
        async with Client(endpoint).connect() as communicator:
            thread = threading.Thread(target=lambda: [repr(communicator) for _ in range(2000)])
            thread.start()
        thread.join()
        assert repr(communicator) == "<Communicator closed>"

    asyncio.run(main())


def test_a_response_has_a_size() -> None:
    with pytest.raises(InvalidArgsError, match="max_response_size: expected an int of at least 1"):
        ConnectOptions(max_response_size=0)
    with pytest.raises(InvalidArgsError, match="max_response_size"):
        ConnectOptions().with_max_response_size(0)


def test_text_with_surrogates_is_a_wrong_value() -> None:
    with pytest.raises(InvalidArgsError, match="user: expected text that UTF-8 can encode"):
        ConnectOptions(user="\udcff", password="secret")  # noqa: S106 - of nobody


async def test_a_lost_lock_is_forgotten_with_the_next_one(communicator: Communicator) -> None:
    def held_locks() -> dict[bytes, tuple[bytes, HeldLease]]:
        locks = communicator._locks  # noqa: SLF001 - the subject
        return {} if locks is None else locks._held  # noqa: SLF001

    async def lose(name: bytes) -> None:
        response = await communicator.lock(name, timeout=5)
        _, held = held_locks()[response.key]
        await communicator.delete(response.key)
        assert await asyncio.wait_for(held.until_over(), 10) is not None

    for _ in range(3):
        await lose(b"name")
    held = await communicator.lock(b"name", timeout=5)
    assert {*held_locks()} == {held.key}
    await communicator.unlock(b"name")
    await lose(b"other")
    with pytest.raises(LockLostError):
        await communicator.unlock(b"other")
