"""`make lint` refuses what the order of the rooms forbids: each fault is put in, and is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.architecture.check import faults
from scripts.architecture.rooms import MOST_FILES

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the sources, to put a fault in."""
    for folder in ("src", "python/etcd_client"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.so", "__pycache__")
        )
    return tmp_path


@pytest.fixture
def new_faults(tree: Path) -> Callable[[], list[str]]:
    """Return a function that tells what is wrong with the copy and was not with the original."""
    known = set(faults(ROOT))
    return lambda: [fault for fault in faults(tree) if fault not in known]


def append(path: Path, text: str) -> None:
    """Add lines at the end of a file."""
    path.write_text(f"{path.read_text()}\n{text}\n")


@pytest.mark.parametrize(
    ("file", "text", "imported"),
    [
        ("src/rpc/keys.rs", "use crate::py::errors;\nfn f() { errors::closed(); }", "py/errors"),
        ("src/rpc/keys.rs", "fn f() { crate::rpc::kv::put(); }", "rpc/kv"),
        ("src/rpc/keys.rs", "use super::watch::Nothing;", "rpc/watch"),
        ("src/rpc/wire/method.rs", "use crate::rpc::{keys, transport::{self, stats::X}};", "stats"),
        ("src/bridge/fork.rs", "use crate::py::namespace::Inside;", "py/namespace"),
        ("python/etcd_client/enums.py", "from .errors import EtcdError", "errors"),
        ("python/etcd_client/_kv/scan.py", "from etcd_client import Client", "__init__"),
        ("python/etcd_client/_kv/scan.py", "import etcd_client._client", "_client"),
        (
            "python/etcd_client/_lease/loss.py",
            "def f():\n    from .._coordination import lock",
            "_coordination/lock",
        ),
    ],
)
def test_an_import_that_points_upward_is_refused(
    tree: Path, new_faults: Callable[[], list[str]], file: str, text: str, imported: str
) -> None:
    append(tree / file, text)
    (fault, *_) = [fault for fault in new_faults() if "which stands above it" in fault]
    assert f"{imported}, which" in fault


def test_the_ground_and_etcd_know_nothing_of_each_other(
    tree: Path, new_faults: Callable[[], list[str]]
) -> None:
    append(tree / "src/rpc/keys.rs", "use crate::bridge::Engine;")
    expected = "rpc/keys imports bridge/engine; bridge and rpc know nothing of each other"
    assert f"src: {expected}" in new_faults()


@pytest.mark.parametrize(
    ("additions", "circle"),
    [
        (
            {
                "src/rpc/admin/auth.rs": "use crate::rpc::admin::cluster::member_list;",
                "src/rpc/admin/cluster.rs": "use crate::rpc::admin::auth::User;",
            },
            "files import each other in a circle: rpc/admin/auth -> rpc/admin/cluster",
        ),
        (
            {
                "src/rpc/lease/mod.rs": "use crate::rpc::discovery::Discovery;",
                "src/rpc/discovery.rs": "use crate::rpc::lease::keep_alive::X;",
            },
            "rooms import each other in a circle: rpc/discovery -> rpc/lease -> rpc/discovery",
        ),
        (
            {"python/etcd_client/errors/_base.py": "from ._usage import ClosedError"},
            "files import each other in a circle: errors/_base -> errors/_usage -> errors/_base",
        ),
        (
            {
                "python/etcd_client/_kv/scan.py": "import etcd_client._watch.condvar",
                "python/etcd_client/_watch/condvar.py": "import etcd_client._kv.keys",
            },
            "rooms import each other in a circle: _kv -> _watch -> _kv",
        ),
    ],
)
def test_a_circle_is_refused(
    tree: Path, new_faults: Callable[[], list[str]], additions: dict[str, str], circle: str
) -> None:
    for file, text in additions.items():
        append(tree / file, text)
    assert any(circle in fault for fault in new_faults())


@pytest.mark.parametrize(
    ("folder", "ending"), [("src/rpc/wire", "rs"), ("python/etcd_client/_kv", "py")]
)
def test_a_crowded_folder_is_refused(
    tree: Path, new_faults: Callable[[], list[str]], folder: str, ending: str
) -> None:
    there = len(list((tree / folder).glob(f"*.{ending}"))) - 1
    for number in range(MOST_FILES - there):
        (tree / folder / f"more_{number}.{ending}").touch()
    assert new_faults() == []
    (tree / folder / f"one_more.{ending}").touch()
    expected = f"{folder}: {MOST_FILES + 1} files, more than {MOST_FILES}; give them rooms"
    assert new_faults() == [expected]


def test_every_file_has_a_place_and_every_place_a_file(
    tree: Path, new_faults: Callable[[], list[str]]
) -> None:
    (tree / "python/etcd_client/_attic.py").touch()
    shutil.rmtree(tree / "python/etcd_client/_watch")
    assert [fault for fault in new_faults() if "rooms.py" in fault] == [
        "python/etcd_client: _attic has no place in scripts/architecture/rooms.py",
        "python/etcd_client: _watch is in scripts/architecture/rooms.py and nowhere else",
    ]


def test_what_is_not_code_of_the_crate_imports_nothing(
    tree: Path, new_faults: Callable[[], list[str]]
) -> None:
    """Comments, strings, other crates, lifetimes and unit tests."""
    append(
        tree / "src/rpc/keys.rs",
        """
        //! [`crate::py::errors`]
        /* use crate::py::errors; */
        const TEXT: &str = "use crate::py::errors;";
        const RAW: &str = r#"crate::py::errors::closed() " "#;
        fn quote<'a>(quoted: &'a str) -> char { ::std::mem::drop(quoted); '"' }
        #[cfg(test)]
        mod more_tests { fn f() { if true { crate::py::errors::closed(); } } }
        """,
    )
    assert new_faults() == []
