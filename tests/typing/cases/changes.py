"""Changes in several steps: compare and swap, sequential keys, changes that are made once."""

from __future__ import annotations

import inspect
from typing import Any

from etcd_client import STM, SyncSTM, Txn, TxnOp
from tests.typing.cases.sessions import opened
from tests.typing.world import KEY, PREFIX, VALUE, Case, Cases, World


def once(name: str, *arguments: Any, **options: Any) -> Case:
    """Make a case that calls a method of the communicator with a session."""

    async def case(world: World) -> Any:
        session = await opened(world)
        return getattr(world.communicator, name)(*arguments, **options, once=session)

    return case


async def replacing(world: World) -> Any:
    """Replace what is there."""
    kv = await world.communicator.get_kv(KEY)
    assert kv is not None
    return world.communicator.replace(kv, "another")


ONCE: Cases = {
    "Communicator.delete": (once("delete", KEY), once("delete", PREFIX, prefix=True)),
    "Communicator.delete_prefix": (once("delete_prefix", PREFIX, prev_kv=True),),
    "Communicator.delete_range": (once("delete_range", "a", "b"),),
    "Communicator.put": (once("put", KEY, VALUE), once("put", KEY, VALUE, prev_kv=True)),
    "Communicator.txn": (
        once("txn", Txn().and_then([TxnOp.put(KEY, VALUE)])),
        once("txn", Txn().and_then([TxnOp.get(KEY)])),
    ),
}


def stm(name: str, *arguments: Any, **options: Any) -> Cases:
    """Make a case for a method of `STM`, and one for the same method of `SyncSTM`."""

    async def of_stm(world: World) -> Any:
        async def function(txn: STM) -> Any:
            returned = getattr(txn, name)(*arguments, **options)
            return await returned if inspect.isawaitable(returned) else returned

        result = await world.communicator.stm(function)
        return as_awaitable(result) if name in {"get", "range", "rev"} else result

    def of_sync_stm(world: World) -> Any:
        def function(txn: SyncSTM) -> Any:
            return getattr(txn, name)(*arguments, **options)

        return world.communicator.stm(function)

    async def now(world: World) -> Any:
        return await of_sync_stm(world)

    return {f"STM.{name}": (of_stm,), f"SyncSTM.{name}": (now,)}


async def as_awaitable(value: Any) -> Any:
    """Return what an async method is to be awaited for."""
    return value


CASES: Cases = {
    **stm("delete", KEY),
    **stm("get", KEY),
    **stm("put", KEY, VALUE),
    **stm("range", PREFIX, prefix=True),
    **stm("rev", KEY),
    "Communicator.stm": (lambda world: world.communicator.stm(lambda txn: txn.get(KEY)),),
    "Communicator.append": (
        lambda world: world.communicator.append("jobs/", VALUE),
        once("append", "jobs/", VALUE),
    ),
    "Communicator.create": (
        lambda world: world.communicator.create("new", VALUE, timeout=5),
        once("create", "new", VALUE),
    ),
    "Communicator.replace": (replacing,),
    "Communicator.update": (
        lambda world: world.communicator.update(KEY, lambda _: "another"),
        lambda world: world.communicator.update(KEY, lambda _: None),
        once("update", "new", bytes.upper, default=b"a"),
    ),
}
