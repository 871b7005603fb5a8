"""Saving a member's database to a file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from etcd_client._concurrency import finish, join
from etcd_client._etcd_client import Snapshot
from etcd_client.errors import IoError

from .saved_snapshot import SavedSnapshot

T = TypeVar("T")

# A member sends the database, whose size is a multiple of this page size, then the checksum.
_PAGE = 512
_CHECKSUM = hashlib.sha256().digest_size
# Chunks are small (32 KiB), so they are passed to the writing thread in batches of this size.
_BATCH = 1 << 20


def temporary_file(path: str | os.PathLike[str]) -> TemporaryFile:
    """Return the file into which a snapshot is written before it gets its name.

    Args:
        path: The name.
    """
    try:
        return TemporaryFile(Path(path))
    except TypeError:
        message = f"path: expected str or os.PathLike, got {type(path).__qualname__}"
        raise TypeError(message) from None


async def save(
    snapshot: Snapshot,
    file: TemporaryFile,
    progress: Callable[[int, int], object] | None,
) -> SavedSnapshot:
    """Write a snapshot to a file; see `Maintenance.snapshot_save`.

    Args:
        snapshot: A stream that has not been read from.
        file: The file to be, whose path is that of the database.
        progress: Called with the number of bytes received and the number of remaining bytes.
    """
    with _Worker() as worker:
        try:
            await worker.run(file.open)
            await _receive(snapshot, file, worker, progress)
            await worker.run(file.verify)
            await worker.run(file.publish)
        finally:
            snapshot.cancel()
            # If this task was cancelled, a write may still be running; this is queued behind it.
            await finish(worker.run, file.discard)
    return SavedSnapshot(path=file.target, size=file.size, version=snapshot.version)


async def _receive(
    snapshot: Snapshot,
    file: TemporaryFile,
    worker: _Worker,
    progress: Callable[[int, int], object] | None,
) -> None:
    batch: list[bytes] = []
    received = waiting = 0
    async for chunk in snapshot:
        batch.append(chunk)
        received += len(chunk)
        waiting += len(chunk)
        if progress is not None:
            progress(received, snapshot.remaining_bytes or 0)
        if waiting >= _BATCH:
            await worker.run(file.write, batch)
            batch, waiting = [], 0
    await worker.run(file.write, batch)


class _Worker:
    """A single thread that does the blocking work in order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="etcd-client-snapshot")

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._thread.shutdown(wait=False)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work` in the thread; it runs even if the waiting task is cancelled."""
        running = self._thread.submit(work, *arguments)
        with _as_io_error():
            return await join(running)


class TemporaryFile:
    """A temporary file that is renamed when it is complete; used only in the worker's thread."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.size: int = 0
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self._tail = b""

    def open(self) -> None:
        """Create the file."""
        try:
            # Readable by its owner only: the database contains all keys and the password hashes.
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by publish or discard
                prefix=f".{self.target.name}.", suffix=".part", dir=self.target.parent, delete=False
            )
        except OSError as error:
            # The name that the program has given, and not one that it has never seen.
            raise OSError(error.errno, error.strerror, str(self.target)) from error

    def write(self, chunks: list[bytes]) -> None:
        """Append received data."""
        data = b"".join(chunks)
        self._opened.write(data)
        self.size += len(data)
        # The last bytes may be the checksum, which does not cover itself.
        data = self._tail + data
        self._digest.update(data[:-_CHECKSUM])
        self._tail = data[-_CHECKSUM:]

    def verify(self) -> None:
        """Verify that the database is complete and undamaged, as `etcdutl` does."""
        if self.size % _PAGE != _CHECKSUM:
            message = f"the snapshot has {self.size} bytes, which is none with a sha256 at its end"
            raise IoError(message)
        if self._digest.digest() != self._tail:
            message = "the snapshot is damaged: its sha256 is not the one that the member has sent"
            raise IoError(message)

    def publish(self) -> None:
        """Flush the file to the disk, and only then rename it."""
        file = self._opened
        file.flush()
        os.fsync(file.fileno())
        file.close()
        Path(file.name).replace(self.target)
        self._file = None
        _sync_directory(self.target.parent)

    def discard(self) -> None:
        """Remove the file if it was not published."""
        if self._file is None:
            return
        try:
            self._file.close()
        finally:
            Path(self._file.name).unlink()

    @property
    def _opened(self) -> IO[bytes]:
        if self._file is None:
            message = "the file is not open"
            raise ValueError(message)
        return self._file


def _sync_directory(directory: Path) -> None:
    """Flush a new name to the disk; Windows has no such operation."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _as_io_error() -> Iterator[None]:
    """Raise errors of the file system as errors of this package."""
    try:
        yield
    except IoError:
        raise
    except OSError as error:
        raise IoError(error.errno, error.strerror, error.filename) from error
