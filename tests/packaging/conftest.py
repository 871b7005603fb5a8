"""Builds the distributions once for all tests of this folder."""

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.packaging.commands import REPOSITORY, maturin, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this Python, built from the checkout.

    The arguments are those of `make build`, so that cargo has nothing to compile again.
    """
    directory = tmp_path_factory.mktemp("wheel")
    maturin("build", "--release", "--locked", "--interpreter", sys.executable, "--out", directory)
    return only(directory.glob("*.whl"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    directory = tmp_path_factory.mktemp("sdist")
    maturin("sdist", "--out", directory)
    return only(directory.glob("*.tar.gz"))
