"""Reads the public classes of the package, with what they inherit from others of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

PACKAGE = Path("python/etcd_client")
NATIVE = "_etcd_client"

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

# What is inherited from classes of Python is no source to be copied.
_SKIPPED = {"__reduce__", "__setattr__", "__class_getitem__", "__new__", "__repr__", "__hash__"}


@dataclass
class Method:
    """A method: the variants of its signature, and the function with the docstring."""

    name: str
    is_native: bool
    functions: list[Function] = field(default_factory=list)

    @property
    def is_property(self) -> bool:
        """Whether it is read like an attribute."""
        return any(ast.unparse(item) == "property" for item in self.functions[0].decorator_list)

    @property
    def doc(self) -> str:
        """Its docstring."""
        return next(filter(None, map(ast.get_docstring, reversed(self.functions))), "")


@dataclass
class Class:
    """A class of the package."""

    name: str
    module: str
    node: ast.ClassDef
    bases: list[Class]

    @property
    def room(self) -> str:
        """The folder or file that it is in, at the top of the package."""
        return self.module.partition(".")[0]

    def methods(self) -> dict[str, Method]:
        """Return its methods, those of its bases first."""
        found: dict[str, Method] = {}
        for base in self.bases:
            found |= base.methods()
        own: dict[str, Method] = {}
        for item in self.node.body:
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                method = own.setdefault(item.name, Method(item.name, self.module == NATIVE))
                if self.module == NATIVE:
                    _leave_out_untaken(item)
                method.functions.append(item)
        found |= own
        return {name: method for name, method in found.items() if _is_public(name)}

    def is_async(self) -> bool:
        """Whether it is of no use without an event loop."""
        returned = (
            ast.unparse(function.returns or ast.Constant(None))
            for method in self.methods().values()
            for function in method.functions
        )
        waits = ("Call[", "Coroutine[", "AsyncIterator")
        return any(text.startswith(waits) for text in returned) or any(
            isinstance(function, ast.AsyncFunctionDef)
            for method in self.methods().values()
            for function in method.functions
        )

    def makes(self) -> set[str]:
        """Return the names in the types of what its methods return."""
        return {
            node.id
            for method in self.methods().values()
            for function in method.functions
            for node in ast.walk(function.returns or ast.Constant(None))
            if isinstance(node, ast.Name)
        }


def _is_public(name: str) -> bool:
    if name.startswith("__") and name.endswith("__"):
        return name not in _SKIPPED
    return not name.startswith("_")


def public_names() -> dict[str, str]:
    """Return the public names of the package, each with its module."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    names: dict[str, str] = {}
    exported: list[str] = []
    # With those that are imported for type checkers, and at run time when they are first used.
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            names |= {item.asname or item.name: node.module for item in node.names}
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            exported = ast.literal_eval(node.value)
    return {name: names[name] for name in exported if name in names}


class Sources:
    """The classes of the package, read when they are first asked for."""

    def __init__(self) -> None:
        self._trees: dict[str, ast.Module] = {}

    def tree(self, module: str) -> ast.Module:
        """Return the source of a module, such as `_kv.scan`."""
        if module not in self._trees:
            path = PACKAGE / module.replace(".", "/")
            file = path.with_suffix(".pyi" if module == NATIVE else ".py")
            if not file.exists():
                file = path / "__init__.py"
            self._trees[module] = ast.parse(file.read_text())
        return self._trees[module]

    def find(self, module: str, name: str) -> Class | None:
        """Return a class that a module defines or imports from this package."""
        for node in self.tree(module).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                bases = (self._base(module, base) for base in node.bases)
                return Class(name, module, node, [base for base in bases if base is not None])
        for imported, original, source in self._imports(module):
            if imported == name:
                return self.find(source, original)
        return None

    def _base(self, module: str, base: ast.expr) -> Class | None:
        if isinstance(base, ast.Subscript):
            base = base.value
        if isinstance(base, ast.Name):
            return self.find(module, base.id)
        if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
            for imported, original, source in self._imports(module):
                if imported == base.value.id:
                    inner = f"{source}.{original}" if source else original
                    return self.find(inner, base.attr)
        return None

    def _imports(self, module: str) -> Iterator[tuple[str, str, str]]:
        """Yield what a module imports from this package: as what, what, and from where."""
        for node in ast.walk(self.tree(module)):
            if not isinstance(node, ast.ImportFrom):
                continue
            if node.level == 1:
                is_folder = (PACKAGE / module.replace(".", "/")).is_dir()
                folder = module if is_folder else module.rpartition(".")[0]
                source = ".".join(filter(None, [folder, node.module]))
            elif (node.module or "").partition(".")[0] == PACKAGE.name:
                source = (node.module or "").partition(".")[2]
            else:
                continue
            for item in node.names:
                yield item.asname or item.name, item.name, source


def _leave_out_untaken(function: Function) -> None:
    """Leave out the options that a variant declares as None: it does not take them."""
    arguments = function.args
    options = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    taken = [
        (item, default)
        for item, default in options
        if item.annotation is None or ast.unparse(item.annotation) != "None"
    ]
    arguments.kwonlyargs = [item for item, _ in taken]
    arguments.kw_defaults = [default for _, default in taken]
