"""Reads which Rust files import which.

No compiler is asked: comments, strings and unit tests are taken out, and what is left is searched
for `use` and for paths. A name that a module only passes on counts as an import of the file that
has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.architecture.sources import Sources

_NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^']+|[^'\\])'""", re.DOTALL
)
_TEST_BLOCK = re.compile(r"#\[cfg\(test\)\]\s*mod\s+(\w+)\s*([{;])")
_TEST_USE = re.compile(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?use\s[^;]*;")
_USE = re.compile(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);")
_PATH = re.compile(r"(?<![\w:])(\w+(?:::\w+)+)")

# A module or a name, from the root of the crate.
Path_ = tuple[str, ...]


@dataclass
class _File:
    module: Path_
    code: str
    uses: list[tuple[bool, Path_]] = field(default_factory=list)
    """What is imported, and whether it is passed on."""


def read(top: Path) -> Sources:
    """Read a crate.

    Args:
        top: The folder of its sources.
    """
    files: dict[Path_, _File] = {}
    tests: set[Path_] = set()
    sources = Sources()
    for path in sorted(top.rglob("*.rs")):
        module = _module(top, path)
        code, own_tests = _code(path.read_text())
        files[module] = _File(module, code)
        tests |= {(*module, name) for name in own_tests}
        if path.name != "mod.rs":
            folder = path.parent.relative_to(top).as_posix()
            sources.folders[folder] = sources.folders.get(folder, 0) + 1
    crate = _Crate({module: file for module, file in files.items() if module not in tests})
    for module in crate.files:
        sources.imports["/".join(module) or "lib"] = {
            "/".join(imported) or "lib" for imported in crate.imports(module)
        }
    return sources


def _module(top: Path, path: Path) -> Path_:
    parts = path.relative_to(top).with_suffix("").parts
    return parts[:-1] if parts[-1] in {"mod", "lib"} else parts


def _code(text: str) -> tuple[str, set[str]]:
    """Return a source without comments, strings and tests; and its test modules in other files."""
    text = _NO_CODE.sub(" ", text)
    elsewhere = set()
    while found := _TEST_BLOCK.search(text):
        end = found.end()
        if found[2] == ";":
            elsewhere.add(found[1])
        else:
            depth = 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
        text = text[: found.start()] + text[end:]
    return _TEST_USE.sub(" ", text), elsewhere


class _Crate:
    """The files of a crate, by their modules."""

    def __init__(self, files: dict[Path_, _File]) -> None:
        self.files = files
        for file in files.values():
            for found in _USE.finditer(file.code):
                absolute = (self._absolute(file.module, path) for path in _expand(found[2]))
                file.uses += [(bool(found[1]), path) for path in absolute if path is not None]

    def imports(self, module: Path_) -> set[Path_]:
        """Return the modules whose files have what a module's file names."""
        file = self.files[module]
        found = set()
        # Modules that are named here, by which paths in the code begin.
        named = {child[-1]: child for child in self.files if child[:-1] == module and child}
        for _, path in file.uses:
            if path in self.files:
                named[path[-1]] = path
            else:
                found.add(self._home(path))
        for text in _PATH.findall(_USE.sub(" ", file.code)):
            first, *rest = text.split("::")
            if first in named:
                found.add(self._home((*named[first], *rest)))
            elif first in {"crate", "super", "self"}:
                absolute = self._absolute(module, (first, *rest))
                if absolute is not None:
                    found.add(self._home(absolute))
        return found - {module}

    def _absolute(self, module: Path_, path: Path_) -> Path_ | None:
        """Return a path from the root of the crate; None for other crates."""
        first, *rest = path
        if first == "crate":
            return tuple(rest)
        if first == "self":
            return (*module, *rest)
        if first == "super":
            above = module[:-1]
            while rest and rest[0] == "super":
                above, rest = above[:-1], rest[1:]
            return (*above, *rest)
        return (*module, *path) if (*module, first) in self.files else None

    def _home(self, path: Path_) -> Path_:
        """Return the module that has a name, which others may pass on."""
        size = max(size for size in range(len(path) + 1) if path[:size] in self.files)
        module, rest = path[:size], path[size:]
        for passed_on, used in self.files[module].uses:
            if passed_on and rest and used[-1] == rest[0] and used != path:
                return self._home((*used, *rest[1:]))
        return module


def _expand(tree: str) -> Iterator[Path_]:
    """Yield the paths of a `use`: of `a::{b, c::{self, d}}` there are `a::b`, `a::c`, `a::c::d`."""
    tree = re.sub(r"\s+as\s+\w+", "", tree).strip()
    head, brace, rest = tree.partition("{")
    path = tuple(part.strip() for part in head.strip().removesuffix("::").split("::") if part)
    if not brace:
        yield path[:-1] if path[-1] in {"self", "*"} and len(path) > 1 else path
        return
    for item in _split(rest[: rest.rindex("}")]):
        for inner in _expand(item):
            yield path if inner == ("self",) else (*path, *inner)


def _split(items: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no inner braces."""
    depth, begin = 0, 0
    for position, character in enumerate(items):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield items[begin:position]
            begin = position + 1
    if items[begin:].strip():
        yield items[begin:]
