"""Each call that the migration page names runs here as it stands in its left column."""

from __future__ import annotations

import asyncio
import builtins
import re
from typing import Any

import pytest

import etcd_client.compat.aio_etcd as etcd
from tests.docs.coming_from.rows import execute, rows

CALLS = [row.there for row in rows() if row.client == "python-aio-etcd"]
# What cannot be run alone: the end of a `try`, and a line of the README that is no Python.
NO_PROGRAMS = {"except etcd.EtcdKeyNotFound: ...", "directory.next(children).value"}
PROGRAMS = [call for call in CALLS if call not in NO_PROGRAMS]


def test_nearly_all_of_them_are_programs() -> None:
    assert len(PROGRAMS) > 35
    assert set(CALLS) >= NO_PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS)
async def test_the_call_runs(program: str, v2: etcd.Client) -> None:
    names = await prepared(program, v2)
    code = re.sub(r"\.\.\.$", "pass", program)
    if "watch(" in code or "wait=True" in code:
        writing = asyncio.create_task(keep_writing(v2))
        await asyncio.wait_for(execute(code, names), 20)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    else:
        await execute(code, names)


async def keep_writing(v2: etcd.Client) -> None:
    """Change what is watched until the watch has seen it."""
    for number in range(1000):
        await v2.set("/nodes/n1", number)
        await asyncio.sleep(0.02)


async def prepared(program: str, v2: etcd.Client) -> dict[str, Any]:
    """Return the names that the cells of the page use."""
    result = await v2.set("/nodes/n1", "1")
    last = await v2.set("/nodes/n2", "4")
    await v2.write("/dir/name", "first", append=True)
    names: dict[str, Any] = {
        "__builtins__": builtins,
        "asyncio": asyncio,
        "client": v2,
        "etcd": etcd,
        "Lock": etcd.Lock,
        "result": result,
        "directory": await v2.get("/dir/name"),
        "n": last.modifiedIndex if "prevIndex" in program else result.modifiedIndex,
        "lock": etcd.Lock(v2, "my_lock_name"),
    }
    if "prevExist=False" in program:
        await v2.delete("/nodes/n2")
    if "release" in program:
        await names["lock"].acquire()
    return names
