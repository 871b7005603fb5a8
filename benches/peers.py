"""The clients that are compared, and the environment that each runs in.

A peer gets a virtual environment of its own under `.cache/bench/`, made once from a requirements
file with pinned versions and hashes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CACHE = ROOT / ".cache" / "bench"
_REQUIREMENTS = Path(__file__).resolve().parent / "requirements"


@dataclass(frozen=True)
class Peer:
    """A client under measurement.

    `module` is its adapter in `benches.clients`, `package` what one imports to use it. Without
    `requirements` it runs in the environment of the benchmark itself.
    """

    name: str
    module: str
    package: str | None = None
    requirements: str | None = None
    loop: str | None = None

    def prepare(self) -> Environment:
        """Make the environment unless it is there already, and return it."""
        interpreter = Path(sys.executable)
        if self.requirements is not None:
            directory = _made(self.requirements, _make_virtual_environment)
            interpreter = directory / "bin" / "python"
        path = [str(ROOT)]
        if self.loop is not None:
            path.append(str(_made(self.loop, _install_beside)))
        return Environment(interpreter, os.pathsep.join(path))


@dataclass(frozen=True)
class Environment:
    """How to run Python with a client in reach."""

    interpreter: Path
    python_path: str

    def command(self, module: str, *arguments: str) -> list[str]:
        """Return the command line that runs a module of this package."""
        return [str(self.interpreter), "-m", module, *arguments]

    def variables(self) -> dict[str, str]:
        """Return the process environment: nothing of the caller's Python settings."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return {**inherited, "PYTHONPATH": self.python_path, "PYTHONHASHSEED": "0"}


FLOOR = Peer("floor", "floor")
OURS = Peer("ours", "ours", "etcd_client")
OURS_ON_UVLOOP = Peer("ours, uvloop", "ours", "etcd_client", loop="uvloop")
OTHERS = (
    Peer("etcd-client-py 0.5.1", "etcd_client_py_051", "etcd_client", "etcd_client_py_051"),
    Peer("etcetra 0.1.19", "etcetra_client", "etcetra", "etcetra"),
    Peer("aetcd 1.0.0", "aetcd_client", "aetcd", "aetcd"),
)


def _made(name: str, make: Callable[[Path, Path], None]) -> Path:
    """Return `.cache/bench/<name>`, made anew when the requirements or this Python changed."""
    requirements = _REQUIREMENTS / f"{name}.txt"
    directory = _CACHE / name
    stamp = directory / "made-from"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {name} into {directory.relative_to(ROOT)}", file=sys.stderr)
        make(directory, requirements)
        stamp.write_text(wanted)
    return directory


def _make_virtual_environment(directory: Path, requirements: Path) -> None:
    venv.create(directory, clear=True, with_pip=True)
    _pip_install(directory / "bin" / "python", requirements)


def _install_beside(directory: Path, requirements: Path) -> None:
    _pip_install(Path(sys.executable), requirements, "--target", str(directory), "--upgrade")


def _pip_install(interpreter: Path, requirements: Path, *options: str) -> None:
    # Only wheels: a peer that has none for this Python would be compiled with settings of its own.
    command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    subprocess.run([*command, *options], check=True)
