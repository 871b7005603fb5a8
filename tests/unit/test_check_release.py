"""A release whose tag, versions and changelog differ is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_release import ROOT, faults


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with the files of a release that is as it should be."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    (tmp_path / "Cargo.toml").write_text('[package]\nversion = "1.2.3"\nrust-version = "1.88"\n')
    text = "# Changelog\n\n## 1.2.3 - 2020-01-31\n\nNew.\n\n## 1.2.2 - 2019-01-31\n"
    (tmp_path / "CHANGELOG.md").write_text(text)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that is in a file once."""
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))


def test_what_agrees_is_accepted(repository: Path) -> None:
    assert list(faults(repository, "v1.2.3")) == []


def test_pre_releases_are_written_as_each_tool_wants(repository: Path) -> None:
    replace(repository / "pyproject.toml", "1.2.3", "1.2.3rc1")
    replace(repository / "Cargo.toml", "1.2.3", "1.2.3-rc.1")
    replace(repository / "CHANGELOG.md", "1.2.3 ", "1.2.3rc1 ")
    assert list(faults(repository, "v1.2.3rc1")) == []


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3-rc1", "release"])
def test_other_tags_are_refused(repository: Path, tag: str) -> None:
    (fault,) = faults(repository, tag)
    assert tag in fault


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("pyproject.toml", "1.2.3", "1.2.4", "pyproject.toml has version 1.2.4, and the tag is v1"),
        ("Cargo.toml", "1.2.3", "1.2.4", "Cargo.toml has version 1.2.4"),
        ("CHANGELOG.md", "1.2.3 -", "1.2.4 -", "the newest entry of CHANGELOG.md is 1.2.4"),
        ("CHANGELOG.md", "2020-01-31", "unreleased", "has no date, but 'unreleased'"),
        ("CHANGELOG.md", "2020-01-31", "2999-01-31", "is to come"),
    ],
)
def test_what_differs_is_refused(
    repository: Path, file: str, old: str, new: str, complaint: str
) -> None:
    replace(repository / file, old, new)
    (fault,) = faults(repository, "v1.2.3")
    assert complaint in fault


def test_the_command_fails_where_there_is_a_fault() -> None:
    command = [sys.executable, "-m", "scripts.check_release"]
    finished = subprocess.run(
        [*command, "v0.0.0"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert "pyproject.toml has version" in finished.stderr
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 2
