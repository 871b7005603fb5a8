"""Locks; the programs of the README are in `test_readme`."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client.compat.etcetra import EtcdClient, EtcdCommunicator, EtcdLockManager
from etcd_client.compat.etcetra.errors import EtcdInvalidArgumentError, EtcdNotFoundError
from tests.support.waiting import eventually_async


async def waiting(communicator: EtcdCommunicator, name: str) -> int:
    """Return how many hold a lock or wait for it."""
    return len(await communicator.keys_prefix(f"{name}/"))


async def until(communicator: EtcdCommunicator, number: int) -> None:
    """Wait until so many hold the lock or wait for it."""

    async def there_are() -> bool:
        return await waiting(communicator, "lock") == number

    await eventually_async(there_are, 30)


async def end_leases(communicator: EtcdCommunicator) -> None:
    """Revoke all leases, as etcd does with one that was not renewed."""
    for lease in (await communicator.channel.leases()).leases:
        await communicator.revoke_lease(lease)


async def test_waiting_does_not_use_up_the_ttl(
    etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    async with etcetra.with_lock("lock"):
        waiter = asyncio.create_task(etcetra.with_lock("lock", ttl=2).__aenter__())
        await until(connected, 2)
        await asyncio.sleep(1.5)
        # Taken before the waiter can have the lock, so that a busy machine makes it only longer.
        free = asyncio.get_running_loop().time()
    await waiter
    async with etcetra.with_lock("lock", timeout=30):
        # The server may count a little less than the holder.
        assert asyncio.get_running_loop().time() - free > 1.5


async def test_a_cancelled_attempt_leaves_nothing(
    etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    async with etcetra.with_lock("lock"):
        waiter = asyncio.create_task(etcetra.with_lock("lock").__aenter__())
        await until(connected, 2)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        await until(connected, 1)
    assert await waiting(connected, "lock") == 0
    assert (await connected.channel.leases()).leases == ()


async def test_a_lost_lock_is_told_of(etcetra: EtcdClient, connected: EtcdCommunicator) -> None:
    with pytest.raises(EtcdNotFoundError, match="lost"):
        async with etcetra.with_lock("lock"):
            await end_leases(connected)


async def test_the_error_of_the_body_comes_first(
    etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    async def fail() -> None:
        async with etcetra.with_lock("lock"):
            await end_leases(connected)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()


async def test_contexts_of_one_manager_may_overlap(etcetra: EtcdClient) -> None:
    manager = etcetra.connect()
    async with manager as one, manager as other:
        assert one is not other
        await one.put("key", "value")
        assert await other.get("key") == "value"


async def test_a_lock_on_an_open_connection(
    etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    async with EtcdLockManager("lock", connected.channel, ttl=60):
        assert await waiting(connected, "lock") == 1
        with pytest.raises(asyncio.TimeoutError):
            async with EtcdLockManager("lock", connected.channel, timeout_seconds=0.1):
                pytest.fail("two holders")
        with pytest.raises(asyncio.TimeoutError):
            async with etcetra.with_lock("lock", 0.1):
                pytest.fail("two holders")
    await until(connected, 0)


async def test_wrong_arguments_are_refused(
    etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    with pytest.raises(EtcdInvalidArgumentError, match="ttl"):
        etcetra.with_lock("lock", ttl=-1)
    with pytest.raises(EtcdInvalidArgumentError, match="timeout"):
        etcetra.with_lock("lock", timeout=0)
    with pytest.raises(TypeError, match="lock_name: expected str, got bytes"):
        etcetra.with_lock(b"lock")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="communicator"):
        EtcdLockManager("lock", connected)  # type: ignore[arg-type]
