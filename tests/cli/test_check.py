"""`check` says what is wrong, and what to do."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from etcd_client.testing import EtcdCluster, EtcdServer, ServerTls, eventually, free_port
from tests.cli.conftest import Finished, Run, run_check
from tests.support import gateway
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server
from tests.support.terms import in_one_term
from tests.support.tls import Certificates

MakeServer = Callable[..., EtcdServer]


def findings(finished: Finished, subject: str) -> dict[str, dict[str, Any]]:
    """Return what a check with --json has found about an endpoint or the cluster, by step."""
    assert finished.stderr == ""
    (found,) = [
        checked["findings"]
        for checked in json.loads(finished.stdout)["checked"]
        if checked["subject"] == subject
    ]
    return {finding["check"]: finding for finding in found}


def states(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the states of findings."""
    return {step: finding["state"] for step, finding in found.items()}


def test_a_good_server_has_no_problem(run: Run, endpoint: str) -> None:
    finished = run_check(run, "check", endpoint, "--json")
    assert finished.returncode == 0
    own = findings(finished, endpoint)
    assert states(own) == dict.fromkeys(["reach", "etcd", "auth", "quorum", "space"], "ok")
    status = gateway.call(endpoint, "maintenance/status")
    assert own["etcd"]["detail"] == (
        f"{status['version']}, member {int(status['header']['member_id']):x}"
    )
    assert " of 2.0 GiB (" in own["space"]["detail"]
    whole = findings(finished, "cluster")
    assert set(states(whole).values()) == {"ok"}
    assert whole["identity"]["detail"] == f"cluster {int(status['header']['cluster_id']):x}"
    assert whole["members"]["detail"] == "1 of 1 answer"


def test_people_read_lines(run: Run, endpoint: str) -> None:
    finished = run("check", ETCDCTL_ENDPOINTS=endpoint)
    assert finished.returncode == 0
    lines = finished.stdout.splitlines()
    assert lines[0] == endpoint
    assert lines[1].startswith("  ok       reach     port ")
    assert lines[-1] == "no problem found"
    assert finished.stderr == ""


def test_names_are_resolved(run: Run, etcd: EtcdServer) -> None:
    place = f"localhost:{etcd.address[1]}"
    found = findings(run("check", place, "--json"), place)
    assert found["name"]["detail"].startswith("localhost is ")
    place = f"no-such-host.invalid:{etcd.address[1]}"
    finished = run("check", place, "--json")
    assert finished.returncode == 1
    assert states(findings(finished, place)) == {"name": "problem"}


def test_no_server(run: Run) -> None:
    port = free_port()
    finished = run("check", f"127.0.0.1:{port}")
    assert finished.returncode == 1
    assert f"problem  reach     port {port}: 127.0.0.1: Connection refused" in finished.stdout
    assert "-> is etcd running there" in finished.stdout
    assert finished.stdout.endswith("\n1 problem\n")


def test_unix_sockets(run: Run, make_server: MakeServer) -> None:
    server = make_server(unix_socket=True)
    finished = run("check", server.unix_endpoint, "--json")
    assert finished.returncode == 0, finished.stdout
    assert run("check", "unix:///nowhere/at/all", "--json").returncode == 1


@pytest.fixture
def web_server() -> Iterator[int]:
    """Yield the port of a server of plain HTTP that is no etcd."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("scheme", "step", "advice"),
    [("http", "connect", "try https://"), ("https", "tls", "try http://")],
)
def test_what_is_no_etcd(run: Run, web_server: int, scheme: str, step: str, advice: str) -> None:
    place = f"{scheme}://127.0.0.1:{web_server}"
    finished = run("check", place, "--json", "--timeout", "20s")
    assert finished.returncode == 1
    found = findings(finished, place)
    assert states(found) == {"reach": "ok", step: "problem"}
    assert found[step]["advice"].startswith(advice)


def test_tls(run: Run, make_server: MakeServer, certificates: Certificates) -> None:
    server = make_server(tls=ServerTls(certificates.server(), certificates.authority))
    pair = certificates.client()
    own = ("--cert", str(pair.certificate), "--key", str(pair.key))
    trusted = ("--cacert", str(certificates.authority))
    # The options ask for TLS where the endpoint does not.
    for place in (server.endpoint, "{}:{}".format(*server.address)):
        finished = run("check", place, *trusted, *own, "--json")
        assert finished.returncode == 0, finished.stdout
        found = findings(finished, place)
        assert found["tls"]["state"] == "ok"
        # The quota comes by HTTP, with the same certificates.
        assert " of 2.0 GiB (" in found["space"]["detail"]

    for options, detail, advice in (
        ((), "certificate is refused: UnknownIssuer", "--cacert"),
        (trusted, "refuses the client's certificate", "--cert and --key"),
    ):
        finished = run("check", server.endpoint, *options, "--json")
        assert finished.returncode == 1
        found = findings(finished, server.endpoint)
        assert detail in found["tls"]["detail"]
        assert advice in found["tls"]["advice"]


def test_a_wrong_authority(
    run: Run,
    make_server: MakeServer,
    certificates: Certificates,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = make_server(tls=ServerTls(certificates.server()))
    other = Certificates(tmp_path_factory.mktemp("other-authority"))
    finished = run("check", server.endpoint, "--cacert", str(other.authority), "--json")
    assert finished.returncode == 1
    found = findings(finished, server.endpoint)
    assert "certificate is refused" in found["tls"]["detail"]
    assert "--cacert" in found["tls"]["advice"]


def test_authentication(run: Run) -> None:
    with auth_server() as server:
        finished = run("check", server.endpoint, "--json")
        assert finished.returncode == 1
        found = findings(finished, server.endpoint)
        assert found["auth"]["detail"] == "the cluster requires a user"
        assert "--user" in found["auth"]["advice"]

        finished = run("check", server.endpoint, "--user", f"{ROOT}:wrong", "--json")
        assert finished.returncode == 1
        assert states(findings(finished, server.endpoint))["auth"] == "problem"

        user = ("--user", ROOT, "--password", ROOT_PASSWORD)
        finished = run("check", server.endpoint, *user, "--json")
        assert finished.returncode == 0, finished.stdout
        assert findings(finished, server.endpoint)["auth"]["detail"] == "user root"


def test_a_user_that_is_not_needed(run: Run, endpoint: str) -> None:
    finished = run("check", endpoint, "--user", "someone:secret", "--json")
    assert finished.returncode == 0
    assert states(findings(finished, endpoint))["auth"] == "warning"


def test_a_member_that_is_down(run: Run, cluster: EtcdCluster) -> None:
    down = cluster.followers()[0]
    rest = [member.endpoint for member in cluster.members if member is not down]
    down.kill()
    finished = run("check", *cluster.endpoints, "--json")
    assert finished.returncode == 1
    assert states(findings(finished, down.endpoint)) == {"reach": "problem"}
    # It is found even if nobody names it; that its address may lead nowhere from here is no proof.
    finished = in_one_term(cluster, lambda: run("check", *rest, "--json"))
    assert finished.returncode == 0
    found = findings(finished, "cluster")["members"]
    assert found["state"] == "warning"
    assert found["detail"].startswith(f"2 of 3 answer; {down.name}: ")


def test_no_quorum(run: Run, cluster: EtcdCluster) -> None:
    left, *rest = cluster.members
    for member in rest:
        member.kill()

    def leaderless() -> bool:
        return "leader" not in gateway.call(left.endpoint, "maintenance/status")

    eventually(leaderless, within=20)
    finished = run("check", left.endpoint, "--json", "--timeout", "2s")
    assert finished.returncode == 1
    assert states(findings(finished, left.endpoint))["quorum"] == "problem"
    assert states(findings(finished, "cluster"))["leader"] == "problem"


def test_a_frozen_server(run: Run, make_server: MakeServer) -> None:
    server = make_server()
    server.freeze()
    finished = run("check", server.endpoint, "--json", "--timeout", "3s")
    assert finished.returncode == 1
    found = findings(finished, server.endpoint)
    assert found["reach"]["state"] == "ok"
    assert "problem" in states(found).values()


def test_no_space(run: Run, make_server: MakeServer) -> None:
    server = make_server(flags={"quota-backend-bytes": 2 * 1024**2})

    def full() -> bool:
        try:
            gateway.call(server.endpoint, "kv/put", {"key": "AAAA", "value": "A" * 80_000})
        except gateway.GatewayError as error:
            return "space" in str(error)
        return False

    eventually(full, within=20)
    finished = run("check", server.endpoint, "--json")
    assert finished.returncode == 1
    assert states(findings(finished, server.endpoint))["space"] == "warning"
    alarm = findings(finished, "cluster")["alarm"]
    assert alarm["detail"] == f"NOSPACE of member {server.name}"
    assert "compact, defragment" in alarm["advice"]


def test_endpoints_of_two_clusters(run: Run, endpoint: str, make_server: MakeServer) -> None:
    # etcd makes the id of a cluster of the names and addresses of its members.
    other = make_server(name="other")
    finished = run("check", endpoint, other.endpoint, "--json")
    assert finished.returncode == 1
    found = findings(finished, "cluster")["identity"]
    assert found["detail"].startswith("the endpoints lead to 2 clusters: ")
