"""Elections: the calls of etcd's election service, and `Election`."""

import contextlib

import pytest

from etcd_client import (
    CampaignResponse,
    Client,
    ClosedError,
    Communicator,
    ElectError,
    Election,
    ElectionNoLeaderError,
    ElectionNotLeaderError,
    EtcdTimeoutError,
    InvalidArgsError,
    LeaderKey,
    LeaderResponse,
    LeaseNotFoundError,
    ProclaimResponse,
    ResignResponse,
)
from etcd_client.testing import EtcdServer, Proxy
from tests.support import tasks
from tests.support.leftovers import nothing_left
from tests.support.waiting import eventually_async

NAME = b"election"


def told(response: LeaderResponse) -> bytes:
    """Return what the leader proclaims."""
    return response.kv.value


@pytest.mark.both_loops
async def test_the_calls_of_the_service(communicator: Communicator, endpoint: str) -> None:
    lease = await communicator.lease_grant(60)
    campaign = await communicator.campaign(NAME, b"one", lease)
    assert isinstance(campaign, CampaignResponse)
    leader = campaign.leader
    assert leader == LeaderKey(NAME, b"election/%x" % lease.id, leader.rev, lease.id)
    assert leader.rev == campaign.header.revision

    found = await communicator.leader("election")
    assert isinstance(found, LeaderResponse)
    assert (found.kv.key, found.kv.value, found.kv.lease) == (leader.key, b"one", lease.id)

    proclaimed = await communicator.proclaim(leader, "two")
    assert isinstance(proclaimed, ProclaimResponse)
    assert told(await communicator.leader(NAME)) == b"two"

    assert isinstance(await communicator.resign(leader), ResignResponse)
    with pytest.raises(ElectionNoLeaderError) as raised:
        await communicator.leader(NAME)
    assert isinstance(raised.value, ElectError)
    with pytest.raises(ElectionNotLeaderError):
        await communicator.proclaim(leader, b"three")
    # Who has resigned already may do so again.
    await communicator.resign(leader)
    await communicator.lease_revoke(lease)
    await nothing_left(endpoint)


async def test_campaigns_one_after_another(communicator: Communicator) -> None:
    async with communicator.lease(60) as first, communicator.lease(60) as second:
        won = await communicator.campaign(NAME, b"first", first)
        waiting = tasks.create_task(communicator.campaign(NAME, b"second", second))
        await tasks.sleep(0.2)
        assert not waiting.done()
        await communicator.resign(won.leader)
        next_won = await tasks.wait_for(waiting, 5)
        assert next_won.leader.rev > won.leader.rev
        assert told(await communicator.leader(NAME)) == b"second"


async def test_a_campaign_ends_at_its_deadline(communicator: Communicator) -> None:
    async with communicator.lease(60) as first, communicator.lease(60) as second:
        await communicator.campaign(NAME, b"first", first)
        with pytest.raises(EtcdTimeoutError):
            await communicator.campaign(NAME, b"second", second, timeout=0.3)

        async def left_alone() -> bool:
            return await communicator.count_prefix(b"election/") == 1

        await eventually_async(left_alone)


async def test_a_campaign_needs_a_lease(communicator: Communicator) -> None:
    with pytest.raises(LeaseNotFoundError):
        await communicator.campaign(NAME, b"value", 12345)
    for wrong in ("lease", None):
        with pytest.raises(TypeError, match="lease"):
            await communicator.campaign(NAME, b"value", wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await communicator.proclaim(NAME, b"value")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="value"):
        async with communicator.lease(60) as lease:
            await communicator.campaign(NAME, 5, lease)  # type: ignore[arg-type]


@pytest.mark.both_loops
async def test_observes_leaders_and_what_they_proclaim(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    observer = communicator.observe(NAME)
    async with communicator.lease(60) as first, communicator.lease(60) as second:
        won = await communicator.campaign(NAME, b"first", first)
        assert told(await tasks.wait_for(anext(observer), 5)) == b"first"
        await communicator.proclaim(won.leader, b"again")
        assert told(await tasks.wait_for(anext(observer), 5)) == b"again"
        waiting = tasks.create_task(communicator.campaign(NAME, b"second", second))
        await tasks.sleep(0.1)
        await communicator.resign(won.leader)
        assert told(await tasks.wait_for(anext(observer), 5)) == b"second"
        await waiting
    observer.cancel()
    with pytest.raises(StopAsyncIteration):
        await anext(observer)
    await eventually_async(lambda: etcd.metrics().open_calls(grpc_method="Observe") == 0)


async def test_an_observer_that_is_dropped_ends(
    communicator: Communicator, etcd: EtcdServer
) -> None:
    observer = communicator.observe(NAME)
    await eventually_async(lambda: etcd.metrics().open_calls(grpc_method="Observe") == 1)
    del observer
    await eventually_async(lambda: etcd.metrics().open_calls(grpc_method="Observe") == 0)


async def test_an_observer_loses_nothing_to_cancelled_steps(communicator: Communicator) -> None:
    observer = communicator.observe(NAME)
    seen = []

    async def read() -> None:
        while b"9" not in seen:
            with contextlib.suppress(tasks.TimeoutError):
                seen.append(told(await tasks.wait_for(anext(observer), 0.0005)))

    async def told_last() -> bool:
        return b"%d" % number in seen

    reading = tasks.create_task(read())
    async with Election(communicator, NAME, b"0") as election:
        for number in range(10):
            if number > 0:
                await election.proclaim(b"%d" % number)
            # Of two in quick succession the first may be left out.
            await eventually_async(told_last)
        await tasks.wait_for(reading, 10)
    assert seen == [b"%d" % number for number in range(10)]


async def test_an_observer_goes_on_after_lost_connections(endpoint: str, proxy: Proxy) -> None:
    async with (
        Client(proxy.endpoint).connect() as communicator,
        Client(endpoint).connect() as other,
    ):
        observer = communicator.observe(NAME)
        async with Election(other, NAME, b"won") as election:
            assert told(await tasks.wait_for(anext(observer), 5)) == b"won"
            for number in range(5):
                await election.proclaim(b"%d" % number)
                assert told(await tasks.wait_for(anext(observer), 5)) == b"%d" % number
                proxy.drop()
            await election.proclaim(b"after")
            # What was told before the loss is not told again.
            assert told(await tasks.wait_for(anext(observer), 5)) == b"after"
        assert communicator.stats().resumes > 0


async def test_an_observer_ends_with_its_communicator(client: Client) -> None:
    async with client.connect() as communicator:
        observer = communicator.observe(NAME)
        waiting = tasks.ensure_future(anext(observer))
        await tasks.sleep(0.1)
    with pytest.raises(ClosedError):
        await waiting


async def test_an_observer_goes_on_after_compaction(communicator: Communicator) -> None:
    async with Election(communicator, NAME, b"leader"):
        revision = (await communicator.put(b"key", b"value")).header.revision
        await communicator.compact(revision)
        observer = communicator.observe(NAME)
        assert told(await tasks.wait_for(anext(observer), 5)) == b"leader"


@pytest.mark.both_loops
async def test_leads_for_the_time_of_a_context(communicator: Communicator, endpoint: str) -> None:
    election = Election(communicator, NAME, "node-1")
    assert repr(election) == "<Election b'election' not leader>"
    async with election as same:
        assert same is election
        assert election.is_leader
        assert repr(election) == "<Election b'election' leader>"
        leader = await election.leader()
        assert (leader.kv.key, leader.kv.value) == (election.key, b"node-1")
        assert leader.kv.create_revision == election.revision
        await election.proclaim("node-1 at work")
        assert told(await election.leader()) == b"node-1 at work"
        observed = await tasks.wait_for(anext(election.observe()), 5)
        assert observed is not None
        assert told(observed) == b"node-1 at work"
        assert not election.lost.is_set()
    assert not election.is_leader
    assert (election.key, election.revision) == (None, None)
    await nothing_left(endpoint)


async def test_one_leader_at_a_time(communicator: Communicator, endpoint: str) -> None:
    leading = 0
    leaders: list[int | None] = []

    async def run(number: int) -> None:
        nonlocal leading
        async with Election(communicator, NAME, str(number)) as election:
            leading += 1
            assert leading == 1
            assert told(await election.leader()) == str(number).encode()
            leaders.append(election.revision)
            leading -= 1

    await tasks.gather(*(run(number) for number in range(20)))
    revisions = [revision for revision in leaders if revision is not None]
    assert len(revisions) == 20
    assert revisions == sorted(revisions)
    await nothing_left(endpoint)


async def test_stands_against_campaigns_of_the_service(communicator: Communicator) -> None:
    election = Election(communicator, NAME)
    async with communicator.lease(60) as lease:
        won = await communicator.campaign(NAME, b"service", lease)
        standing = tasks.create_task(election.campaign(b"candidate"))
        await tasks.sleep(0.2)
        assert not standing.done()
        await communicator.resign(won.leader)
        await tasks.wait_for(standing, 5)
        assert told(await communicator.leader(NAME)) == b"candidate"
        await election.resign()


async def test_a_campaign_of_an_election_ends_in_time(
    communicator: Communicator, endpoint: str
) -> None:
    async with Election(communicator, NAME):
        with pytest.raises(EtcdTimeoutError, match="was not won"):
            await Election(communicator, NAME).campaign(timeout=0.3)
    await nothing_left(endpoint)


@pytest.mark.parametrize("delay", [0, 0.0005, 0.002, 0.1])
async def test_a_cancelled_candidacy_leaves_nothing(
    communicator: Communicator, endpoint: str, delay: float
) -> None:
    async with Election(communicator, NAME):
        for _ in range(5):
            standing = tasks.create_task(Election(communicator, NAME).campaign())
            await tasks.sleep(delay)
            standing.cancel()
            await tasks.gather(standing, return_exceptions=True)
    await nothing_left(endpoint)


async def test_a_lost_lead_is_told(communicator: Communicator) -> None:
    election = Election(communicator, NAME)
    with pytest.raises(ElectError, match="deleted"):  # noqa: PT012 - at its end
        async with election:
            await tasks.sleep(0.5)
            assert election.key is not None
            await communicator.delete(election.key)
            assert await tasks.wait_for(election.lost.wait(), 5)
            assert not election.is_leader
            with pytest.raises(ElectionNotLeaderError):
                await election.proclaim(b"value")
    # The object is of use again.
    async with election:
        assert election.is_leader


async def test_what_is_not_held_is_not_given_back(communicator: Communicator) -> None:
    election = Election(communicator, NAME)
    with pytest.raises(ElectError, match="not held"):
        await election.resign()
    with pytest.raises(ElectError, match="not held"):
        await election.proclaim(b"value")
    async with election:
        with pytest.raises(ElectError, match="already"):
            await election.campaign()
        await election.resign()


async def test_elections_of_a_namespace_live_under_it(communicator: Communicator) -> None:
    inside = communicator.namespace(b"/app/")
    async with Election(inside, NAME, b"inside") as election:
        assert election.key is not None
        assert election.key.startswith(b"election/")
        assert (await election.leader()).kv.key == election.key
        assert (await anext(inside.observe(NAME))).kv.key == election.key
        assert told(await communicator.leader(b"/app/election")) == b"inside"
        with pytest.raises(ElectionNoLeaderError):
            await communicator.leader(NAME)
    async with inside.lease(60) as lease:
        won = await inside.campaign(NAME, b"low-level", lease)
        assert (won.leader.name, won.leader.key) == (NAME, b"election/%x" % lease.id)
        await inside.proclaim(won.leader, b"value")
        assert (await inside.leader(NAME)).kv.key == won.leader.key
        await inside.resign(won.leader)
        with pytest.raises(ElectionNoLeaderError):
            await inside.leader(NAME)


async def test_refuses_a_candidacy_of_no_time(communicator: Communicator) -> None:
    with pytest.raises(InvalidArgsError, match="timeout"):
        await Election(communicator, NAME).campaign(timeout=0)
