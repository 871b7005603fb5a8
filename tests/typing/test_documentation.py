"""`help()` and `inspect.signature()` say at run time what the stub says."""

from __future__ import annotations

import ast
import inspect
import pydoc
from collections.abc import Iterator
from typing import Any

import pytest

import etcd_client
from etcd_client import Communicator, _etcd_client
from tests.typing.declarations import STUB


def overloads(body: list[ast.stmt]) -> dict[str, list[ast.FunctionDef]]:
    """Return the functions of a module or a class, each with all its overloads."""
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


TREE = ast.parse(STUB.read_text())
CLASSES = {node.name: node for node in TREE.body if isinstance(node, ast.ClassDef)}
MEMBERS = {
    **{("", name): nodes for name, nodes in overloads(TREE.body).items()},
    **{
        (owner, name): nodes
        for owner, node in CLASSES.items()
        for name, nodes in overloads(node.body).items()
    },
}
CALLED = [
    member
    for member, (node, *_) in MEMBERS.items()
    if (not member[1].startswith("__") or member[1] == "__new__")
    and "property" not in {ast.unparse(each) for each in node.decorator_list}
]


def native(owner: str, name: str) -> Any:
    """Return a native function, class or member; the class for its constructor."""
    if not owner:
        return getattr(_etcd_client, name)
    known = getattr(_etcd_client, owner)
    return known if name == "__new__" else vars(known)[name]


def documentation(nodes: list[Any]) -> str | None:
    """Return the docstring of the last of some definitions that has one."""
    return next(filter(None, map(ast.get_docstring, reversed(nodes))), None)


def parameters(node: ast.FunctionDef) -> Iterator[inspect.Parameter]:
    """Yield the parameters of a function, without that which stands for the object."""
    given, kind = node.args, inspect.Parameter
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    kinds: list[inspect._ParameterKind] = [kind.POSITIONAL_ONLY] * len(given.posonlyargs)
    kinds += [kind.POSITIONAL_OR_KEYWORD] * len(given.args)
    for argument, default, how in zip(positional, [*defaults, *given.defaults], kinds, strict=True):
        if argument.arg not in {"self", "cls"}:
            yield parameter(argument, default, how)
    if given.vararg:
        yield kind(given.vararg.arg, kind.VAR_POSITIONAL)
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield parameter(argument, default, kind.KEYWORD_ONLY)
    if given.kwarg:
        yield kind(given.kwarg.arg, kind.VAR_KEYWORD)


def parameter(
    argument: ast.arg, default: ast.expr | None, kind: inspect._ParameterKind
) -> inspect.Parameter:
    """Return a parameter as `inspect` has it."""
    value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
    return inspect.Parameter(argument.arg, kind, default=value)


def declared(nodes: list[ast.FunctionDef]) -> list[inspect.Parameter]:
    """Return the parameters of all overloads; what only some have is None by default."""
    *others, last = [list(parameters(node)) for node in nodes]
    merged = []
    for parameter in last:
        default = parameter.default
        for other in others:
            twins = [each for each in other if each.name == parameter.name]
            if default is inspect.Parameter.empty and [each.default for each in twins] != [default]:
                default = twins[0].default if twins else None
        merged.append(parameter.replace(default=default))
    return merged


@pytest.mark.parametrize(("owner", "name"), CALLED)
def test_signatures_are_those_of_the_stub(owner: str, name: str) -> None:
    nodes = MEMBERS[owner, name]
    found = list(inspect.signature(native(owner, name)).parameters.values())
    is_bound = owner and name != "__new__" and not isinstance(native(owner, name), staticmethod)
    if is_bound:
        assert found.pop(0).name == "self"
    assert [(each.name, each.kind, each.default) for each in found] == [
        (each.name, each.kind, each.default) for each in declared(nodes)
    ]


@pytest.mark.parametrize(("owner", "name"), MEMBERS)
def test_docstrings_of_members_are_those_of_the_stub(owner: str, name: str) -> None:
    expected = documentation(MEMBERS[owner, name])
    if expected is None or name == "__new__":
        assert name.startswith("_"), "a public member without a docstring"
    else:
        # A static method is documented by the function in it.
        member = getattr(native(owner, name), "__func__", native(owner, name))
        assert member.__doc__ == expected


@pytest.mark.parametrize("name", CLASSES)
def test_docstrings_of_classes_are_those_of_the_stub(name: str) -> None:
    """With that of the constructor, which Python shows nowhere else."""
    constructor = MEMBERS.get((name, "__new__"), [])
    parts = [documentation([CLASSES[name]]), documentation(constructor)]
    assert getattr(_etcd_client, name).__doc__ == "\n\n".join(filter(None, parts))


def test_the_stub_has_all_native_names() -> None:
    """So that none is left out above."""
    assert set(CLASSES) == {
        name for name, value in vars(_etcd_client).items() if isinstance(value, type)
    }
    for owner in CLASSES:
        own = {name for name in vars(getattr(_etcd_client, owner)) if not name.startswith("_")}
        assert {name for known, name in MEMBERS if known == owner} >= own


@pytest.mark.parametrize("name", sorted({*etcd_client.__all__} - {"__version__"}))
def test_everything_public_has_a_docstring(name: str) -> None:
    """All that can be called, and all properties; fields of records are told of by their class."""
    value = getattr(etcd_client, name)
    assert inspect.getdoc(value), name
    if not isinstance(value, type):
        return
    for member in dir(value):
        found = inspect.getattr_static(value, member)
        is_property = isinstance(found, property) or inspect.isgetsetdescriptor(found)
        if not member.startswith("_") and (callable(found) or is_property):
            assert inspect.getdoc(found) or hasattr(OSError, member), f"{name}.{member}"


def test_help_shows_both() -> None:
    text = pydoc.plain(pydoc.render_doc(Communicator.get_prefix))
    # From Python 3.13 on, each argument of a long signature has a line.
    assert "get_prefix(self,/,prefix,*,limit=0,revision=0" in "".join(text.split())
    assert "Read all keys that begin with a prefix." in text
    assert "        limit: The maximum number of keys to return; 0 for no limit." in text
