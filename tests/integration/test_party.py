"""Parties: who is there, from joining to leaving or the end of the session."""

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    EtcdTimeoutError,
    InvalidArgsError,
    KeyExistsError,
    Party,
)
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.leftovers import nothing_left
from tests.support.waiting import eventually_async

NAME = "party"
# A machine that is held up for a second or two must not let it expire.
TTL = 6


async def test_party(communicator: Communicator, endpoint: str) -> None:
    """What kazoo's test of this name tests."""
    async with communicator.session(TTL) as session:
        parties = [Party(session, NAME, f"p{number}") for number in range(5)]
        assert await parties[0].members() == {}
        there: list[bytes] = []
        for party in parties:
            assert not party.is_joined
            await party.join()
            there.append(party.value)
            assert party.is_joined
            assert [*(await party.members()).values()] == there
        for party in parties:
            await party.leave()
            there.remove(party.value)
            assert not party.is_joined
            assert [*(await party.members()).values()] == there
    await nothing_left(endpoint)


async def test_names_of_members(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session, communicator.session(TTL) as other:
        async with Party(session, NAME, "here", member=b"\xff\0") as party:
            assert await Party(communicator, NAME).members() == {b"\xff\0": b"here"}
            assert (party.name, party.member) == (b"party", b"\xff\0")
            with pytest.raises(KeyExistsError) as raised:
                await Party(other, NAME, "there", member=b"\xff\0").join()
            assert raised.value.kv is not None
            assert raised.value.kv.value == b"here"
            await party.join()
            assert repr(party) == r"<Party b'party' joined as b'\xff\x00'>"
        await Party(other, NAME, "there", member=b"\xff\0").join()
        assert len({Party(session, NAME).member for _ in range(10)}) == 10


async def test_a_value_is_replaced(communicator: Communicator) -> None:
    async with communicator.session(TTL) as session:
        party = Party(session, NAME, "old", member="m")
        with pytest.raises(ClosedError, match="was not joined"):
            await party.update("new")
        await party.join()
        await party.update("new")
        assert party.value == b"new"
        assert await party.members() == {b"m": b"new"}
        await party.leave()
        await party.leave()
        assert party.value == b"new"


async def test_a_member_vanishes_with_its_session(communicator: Communicator) -> None:
    async with communicator.session(TTL) as watching:
        party = Party(watching, NAME)
        async with party.view() as members:
            async with communicator.session(TTL) as session:
                await Party(session, NAME, "here", member="m").join()
                await members.wait_until(lambda members: b"m" in members, timeout=5)
                assert members["m"] == b"here"
            await members.wait_until(lambda members: not members, timeout=5)


async def test_a_member_comes_back_after_a_loss(communicator: Communicator) -> None:
    async with communicator.session(TTL, on_loss=lambda _: None) as session:
        party = Party(session, NAME, "here", member="m")
        async with party, party.view() as members:
            changes = members.changes()
            await communicator.lease_revoke(session.id)
            gone = (await tasks.wait_for(anext(changes), 10))[0]
            assert (gone.key, gone.new) == (b"m", None)
            back = (await tasks.wait_for(anext(changes), 10))[0]
            assert back.new is not None
            assert back.new.value == b"here"

            def joined() -> bool:
                return party.is_joined

            await eventually_async(joined)
            await party.update("there")
        assert await party.members() == {}


async def test_an_error_in_the_body_leaves_the_party(
    communicator: Communicator, endpoint: str
) -> None:
    async with communicator.session(TTL) as session:
        with pytest.raises(KeyError):
            async with Party(session, NAME):
                raise KeyError
        assert await Party(session, NAME).members() == {}
    await nothing_left(endpoint)


async def test_joining_that_is_cancelled(communicator: Communicator, endpoint: str) -> None:
    joined: set[bytes] = set()
    async with communicator.session(TTL) as session:
        for step in range(10):
            party = Party(session, NAME)
            task = tasks.create_task(party.join())
            await tasks.sleep(step * 0.0002)
            task.cancel()
            await tasks.wait({task})
            if not task.cancelled():
                joined.add(party.member)

        async def as_expected() -> bool:
            return set(await Party(session, NAME).members()) == joined

        await eventually_async(as_expected)
    await nothing_left(endpoint)


async def test_joining_that_is_cancelled_as_the_answer_is_on_its_way(
    communicator: Communicator, proxy: Proxy
) -> None:
    async with Client(proxy.endpoint).connect() as far, far.session(60) as session:
        await tasks.to_thread(proxy.delay, 0.3)
        for number in range(3):
            # The server has the request after 0.3 s, and the answer takes 0.6 s.
            party = Party(session, NAME)
            task = tasks.create_task(party.join())
            await tasks.sleep(0.36 + number * 0.06)
            task.cancel()
            await tasks.wait({task})
            if not task.cancelled():
                # The machine was held up until it came.
                await party.leave()
            assert await Party(communicator, NAME).members() == {}
        await tasks.to_thread(proxy.heal)


async def test_joining_that_fails_as_the_answer_is_on_its_way(
    communicator: Communicator, proxy: Proxy
) -> None:
    async with Client(proxy.endpoint).connect() as far, far.session(60) as session:
        await tasks.to_thread(proxy.delay, 1)
        with pytest.raises(EtcdTimeoutError):
            await Party(session, NAME).join(timeout=1.3)
        await tasks.to_thread(proxy.heal)
        assert await Party(communicator, NAME).members() == {}


async def test_party_validation(communicator: Communicator) -> None:
    with pytest.raises(InvalidArgsError, match="made with a session"):
        await Party(communicator, NAME).join()
    with pytest.raises(ClosedError, match="not open"):
        await Party(communicator.session(), NAME).join()
    with pytest.raises(TypeError, match="session: expected Session or Communicator, got str"):
        Party("session", NAME)  # type: ignore[arg-type]
    for wrong in ({"name": 1}, {"name": NAME, "value": 1}, {"name": NAME, "member": 1}):
        with pytest.raises(TypeError, match="expected a bytes-like object or str"):
            Party(communicator, **wrong)
