"""etcd as a child process."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import reaper
from .launcher import Launcher


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
