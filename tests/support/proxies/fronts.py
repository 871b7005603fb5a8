"""How each proxy is configured, started and reloaded."""

import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from etcd_client.testing import KeyPair, eventually, free_port
from etcd_client.testing._launch import reaper
from etcd_client.testing._launch.binaries import find_etcd
from tests.support.proxies.documented import documented

_GRACE = 10.0


class ProxyError(RuntimeError):
    """A proxy is not installed or did not start; the message says what to do."""


class FrontProxy(ABC):
    """A proxy that forwards gRPC from its own port to etcd servers."""

    program: str
    adapted: ClassVar[Mapping[str, str]] = {}
    """What a test changes in the documented configuration: regular expressions and replacements."""
    reload_signal: signal.Signals | None = None

    def __init__(self, *upstreams: tuple[str, int], tls: KeyPair | None = None) -> None:
        """Choose a port; `start()` starts the process."""
        self.upstreams = upstreams
        self.tls = tls
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="proxy-"))
        reaper.guard_directory(self.directory)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "FrontProxy":
        """Start the proxy."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_exception: object) -> None:
        """Stop the proxy."""
        self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for clients."""
        return "127.0.0.1", self.port

    @property
    def endpoint(self) -> str:
        """The URL for clients."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    @abstractmethod
    def command(self) -> list[str]:
        """Write the configuration, and return the command that starts the proxy."""

    def start(self) -> "FrontProxy":
        """Start the proxy and wait until it accepts connections."""
        if shutil.which(self.program) is None and not Path(self.program).exists():
            message = f"{self.program} is not installed: `make test-proxies` does that as root"
            raise ProxyError(message)
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                start_new_session=True,
            )
        reaper.guard_process(self._process.pid)
        eventually(self._accepts, within=20.0)
        return self

    def reload(self) -> None:
        """Reload the configuration, which replaces the worker processes."""
        assert self.reload_signal is not None, f"{self.program} cannot reload"
        self._running().send_signal(self.reload_signal)

    def stop(self) -> None:
        """Stop the proxy, which closes all connections."""
        process = self._running()
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reaper.release_process(process.pid)
        self._process = None

    def restart(self) -> None:
        """Stop the proxy and start it again on the same port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the proxy if it is running, and delete its files; may be called twice."""
        if self._process is not None:
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        reaper.release_directory(self.directory)

    def log(self) -> str:
        """Return the log of the proxy."""
        return (self.directory / "log").read_text(errors="replace")

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, f"{self.program} does not run"
        return self._process

    def _accepts(self) -> bool:
        if self._running().poll() is not None:
            message = f"{self.program} ended: {self.log()}"
            raise ProxyError(message)
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0


class Nginx(FrontProxy):
    """Debian's nginx, as the documentation configures it."""

    program = "/usr/sbin/nginx"
    reload_signal = signal.SIGHUP

    def command(self) -> list[str]:
        """Write `nginx.conf`."""
        listen = f"listen 127.0.0.1:{self.port}"
        changes: dict[str, str | Path]
        if self.tls is None:
            changes = {r"listen 2379 ssl( http2;)\n.+\.pem;\n.+\.key;": listen + r"\1"}
        else:
            changes = {
                "listen 2379": listen,
                r"/etc/nginx/etcd\.pem": self.tls.certificate,
                r"/etc/nginx/etcd\.key": self.tls.key,
            }
        paths = "".join(
            f"{name}_temp_path {self.directory}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = f"""
            daemon off;
            user root;
            worker_processes 1;
            pid {self.directory}/pid;
            error_log stderr warn;
            events {{ worker_connections 4096; }}
            http {{
              {paths}
              access_log off;
              {documented("nginx", self.upstreams, {**changes, **self.adapted})}
            }}"""
        (self.directory / "nginx.conf").write_text(configuration)
        prefix = str(self.directory)
        return [self.program, "-p", prefix, "-c", "nginx.conf", "-e", "stderr"]


class Haproxy(FrontProxy):
    """Debian's HAProxy, as the documentation configures it."""

    program = "/usr/sbin/haproxy"
    reload_signal = signal.SIGUSR2

    def command(self) -> list[str]:
        """Write `haproxy.cfg`."""
        bind = f"bind 127.0.0.1:{self.port}"
        changes: dict[str, str | Path]
        if self.tls is None:
            changes = {r"bind :2379 ssl .+": f"{bind} proto h2"}
        else:
            pair = self.directory / "etcd.pem"
            pair.write_bytes(self.tls.certificate.read_bytes() + self.tls.key.read_bytes())
            changes = {"bind :2379": bind, r"/etc/haproxy/etcd\.pem": pair}
        configuration = documented("HAProxy", self.upstreams, {**changes, **self.adapted})
        (self.directory / "haproxy.cfg").write_text(configuration)
        return [self.program, "-W", "-f", "haproxy.cfg"]


class Envoy(FrontProxy):
    """The Envoy of `requirements/proxies.txt`, as the documentation configures it."""

    program = "envoy"

    def command(self) -> list[str]:
        """Write `envoy.yaml`."""
        changes: dict[str, str | Path] = {
            r"0\.0\.0\.0, port_value: 2379": f"127.0.0.1, port_value: {self.port}"
        }
        if self.tls is None:
            changes[r"transport_socket:\n(.+\n)+? +filters:"] = "filters:"
        else:
            changes[r"/etc/envoy/etcd\.pem"] = self.tls.certificate
            changes[r"/etc/envoy/etcd\.key"] = self.tls.key
        configuration = documented("Envoy", self.upstreams, {**changes, **self.adapted})
        (self.directory / "envoy.yaml").write_text(configuration)
        # Several run on one machine.
        return [self.program, "-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1"]


class GrpcProxy(FrontProxy):
    """etcd's grpc-proxy, which merges the watches and lease renewals of its clients."""

    program = "etcd"

    def command(self) -> list[str]:
        """Return the command; this proxy needs no configuration file."""
        return [
            str(find_etcd()),
            "grpc-proxy",
            "start",
            "--endpoints=" + ",".join(f"{host}:{port}" for host, port in self.upstreams),
            f"--listen-addr=127.0.0.1:{self.port}",
            f"--data-dir={self.directory}/data",
        ]

    def start(self) -> FrontProxy:
        """Start the proxy from the same etcd binary as the tests."""
        self.program = str(find_etcd())
        return super().start()


FRONTS: Mapping[str, tuple[type[FrontProxy], bool]] = {
    "nginx": (Nginx, False),
    "nginx-tls": (Nginx, True),
    "haproxy": (Haproxy, False),
    "haproxy-tls": (Haproxy, True),
    "envoy": (Envoy, False),
    "envoy-tls": (Envoy, True),
    "grpc-proxy": (GrpcProxy, False),
}
