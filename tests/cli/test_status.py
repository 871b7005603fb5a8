"""`status` lists the members."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

from etcd_client.testing import EtcdCluster, EtcdServer
from tests.cli.conftest import COMMAND, Finished, Run
from tests.support.environment import PACKAGE, environment
from tests.support.terms import in_one_term


def test_a_table_of_all_members(run: Run, cluster: EtcdCluster) -> None:
    def status() -> tuple[EtcdServer, Finished]:
        return cluster.leader(), run("status", "--endpoints", cluster[0].endpoint)

    led_by, finished = in_one_term(cluster, status)
    assert finished.returncode == 0
    heading, *rows = [line.split() for line in finished.stdout.splitlines()]
    assert heading[:5] == ["ID", "NAME", "ENDPOINT", "VERSION", "SIZE"]
    assert sorted(row[1] for row in rows) == sorted(member.name for member in cluster.members)
    (leader,) = [row[1] for row in rows if "leader" in row]
    assert leader == led_by.name
    assert finished.stderr == ""


def test_a_member_that_is_down(run: Run, cluster: EtcdCluster) -> None:
    down = cluster.followers()[0]
    down.kill()
    finished = run("status", "--endpoints", ",".join(cluster.endpoints))
    assert finished.returncode == 1
    (row,) = [line for line in finished.stdout.splitlines() if f" {down.name} " in line]
    assert row.split()[-6:] == ["-"] * 6
    assert f"{down.name} does not answer: " in finished.stderr


def test_an_endpoint_without_an_option(run: Run, endpoint: str) -> None:
    finished = run("status", endpoint, ETCDCTL_ENDPOINTS="127.0.0.1:1")
    assert finished.returncode == 0, finished.stderr
    assert endpoint.partition("//")[2] in finished.stdout


def test_json(run: Run, etcd: EtcdServer, endpoint: str) -> None:
    (member,) = json.loads(run("status", "--endpoints", endpoint, "--json").stdout)["members"]
    assert member["name"] == etcd.name
    assert (member["role"], member["leader"]) == ("leader", member["id"])
    assert member["version"] == ".".join(map(str, etcd.version))
    assert member["db_size"] >= member["db_size_in_use"] > 0
    assert member["errors"] == []


def on_a_terminal(*arguments: str, columns: int = 200, **changes: str) -> str:
    """Run a command whose streams are a terminal, and return what it shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(**{"COLUMNS": str(columns), "TERM": "xterm", **changes}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    # At the end of the other side, Linux reports an error.
    try:
        while data := os.read(ours, 65_536):
            shown += data
    except OSError:
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    return shown.decode()


def test_terminals_get_more(endpoint: str, tmp_path: Path) -> None:
    arguments = ("status", "--endpoints", endpoint)
    assert "┃" in on_a_terminal(*arguments)
    assert "ID  " in on_a_terminal(*arguments, columns=40)
    # Without the package that draws it, there is the plain table.
    (tmp_path / "rich.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), PACKAGE])
    plain = on_a_terminal(*arguments, PYTHONPATH=path)
    assert "┃" not in plain
    assert plain.startswith("ID  ")


def test_terminals_get_a_progress_bar(endpoint: str, tmp_path: Path) -> None:
    target = tmp_path / "etcd.db"
    arguments = ("snapshot", "save", str(target), "--endpoints", endpoint)
    assert "etcd.db" in on_a_terminal(*arguments).partition("saved")[0]
    (tmp_path / "rich.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), PACKAGE])
    assert "\retcd.db: " in on_a_terminal(*arguments, PYTHONPATH=path)
    assert "\x1b[32mok" in on_a_terminal("check", endpoint)
