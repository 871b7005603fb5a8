"""Writes one module of `etcd_client.sync`."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise

from scripts.sync_face import kinds, texts
from scripts.sync_face.choices import ALIASES, BASES, UNNAMED, Faces
from scripts.sync_face.methods import Writer
from scripts.sync_face.sources import Class

_STANDARD = {
    "Any": "typing",
    "NoReturn": "typing",
    "Generic": "typing",
    "TypeVar": "typing",
    "overload": "typing",
    "Self": "typing_extensions",
    "Callable": "collections.abc",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "Path": "pathlib",
    "PathLike": "os",
    "TracebackType": "types",
    "datetime": "datetime",
    "timedelta": "datetime",
}
_MODULES = {"os", "threading"}
_AT_RUN_TIME = {"Generic", "Mapping", "TypeVar", "overload", "Any"}
_TYPE_VARIABLES = {"_T", "_V", "_D", "_K"}


def source(room: str, classes: Iterable[Class], faces: Faces) -> str:
    """Return the source of the module for a room of the package."""
    writer = Writer(faces)
    bodies = [_class(found, writer) for found in classes]
    own = {found.name for found in classes}
    parts = [
        f'"""`{room}` for threads; made by `make generate`, change `etcd_client.{room}`."""',
        "from __future__ import annotations",
        *_imports(own, writer, faces),
        *bodies,
        *(f"{alias} = {name}" for alias, name in ALIASES.items() if name in own),
    ]
    return "\n\n".join(parts) + "\n"


def _class(found: Class, writer: Writer) -> str:
    bases = [f"_face.{found.name}" if found.name in BASES else "Face"]
    module = "_etcd_client" if found.name in UNNAMED else "aio"
    inner = f"{module}.{found.name}"
    for base in found.node.bases:
        text = ast.unparse(base)
        if text.startswith(("Mapping[", "Generic[")):
            if text.startswith("Mapping["):
                # First, for its comparisons.
                bases.insert(0, f"Contents{text.removeprefix('Mapping')}")
                writer.helpers.add("Contents")
            else:
                bases.append(text)
            writer.used |= kinds.names(base)
            inner += "[_V]"
    doc = texts.sync(ast.get_docstring(found.node) or "", 4)
    methods = found.methods()
    lines = [
        f"class {found.name}({', '.join(bases)}):",
        _docstring(doc, 4),
        '    __module__ = "etcd_client.sync"',
        "    __slots__ = ()",
        f"    _inner: {inner}",
    ]
    attributes = _attributes(found, writer)
    written = [writer.method(found, method, doc) for method in methods.values()]
    return "\n\n".join(["\n".join(lines), *attributes, *filter(None, written)])


def _attributes(found: Class, writer: Writer) -> list[str]:
    """Attributes with a description become properties."""
    body = found.node.body
    made = []
    for item, following in pairwise(body):
        if not (isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)):
            continue
        described = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if described and not item.target.id.startswith("_"):
            doc = str(following.value.value)  # type: ignore[attr-defined]  # an ast.Expr, see above
            made.append(writer.attribute(item.target.id, item.annotation, doc))
    return made


def _docstring(text: str, indent: int) -> str:
    space = " " * indent
    lines = [f"{space}{line}".rstrip() for line in text.split("\n")]
    lines[0] = f'{space}"""{text.partition(chr(10))[0]}'
    if len(lines) > 1:
        return "\n".join([*lines, f'{space}"""'])
    return lines[0] + '"""'


def _imports(own: set[str], writer: Writer, faces: Faces) -> list[str]:
    at_run_time: dict[str, set[str]] = {"typing": {"TYPE_CHECKING"}, "._face": set(writer.helpers)}
    for_types: dict[str, set[str]] = {}
    for name in sorted((writer.used | writer.wrapped) - own):
        module = _module(name, writer, faces)
        if module is not None:
            needed = name in _AT_RUN_TIME or name in writer.wrapped or name in writer.enums
            (at_run_time if needed else for_types).setdefault(module, set()).add(name)
    if own & set(UNNAMED):
        for_types["etcd_client"] = {*for_types.get("etcd_client", ()), "_etcd_client"}
    if own & BASES:
        at_run_time["."] = {"_face"}
    if own - BASES:
        at_run_time["._face"].add("Face")
    variables = sorted(writer.used & _TYPE_VARIABLES)
    if variables:
        at_run_time["typing"].add("TypeVar")
    typed = [f"import {name}" for name in sorted(writer.used & _MODULES)]
    typed += [_from(module, names) for module, names in sorted(for_types.items())]
    lines = ["import etcd_client as aio"]
    lines += [_from(module, names) for module, names in sorted(at_run_time.items()) if names]
    if typed:
        lines += ["if TYPE_CHECKING:", *(f"    {line}" for line in typed)]
    return ["\n".join(lines), *(f'{name} = TypeVar("{name}")' for name in variables)]


def _module(name: str, writer: Writer, faces: Faces) -> str | None:
    """Return the module that a name is imported from; None for one that is built in."""
    if name in _STANDARD:
        return _STANDARD[name]
    if name in BASES and name not in writer.wrapped:
        return "._face"
    if name in faces.modules:
        return f".{faces.modules[name]}"
    if name in writer.enums:
        return "etcd_client.enums"
    return "etcd_client" if name in faces.names else None


def _from(module: str, names: set[str]) -> str:
    return f"from {module} import {', '.join(sorted(names))}"
