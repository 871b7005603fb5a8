"""Reads which Python files import which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.architecture.sources import Sources


def read(top: Path) -> Sources:
    """Read a package.

    Imports count wherever they stand: in functions, and for types only, too.

    Args:
        top: The folder of the package.
    """
    sources = Sources()
    files = {_name(top, path): path for path in sorted(top.rglob("*.py"))}
    # The native module is compiled; its stub says that it is there.
    natives = {_name(top, path) for path in top.rglob("*.pyi")} - files.keys()
    known = {*files, *natives}
    for name, path in files.items():
        package = path.parent.relative_to(top.parent).as_posix().replace("/", ".")
        modules = _imported(ast.parse(path.read_text()), package)
        found = {_resolve(module, top.name, known) for module in modules}
        sources.imports[name] = {other for other in found if other is not None}
        if path.name != "__init__.py":
            folder = path.parent.relative_to(top).as_posix()
            sources.folders[folder] = sources.folders.get(folder, 0) + 1
    sources.imports |= {name: set() for name in natives}
    return sources


def _name(top: Path, path: Path) -> str:
    name = path.relative_to(top).with_suffix("").as_posix()
    return name.removesuffix("/__init__")


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the full names of what a file imports: of modules, or of names in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{item.name}" for item in node.names)


def _resolve(module: str, package: str, known: set[str]) -> str | None:
    """Find the file that a full name comes from; None for other packages."""
    first, *rest = module.split(".")
    if first != package:
        return None
    while rest:
        if (name := "/".join(rest)) in known:
            return name
        rest.pop()
    return "__init__"
