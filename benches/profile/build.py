"""The package with a native module that is optimised like a release, and has its symbols."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from benches.peers import ROOT

# Apart from the other builds, which it leaves as they are.
_TARGET = ROOT / "target" / "profiling"
_BUILT = _TARGET / "release" / "lib_etcd_client.so"
_PACKAGE = ROOT / "python" / "etcd_client"
_CARGO = ("cargo", "build", "--quiet", "--locked", "--lib", "--release")
_WITH_SYMBOLS = {
    "CARGO_PROFILE_RELEASE_STRIP": "none",
    "CARGO_PROFILE_RELEASE_DEBUG": "line-tables-only",
}
FOLDER = ROOT / ".cache" / "profile"


def build() -> Path:
    """Build what has changed, and return the folder that Python finds the package in."""
    print("building the native module with symbols", file=sys.stderr)
    # `protoc` is installed beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(
        [*_CARGO, "--target-dir", str(_TARGET)],
        check=True,
        cwd=ROOT,
        env={**os.environ, **_WITH_SYMBOLS, "PYO3_PYTHON": sys.executable, "PATH": path},
    )
    return assemble(_BUILT)


def assemble(library: Path) -> Path:
    """Return a folder with the package and this library as its native module."""
    package = FOLDER / "python" / "etcd_client"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    for path in _PACKAGE.iterdir():
        if path.suffix != ".so":
            (package / path.name).symlink_to(path)
    native = f"_etcd_client{sysconfig.get_config_var('EXT_SUFFIX')}"
    shutil.copyfile(library, package / native)
    return package.parent
