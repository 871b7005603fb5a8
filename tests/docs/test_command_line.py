"""The commands of the page about the command line print what it shows."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from etcd_client.testing import EtcdServer
from tests.cli.conftest import Run, run, run_check
from tests.docs.blocks import DEFAULT_ADDRESS, ROOT

__all__ = ["run"]

TEXT = (ROOT / "docs" / "command-line.md").read_text()
COMMANDS = re.findall(
    r"^```bash\npython -m etcd_client ([^\n]*)\n```\n\n```text\n(.*?)^```$",
    TEXT,
    re.MULTILINE | re.DOTALL,
)


def shape(text: str) -> list[str]:
    """Return lines without what differs from run to run: numbers, ids, and the width of columns."""
    text = re.sub(r"\b[0-9a-f]{12,16}\b|\d+(\.\d+)*", "N", text.replace("MiB", "KiB"))
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(("arguments", "shown"), COMMANDS, ids=lambda text: text.split()[0])
def test_command_prints_what_the_page_shows(
    run: Run, etcd: EtcdServer, arguments: str, shown: str
) -> None:
    address = "{}:{}".format(*etcd.address)
    finished = run_check(run, *shlex.split(arguments.replace(DEFAULT_ADDRESS, address)))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert shape(finished.stdout) == shape(shown)


def test_the_page_shows_what_there_is(run: Run) -> None:
    """All commands, options and steps of a check."""
    assert len(COMMANDS) >= 3
    for command in re.findall(r"^    (\w+) ", run("--help").stdout, re.MULTILINE):
        assert re.search(rf"^\| `{command}\b", TEXT, re.MULTILINE), command
    for option in re.findall(r"--\w+", run("status", "--help").stdout):
        assert option == "--help" or option in TEXT, option
    sources = Path(sys.modules["etcd_client"].__file__ or "").parent / "_cli" / "check"
    code = "".join(path.read_text() for path in sources.glob("*.py"))
    steps = set(re.findall(r'findings\.(?:ok|warn|problem)\(\s*"(\w+)"', code))
    assert steps - set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == set()
