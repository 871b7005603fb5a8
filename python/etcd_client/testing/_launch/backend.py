"""Which launcher runs etcd here."""

from __future__ import annotations

import contextlib
import os
import shutil

from .binaries import EtcdNotFoundError, find_etcd
from .launcher import Launcher
from .local import LocalLauncher


def default_launcher() -> Launcher:
    """Return the launcher that `ETCD_TEST_BACKEND` asks for: a local process or `docker`.

    If it is not set, Docker is used where there is no binary.

    Raises:
        EtcdNotFoundError: There is no binary, and no Docker that answers.
        ValueError: `ETCD_TEST_BACKEND` is neither.
    """
    backend = os.environ.get("ETCD_TEST_BACKEND")
    if backend == "docker":
        return _docker_launcher()
    if backend not in {None, "process"}:
        message = f"ETCD_TEST_BACKEND is {backend!r}; it must be 'process' or 'docker'"
        raise ValueError(message)
    try:
        return LocalLauncher(find_etcd())
    except EtcdNotFoundError:
        if backend is None and "ETCD_BIN" not in os.environ and shutil.which("docker") is not None:
            with contextlib.suppress(EtcdNotFoundError):
                return _docker_launcher()
        raise


def _docker_launcher() -> Launcher:
    # Imported here: most runs do without the docker libraries, and some lack them.
    try:
        from .docker import DockerLauncher
    except ImportError as error:
        message = "ETCD_TEST_BACKEND is 'docker'; run `pip install testcontainers` for it"
        raise EtcdNotFoundError(message) from error
    return DockerLauncher.from_environment()
