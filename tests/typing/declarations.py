"""What the stub and the Python modules of the package declare, read from their sources.

The sources and not the imported objects, because the native module's annotations and documentation
stand in the stub alone.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import etcd_client

PACKAGE = Path(etcd_client.__file__).parent
STUB = PACKAGE / "_etcd_client.pyi"

# Special methods that a program calls by syntax, and whose results it sees.
_SPECIAL = frozenset({"__aenter__", "__aiter__", "__anext__", "__await__"})

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Member:
    """A function, a method or a property."""

    owner: str
    """The class; empty for a function."""
    name: str
    returns: str
    """The annotation of the result; that of the awaited result where the member is async."""
    parameters: tuple[str, ...]
    is_property: bool
    is_async: bool
    doc: str

    @property
    def qualified_name(self) -> str:
        """The name with that of the class before it."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True)
class Class:
    """A class with its public members."""

    name: str
    bases: tuple[str, ...]
    doc: str
    members: tuple[Member, ...]
    is_record: bool
    """Whether it is a value class, which takes its fields by position."""

    @property
    def properties(self) -> tuple[Member, ...]:
        """The members that are read without a call."""
        return tuple(member for member in self.members if member.is_property)

    @property
    def methods(self) -> tuple[Member, ...]:
        """The members that are called."""
        return tuple(member for member in self.members if not member.is_property)


@cache
def classes() -> dict[str, Class]:
    """The classes of the package, public and not, by their names.

    A native class has the members of those that it extends. So has a Python class of the same name
    as a native one, which it extends, perhaps with classes between them.
    """
    found: dict[str, Class] = {}
    public = set(etcd_client.__all__)
    for source in _sources():
        for node in _tree(source).body:
            if isinstance(node, ast.ClassDef):
                declared = _class(node)
                base = found.get(declared.name)
                bases = (name.partition("[")[0] for name in declared.bases)
                between = [found[name] for name in bases if name in found]
                if source != STUB:
                    between = [known for known in between if known.name not in public]
                    between = [*([] if base is None else [base]), *between]
                layers = [*between, declared]
                found[declared.name] = functools.reduce(_merged, layers)
    return found


@cache
def functions() -> dict[str, Member]:
    """The functions of the native module, by their names."""
    nodes = (node for node in _tree(STUB).body if isinstance(node, _Function))
    return {node.name: _member("", node) for node in nodes}


@cache
def type_aliases() -> dict[str, str]:
    """The names of unions of types, each with its documentation."""
    body = _tree(PACKAGE / "_types.py").body
    return {
        ast.unparse(node.target): following.value.value
        for node, following in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
        and isinstance(following.value.value, str)
    }


@cache
def aliases() -> dict[str, str]:
    """The names in the package that are another name of a class, each with the class."""
    return {
        target.id: node.value.id
        for source in _sources()
        for node in _tree(source).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def public_classes() -> dict[str, Class]:
    """The classes that programs import."""
    return {name: known for name, known in classes().items() if name in etcd_client.__all__}


def public_members() -> Iterator[Member]:
    """The functions that programs import, and the members of their classes."""
    yield from (known for name, known in functions().items() if name in etcd_client.__all__)
    for known in public_classes().values():
        yield from known.members


def returned_classes() -> set[str]:
    """The classes of which some method surely returns an instance, alone or within another's.

    What may be None, and what is in a tuple of any length, may not come.
    """
    found: set[str] = set()
    annotations = [member.returns for member in public_members() if not member.is_property]
    while annotations:
        annotation = annotations.pop()
        if "None" in annotation or "..." in annotation:
            continue
        new = (set(re.findall(r"\w+", annotation)) & classes().keys()) - found
        found |= new
        annotations += (member.returns for name in new for member in classes()[name].properties)
    return found


def annotations_of_members() -> Iterator[tuple[str, str, str]]:
    """Yield the class, or an empty string, the function and each of its annotations.

    Constructors and operators are among them, but not what is private.
    """
    for source in _sources():
        for node in _tree(source).body:
            members = node.body if isinstance(node, ast.ClassDef) else [node]
            owner = node.name if isinstance(node, ast.ClassDef) else ""
            for member in members:
                if isinstance(member, _Function) and not re.match(r"_(?!_)", member.name):
                    for annotation in _annotations(member):
                        yield owner, member.name, ast.unparse(annotation)


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for item in (*named, arguments.vararg, arguments.kwarg):
        if item is not None and item.annotation is not None:
            yield item.annotation
    if node.returns is not None:
        yield node.returns


@cache
def _tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text())


def _sources() -> list[Path]:
    """The stub, and after it the modules that build on it.

    The interfaces of other clients, telemetry and the tools for tests are imported by their own
    names, and the command line is not imported. The face for threads has the same names, see
    `tests/sync`.
    """
    apart = {PACKAGE / name for name in ("compat", "sync", "telemetry", "testing", "_cli")}
    modules = (path for path in PACKAGE.rglob("*.py") if apart.isdisjoint(path.parents))
    return [STUB, *sorted(path for path in modules if path != PACKAGE / "__init__.py")]


def _merged(base: Class, extension: Class) -> Class:
    """Lay a class over another one, whose place among the classes it takes."""
    inherited = {member.name: member for member in base.members}
    own = {member.name: member for member in extension.members}
    members = (replace(member, owner=extension.name) for member in (inherited | own).values())
    return Class(
        name=extension.name,
        bases=extension.bases or base.bases,
        doc=extension.doc,
        members=tuple(members),
        is_record=base.is_record or extension.is_record,
    )


def _class(node: ast.ClassDef) -> Class:
    members = [_member(node.name, item) for item in node.body if isinstance(item, _Function)]
    return Class(
        name=node.name,
        bases=tuple(ast.unparse(base) for base in node.bases),
        doc=ast.get_docstring(node) or "",
        members=tuple(
            _with_all_overloads(member, members) for member in members if _is_public(member.name)
        ),
        is_record=any(_assigns(item, "__match_args__") for item in node.body),
    )


def _with_all_overloads(member: Member, members: Sequence[Member]) -> Member:
    """Add the parameters of the other overloads, which share the documentation."""
    overloads = [other for other in members if other.name == member.name and not other.is_property]
    parameters = [name for other in (member, *overloads) for name in other.parameters]
    return replace(member, parameters=tuple(dict.fromkeys(parameters)))


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name in _SPECIAL


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name


def _member(owner: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Member:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return Member(
        owner=owner,
        name=node.name,
        returns="None" if node.returns is None else ast.unparse(node.returns),
        parameters=tuple(item.arg for item in named if item.arg not in {"self", "cls"}),
        is_property=any(ast.unparse(item) == "property" for item in node.decorator_list),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        doc=ast.get_docstring(node) or "",
    )
