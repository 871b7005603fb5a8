"""Reading and writing keys."""

from __future__ import annotations

from typing import Any

from etcd_client import SortOrder, SortTarget
from tests.typing.world import KEY, PREFIX, VALUE, Cases, World

END = b"conformance0"  # after all keys with the prefix


async def compact(world: World) -> Any:
    """Compacts what the preparation wrote."""
    response = await world.communicator.put(KEY, VALUE)
    return world.communicator.compact(response.header.revision, physical=True)


async def next_of_a_scan(world: World) -> Any:
    """A step of the iteration."""
    return world.communicator.scan_prefix(PREFIX).__anext__()


CASES: Cases = {
    "Communicator.compact": (compact,),
    "Communicator.count_prefix": (lambda world: world.communicator.count_prefix(PREFIX),),
    "Communicator.delete": (
        lambda world: world.communicator.delete(KEY, prev_kv=True),
        lambda world: world.communicator.delete("missing", timeout=5),
        lambda world: world.communicator.delete(PREFIX, range_end=END),
    ),
    "Communicator.delete_prefix": (
        lambda world: world.communicator.delete_prefix(PREFIX, prev_kv=True),
    ),
    "Communicator.delete_range": (
        lambda world: world.communicator.delete_range(PREFIX, END, prev_kv=True),
    ),
    "Communicator.get": (
        lambda world: world.communicator.get(KEY),
        lambda world: world.communicator.get("missing", serializable=True),
    ),
    "Communicator.get_kv": (
        lambda world: world.communicator.get_kv(KEY),
        lambda world: world.communicator.get_kv("missing"),
    ),
    "Communicator.get_prefix": (
        lambda world: world.communicator.get_prefix(
            PREFIX, sort_order=SortOrder.DESCEND, sort_target=SortTarget.MOD, limit=2
        ),
    ),
    "Communicator.get_range": (lambda world: world.communicator.get_range(PREFIX, END),),
    "Communicator.keys_prefix": (lambda world: world.communicator.keys_prefix(PREFIX),),
    "Communicator.keys_range": (lambda world: world.communicator.keys_range(PREFIX, END),),
    "Communicator.namespace": (lambda world: world.communicator.namespace(PREFIX),),
    "Communicator.put": (
        lambda world: world.communicator.put(KEY, VALUE),
        lambda world: world.communicator.put(KEY, VALUE, prev_kv=True),
    ),
    "Communicator.range": (
        lambda world: world.communicator.range(PREFIX, prefix=True),
        lambda world: world.communicator.range(KEY, from_key=True, count_only=True),
    ),
    "Communicator.scan_prefix": (lambda world: world.communicator.scan_prefix(PREFIX),),
    "Communicator.scan_range": (lambda world: world.communicator.scan_range(PREFIX, END),),
    "Scan.__aiter__": (lambda world: world.communicator.scan_prefix(PREFIX).__aiter__(),),
    "Scan.__anext__": (next_of_a_scan,),
}
