"""The README's examples, each run by an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, Example, examples

DEFAULT_ENDPOINT = "http://127.0.0.1:2379"
EXAMPLES = examples(ROOT / "README.md")


def run(code: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    """Run a script that names the default endpoint against another one."""
    command = [sys.executable, "-W", "error", "-c", code.replace(DEFAULT_ENDPOINT, endpoint)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_readme_has_its_examples() -> None:
    """The blocks are found, and each says what it prints."""
    assert len(EXAMPLES) >= 6
    assert all(example.output is not None for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_prints_what_the_readme_says(example: Example, endpoint: str) -> None:
    """A reader who copies a block sees just what stands below it."""
    assert DEFAULT_ENDPOINT in example.code
    outcome = run(example.code, endpoint)
    assert outcome.stderr == ""
    assert outcome.stdout == example.output
    assert outcome.returncode == 0


def test_the_quick_start_script_runs(endpoint: str) -> None:
    """`make demo` shows what the README promises."""
    script = (ROOT / "examples" / "quickstart.py").read_text()
    outcome = run(script, endpoint)
    assert outcome.stderr == ""
    assert "get greeting: b'hello'" in outcome.stdout
    assert outcome.stdout.count("has the lock") == 3
