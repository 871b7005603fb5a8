"""Options, the environment, and how the program ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

import etcd_client
from etcd_client.testing import free_port
from tests.cli.conftest import COMMAND, Run
from tests.support.auth import ROOT, ROOT_PASSWORD, auth_server
from tests.support.environment import environment


def test_version(run: Run) -> None:
    versions = json.loads(run("version", "--json").stdout)
    assert versions["etcd-client-py"] == etcd_client.__version__
    assert versions["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert run("version").stdout.startswith(f"etcd-client-py: {etcd_client.__version__}\n")
    assert run("--version").stdout == f"etcd-client-py {etcd_client.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "list the members with their roles"),
        (("stauts",), "invalid choice: 'stauts'"),
        (("status", "--endpoints", "ftp://a"), "endpoint"),
        (
            ("status", "--user", "root"),
            "error: --user: expected name:password, or",
        ),
        (("status", "--cert", "a.pem"), "error: --cert and ETCDCTL_KEY: expected both or none"),
        (("status", "--timeout", "soon"), "error: --timeout: expected a time"),
        (("snapshot",), "required: ACTION"),
        (("watch",), "required: KEY"),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    finished = run(*arguments)
    assert finished.returncode == 2
    assert complaint in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""


def test_a_file_that_is_not_there(run: Run) -> None:
    finished = run("status", "--cacert", "nowhere.pem")
    assert finished.returncode == 1
    assert "nowhere.pem" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_no_server(run: Run) -> None:
    place = f"127.0.0.1:{free_port()}"
    finished = run("status", "--endpoints", place, "--timeout", "1s")
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no endpoint could be reached")


def test_the_environment_of_etcdctl_and_options_before_it(run: Run, endpoint: str) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    assert run("status", ETCDCTL_ENDPOINTS=endpoint).returncode == 0
    finished = run(
        *("status", "--endpoints", endpoint),
        ETCDCTL_ENDPOINTS=nowhere,
        ETCDCTL_DISCOVERY_SRV="nowhere.invalid",
    )
    assert finished.returncode == 0, finished.stderr


def test_users_by_the_environment_and_by_options(run: Run) -> None:
    with auth_server() as server:
        known = {"ETCDCTL_ENDPOINTS": server.endpoint, "ETCDCTL_USER": ROOT}
        command = ("check", "--json")
        assert run(*command, **known, ETCDCTL_PASSWORD=ROOT_PASSWORD).returncode == 0
        # A password belongs to the user beside it.
        known["ETCDCTL_PASSWORD"] = ROOT
        assert run(*command, "--user", f"{ROOT}:{ROOT_PASSWORD}", **known).returncode == 0


def test_a_missing_password_is_asked_for_on_a_terminal() -> None:
    with auth_server() as server:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "check", server.endpoint, "--user", ROOT, "--json"],
            env=environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Without a terminal of its own, the password comes from its stdin.
            start_new_session=True,
        )
        os.close(theirs)
        assert process.stderr is not None
        question = f"Password of {ROOT}: "
        assert process.stderr.read(len(question)) == question
        os.write(ours, f"{ROOT_PASSWORD}\n".encode())
        shown, rest = process.communicate(timeout=30)
        os.close(ours)
    assert process.returncode == 0, shown
    assert rest.strip() == ""
