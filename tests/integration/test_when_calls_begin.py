"""What begins when it is made, and what begins when it is awaited, as `docs/guarantees.md` says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from etcd_client import Client, Communicator, Counter, Lock, Queue, Session, Txn, TxnOp
from tests.support import tasks
from tests.support.waiting import eventually_async

Begin = Callable[[Communicator, Session], Awaitable[object]]

AT_ONCE: dict[str, Begin] = {
    "put": lambda communicator, _: communicator.put("key", "value"),
    "txn": lambda communicator, _: communicator.txn(Txn().and_then([TxnOp.put("key", "value")])),
    "create": lambda communicator, _: communicator.create("key", "value"),
    "Queue.put": lambda communicator, _: Queue(communicator, "queue").put("item"),
    "Lock.acquire": lambda communicator, _: Lock(communicator, "lock").acquire(),
    "session.lock": lambda _, session: session.lock("lock").acquire(),
}
ON_AWAIT: dict[str, Begin] = {
    "update": lambda communicator, _: communicator.update("key", lambda _: "value"),
    "append": lambda communicator, _: communicator.append("keys/", "value"),
    "stm": lambda communicator, _: communicator.stm(lambda stm: stm.put("key", "value")),
    "Counter.add": lambda communicator, _: Counter(communicator, "counter").add(),
    "Queue.put_many": lambda communicator, _: Queue(communicator, "queue").put_many(["item"]),
    "Session.register": lambda _, session: session.register("key", "value"),
    "put(once=)": lambda communicator, session: communicator.put("key", "value", once=session),
}


async def has_keys(communicator: Communicator) -> bool:
    """Return whether there is a key."""
    return bool(await communicator.keys_prefix(""))


@pytest.mark.parametrize("name", AT_ONCE)
async def test_begins_when_it_is_made(
    name: str, communicator: Communicator, client: Client
) -> None:
    async with communicator.session(ttl=60) as session, client.connect() as other:
        call = AT_ONCE[name](communicator, session)
        await eventually_async(partial(has_keys, other))
        await call
        assert await has_keys(other)


@pytest.mark.parametrize("name", ON_AWAIT)
async def test_begins_when_it_is_awaited(
    name: str, communicator: Communicator, client: Client
) -> None:
    async with communicator.session(ttl=60) as session, client.connect() as other:
        call = ON_AWAIT[name](communicator, session)
        await tasks.sleep(0.3)
        assert not await has_keys(other)
        await call
        assert await has_keys(other)
