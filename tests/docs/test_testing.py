"""The test files of the page about testing are a project that passes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT
from tests.support.environment import environment

FILES = dict(
    re.findall(
        r'^```python title="([\w.]+)"\n(.*?)^```$',
        (ROOT / "docs" / "testing.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
)


@pytest.mark.timeout(200)
def test_the_files_of_the_page_pass(tmp_path: Path) -> None:
    for name, code in FILES.items():
        (tmp_path / name).write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "etcd_client.testing"]
    # Without it, pytest-asyncio warns.
    command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    count = sum(code.count("def test_") for code in FILES.values())
    assert count > 0
    assert f"{count} passed in" in run.stdout, run.stdout + run.stderr
