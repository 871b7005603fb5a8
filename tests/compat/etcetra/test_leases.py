"""Leases."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client.compat.etcetra import EtcdClient, EtcdCommunicator
from etcd_client.compat.etcetra.errors import (
    EtcdBadRequestError,
    EtcdInvalidArgumentError,
    EtcdNotFoundError,
)


async def test_a_lease_is_granted_and_revoked(connected: EtcdCommunicator) -> None:
    lease = await connected.grant_lease(60)
    await connected.put("key", "value", lease=lease)
    await connected.revoke_lease(lease)
    assert await connected.get("key") is None
    # The message is the server's, and nothing else, as in etcetra.
    with pytest.raises(EtcdNotFoundError, match=r"^etcdserver: requested lease not found$"):
        await connected.revoke_lease(lease)


async def test_a_lease_may_have_an_id(connected: EtcdCommunicator) -> None:
    assert await connected.grant_lease(60, id=42) == 42
    with pytest.raises(EtcdBadRequestError, match="already exists"):
        await connected.grant_lease(60, id=42)
    with pytest.raises(EtcdInvalidArgumentError, match="ttl"):
        await connected.grant_lease(0)


async def test_a_lease_is_kept_alive(connected: EtcdCommunicator) -> None:
    """Whatever the interval: one above the time to live lost the lease without a word."""
    lease = await connected.grant_lease(4)
    keeping = connected.create_lease_keepalive_task(lease, interval=60)
    await asyncio.sleep(6)
    assert (await connected.channel.lease_time_to_live(lease)).ttl >= 0
    assert not keeping.done()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    # Cancelling it does not revoke the lease.
    assert (await connected.channel.lease_time_to_live(lease)).ttl >= 0


async def test_a_lost_lease_is_told_of(connected: EtcdCommunicator) -> None:
    """The task went on renewing what was not there any more."""
    lease = await connected.grant_lease(6)
    keeping = connected.create_lease_keepalive_task(lease, 0.1)
    await connected.revoke_lease(lease)
    with pytest.raises(EtcdNotFoundError):
        await asyncio.wait_for(keeping, 30)


async def test_keeping_alive_ends_with_its_context(etcetra: EtcdClient) -> None:
    async with etcetra.connect() as communicator:
        lease = await communicator.grant_lease(60)
        keeping = communicator.create_lease_keepalive_task(lease, 1)
        await asyncio.sleep(0.1)
    await asyncio.wait_for(keeping, 30)


async def test_wrong_arguments_are_refused(connected: EtcdCommunicator) -> None:
    with pytest.raises(EtcdInvalidArgumentError, match="interval"):
        connected.create_lease_keepalive_task(1, 0)
    with pytest.raises(TypeError, match="interval"):
        connected.create_lease_keepalive_task(1, "1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ttl"):
        await connected.grant_lease("60")  # type: ignore[arg-type]
