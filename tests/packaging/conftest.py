"""The distributions, and an environment that has the wheel, made once for all tests here."""

import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.packaging.commands import maturin, only, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this Python, built from the checkout.

    It is what `make build` compiles, so that cargo has nothing to do again.
    """
    directory = tmp_path_factory.mktemp("wheel")
    maturin("build", "--release", "--locked", "--interpreter", sys.executable, "--out", directory)
    return only(list(directory.glob("*.whl")))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the checkout."""
    directory = tmp_path_factory.mktemp("sdist")
    maturin("sdist", "--out", directory)
    return only(list(directory.glob("*.tar.gz")))


@pytest.fixture(scope="session")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment outside the repository that has nothing but the wheel."""
    environment = tmp_path_factory.mktemp("clean")
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    # Without an index: a dependency, if one crept in, would fail the installation.
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", wheel)
    return python


@pytest.fixture(scope="session")
def python_with_pytest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel, pytest and its plugins, and an etcd."""
    environment = tmp_path_factory.mktemp("with-pytest")
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", wheel)
    site = sysconfig.get_path("purelib", vars={"base": str(environment)})
    # Those of the development environment; what was installed above comes first.
    Path(site, "tools.pth").write_text(sysconfig.get_path("purelib"))
    return python
