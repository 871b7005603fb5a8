"""etcd's own `grpc-proxy`, which merges the watches of its clients and gives ids of its own."""

import shutil
import socket
from pathlib import Path
from tempfile import mkdtemp

from etcd_client.testing import EtcdServer, eventually, free_port
from etcd_client.testing._launch import reaper
from etcd_client.testing._launch.backend import default_launcher
from etcd_client.testing._launch.launcher import EtcdProcess


class GrpcProxy:
    """A proxy in front of one server; it keeps its port from one start to the next."""

    def __init__(self, upstream: EtcdServer) -> None:
        """Choose a port; nothing runs before `start()`."""
        self.address = ("127.0.0.1", free_port())
        self._upstream = upstream
        self._directory = Path(mkdtemp(prefix="etcd-proxy-"))
        reaper.guard_directory(self._directory)
        self._process: EtcdProcess | None = None

    def __enter__(self) -> "GrpcProxy":
        """Start the proxy."""
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the proxy."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)
        reaper.release_directory(self._directory)

    @property
    def endpoint(self) -> str:
        """The URL for clients."""
        return f"http://127.0.0.1:{self.address[1]}"

    def start(self) -> None:
        """Start the process, and wait until it listens."""
        host, port = self.address
        arguments = ["grpc-proxy", "start", f"--endpoints={self._upstream.endpoint}"]
        arguments += [f"--listen-addr={host}:{port}", f"--data-dir={self._directory / 'data'}"]
        log = self._directory / "proxy.log"
        self._process = default_launcher().spawn(arguments, self._directory, log)
        eventually(self._listens, 20)

    def stop(self) -> None:
        """Kill the process, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Kill the process and start it anew."""
        self.stop()
        self.start()

    def _listens(self) -> bool:
        try:
            socket.create_connection(self.address, 1).close()
        except OSError:
            return False
        return True
