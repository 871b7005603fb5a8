"""Runs etcd in containers, for `ETCD_TEST_BACKEND=docker`.

The containers share the host's network and its temporary directories, so that ports, clusters,
certificates and unix sockets work as with local processes.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from .binaries import EtcdNotFoundError
from .launcher import Launcher

if TYPE_CHECKING:
    from docker.models.containers import Container  # type: ignore[import-untyped]

_DEFAULT_IMAGE = "quay.io/coreos/etcd:v3.6.16"
_ETCD = "/usr/local/bin/etcd"


@dataclass(frozen=True)
class DockerLauncher(Launcher):
    """Runs the etcd of an image."""

    image: str

    @classmethod
    def from_environment(cls) -> "DockerLauncher":
        """Use the image named by `ETCD_TEST_IMAGE`, or one of a current etcd."""
        try:
            DockerClient().client.ping()
        except DockerException as error:
            message = f"ETCD_TEST_BACKEND is 'docker', but Docker does not answer: {error}"
            raise EtcdNotFoundError(message) from error
        return cls(os.environ.get("ETCD_TEST_IMAGE", _DEFAULT_IMAGE))

    def output(self, *arguments: str) -> str:
        """Run etcd in a container until it exits and return its output."""
        container = self._container(arguments).start()
        try:
            container.wait()
            return b"".join(container.get_logs()).decode()
        finally:
            container.stop()

    def spawn(self, arguments: Sequence[str], directory: Path, log: Path) -> "DockerProcess":
        """Start a container whose etcd works in `directory` and logs to `log`."""
        container = self._container([*arguments, f"--log-outputs=stderr,{log}"], directory)
        for shared in {tempfile.gettempdir(), str(directory)}:
            container.with_volume_mapping(shared, shared, "rw")
        return DockerProcess(container.start())

    def _container(self, arguments: Sequence[str], directory: Path = Path("/")) -> DockerContainer:
        container = DockerContainer(self.image).with_command(list(arguments))
        return container.with_kwargs(
            entrypoint=[_ETCD],
            network="host",
            # The user's own id, so that the data can be read and removed afterwards.
            user=f"{os.getuid()}:{os.getgid()}",
            working_dir=str(directory),
        )


class DockerProcess:
    """An etcd that runs in a container; the container is removed when it ends."""

    def __init__(self, container: DockerContainer) -> None:
        """Take over a started container."""
        self._owner = container
        self._container: Container = container.get_wrapped_container()

    @property
    def pid(self) -> int:
        """The process id on the host."""
        self._container.reload()
        return int(self._container.attrs["State"]["Pid"])

    def alive(self) -> bool:
        """Whether the container runs or is paused."""
        self._container.reload()
        return self._container.status in {"running", "paused"}

    def terminate(self, grace: float) -> None:
        """Stop the container: SIGTERM, then SIGKILL after `grace` seconds."""
        self._container.stop(timeout=int(grace))
        self._owner.stop()

    def kill(self) -> None:
        """Kill the container; Docker resumes a paused one for that."""
        self._owner.stop(force=True)

    def freeze(self) -> None:
        """Pause the container."""
        self._container.pause()

    def thaw(self) -> None:
        """Resume the container if it is paused."""
        self._container.reload()
        if self._container.status == "paused":
            self._container.unpause()
