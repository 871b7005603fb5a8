"""That the source distribution holds what its build needs, `protoc` included, and no more."""

import os
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.commands import REPOSITORY, TOOLS, only, run
from tests.support.environment import environment

pytestmark = pytest.mark.timeout(900)


def members(sdist: Path) -> set[PurePosixPath]:
    """The files of the archive, relative to its one folder."""
    with tarfile.open(sdist) as archive:
        paths = [PurePosixPath(member.name) for member in archive if member.isfile()]
    return {path.relative_to(path.parts[0]) for path in paths}


def test_sdist_holds_the_sources(sdist: Path) -> None:
    folders = (REPOSITORY / "src", REPOSITORY / "documented", REPOSITORY / "python")
    sources = {
        PurePosixPath(path.relative_to(REPOSITORY).as_posix())
        for folder in folders
        for pattern in ("*.rs", "*.py", "*.pyi", "py.typed")
        for path in folder.rglob(pattern)
    }
    top = ("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "PKG-INFO")
    licences = ("LICENSE-MIT", "LICENSE-APACHE")

    assert members(sdist) >= sources | {PurePosixPath(name) for name in top + licences}


def test_sdist_leaves_out_what_a_build_does_not_need(sdist: Path) -> None:
    unexpected = {"tests", "benches", "docs", "examples", "requirements", ".github", ".ci"}

    assert {path.parts[0] for path in members(sdist)} & unexpected == set()


def test_sdist_builds_with_a_protoc_of_its_own(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    """As `pip install` of it does: isolated, on a machine that has Rust and no `protoc`.

    The unoptimized profile takes a third of the time, and the target folder is kept for the next
    run; but for the crate that runs `protoc`, which must find it anew.
    """
    target = REPOSITORY / "target" / "sdist"
    run("cargo", "clean", "--quiet", "--package", "etcd-client", "--target-dir", target)
    folders = os.environ["PATH"].split(os.pathsep)
    without_tools = environment(
        PYTHONPATH=None,
        PATH=os.pathsep.join(folder for folder in folders if Path(folder) != TOOLS),
        CARGO_TARGET_DIR=str(target),
        MATURIN_PEP517_ARGS="--profile=dev",
    )
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-cache-dir")
    run(*pip, "--wheel-dir", tmp_path, sdist, cwd=tmp_path, env=without_tools)

    assert names(only(list(tmp_path.glob("*.whl")))) == names(wheel)


def names(wheel: Path) -> set[str]:
    """The files in a wheel, but for the bill of materials, which only some builds write."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if "/sboms/" not in name}
