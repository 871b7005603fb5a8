"""What the wheel carries, and that a program outside the repository can use and type-check it."""

import shutil
import struct
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.commands import REPOSITORY, run

pytestmark = pytest.mark.timeout(900)

CONSUMER = Path(__file__).with_name("consumer.py")
SMOKE = Path(__file__).with_name("smoke.py")
STUB = "etcd_client/_etcd_client.pyi"

# Of the ELF format.
SHT_DYNAMIC = 6
DT_FLAGS = 30
DF_STATIC_TLS = 0x10

# Each line must be refused: were the package untyped for its users, mypy would accept them all.
MISUSE = """\
from etcd_client import Communicator, EtcdLockOption, Key


async def misuse(communicator: Communicator) -> None:
    value: str = await communicator.get(b"key")
    await communicator.put(1, b"value")
    communicator.no_such_method()
    EtcdLockOption(lock_name=b"lock", ttl="10")
    await communicator.range("key", sort_order="descend")
    communicator.watch("key", ready_event=object())
    condition: bool = Key("key").version == 0
    communicator.txn("key")
    async for key, value in communicator.scan_prefix("prefix/"):
        pass
    (await communicator.maintenance.status()).version = "3.6"
"""
MISUSE_LINES = {5, 6, 7, 8, 9, 10, 11, 12, 13, 15}

# A project's only file.
PROJECT = """\
import sys
import etcd_client
import pytest


@pytest.mark.parametrize("turn", range(8))
async def test(etcd, turn):
    assert etcd_client.__file__.startswith(sys.prefix)
    async with etcd.connect() as communicator:
        assert await communicator.get("key") is None
        await communicator.put("key", "value")
"""


def names(wheel: Path) -> set[PurePosixPath]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {PurePosixPath(name) for name in archive.namelist() if not name.endswith("/")}


def read(wheel: Path, name: str) -> str:
    """A text file of the wheel, with or without its versioned folder's name."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(name))
        return archive.read(path).decode()


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = names(wheel)
    dist_info = {file for file in files if file.parts[0].endswith(".dist-info")}
    sources = REPOSITORY / "python"
    expected = {
        PurePosixPath(path.relative_to(sources).as_posix())
        for pattern in ("*.py", "*.pyi", "py.typed")
        for path in sources.rglob(pattern)
    }
    native = files - dist_info - expected

    assert expected <= files
    assert [file.name.split(".")[0] for file in native] == ["_etcd_client"]
    licences = {"LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY-NOTICES"}
    assert {file.name for file in dist_info} >= {"METADATA", *licences}


def test_wheel_is_typed_by_the_stub_of_the_root(wheel: Path) -> None:
    assert PurePosixPath("etcd_client/py.typed") in names(wheel)
    assert read(wheel, STUB) == (REPOSITORY / "etcd_client.pyi").read_text()


def test_notices_are_those_of_the_linked_crates() -> None:
    run(REPOSITORY / "scripts" / "third-party-notices", "--check")


def test_the_extension_can_be_loaded_where_thread_local_storage_is_dynamic(wheel: Path) -> None:
    """Musl refuses such a library with initial-exec TLS; glibc has little room for it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".so"))
        assert not dynamic_flags(archive.read(name)) & DF_STATIC_TLS


def test_metadata_is_what_pypi_shows(wheel: Path) -> None:
    metadata = HeaderParser().parsestr(read(wheel, ".dist-info/METADATA"))

    assert metadata["Name"] == "etcd-client-py"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert all("extra ==" in requirement for requirement in metadata.get_all("Requires-Dist", []))
    urls = [url.partition(", ")[0] for url in metadata.get_all("Project-URL", [])]
    assert sorted(urls) == ["Changelog", "Documentation", "Issues", "Repository"]
    assert metadata["Author"] == "The etcd-client-py contributors"
    assert metadata["Description-Content-Type"].startswith("text/markdown")


def test_installed_package_is_importable_outside_the_repository(
    clean_python: Path, tmp_path: Path
) -> None:
    program = "import etcd_client; print(etcd_client.__file__)"
    printed = run(clean_python, "-I", "-c", program, cwd=tmp_path)

    assert Path(printed.strip()).is_relative_to(clean_python.parents[1])


def test_installed_package_talks_to_etcd(clean_python: Path, tmp_path: Path, endpoint: str) -> None:
    printed = run(clean_python, "-I", SMOKE, cwd=tmp_path, env={"ETCD_ENDPOINT": endpoint})

    assert "smoke test passed" in printed


def test_consumer_script_passes_mypy_strict(clean_python: Path, tmp_path: Path) -> None:
    script = Path(shutil.copy(CONSUMER, tmp_path))

    assert "Success: no issues found" in mypy(clean_python, script, tmp_path)


def test_misuse_fails_mypy(clean_python: Path, tmp_path: Path) -> None:
    script = tmp_path / "misuse.py"
    script.write_text(MISUSE)

    with pytest.raises(AssertionError) as failure:
        mypy(clean_python, script, tmp_path)
    complaints = [line for line in str(failure.value).splitlines() if ": error: " in line]
    assert {int(line.split(":")[1]) for line in complaints} == MISUSE_LINES


@pytest.mark.parametrize("workers", [(), ("-n", "4")], ids=["alone", "xdist"])
def test_a_project_with_nothing_but_a_test_uses_the_plugin(
    python_with_pytest: Path, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    (tmp_path / "test_project.py").write_text(PROJECT)
    options = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")
    pytest_command = ("-m", "pytest", "-q", "--asyncio-mode=auto", *options, *workers)
    printed = run(python_with_pytest, *pytest_command, cwd=tmp_path)

    assert "8 passed in" in printed


def dynamic_flags(library: bytes) -> int:
    """Return DT_FLAGS of a 64-bit ELF library."""
    (table,) = struct.unpack_from("<Q", library, 0x28)
    (count,) = struct.unpack_from("<H", library, 0x3C)
    for header in range(table, table + 64 * count, 64):
        if struct.unpack_from("<I", library, header + 4)[0] == SHT_DYNAMIC:
            offset, size = struct.unpack_from("<QQ", library, header + 24)
            entries = struct.iter_unpack("<qQ", library[offset : offset + size])
            return next((value for tag, value in entries if tag == DT_FLAGS), 0)
    message = "no dynamic section"
    raise AssertionError(message)


def mypy(clean_python: Path, script: Path, directory: Path) -> str:
    """Type-checks a script against the package of the clean environment, without configuration."""
    interpreter = ("--python-executable", clean_python)
    options = ("--strict", "--config-file=", "--cache-dir", directory / "cache")
    return run(sys.executable, "-m", "mypy", *interpreter, *options, script, cwd=directory)
