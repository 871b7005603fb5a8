"""The calls about leases."""

from collections.abc import AsyncIterator

import pytest

from etcd_client import (
    Client,
    Communicator,
    InvalidArgsError,
    LeaseExistError,
    LeaseGrantResponse,
    LeaseKeepAliveResponse,
    LeaseNotFoundError,
    LeaseTimeToLiveResponse,
    LeaseTTLTooLargeError,
    OutcomeUnknownError,
    ResponseHeader,
)
from etcd_client.testing import Direction, Proxy
from tests.support.leftovers import leases
from tests.support.waiting import eventually_async

LARGEST_ID = 2**63 - 1


@pytest.mark.both_loops
async def test_grants_with_a_random_id(communicator: Communicator) -> None:
    granted = [await communicator.lease_grant(60) for _ in range(5)]
    ids = {lease.id for lease in granted}
    assert len(ids) == 5
    assert all(0 < lease_id <= LARGEST_ID for lease_id in ids)
    assert isinstance(granted[0], LeaseGrantResponse)
    assert isinstance(granted[0].header, ResponseHeader)
    assert {lease.ttl for lease in granted} == {60}
    assert set((await communicator.leases()).leases) == ids


async def test_grants_with_an_id_of_the_callers(communicator: Communicator) -> None:
    assert (await communicator.lease_grant(60, 7)).id == 7
    assert (await communicator.lease_grant(60, id=LARGEST_ID)).id == LARGEST_ID
    with pytest.raises(LeaseExistError):
        await communicator.lease_grant(60, id=7)
    # As in etcd's own API, 0 leaves the choice to others.
    assert (await communicator.lease_grant(60, id=0)).id != 0


async def test_says_the_ttl_that_the_server_granted(communicator: Communicator) -> None:
    # A server has a least TTL, which follows from its election timeout.
    granted = await communicator.lease_grant(1)
    assert granted.ttl >= 1
    assert (await communicator.lease_time_to_live(granted.id)).granted_ttl == granted.ttl


async def test_refuses_a_ttl_that_is_too_large(communicator: Communicator) -> None:
    with pytest.raises(LeaseTTLTooLargeError):
        await communicator.lease_grant(10_000_000_000)


async def test_deletes_the_keys_of_a_revoked_lease(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(60)
    await communicator.put(b"with", b"1", lease=lease.id)
    await communicator.put(b"without", b"2")
    kv = await communicator.get_kv(b"with")
    assert kv is not None
    assert kv.lease == lease.id
    response = await communicator.lease_revoke(lease.id)
    assert response.header.revision > kv.mod_revision
    assert await communicator.get(b"with") is None
    assert await communicator.get(b"without") == b"2"
    assert (await communicator.leases()).leases == ()


async def test_takes_an_object_with_an_id_for_a_lease(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(60)
    await communicator.put(b"key", b"value", lease=lease)
    assert (await communicator.lease_keep_alive(lease)).id == lease.id
    assert (await communicator.lease_time_to_live(lease)).id == lease.id
    await communicator.lease_revoke(lease)
    assert await communicator.get(b"key") is None


async def test_tells_the_time_to_live(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(60)
    await communicator.put(b"a", b"1", lease=lease)
    await communicator.put(b"b", b"2", lease=lease)
    without_keys = await communicator.lease_time_to_live(lease.id)
    assert isinstance(without_keys, LeaseTimeToLiveResponse)
    assert (without_keys.id, without_keys.granted_ttl, without_keys.keys) == (lease.id, 60, ())
    assert 50 < without_keys.ttl <= 60
    with_keys = await communicator.lease_time_to_live(lease.id, keys=True)
    assert sorted(with_keys.keys) == [b"a", b"b"]


async def test_tells_that_there_is_no_such_lease(communicator: Communicator) -> None:
    gone = await communicator.lease_time_to_live(12345, keys=True)
    assert (gone.id, gone.ttl, gone.granted_ttl, gone.keys) == (12345, -1, 0, ())
    with pytest.raises(LeaseNotFoundError):
        await communicator.lease_revoke(12345)
    with pytest.raises(LeaseNotFoundError):
        await communicator.lease_keep_alive(12345)
    with pytest.raises(LeaseNotFoundError):
        await communicator.put(b"key", b"value", lease=12345)


async def test_renews_once(communicator: Communicator) -> None:
    lease = await communicator.lease_grant(60)
    renewed = await communicator.lease_keep_alive(lease.id)
    assert isinstance(renewed, LeaseKeepAliveResponse)
    assert (renewed.id, renewed.ttl) == (lease.id, 60)


async def test_keys_of_a_namespace_are_told_without_it(communicator: Communicator) -> None:
    inside = communicator.namespace(b"/app/")
    lease = await inside.lease_grant(60)
    await inside.put(b"key", b"value", lease=lease)
    await communicator.put(b"elsewhere", b"value", lease=lease)
    assert (await inside.lease_time_to_live(lease, keys=True)).keys == (b"key",)
    told = (await communicator.lease_time_to_live(lease, keys=True)).keys
    assert sorted(told) == [b"/app/key", b"elsewhere"]


@pytest.mark.parametrize("ttl", [0, -1, -(2**63)])
async def test_refuses_a_ttl_below_a_second(communicator: Communicator, ttl: int) -> None:
    for call in (communicator.lease_grant, communicator.lease):
        with pytest.raises(ValueError, match="ttl") as raised:
            await call(ttl)
        assert isinstance(raised.value, InvalidArgsError)


@pytest.mark.parametrize("ttl", ["5", 5.0, None, True, b"5"])
async def test_refuses_a_ttl_of_another_type(communicator: Communicator, ttl: object) -> None:
    for call in (communicator.lease_grant, communicator.lease):
        with pytest.raises(TypeError, match="ttl"):
            await call(ttl)  # type: ignore[arg-type]


@pytest.mark.parametrize("lease", ["7", 7.0, None, True, object()])
async def test_refuses_an_id_of_another_type(communicator: Communicator, lease: object) -> None:
    calls = (
        communicator.lease_revoke,
        communicator.lease_keep_alive,
        communicator.lease_time_to_live,
    )
    for call in calls:
        with pytest.raises(TypeError, match="id"):
            await call(lease)  # type: ignore[arg-type]


async def test_refuses_an_id_of_more_than_64_bits(communicator: Communicator) -> None:
    with pytest.raises(ValueError, match="id"):
        await communicator.lease_revoke(2**63)


@pytest.fixture
async def lossy(endpoint: str, proxy: Proxy) -> AsyncIterator[Communicator]:
    """Yield a communicator whose connection goes through `proxy`."""
    assert endpoint
    async with Client(proxy.endpoint).connect() as connected:
        await connected.get(b"key")
        yield connected


async def test_a_grant_whose_answer_is_lost_is_made_once(
    lossy: Communicator, proxy: Proxy, endpoint: str
) -> None:
    proxy.cut(0, Direction.TO_CLIENT)
    granted = await lossy.lease_grant(60)
    assert granted.ttl == 60
    assert leases(endpoint) == [granted.id]


async def test_a_grant_with_an_id_whose_answer_is_lost_is_unclear(
    lossy: Communicator, proxy: Proxy, endpoint: str
) -> None:
    # It is made meanwhile: who hears of the cut may cancel what is not made yet.
    proxy.delay(0.2)
    proxy.cut(0, Direction.TO_CLIENT)
    # It might have been granted to another before.
    with pytest.raises(OutcomeUnknownError):
        await lossy.lease_grant(60, id=7)
    await eventually_async(lambda: leases(endpoint) == [7])


async def test_a_revocation_whose_answer_is_lost_has_happened(
    lossy: Communicator, proxy: Proxy, endpoint: str
) -> None:
    lease = await lossy.lease_grant(60)
    proxy.cut(0, Direction.TO_CLIENT)
    response = await lossy.lease_revoke(lease)
    assert response.header.revision > 0
    assert leases(endpoint) == []
