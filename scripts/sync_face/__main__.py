"""`python -m scripts.sync_face`: writes the modules of `etcd_client.sync`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.sync_face.choices import ALIASES, LEFT_OUT, NO_FACES, OWN, ROOMS, UNNAMED, Faces
from scripts.sync_face.module import source
from scripts.sync_face.sources import PACKAGE, Class, Sources, public_names

FOLDER = PACKAGE / "sync"


def written() -> dict[str, str]:
    """Return the sources of all modules that are made, not yet formatted."""
    names = public_names()
    rooms: dict[str, list[Class]] = {}
    modules: dict[str, str] = {}
    for name, found in _wrapped(names | UNNAMED).items():
        room = ROOMS.get(found.room, found.room)
        rooms.setdefault(room, []).append(found)
        modules[name] = room
    faces = Faces(names, modules | OWN)
    made = {f"{room}.py": source(room, classes, faces) for room, classes in sorted(rooms.items())}
    made["__init__.py"] = _package(faces)
    return made


def _wrapped(names: dict[str, str]) -> dict[str, Class]:
    """Return the classes that need a face: those that wait, and those that make such objects."""
    sources = Sources()
    found = {name: sources.find(module, name) for name, module in names.items()}
    classes = {
        name: known
        for name, known in found.items()
        if known is not None and known.name == name and name not in NO_FACES
    }
    waiting = {name for name, known in classes.items() if known.is_async()}
    return {
        name: known for name, known in classes.items() if name in waiting or known.makes() & waiting
    }


_PACKAGE = '''\
"""etcd for programs without an event loop: the names of `etcd_client`, for threads.

Each call returns its result, and each `async with` and `async for` is a `with` and a `for`. A
thread that waits is woken by the engine itself, without an event loop and without a thread for the
call, and Ctrl-C interrupts it at once. Any number of threads may use a communicator at once.

Made by `make generate`, like all of this folder but `_face.py`, `_condvar.py` and `_loading.py`.
"""

from typing import TYPE_CHECKING

from etcd_client import __version__ as __version__

from ._loading import names as __dir__  # noqa: F401 - called by `dir`

if TYPE_CHECKING:
    from etcd_client import enums as enums
    from etcd_client import errors as errors
    {imports}
else:
    from ._loading import load as __getattr__  # noqa: F401 - called for names that are not here

__all__ = [  # noqa: RUF022 - takes the class STM for a constant, which would come first
    {exported}
]

MODULES = {{
    {modules}
}}
'''


def _package(faces: Faces) -> str:
    """Return the package: every name is loaded when it is first used."""
    modules: dict[str, str] = {}
    for name in sorted(faces.names):
        if name not in LEFT_OUT:
            modules[name] = faces.modules.get(ALIASES.get(name, name), "")
    imports = (
        f"from {'.' + module if module else 'etcd_client'} import {name} as {name}"
        for name, module in modules.items()
    )
    return _PACKAGE.format(
        imports="\n    ".join(imports),
        exported="\n    ".join(f'"{name}",' for name in modules),
        modules="\n    ".join(
            f'"{name}": "{module}",' for name, module in modules.items() if module
        ),
    )


def formatted(text: str) -> str:
    """Format a source as `make fmt` does."""
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--fix", "--exit-zero", "--quiet", "--select=I,F401"], ["format"]):
        command = [str(ruff), *arguments, "--stdin-filename", "made.py", "-"]
        text = subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        ).stdout
    return text


def main() -> None:
    """Write them."""
    for name, text in written().items():
        (FOLDER / name).write_text(formatted(text))


if __name__ == "__main__":
    main()
