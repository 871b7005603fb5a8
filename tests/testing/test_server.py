"""The test tools start, stop and watch real etcd servers as they say."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etcd_client.testing import (
    EtcdNotFoundError,
    EtcdServer,
    EtcdStartError,
    Metrics,
    ServerTls,
    eventually,
)
from etcd_client.testing._launch.backend import default_launcher
from etcd_client.testing._launch.binaries import find_etcd, find_etcdctl
from tests.support import gateway
from tests.support.environment import environment
from tests.support.flags import QUICK_ELECTIONS
from tests.support.tls import Certificates, client_context, jwt_auth_token
from tests.support.waiting import eventually_async

KEY = {"key": "a2V5"}
MakeServer = Callable[..., EtcdServer]


def etcdctl(*arguments: str) -> str:
    """Run etcdctl, a client that is not ours, and return what it printed."""
    command = [str(find_etcdctl()), "--command-timeout=20s", *arguments]
    return subprocess.run(
        command, env=environment(), check=True, text=True, capture_output=True
    ).stdout


def test_data_survive_a_kill_and_a_restart(make_server: MakeServer) -> None:
    server = make_server(flags=QUICK_ELECTIONS)
    endpoint = server.endpoint
    gateway.call(endpoint, "kv/put", {**KEY, "value": "dmFsdWU="})
    server.kill()
    assert not server.alive
    with pytest.raises(OSError, match="refused"):
        gateway.call(endpoint, "kv/range", KEY)
    server.restart()
    server.restart()
    assert gateway.call(endpoint, "kv/range", KEY)["kvs"][0]["value"] == "dmFsdWU="


def test_a_frozen_server_is_silent_until_it_thaws(make_server: MakeServer) -> None:
    server = make_server()
    server.freeze()
    assert server.alive
    with pytest.raises(TimeoutError):
        gateway.call(server.endpoint, "maintenance/status", within=0.3)
    server.thaw()
    assert gateway.call(server.endpoint, "maintenance/status")["version"]


def test_wipe_leaves_neither_keys_nor_leases(endpoint: str) -> None:
    lease = gateway.call(endpoint, "lease/grant", {"TTL": "60"})["ID"]
    gateway.call(endpoint, "kv/put", {**KEY, "value": "", "lease": lease})
    assert gateway.lease_ids(endpoint) == [int(lease)]
    gateway.wipe(endpoint)
    assert gateway.lease_ids(endpoint) == []
    assert "kvs" not in gateway.call(endpoint, "kv/range", {"key": "AA==", "range_end": "AA=="})


def test_version_is_what_the_server_says(etcd: EtcdServer) -> None:
    said = gateway.call(etcd.endpoint, "maintenance/status")["version"]
    assert ".".join(map(str, etcd.version)) == said


def test_flags_reach_the_server_by_new_and_old_names(make_server: MakeServer) -> None:
    server = make_server(flags={"max-txn-ops": 1, "watch-progress-notify-interval": "1s"})
    operations = [{"requestRange": KEY}, {"requestRange": KEY}]
    with pytest.raises(gateway.GatewayError, match="too many operations"):
        gateway.call(server.endpoint, "kv/txn", {"success": operations})


def test_a_server_that_cannot_start_shows_its_log() -> None:
    server = EtcdServer(flags={"no-such-flag": True})
    try:
        with pytest.raises(EtcdStartError, match="no-such-flag"):
            server.start()
    finally:
        server.close()
    assert not server.directory.exists()


def test_settings_of_the_environment_stay_outside(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETCD_MAX_TXN_OPS", "1")
    server = make_server()
    operations = [{"requestRange": KEY}, {"requestRange": KEY}]
    assert gateway.call(server.endpoint, "kv/txn", {"success": operations})["succeeded"]


def test_unix_socket(make_server: MakeServer) -> None:
    server = make_server(unix_socket=True, flags=QUICK_ELECTIONS)
    assert etcdctl("--endpoints", server.unix_endpoint, "put", "key", "value") == "OK\n"
    server.kill()
    server.start()
    assert "value" in etcdctl("--endpoints", server.unix_endpoint, "get", "key")


def https_version(server: EtcdServer, context: ssl.SSLContext) -> str:
    """Ask a server for its version over TLS, with Python's own view of the certificates."""
    connection = http.client.HTTPSConnection(*server.address, timeout=5, context=context)
    try:
        connection.request("GET", "/version")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_tls_with_client_certificates(make_server: MakeServer, certificates: Certificates) -> None:
    server = make_server(tls=ServerTls(certificates.server(), certificates.authority))
    known = client_context(certificates.authority, certificates.client())
    assert "etcdserver" in https_version(server, known)
    with pytest.raises(OSError, match=r"certificate required|reset|bad certificate"):
        https_version(server, client_context(certificates.authority))


def test_tls_without_client_certificates(
    make_server: MakeServer, certificates: Certificates
) -> None:
    server = make_server(tls=ServerTls(certificates.server()))
    assert "etcdserver" in https_version(server, client_context(certificates.authority))


@pytest.mark.parametrize(
    ("which", "complaint"),
    [("expired_server", "has expired"), ("server_of_other_name", "not valid for '127.0.0.1'")],
)
def test_wrong_certificates_are_wrong(
    make_server: MakeServer, certificates: Certificates, which: str, complaint: str
) -> None:
    server = make_server(tls=ServerTls(getattr(certificates, which)()))
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
        https_version(server, client_context(certificates.authority))


def test_jwt_tokens_expire(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server(flags={"auth-token": jwt_auth_token(tmp_path, ttl=1)})
    user = {"name": "root", "password": "secret"}
    gateway.call(server.endpoint, "auth/user/add", user)
    gateway.call(server.endpoint, "auth/role/add", {"name": "root"})
    gateway.call(server.endpoint, "auth/user/grant", {"user": "root", "role": "root"})
    gateway.call(server.endpoint, "auth/enable")

    def accepted() -> str | None:
        """Return a token that the server has taken; a busy machine may be too slow for one."""
        token: str = gateway.call(server.endpoint, "auth/authenticate", user)["token"]
        try:
            gateway.call(server.endpoint, "kv/range", KEY, token=token)
        except gateway.GatewayError:
            return None
        return token

    token = eventually(accepted)

    def expired() -> bool:
        try:
            gateway.call(server.endpoint, "kv/range", KEY, token=token)
        except gateway.GatewayError as error:
            return "invalid auth token" in str(error)
        return False

    eventually(expired)


def test_metrics_count_watches_and_calls(etcd: EtcdServer) -> None:
    # Those of the tests before may still be ending.
    eventually(lambda: etcd.metrics().watch_streams == 0)
    command = [str(find_etcdctl()), "--endpoints", etcd.endpoint, "watch", "key"]
    watching = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: etcd.metrics().watchers == 1, within=20)
        assert etcd.metrics().watch_streams == 1
        assert etcd.metrics().open_calls(grpc_method="Watch") == 1
    finally:
        watching.kill()
        watching.wait()
    eventually(lambda: etcd.metrics().watch_streams == 0 and etcd.metrics().open_streams == 0)


def test_an_unknown_metric_is_an_error() -> None:
    metrics = Metrics('calls_total{code="OK",method="Get"} 2\ncalls_total{code="Bad"} 1e+06\n')
    assert metrics.total("calls_total") == 1_000_002
    assert metrics.total("calls_total", code="OK") == 2
    assert metrics.total("calls_total", code="Other") == 0
    with pytest.raises(KeyError, match="calls"):
        metrics.total("calls")


async def test_eventually_gives_up() -> None:
    with pytest.raises(AssertionError, match=r"within 0\.05 s; it was last \[\]"):
        eventually(list, within=0.05)
    with pytest.raises(AssertionError, match=r"within 0\.05 s"):
        await eventually_async(lambda: False, within=0.05)

    async def answer() -> int:
        return 42

    assert await eventually_async(answer) == 42


def test_nothing_is_left_when_the_tests_are_killed() -> None:
    script = """
        import os, signal
        from etcd_client.testing import EtcdServer
        server = EtcdServer().start()
        server.freeze()
        print(server.pid, server.directory, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    pid, directory = killed.stdout.split()
    # In a container it takes longer: Docker's own reaper waits for stragglers.
    eventually(lambda: not _exists(int(pid)) and not Path(directory).exists(), within=30)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_processes_do_not_choose_the_same_port() -> None:
    """Not even if they draw the same numbers, and before anything listens there."""
    choose = "import random; from etcd_client.testing import free_port; random.seed(7); "
    choose += "print(free_port(), flush=True); input()"
    command = [sys.executable, "-c", choose]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        assert one.stdout is not None
        assert other.stdout is not None
        assert one.stdout.readline() != other.stdout.readline()
        for process in (one, other):
            process.communicate("\n")


def test_run_etcd_passes_endpoint_and_exit_code() -> None:
    put = "import os; from tests.support import gateway; "
    put += "gateway.call(os.environ['ETCD_ENDPOINT'], 'maintenance/status'); raise SystemExit(7)"
    command = [sys.executable, "-m", "tests.support.run_etcd", "--", sys.executable, "-c", put]
    assert subprocess.run(command, check=False).returncode == 7


def test_etcd_bin_is_taken_or_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ETCD_BIN", sys.executable)
    assert find_etcd() == Path(sys.executable)
    monkeypatch.setenv("ETCD_BIN", str(tmp_path / "missing"))
    with pytest.raises(EtcdNotFoundError, match="ETCD_BIN"):
        find_etcd()


def test_docker_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    no_docker = {"ETCD_TEST_BACKEND": "docker", "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
    # In a process of its own: the docker library leaves the socket that it could not connect.
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.run_etcd", "--", "true"],
        env={**os.environ, **no_docker},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "Docker does not answer" in run.stderr


def test_an_unknown_backend_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCD_TEST_BACKEND", "podman")
    with pytest.raises(ValueError, match="'process' or 'docker'"):
        default_launcher()
