"""The file that a database is saved in: what is taken for complete and undamaged."""

import hashlib
from pathlib import Path

import pytest

from etcd_client import IoError
from etcd_client._admin.snapshot import TemporaryFile

DATABASE = bytes(range(256)) * 40
CHECKSUM = hashlib.sha256(DATABASE).digest()


def save(path: Path, *batches: bytes) -> TemporaryFile:
    """Write and check a database that comes in batches."""
    file = TemporaryFile(path)
    file.open()
    try:
        for batch in batches:
            file.write([batch[:7], batch[7:]])
        file.verify()
        file.publish()
    finally:
        file.discard()
    return file


@pytest.mark.parametrize("at", [0, 1, 31, 32, 33, 5000, len(DATABASE) - 1, len(DATABASE)])
def test_takes_a_database_with_its_checksum(tmp_path: Path, at: int) -> None:
    path = tmp_path / "etcd.db"
    saved = save(path, DATABASE[:at], DATABASE[at:] + CHECKSUM[: at % 32], CHECKSUM[at % 32 :])
    assert path.read_bytes() == DATABASE + CHECKSUM
    assert saved.size == len(DATABASE) + len(CHECKSUM)


@pytest.mark.parametrize(
    ("database", "why"),
    [
        (b"", "none with a sha256"),
        (DATABASE, "none with a sha256"),
        (DATABASE[:-512], "none with a sha256"),
        (DATABASE + CHECKSUM[:-1], "none with a sha256"),
        (DATABASE[512:] + CHECKSUM, "damaged"),
        (b"\xff" + DATABASE[1:] + CHECKSUM, "damaged"),
        (DATABASE + CHECKSUM[::-1], "damaged"),
    ],
)
def test_refuses_what_is_not(tmp_path: Path, database: bytes, why: str) -> None:
    with pytest.raises(IoError, match=why):
        save(tmp_path / "etcd.db", database)
    assert list(tmp_path.iterdir()) == []
