"""How etcd is run: as a local process or in a container, behind one small interface."""

import functools
import os
import re
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support import reaper
from tests.support.binaries import find_etcd

_FLAG = re.compile(r"^\s+--([a-z0-9-]+)", re.MULTILINE)
_VERSION = re.compile(r"etcd Version: (\d+)\.(\d+)\.(\d+)")


class EtcdProcess(Protocol):
    """One running etcd."""

    @property
    def pid(self) -> int:
        """The process id, as this machine sees it."""

    def alive(self) -> bool:
        """Whether it still runs; a frozen process does."""

    def terminate(self, grace: float) -> None:
        """Ask it to stop, wait up to `grace` seconds, then kill it."""

    def kill(self) -> None:
        """Kill it without a chance to say goodbye, and wait until it is gone."""

    def freeze(self) -> None:
        """Stop it from running, with its sockets left open."""

    def thaw(self) -> None:
        """Let it run again."""


class Launcher(ABC):
    """Starts etcd; its subclasses are values, so that what is learned about an etcd is cached."""

    @abstractmethod
    def output(self, *arguments: str) -> str:
        """Run etcd with `arguments` to its end and return what it printed."""

    @abstractmethod
    def spawn(self, arguments: Sequence[str], directory: Path, log: Path) -> EtcdProcess:
        """Start etcd in `directory`, its output appended to `log`."""


def default_launcher() -> Launcher:
    """Return the launcher that `ETCD_TEST_BACKEND` asks for: a local process or `docker`."""
    backend = os.environ.get("ETCD_TEST_BACKEND", "process")
    if backend == "process":
        return LocalLauncher(find_etcd())
    if backend == "docker":
        # Imported here: most runs do without the docker libraries, and some lack them.
        from tests.support.docker import DockerLauncher  # noqa: PLC0415

        return DockerLauncher.from_environment()
    message = f"ETCD_TEST_BACKEND is {backend!r}; it must be 'process' or 'docker'"
    raise RuntimeError(message)


@functools.cache
def etcd_version(launcher: Launcher) -> tuple[int, int, int]:
    """Return the version of the etcd that `launcher` starts, as three numbers."""
    output = launcher.output("--version")
    match = _VERSION.search(output)
    if match is None:
        message = f"`etcd --version` printed no version: {output!r}"
        raise RuntimeError(message)
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)


@functools.cache
def known_flags(launcher: Launcher) -> frozenset[str]:
    """Return the names of the flags that `etcd --help` lists."""
    return frozenset(_FLAG.findall(launcher.output("--help")))


@dataclass(frozen=True)
class LocalLauncher(Launcher):
    """Runs an etcd binary as a child of the test process."""

    binary: Path

    def output(self, *arguments: str) -> str:
        """Run the binary to its end; etcd prints its help to either stream, by version."""
        finished = subprocess.run(
            [self.binary, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_without_etcd_settings(os.environ),
            check=False,
            timeout=30,
        )
        return finished.stdout

    def spawn(self, arguments: Sequence[str], directory: Path, log: Path) -> "LocalProcess":
        """Start the binary in a session of its own, so that Ctrl-C does not reach it."""
        with log.open("ab") as output:
            child = subprocess.Popen(
                [self.binary, *arguments],
                cwd=directory,
                env=_without_etcd_settings(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        reaper.guard_process(child.pid)
        return LocalProcess(child)


def _without_etcd_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without `ETCD_...`, each of which etcd would take for a flag."""
    return {name: value for name, value in environment.items() if not name.startswith("ETCD_")}


class LocalProcess:
    """An etcd that runs as a child process."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        """Take over `child`."""
        self._child = child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._child.poll() is None

    def terminate(self, grace: float) -> None:
        """Send SIGTERM, and SIGKILL if the process has not ended after `grace` seconds."""
        self._child.terminate()
        try:
            self._child.wait(grace)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._reap()

    def kill(self) -> None:
        """Send SIGKILL, which ends a frozen process too."""
        self._child.kill()
        self._reap()

    def freeze(self) -> None:
        """Send SIGSTOP and wait until the kernel has stopped the process."""
        self._child.send_signal(signal.SIGSTOP)
        if sys.platform == "linux":  # elsewhere the call came with later Pythons
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Send SIGCONT."""
        self._child.send_signal(signal.SIGCONT)

    def _reap(self) -> None:
        self._child.wait()
        reaper.release_process(self.pid)
