"""Each call that the migration page names runs here as it stands in its left column."""

from __future__ import annotations

import ast
import asyncio
import builtins
from typing import Any

import pytest

from etcd_client.compat import etcetra as module
from etcd_client.compat.etcetra import (
    CompareKey,
    EtcdClient,
    EtcdCommunicator,
    EtcdTransactionAction,
    HostPortPair,
    RangeRequestSortOrder,
    RangeRequestSortTarget,
    WatchEvent,
    WatchEventType,
    errors,
)
from tests.docs.coming_from.rows import execute, rows


def is_code(text: str) -> bool:
    """Tell whether a cell is a program, and not a list such as ``A.B, .C``."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


CALLS = [row.there for row in rows() if row.client == "etcetra"]
PROGRAMS = [call for call in CALLS if is_code(call)]


def test_nearly_all_of_them_are_programs() -> None:
    assert len(PROGRAMS) > 70
    assert len(CALLS) - len(PROGRAMS) < 6


@pytest.mark.parametrize("program", PROGRAMS)
async def test_the_call_runs(
    program: str, etcetra: EtcdClient, connected: EtcdCommunicator
) -> None:
    names = await prepared(program, etcetra, connected)
    outcome = await execute(program.removesuffix("...").rstrip() + body(program), names)
    if isinstance(outcome, asyncio.Task):
        outcome.cancel()
        await asyncio.gather(outcome, return_exceptions=True)


def body(program: str) -> str:
    """Return what stands for the three dots of a cell."""
    return " break" if program.startswith("async for") else " pass" * program.endswith("...")


async def prepared(
    program: str, client: EtcdClient, communicator: EtcdCommunicator
) -> dict[str, Any]:
    """Return the names that the cells of the page use."""
    await communicator.put("key", "value")
    await communicator.put("dir/1", "one")
    lease = await communicator.grant_lease(60)
    names: dict[str, Any] = {name: getattr(module, name) for name in module.__all__}
    names |= {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    if "leader" in program or "observe" in program or "get_election" in program:
        names["leader"] = await communicator.campaign_election(b"name", lease, b"me")
    return names | {
        "__builtins__": builtins,
        "asyncio": asyncio,
        "client": client,
        "communicator": communicator,
        "addr": HostPortPair("127.0.0.1", 2379),
        "compares": [CompareKey("key").version == 1],
        "builder": lambda success, failure: (success.get("key"), failure.get("key")),
        "event": WatchEvent("key", "value", None, WatchEventType.PUT),
        "lease_id": lease,
        "n": 1 if "min_" in program else (await communicator.channel.range("key")).header.revision,
        "success": EtcdTransactionAction(),
        "values": [],
        "DESCEND": RangeRequestSortOrder.DESCEND,
        "MOD": RangeRequestSortTarget.MOD,
    }
