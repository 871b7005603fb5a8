"""What the package exports is what its sources declare, in order and with documentation."""

from __future__ import annotations

import ast
import re
from types import ModuleType

import pytest

import etcd_client
from etcd_client import enums, errors
from tests.typing.declarations import (
    PACKAGE,
    Class,
    Member,
    aliases,
    classes,
    functions,
    public_classes,
    public_members,
    type_aliases,
)

# What the package has for itself, or returns without a need for its name.
INTERNAL = {
    "Acquirable",
    "Backend",
    "Background",
    "Backlog",
    "Backoff",
    "CancelScope",
    "Cancelled",
    "Change",
    "Changes",
    "Claim",
    "Connected",
    "Consumers",
    "Contender",
    "Contents",
    "Deadline",
    "Event",
    "Failure",
    "Follower",
    "Found",
    "FunctionRun",
    "Future",
    "HeldLease",
    "HeldLocks",
    "Line",
    "Loaded",
    "LoopBridge",
    "Marker",
    "Markers",
    "Merger",
    "Mutex",
    "Named",
    "Next",
    "NotOpen",
    "PartitionGroup",
    "Place",
    "QueueKeys",
    "RangeReader",
    "ReadFirst",
    "Reads",
    "RegisteredKey",
    "Registrar",
    "Shield",
    "Span",
    "StartedCoroutine",
    "StatsSource",
    "Step",
    "Stream",
    "Swapping",
    "TemporaryFile",
    "ThreadFuture",
    "ThreadHandle",
    "TooFarBehindError",
    "TrioLoop",
    "Turn",
    "Waiters",
    "WaitingLine",
    "WatchBatches",
    "Write",
    "Writes",
    "call_outside",
    "check_discovery",
    "connect",
    "discover",
    "in_step",
    "leaving",
    "on_interrupt",
    "prefix_range",
    "read_endpoints",
    "run",
}

MEMBERS = {member.qualified_name: member for member in public_members()}
_ITEM = re.compile(r"^(\w+):", re.MULTILINE)


def test_all_is_sorted() -> None:
    assert etcd_client.__all__ == sorted(set(etcd_client.__all__))


def test_all_is_what_the_package_binds() -> None:
    # What is loaded when it is asked for is bound by that.
    for name in etcd_client.__all__:
        assert name in dir(etcd_client)
        getattr(etcd_client, name)
    bound = {
        name
        for name, value in vars(etcd_client).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert bound == set(etcd_client.__all__)


def test_all_is_what_the_sources_declare() -> None:
    declared = {*classes(), *functions(), *aliases(), *type_aliases()}
    public = {name for name in declared if not name.startswith("_")}
    assert public - INTERNAL == set(etcd_client.__all__)
    assert public >= INTERNAL


@pytest.mark.parametrize("name", etcd_client.__all__)
def test_name_is_documented(name: str) -> None:
    name = aliases().get(name, name)
    if name in type_aliases():
        check_summary(type_aliases()[name], name)
        return
    known: Class | Member = classes().get(name) or functions()[name]
    check_summary(known.doc, name)


@pytest.mark.parametrize("name", MEMBERS)
def test_member_is_documented(name: str) -> None:
    member = MEMBERS[name]
    if member.name.startswith("__"):
        return  # the class says what its special methods do
    check_summary(member.doc, name)
    # An error's constructor and attributes are described by its class.
    assert set(member.parameters) == section(member.doc, "Args"), name
    awaited = member.returns.startswith(("Call[", "Coroutine[")) and "None]" not in member.returns
    assert not awaited or "\nReturns:\n" in member.doc, f"{name}: Returns is missing"


@pytest.mark.parametrize("name", MEMBERS)
def test_member_raises_only_what_exists(name: str) -> None:
    raised = section(MEMBERS[name].doc, "Raises")
    builtin = {"BaseException", "OSError", "StopIteration", "StopAsyncIteration"}
    assert raised <= {*errors.__all__, *builtin}


@pytest.mark.parametrize("enum", enums.__all__)
def test_every_member_of_an_enum_is_documented(enum: str) -> None:
    trees = [ast.parse((PACKAGE / name).read_text()) for name in ("enums.py", "_status_code.py")]
    nodes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    (node,) = (node for node in nodes if node.name == enum)
    for item, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) != "__module__":
            assert isinstance(following, ast.Expr), f"{enum}.{ast.unparse(item)}"


@pytest.mark.parametrize("name", public_classes())
def test_public_classes_name_the_package_as_their_home(name: str) -> None:
    """A traceback, a pickle and `help` show the name that programs import."""
    assert getattr(etcd_client, name).__module__ == "etcd_client"


def check_summary(doc: str, name: str) -> None:
    """Fail unless a documentation begins with one line that is a sentence."""
    summary, _, rest = doc.partition("\n")
    assert summary.endswith("."), f"{name}: {summary!r}"
    assert not rest or rest.startswith("\n"), f"{name}: no blank line after the summary"


def section(doc: str, title: str) -> set[str]:
    """Return the names that a section of a documentation lists."""
    found = re.search(rf"^{title}:\n((?:    .*\n?|\n)*)", doc, re.MULTILINE)
    return set() if found is None else set(_ITEM.findall(re.sub(r"(?m)^    ", "", found[1])))
