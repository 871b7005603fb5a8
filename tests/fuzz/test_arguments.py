"""Arguments of any kind and size: an answer, or an error of the package's or of Python's kinds."""

import ast
import asyncio
import contextlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import etcd_client
from etcd_client import (
    Client,
    Communicator,
    Compare,
    CompareOp,
    EtcdError,
    SortOrder,
    SortTarget,
    Txn,
    TxnOp,
    WatchEventType,
    WatchFilterType,
)
from etcd_client.testing import EtcdServer

# A call with wrong arguments raises one of these, and at once.
EXPECTED = (EtcdError, TypeError, ValueError)

_STUB = Path(etcd_client.__file__).with_name("_etcd_client.pyi")
# Of its methods, those that are single calls.
_CLASS = Path(etcd_client.__file__).with_name("_communicator.py")
_SINGLE_CALLS = {"campaign"}
# `close` ends what the rest needs, and `set_endpoints` leads elsewhere.
_LEFT_OUT = {"close", "set_endpoints", "sync_endpoints", "namespace", "stats", "lock"}

SEVERAL = st.deferred(lambda: st.lists(ANYTHING, max_size=3))
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, -1, 2**31, 2**32, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400]),
    st.floats(),
    st.binary(max_size=20),
    st.builds(bytearray, st.binary(max_size=5)),
    st.sampled_from([memoryview(b""), memoryview(b"view")]),
    st.text(max_size=20),
    st.just("\ud800"),
    st.just(b"x" * 2_000_000),
    st.sampled_from([*SortOrder, *SortTarget, *WatchFilterType, *WatchEventType, *CompareOp]),
    st.just(object()),
    st.just(Txn()),
    st.just([Compare.version("a", CompareOp.EQUAL, 1), TxnOp.get("a")]),
    SEVERAL,
    SEVERAL.map(tuple),
)
# Most arguments have to be right for one that is wrong to be seen.
KEYS = st.sampled_from(["a", b"b", b"", bytearray(b"c")])


def methods(source: Path) -> list[ast.FunctionDef]:
    """Return the methods of a communicator that a file has."""
    (communicator,) = (
        node
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == "Communicator"
    )
    return [node for node in communicator.body if isinstance(node, ast.FunctionDef)]


def signatures() -> dict[str, tuple[list[str], list[str]]]:
    """Return the calls of a communicator with their positional and their named arguments."""
    native, package = methods(_STUB), methods(_CLASS)
    found = {}
    for node in [*native, *(node for node in package if node.name in _SINGLE_CALLS)]:
        if any(
            isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list
        ):
            continue
        if not node.name.startswith("_") and node.name not in _LEFT_OUT:
            positional = [argument.arg for argument in node.args.args[1:]]
            found[node.name] = positional, [argument.arg for argument in node.args.kwonlyargs]
    return found


SIGNATURES = signatures()


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[Any], dict[str, Any]]:
    """Draw a call and its arguments, one of them at least of any kind."""
    name = draw(st.sampled_from(sorted(SIGNATURES)))
    positional, named = SIGNATURES[name]
    wrong = draw(st.sampled_from([*positional, *named]))
    arguments = [draw(ANYTHING if each == wrong else KEYS | ANYTHING) for each in positional]
    chosen = draw(st.sets(st.sampled_from(named), max_size=3)) if named else set()
    options = {each: draw(ANYTHING) for each in sorted({*chosen, wrong} - set(positional))}
    if "timeout" in named and not isinstance(options.get("timeout"), (str, bytes, list)):
        # A wrong one has to be refused; a right one must not be long.
        timeout = options.get("timeout")
        long = not isinstance(timeout, float) or timeout > 1
        options["timeout"] = 0.5 if long else timeout
    return name, arguments, options


async def make(
    communicator: Communicator, name: str, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Make a call, and read from what it gives."""
    with contextlib.suppress(*EXPECTED):
        result = getattr(communicator, name)(*arguments, **options)
        if inspect.isawaitable(result):
            await asyncio.wait_for(result, 10)
            return
        try:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(anext(result), 0.05)
        finally:
            result.cancel()


def test_there_are_calls() -> None:
    assert {"get", "range", "put", "txn", "watch_many", "lease_grant", "campaign"} <= {*SIGNATURES}


@pytest.mark.timeout(3_000)
def test_any_argument(server: EtcdServer) -> None:
    loop = asyncio.new_event_loop()
    client = Client(server.endpoint)
    communicator = loop.run_until_complete(client.connect().__aenter__())

    @given(call=calls())
    @example(call=("lease_grant", [2**63 - 1], {"timeout": 0.5}))
    @example(call=("get", ["\ud800"], {}))
    def any_argument(call: tuple[str, list[Any], dict[str, Any]]) -> None:
        loop.run_until_complete(make(communicator, *call))

    try:
        any_argument()
        assert loop.run_until_complete(_lives(communicator))
    finally:
        loop.run_until_complete(communicator.aclose())
        loop.close()


async def _lives(communicator: Communicator) -> bool:
    await communicator.put("lives", "yes")
    return await communicator.get("lives") == b"yes"
