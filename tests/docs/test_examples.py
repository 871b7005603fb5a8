"""The documentation's examples, each run by an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from etcd_client.testing import EtcdServer, ServerTls
from tests.docs.blocks import DEFAULT_ADDRESS, ROOT, Example, examples
from tests.support.tls import Certificates

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# How the programs begin that were written for other clients, and how they begin here. They stand in
# `py` blocks.
IMPORTS = {
    "from etcetra import": "from etcd_client.compat.etcetra import",
    "import aio_etcd as": "import etcd_client.compat.aio_etcd as",
    "import etcd3\n": "import etcd_client.compat.etcd3 as etcd3\n",
}

# How python-etcd3 is told the default address.
DEFAULT_HOST_AND_PORT = 'host="127.0.0.1", port=2379'


def before() -> list[Example]:
    """Return the programs that were written for other clients, with their import lines changed."""
    programs = [program for page in PAGES for program in examples(page, "py")]
    return [replace(program, code=changed(program.code)) for program in programs]


def changed(code: str) -> str:
    """Change the import line of a program that was written for another client."""
    for there, here in IMPORTS.items():
        code = code.replace(there, here)
    return code


EXAMPLES = [*(example for page in PAGES for example in examples(page)), *before()]
# Examples that lose a lock on purpose need not show the warning of it, which goes to stderr.
QUIET = 'import logging; logging.getLogger("etcd_client").addHandler(logging.NullHandler())'


def run(code: str, server: EtcdServer, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a script that names the default address against another one."""
    code = code.replace(DEFAULT_ADDRESS, "{}:{}".format(*server.address))
    code = code.replace(DEFAULT_HOST_AND_PORT, 'host="{}", port={}'.format(*server.address))
    command = [sys.executable, "-W", "error", "-c", f"{QUIET}; exec({code!r})"]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=50, check=False, cwd=directory
    )


@pytest.mark.parametrize(("page", "count"), [("README.md", 2), ("docs/get-started.md", 6)])
def test_the_first_pages_have_their_examples(page: str, count: int) -> None:
    """The blocks are found, and each says what it prints."""
    found = examples(ROOT / page)
    assert len(found) >= count
    assert all(example.output for example in found)


@pytest.fixture
def tls_server(
    make_server: Callable[..., EtcdServer], certificates: Certificates
) -> Callable[[], EtcdServer]:
    """Return a function that starts a server which asks for certificates."""
    tls = ServerTls(certificates.server(), client_authority=certificates.authority)
    return lambda: make_server(tls=tls)


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_prints_what_the_page_says(
    example: Example,
    etcd: EtcdServer,
    tls_server: Callable[[], EtcdServer],
    certificates: Certificates,
) -> None:
    """A reader who copies a block sees just what stands below it."""
    server = tls_server() if f"https://{DEFAULT_ADDRESS}" in example.code else etcd
    outcome = run(example.code, server, certificates.client().certificate.parent)
    assert outcome.stderr == ""
    assert outcome.stdout == example.output
    assert outcome.returncode == 0


@pytest.mark.usefixtures("endpoint")
def test_the_quick_start_script_runs(etcd: EtcdServer, tmp_path: Path) -> None:
    """`make demo` shows what the README promises."""
    script = (ROOT / "examples" / "quickstart.py").read_text()
    outcome = run(script, etcd, tmp_path)
    assert outcome.stderr == ""
    assert "get greeting: b'hello'" in outcome.stdout
    assert outcome.stdout.count("has the lock") == 3


@pytest.mark.timeout(200)
def test_the_failover_program_keeps_its_promises(tmp_path: Path) -> None:
    """What `make demo` shows last: it ends with an error if anything was lost."""
    program = str(ROOT / "examples" / "failover.py")
    command = [sys.executable, "-W", "error", program, "--pause", "0.3"]
    outcome = subprocess.run(
        command, capture_output=True, text=True, timeout=150, check=False, cwd=tmp_path
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "the leader, is killed" in outcome.stdout
    assert "is back" in outcome.stdout
    assert "the rival has it" in outcome.stdout
