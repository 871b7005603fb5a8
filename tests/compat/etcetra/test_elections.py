"""Elections."""

from __future__ import annotations

import asyncio

import pytest

from etcd_client.compat.etcetra import EtcdCommunicator
from etcd_client.compat.etcetra.errors import EtcdBadRequestError, EtcdNotFoundError
from tests.support.waiting import eventually_async


async def test_an_election(connected: EtcdCommunicator) -> None:
    lease = await connected.grant_lease(60)
    leader = await connected.campaign_election(b"election", lease, b"first")
    assert (leader.name, leader.lease) == (b"election", lease)
    kv = await connected.get_election(b"election")
    assert (kv.key, kv.value) == (leader.key, b"first")
    await connected.proclaim_election(leader, b"second")
    assert (await connected.get_election(b"election")).value == b"second"
    await connected.resign_election(leader)
    with pytest.raises(EtcdNotFoundError, match="no leader"):
        await connected.get_election(b"election")
    with pytest.raises(EtcdBadRequestError, match="not leader"):
        await connected.proclaim_election(leader, b"third")


async def test_another_leads_after_a_resignation(connected: EtcdCommunicator) -> None:
    one, other = await connected.grant_lease(60), await connected.grant_lease(60)
    first = await connected.campaign_election(b"election", one)
    campaign = asyncio.create_task(connected.campaign_election(b"election", other, b"other"))

    async def both_wait() -> bool:
        return len(await connected.keys_prefix("election/")) == 2

    await eventually_async(both_wait, 30)
    assert not campaign.done()
    await connected.resign_election(first)
    assert (await asyncio.wait_for(campaign, 30)).lease == other


async def test_an_election_is_observed(connected: EtcdCommunicator) -> None:
    lease = await connected.grant_lease(60)
    leader = await connected.campaign_election(b"election", lease, b"first")
    seen: list[bytes] = []
    async for event in connected.observe_election(b"election"):
        seen.append(event.kv.value)
        if len(seen) == 2:
            break
        await connected.proclaim_election(leader, b"second")
    assert seen == [b"first", b"second"]


async def test_a_campaign_needs_its_lease(connected: EtcdCommunicator) -> None:
    with pytest.raises(EtcdNotFoundError, match="lease"):
        await connected.campaign_election(b"election", 4711)
