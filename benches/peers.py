"""The clients that are compared, and how the process of each is started.

A Python peer gets a virtual environment of its own under `.cache/bench/`, made once from a
requirements file with pinned versions and hashes. A native peer (`benches/native/`) is a program
that is built there once, from pinned versions too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CACHE = ROOT / ".cache" / "bench"
_REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
_NATIVE = Path(__file__).resolve().parent / "native"


class UnavailableError(Exception):
    """A client cannot be installed or built on this machine."""


@dataclass(frozen=True)
class Command:
    """A command line, and the environment variables to run it with."""

    line: list[str]
    variables: dict[str, str]


@dataclass(frozen=True)
class Peer:
    """A Python client under measurement.

    `module` is its adapter in `benches.clients`, `package` what one imports to use it. Without
    `requirements` it runs in the environment of the benchmark itself.
    """

    name: str
    module: str
    package: str | None = None
    requirements: str | None = None
    loop: str | None = None

    def worker(self) -> Command:
        """Return the command of its process; install the client unless it is there already."""
        loop = () if self.loop is None else (self.loop,)
        return self._python("benches.worker", self.module, *loop)

    def importing(self) -> Command:
        """Return the command that measures its import."""
        return self._python("benches.importing", str(self.package))

    def _python(self, module: str, *arguments: str) -> Command:
        interpreter = Path(sys.executable)
        if self.requirements is not None:
            directory = _installed(self.requirements, _make_virtual_environment)
            interpreter = directory / "bin" / "python"
        path = [str(ROOT)]
        if self.loop is not None:
            path.append(str(_installed(self.loop, _install_beside)))
        # Nothing of the caller's Python settings.
        variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        variables |= {"PYTHONPATH": os.pathsep.join(path), "PYTHONHASHSEED": "0"}
        return Command([str(interpreter), "-m", module, *arguments], variables)


@dataclass(frozen=True)
class NativePeer:
    """A client of another language, whose program takes the place of `benches.worker`.

    `folder` is where its sources are in `benches/native`, `build` the command that compiles them;
    `{output}` in it is the folder for what it makes, and `program` the file there.
    """

    name: str
    folder: str
    build: tuple[str, ...]
    program: str

    def worker(self) -> Command:
        """Return the command of its process; build the program unless it is there already."""
        directory = _made(self.folder, self._fingerprint(), self._build)
        return Command([str(directory / self.program)], dict(os.environ))

    def _fingerprint(self) -> bytes:
        tool = shutil.which(self.build[0])
        if tool is None:
            message = f"{self.build[0]} is not installed"
            raise UnavailableError(message)
        sources = sorted(path for path in (_NATIVE / self.folder).rglob("*") if path.is_file())
        return tool.encode() + b"".join(path.read_bytes() for path in sources)

    def _build(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # The build of the crate needs `protoc`, which is installed beside Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        _run(
            *(argument.format(output=directory) for argument in self.build),
            cwd=_NATIVE / self.folder,
            env={**os.environ, "PATH": path},
        )


AnyPeer = Peer | NativePeer

FLOOR = Peer("floor", "floor")
OURS = Peer("ours", "ours", "etcd_client")
OURS_ON_UVLOOP = Peer("ours, uvloop", "ours", "etcd_client", loop="uvloop")
OTHERS = (
    Peer("etcd-client-py 0.5.1", "etcd_client_py_051", "etcd_client", "etcd_client_py_051"),
    Peer("etcetra 0.1.19", "etcetra_client", "etcetra", "etcetra"),
    Peer("aetcd 1.0.0", "aetcd_client", "aetcd", "aetcd"),
)
# Only in the rows that name them.
IN_THREADS = (
    Peer("ours, threads", "ours_threads", "etcd_client.sync"),
    Peer("etcd3 0.12.0", "etcd3_client", "etcd3", "etcd3"),
)
GO = NativePeer(
    "Go clientv3 3.7.3",
    "go",
    ("go", "build", "-trimpath", "-o", "{output}/worker", "."),
    "worker",
)
CRATE = NativePeer(
    "Rust etcd-client 0.21.1",
    "rust",
    ("cargo", "build", "--quiet", "--release", "--locked", "--target-dir", "{output}"),
    "release/etcd-client-bench",
)
NATIVE = (GO, CRATE)


def _installed(name: str, make: Callable[[Path, Path], None]) -> Path:
    """Return `.cache/bench/<name>`, made anew when the requirements or this Python changed."""
    requirements = _REQUIREMENTS / f"{name}.txt"
    wanted = requirements.read_bytes() + sys.version.encode()
    return _made(name, wanted, lambda directory: make(directory, requirements))


def _made(name: str, made_from: bytes, make: Callable[[Path], None]) -> Path:
    """Return `.cache/bench/<name>`, made anew when what it is made from has changed."""
    directory = _CACHE / name
    stamp = directory / "made-from"
    wanted = hashlib.sha256(made_from).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {name} into {directory.relative_to(ROOT)}", file=sys.stderr)
        make(directory)
        stamp.write_text(wanted)
    return directory


def _make_virtual_environment(directory: Path, requirements: Path) -> None:
    venv.create(directory, clear=True, with_pip=True)
    _pip_install(directory / "bin" / "python", requirements)


def _install_beside(directory: Path, requirements: Path) -> None:
    _pip_install(Path(sys.executable), requirements, "--target", str(directory), "--upgrade")


def _pip_install(interpreter: Path, requirements: Path, *options: str) -> None:
    # Only wheels: a peer that has none for this Python would be compiled with settings of its own.
    # etcd3 is Python alone, and has none at all.
    command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-binary", "etcd3"]
    command += ["--requirement", str(requirements)]
    _run(*command, *options)


def _run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(command, check=True, cwd=cwd, env=env)
    except subprocess.CalledProcessError as error:
        raise UnavailableError(str(error)) from None
