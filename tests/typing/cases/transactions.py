"""Building and running transactions."""

from __future__ import annotations

from typing import Any

from etcd_client import Compare, CompareOp, Key, Txn, TxnOp
from tests.typing.world import KEY, PREFIX, VALUE, Cases, World

EQUAL = CompareOp.EQUAL
ALL_KINDS = (
    Txn()
    .when([Compare.value(KEY, EQUAL, VALUE)])
    .and_then(
        [
            TxnOp.get(KEY),
            TxnOp.put("new", VALUE, prev_kv=True),
            TxnOp.delete("old", prev_kv=True),
            TxnOp.txn(Txn().and_then([TxnOp.get(KEY, count_only=True)])),
        ]
    )
)


async def responses_of_all_kinds(world: World) -> Any:
    """Runs one operation of each kind.

    The responses are declared as `Any`, for the sake of those who know what they asked for.
    """
    call = world.communicator.txn(ALL_KINDS)
    kinds = [type(inner).__name__ for inner in (await call).responses]
    assert kinds == ["RangeResponse", "PutResponse", "DeleteResponse", "TxnResponse"]
    # A call that is over can be awaited again.
    return call


def compare_cases() -> Cases:
    """Each way to make a condition."""
    return {
        "Compare.create_revision": (lambda _: Compare.create_revision(KEY, EQUAL, 1),),
        "Compare.lease": (lambda _: Compare.lease(KEY, EQUAL, 0),),
        "Compare.mod_revision": (lambda _: Compare.mod_revision(KEY, EQUAL, 1),),
        "Compare.value": (lambda _: Compare.value(KEY, EQUAL, VALUE),),
        "Compare.version": (lambda _: Compare.version(KEY, EQUAL, 1),),
        "Compare.with_prefix": (lambda _: Compare.version(PREFIX, EQUAL, 1).with_prefix(),),
        "Compare.with_range": (lambda _: Compare.version(PREFIX, EQUAL, 1).with_range("d"),),
    }


def succeeded(condition: Compare) -> Any:
    """Ask a response for its outcome."""

    async def case(world: World) -> bool:
        return (await world.communicator.txn(Txn().when([condition]))).succeeded()

    return case


CASES: Cases = {
    **compare_cases(),
    "Communicator.txn": (
        responses_of_all_kinds,
        lambda world: world.communicator.txn(Txn(), timeout=5),
    ),
    "Key.with_prefix": (lambda _: Key(PREFIX).with_prefix(),),
    "Key.with_range": (lambda _: Key(PREFIX).with_range("d"),),
    "Txn.and_then": (lambda _: Txn().and_then([TxnOp.get(KEY)]),),
    "Txn.or_else": (lambda _: Txn().or_else([TxnOp.get(KEY)]),),
    "Txn.when": (lambda _: Txn().when([Compare.value(KEY, EQUAL, VALUE)]),),
    "TxnOp.delete": (lambda _: TxnOp.delete(KEY, prefix=True),),
    "TxnOp.get": (lambda _: TxnOp.get(KEY, from_key=True),),
    "TxnOp.put": (lambda _: TxnOp.put(KEY, VALUE, prev_kv=True),),
    "TxnOp.txn": (lambda _: TxnOp.txn(Txn()),),
    "TxnResponse.succeeded": (
        succeeded(Compare.value(KEY, EQUAL, VALUE)),
        succeeded(Compare.value(KEY, EQUAL, "another")),
    ),
}
