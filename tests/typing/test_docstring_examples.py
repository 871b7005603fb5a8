"""Every example in the documentation runs and shows what it says.

The examples are sessions of Python's asyncio prompt (`python -m asyncio`), in which `endpoint`,
`client` and `communicator` are there: an etcd, a client of it, and an open connection.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import doctest
import inspect
import io
import types
from typing import Any

import pytest

from etcd_client import Client, Communicator, telemetry, testing
from etcd_client.telemetry.opentelemetry import OpenTelemetryHooks
from etcd_client.telemetry.prometheus import PrometheusHooks
from tests.typing.declarations import functions, public_classes, public_members

EXAMPLES: dict[str, list[doctest.Example]] = {
    name: parsed
    for name, doc in (
        *((known.name, known.doc) for known in public_classes().values()),
        *((member.qualified_name, member.doc) for member in public_members()),
        *((name, getattr(testing, name).__doc__ or "") for name in testing.__all__),
        *((name, getattr(telemetry, name).__doc__ or "") for name in telemetry.__all__),
        *((hooks.__name__, hooks.__doc__ or "") for hooks in (OpenTelemetryHooks, PrometheusHooks)),
    )
    if (parsed := doctest.DocTestParser().get_examples(doc))
}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example_shows_what_happens(
    name: str, endpoint: str, client: Client, communicator: Communicator
) -> None:
    session: dict[str, Any] = {
        "__builtins__": builtins,
        "endpoint": endpoint,
        "client": client,
        "communicator": communicator,
    }
    for example in EXAMPLES[name]:
        shown = await enter(example.source, session)
        assert doctest.OutputChecker().check_output(example.want, shown, doctest.ELLIPSIS), (
            f"{name}\n{example.source}should print:\n{example.want}and printed:\n{shown}"
        )


def test_every_class_to_work_with_has_an_example() -> None:
    """Errors and enums do without; so do value classes, which the examples of others return."""
    to_work_with = {
        known.name
        for known in public_classes().values()
        if known.methods and not (known.is_record or is_error_or_enum(known.name))
    }
    documented_functions = {name for name, member in functions().items() if member.doc}
    to_test_with = {"EtcdServer", "EtcdCluster", "Proxy"}
    assert to_work_with | to_test_with <= EXAMPLES.keys()
    assert {"active_context_count", "cleanup_runtime"} <= documented_functions & EXAMPLES.keys()


def is_error_or_enum(name: str) -> bool:
    """Tell by the module in which a class stands."""
    import etcd_client.enums  # noqa: PLC0415
    import etcd_client.errors  # noqa: PLC0415

    return name in {*etcd_client.enums.__all__, *etcd_client.errors.__all__}


async def enter(source: str, session: dict[str, Any]) -> str:
    """Run a statement as the asyncio prompt would, and return what it prints."""
    printed = io.StringIO()
    code = compile(source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(printed):
        outcome = types.FunctionType(code, session)()
        if inspect.iscoroutine(outcome):
            await outcome
    return printed.getvalue()
