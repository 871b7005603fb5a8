"""What several fault tests do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from etcd_client import (
    Client,
    Communicator,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    OutcomeUnknownError,
    RpcError,
    WatchEvent,
)
from tests.support.front import Front

E = TypeVar("E", bound=EtcdError)

# What a call may raise while the network or the cluster is broken; anything else is a defect.
PASSING = (EtcdConnectionError, EtcdTimeoutError, OutcomeUnknownError, RpcError)


async def in_use(communicator: Communicator, front: Front) -> int:
    """Return the place in `front` of the member that answers now."""
    response = await communicator.range(b"who answers?", serializable=True)
    return front.number(response.header.member_id)


async def steer(communicator: Communicator, front: Front, number: int) -> None:
    """Have the calls go to one member, as if chance had chosen it."""
    for other, proxy in enumerate(front.proxies):
        if other != number:
            await asyncio.to_thread(proxy.refuse)
            await asyncio.to_thread(proxy.drop)
    assert await in_use(communicator, front) == number
    await asyncio.to_thread(front.heal)
    assert await in_use(communicator, front) == number


async def all_caught_up(front: Front) -> None:
    """Wait until each member has carried out what was done before, such as a compaction."""
    for member in front.members:
        async with Client(member.endpoint).connect() as communicator:
            await communicator.get(b"who is behind?")


async def succeeds(
    call: Callable[[], Awaitable[object]],
    attempts: int = 5,
    passing: tuple[type[EtcdError], ...] = PASSING,
) -> int:
    """Make a call until it succeeds, and return after how many failures it did."""
    for failures in range(attempts):
        try:
            await call()
        except passing as error:  # noqa: PERF203 - that is what it counts
            print(f"attempt {failures}: {error!r}")
        else:
            return failures
    message = f"no success in {attempts} attempts"
    raise AssertionError(message)


async def fails_at_its_deadline(
    kind: type[E], call: Callable[[], Awaitable[object]], attempts: int = 5
) -> E:
    """Make a call that tries in vain until its deadline, and return the error.

    One whose deadline falls while an attempt is under way tells only that: it is made again.
    """
    for attempt in range(attempts):
        try:
            await call()
        except kind as error:  # noqa: PERF203 - each attempt may fail
            return error
        except (EtcdTimeoutError, OutcomeUnknownError) as error:
            if "no answer within the deadline" not in str(error):
                raise
            print(f"attempt {attempt}: {error!r}")
        else:
            message = "the call has succeeded"
            raise AssertionError(message)
    message = f"no {kind.__name__} in {attempts} attempts"
    raise AssertionError(message)


async def take(
    watch: AsyncIterator[WatchEvent], count: int, within: float = 20.0
) -> list[WatchEvent]:
    """Read that many events."""
    return [await asyncio.wait_for(anext(watch), within) for _ in range(count)]


async def values(watch: AsyncIterator[WatchEvent], count: int, within: float = 20.0) -> list[bytes]:
    """Read that many events and return their values."""
    return [event.value for event in await take(watch, count, within)]
