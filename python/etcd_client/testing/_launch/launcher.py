"""How etcd is run: as a local process or in a container, behind one small interface."""

import functools
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

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
