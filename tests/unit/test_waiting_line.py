"""The line of those who change the same key: its order, and what is known in it."""

import asyncio

import pytest

from etcd_client import KeyValue
from etcd_client._kv.waiting_line import Place, WaitingLine

KV = KeyValue(b"key", b"value", 1, 1, 1, 0)


async def test_the_turn_goes_round_in_the_order_of_arrival() -> None:
    line = WaitingLine()
    order = []

    async def work(number: int) -> None:
        place = Place(line)
        await place.turn()
        await asyncio.sleep(0)
        order.append(number)
        place.leave()

    await asyncio.gather(*(work(number) for number in range(5)))
    assert order == list(range(5))


async def test_one_that_is_cancelled_holds_up_nobody() -> None:
    line = WaitingLine()
    await line.enter()
    waiting = [asyncio.create_task(line.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    line.leave()
    # Its turn has come, and it has not run yet.
    waiting[1].cancel()
    await asyncio.wait_for(waiting[2], timeout=10)
    with pytest.raises(asyncio.CancelledError):
        await waiting[1]
    line.leave()
    await asyncio.wait_for(line.enter(), timeout=10)


def test_an_answer_tells_only_those_who_were_there_when_it_was_asked_for() -> None:
    """Between a request and its answer the key may be changed, before somebody else comes."""
    line = WaitingLine()
    early = Place(line)
    assert not early.knows
    asked = early.asks()
    late = Place(line)
    early.learns(KV, asked, 1)
    assert early.knows
    assert early.kv == KV
    assert not late.knows
    late.learns(None, late.asks(), 2)
    assert late.knows
    assert (late.kv, late.revision) == (None, 2)
    late.forgets()
    assert not late.knows
