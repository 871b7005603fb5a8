"""Both faces have the same names, with the same signatures."""

from __future__ import annotations

import ast
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import etcd_client
from etcd_client import sync
from scripts.sync_face.__main__ import FOLDER, formatted, written
from tests.typing.declarations import Class, classes

ROOT = Path(__file__).parents[2]

# Of no use without an event loop: a call returns its result, and `lease` a `Lease`.
LEFT_OUT = {"Call", "LeaseGrant"}

SPECIAL = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}


def differs(name: str) -> bool:
    return getattr(sync, name) is not getattr(etcd_client, name)


FACES = sorted(
    name for name in sync.__all__ if differs(name) and name in classes() and name != "SyncSTM"
)


def test_both_have_the_same_names() -> None:
    assert set(sync.__all__) == set(etcd_client.__all__) - LEFT_OUT
    assert set(sync.__all__) <= set(dir(sync))


def test_the_version_and_the_modules_of_errors_and_enumerations_are_the_same() -> None:
    assert sync.__version__ == etcd_client.__version__
    assert sync.errors is etcd_client.errors
    assert sync.enums is etcd_client.enums
    with pytest.raises(AttributeError, match=r"^module 'etcd_client.sync' has no attribute 'els"):
        _ = sync.elsewhere  # type: ignore[attr-defined]


def test_what_waits_for_nothing_is_the_same() -> None:
    same = {name for name in sync.__all__ if not differs(name)}
    waiting = {
        name
        for name in same & classes().keys()
        for member in classes()[name].members
        if member.is_async or member.returns.startswith(("Call[", "Coroutine[", "AsyncIterator["))
    }
    assert waiting == {"Discovery"} & same or not waiting
    assert {"KeyValue", "Txn", "EtcdError", "ConnectOptions", "EtcdLockOption"} <= same
    assert {"Client", "Communicator", "Lock", "Session", "Watch", "Queue", "Cache"} <= set(FACES)


@pytest.mark.parametrize("name", FACES)
def test_faces_have_the_same_members(name: str) -> None:
    face = getattr(sync, name)
    declared = _with_inherited(classes()[name])
    for member in declared.members:
        own = getattr(face, SPECIAL.get(member.name, member.name))
        if member.is_property:
            assert isinstance(own, property)
            continue
        parameters = [item for item in inspect.signature(own).parameters if item != "self"]
        assert parameters == list(member.parameters) or "once" in parameters, member.name
        assert set(member.parameters) <= set(parameters)
    public = {item for item in vars(face) if not item.startswith("_")}
    assert public <= {member.name for member in declared.members} | _attributes(name)


@pytest.mark.parametrize("name", FACES)
def test_faces_are_documented_for_threads(name: str) -> None:
    face = getattr(sync, name)
    assert face.__module__ == "etcd_client.sync"
    members = [
        item.fget if isinstance(item, property) else item
        for key, item in vars(face).items()
        if not key.startswith("_") and (callable(item) or isinstance(item, property))
    ]
    for documented in (face, *members):
        text = inspect.getdoc(documented) or ""
        assert text
        for word in ("await", "async", "event loop", "asyncio"):
            assert word not in text, (documented, word)


def test_what_is_made_is_up_to_date() -> None:
    """After a change of the asyncio face, `make generate` writes it."""
    for name, text in written().items():
        assert (FOLDER / name).read_text() == formatted(text), name


def test_the_package_is_loaded_when_it_is_asked_for() -> None:
    program = """
import sys
import etcd_client
assert not any(name.startswith("etcd_client.sync") for name in sys.modules)
from etcd_client.sync import Client
assert "asyncio" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'etcd_client\.sync' has no attribute 'Cal'"):
        sync.Cal  # type: ignore[attr-defined]  # noqa: B018


def _with_inherited(known: Class, *above: str) -> Class:
    members = {member.name: member for member in known.members}
    for base in known.bases:
        name = base.partition("[")[0].rpartition(".")[2]
        # A native class and its extension have the same name here.
        if name in classes() and name not in {known.name, *above}:
            inherited = _with_inherited(classes()[name], known.name, *above)
            members = {member.name: member for member in inherited.members} | members
    return Class(known.name, known.bases, known.doc, tuple(members.values()), known.is_record)


def _attributes(name: str) -> set[str]:
    """The attributes of a class that its source describes."""
    found: set[str] = set()
    for path in (ROOT / "python/etcd_client").rglob("*.py"):
        if path.parent.name == "sync":
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                found |= {
                    item.target.id
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                }
    return found


def test_exits_are_methods() -> None:
    """They are native, so that signal handlers cannot prevent them, but look like functions."""
    shown = pydoc.plain(pydoc.render_doc(sync.Session))
    assert " __exit__(" in shown
    assert next(iter(inspect.signature(sync.Session.__exit__).parameters)) == "self"
