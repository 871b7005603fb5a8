"""Whatever a public signature names can be imported, and what is private stays out of it."""

from __future__ import annotations

import ast
import builtins
import inspect
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import etcd_client
from tests.typing.declarations import annotations_of_members, classes, functions, type_aliases

ROOT = Path(__file__).parents[2]

# Programs get these from a call and never make them, so that their constructors are no API.
MADE_BY_A_CALL = {
    "Cache",
    "CacheChanges",
    "CacheSnapshot",
    "Communicator",
    "Job",
    "KeyField",
    "Leaders",
    "Lease",
    "LeaseGrant",
    "Loss",
    "Partition",
    "Registration",
    "Scan",
}

# What annotations take from the standard library.
STANDARD = {
    "Any",
    "AsyncIterator",
    "Awaitable",
    "Callable",
    "Coroutine",
    "Generator",
    "GenericAlias",
    "Iterable",
    "Iterator",
    "Mapping",
    "NoReturn",
    "PathLike",
    "Path",
    "Self",
    "Sequence",
    "TracebackType",
    "asyncio",
}
TYPE_VARIABLES = {"_D", "_Operand", "_T", "_T_co", "_V"}


def named_in_signatures() -> Iterator[tuple[str, str]]:
    """Yield each public member with each name that its annotations have."""
    for owner, member, annotation in annotations_of_members():
        if member in {"__init__", "__new__"} and owner in MADE_BY_A_CALL:
            continue
        if (owner or member) not in etcd_client.__all__:
            continue
        for node in ast.walk(ast.parse(annotation, mode="eval")):
            if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
                yield f"{owner}.{member}".strip("."), node.id


NAMED = sorted({*named_in_signatures()})


def test_signatures_name_only_what_can_be_imported() -> None:
    known = {*etcd_client.__all__, *STANDARD, *TYPE_VARIABLES}
    assert [(member, name) for member, name in NAMED if name not in known] == []


def test_every_signature_is_looked_at() -> None:
    """Public functions, and methods of native and of Python classes, by name and by argument."""
    assert ("Communicator.put", "LeaseId") in NAMED
    assert ("Key.with_range", "BytesLike") in NAMED
    assert ("ConnectOptions.__new__", "PemSource") in NAMED
    assert {name for _, name in NAMED} | {"Path"} >= STANDARD
    assert {"cleanup_runtime"} <= functions().keys()
    assert classes().keys() >= MADE_BY_A_CALL


@pytest.mark.parametrize("name", type_aliases())
def test_names_of_types_are_there_at_run_time(name: str) -> None:
    """A program may annotate with them, and ask for its own annotations."""
    namespace: dict[str, object] = {}
    source = f"from etcd_client import {name}\ndef function(argument: {name}) -> None: ..."
    exec(source, namespace)  # noqa: S102 - written above
    function = namespace["function"]
    assert callable(function)
    annotation = inspect.get_annotations(function, eval_str=True)["argument"]
    assert get_args(annotation)


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'etcd_client' has no attribute 'Clinet'"):
        etcd_client.Clinet  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Clinet' from 'etcd_client'"):
        from etcd_client import Clinet  # type: ignore[attr-defined]  # noqa: F401, PLC0415


def test_what_few_programs_need_is_loaded_when_asked_for() -> None:
    """Each module here is paid for by every program when it starts: add one only for a reason."""
    program = """
import atexit, os, sys, typing
before = {*sys.modules}
import etcd_client
print(*sorted({*sys.modules} - before - {"__future__", "etcd_client"}))
from etcd_client import Lock
assert vars(etcd_client)["Lock"] is Lock
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [
        "etcd_client._changes",
        "etcd_client._changes.calls",
        "etcd_client._client",
        "etcd_client._communicator",
        "etcd_client._discovery",
        "etcd_client._etcd_client",
        "etcd_client._lazy",
    ]


def test_errors_are_loaded_before_there_can_be_any() -> None:
    """A process that has no free file descriptors could not load it."""
    program = """
import asyncio, sys
import etcd_client

async def main():
    client = etcd_client.Client("127.0.0.1:1")
    sys.meta_path.clear()
    try:
        await (await client.open()).get("key", timeout=0.2)
    except etcd_client.EtcdConnectionError as error:
        print(type(error).__name__)

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["UnreachableError"]


def test_exceptions_and_enumerations_are_reached_through_the_package() -> None:
    """As programs reach them that import the package alone."""
    program = """
import etcd_client
assert etcd_client.errors.RpcError is etcd_client.RpcError
assert etcd_client.enums.SortOrder is etcd_client.SortOrder
assert etcd_client.GRPCStatusCode is etcd_client.RpcError("").code.__class__
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_classes_are_pickled_by_their_public_name() -> None:
    for value in (etcd_client.CompareOp.EQUAL, etcd_client.SavedSnapshot):
        assert b"etcd_client" in pickle.dumps(value)
        assert b"etcd_client." not in pickle.dumps(value)


def test_the_version_is_that_of_the_package() -> None:
    """The number stands in two files, and the native module has that of the one it was built by."""
    versions = {
        re.findall(r'^version = "(.+)"$', (ROOT / name).read_text(), re.MULTILINE)[0]
        for name in ("pyproject.toml", "Cargo.toml")
    }
    assert versions == {etcd_client.__version__}
