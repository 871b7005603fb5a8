"""Locks and leases."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3.exceptions import LockLostError, LockNotAcquiredError, RpcError
from etcd_client.testing import eventually
from tests.compat.etcd3.conftest import MakeClient
from tests.support import gateway
from tests.sync.test_streams import later


def test_a_lock(client: etcd3.Etcd3Client, endpoint: str) -> None:
    lock, other = client.lock("work", ttl=20), client.lock("work")
    assert lock.acquire() is True
    assert lock.lease is not None
    assert (lock.key, lock.is_acquired(), other.is_acquired()) == ("/locks/work", True, False)
    value, metadata = client.get("/locks/work")
    assert value == lock.uuid
    assert metadata is not None
    assert (metadata.lease_id, metadata.mod_revision) == (lock.lease.id, lock.revision)
    assert other.acquire(timeout=0) is False
    assert other.acquire(timeout=0.2) is False
    assert other.release() is False
    assert lock.release() is True
    assert lock.release() is False
    assert other.acquire(None) is True
    assert other.release() is True
    eventually(lambda: gateway.lease_ids(endpoint) == [])


def test_names(client: etcd3.Etcd3Client) -> None:
    """Bytes, which were said to be possible and were a `TypeError`."""
    with client.lock(b"\xff") as lock:
        assert lock.is_acquired()
        assert client.get(b"/locks/\xff")[0] == lock.uuid


def test_a_failed_attempt_leaves_nothing(client: etcd3.Etcd3Client, endpoint: str) -> None:
    """python-etcd3 left a lease for each, and forgot that of a lock which was held."""
    with client.lock("work") as lock:
        for contender in (lock, client.lock("work")):
            assert contender.acquire(timeout=0) is False
            assert contender.acquire(timeout=0.1) is False
        assert lock.lease is not None
        kept = [lock.lease.id]
        # What the server is slow to take back is gone a moment later.
        eventually(lambda: gateway.lease_ids(endpoint) == kept)
        assert lock.refresh()[0].TTL == 60
    eventually(lambda: gateway.lease_ids(endpoint) == [])
    eventually(lambda: client.communicator.stats().watches == 0)


def test_waiting(client: etcd3.Etcd3Client) -> None:
    lock, other = client.lock("work"), client.lock("work")
    assert lock.acquire()
    thread = later(lock.release)
    assert other.acquire(timeout=20) is True
    thread.join()
    assert (lock.is_acquired(), other.is_acquired()) == (False, True)


def test_one_holder_at_a_time(make_client: MakeClient) -> None:
    """Clients and threads share a counter that only the lock protects."""
    first = make_client()
    first.put("n", "0")

    def work(client: etcd3.Etcd3Client) -> None:
        for _ in range(3):
            lock = client.lock("work")
            assert lock.acquire(None)
            client.put("n", str(int(client.get("n")[0] or b"0") + 1))
            assert lock.release()

    clients = [first, make_client()]
    threads = [threading.Thread(target=work, args=(clients[number % 2],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first.get("n")[0] == b"18"


def test_the_context_is_not_entered_without_the_lock(
    client: etcd3.Etcd3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-etcd3 entered it after ten seconds."""
    acquire = etcd3.Lock.acquire
    monkeypatch.setattr(etcd3.Lock, "acquire", lambda lock: acquire(lock, timeout=0.1))
    entered = []
    with client.lock("work"), pytest.raises(LockNotAcquiredError), client.lock("work"):
        entered.append(1)
    assert entered == []


def test_a_lost_lock(client: etcd3.Etcd3Client, endpoint: str) -> None:
    """Refreshing and leaving the context say so."""

    def lose() -> None:
        with client.lock("work", ttl=20) as lock:
            assert lock.lease is not None
            lock.lease.revoke()
            assert lock.is_acquired() is False
            with pytest.raises(LockLostError, match="time to live"):
                lock.refresh()

    with pytest.raises(LockLostError, match="before its context was left"):
        lose()
    assert gateway.lease_ids(endpoint) == []


def test_what_the_body_raises_goes_before_the_loss(
    client: etcd3.Etcd3Client, endpoint: str
) -> None:
    def fail() -> None:
        with client.lock("work") as lock:
            client.delete(lock.key)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gateway.lease_ids(endpoint) == []


def test_a_lock_expires(client: etcd3.Etcd3Client) -> None:
    lock = client.lock("work", ttl=1)
    assert lock.acquire()
    assert lock.revision is not None
    # On a busy machine it may be over already.
    events, cancel = client.watch(lock.key, start_revision=lock.revision + 1)
    assert client.lock("work").acquire(timeout=30)
    assert isinstance(next(events), etcd3.events.DeleteEvent)
    assert lock.is_acquired() is False
    assert lock.release() is False
    cancel()


def test_refreshing_a_lock_that_was_never_acquired(client: etcd3.Etcd3Client) -> None:
    with pytest.raises(ValueError, match="acquired the lock yet"):
        client.lock("work").refresh()


HOLDER = """
import sys, time
import etcd_client.compat.etcd3 as etcd3
lock = etcd3.client(host="127.0.0.1", port=int(sys.argv[1])).lock("work", ttl=4)
assert lock.acquire()
print("holds", flush=True)
while True:
    lock.refresh()
    time.sleep(0.2)
"""


def test_a_holder_that_is_killed(client: etcd3.Etcd3Client, port: int) -> None:
    """The lock is free when its time to live is over, and not before its holder is dead."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(port)], stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"holds\n"
            assert client.lock("work").acquire(timeout=5.5) is False
        finally:
            holder.kill()
    assert client.lock("work").acquire(timeout=30) is True


def test_compaction_while_waiting(client: etcd3.Etcd3Client) -> None:
    """A lock that was released between the attempt and the watch, whose history is gone."""
    lock, other = client.lock("work"), client.lock("work")
    assert lock.acquire()
    watch = client.watch

    def release_first(*arguments: object, **options: object) -> object:
        lock.release()
        client.compact(client.put("a", "1").header.revision)
        return watch(*arguments, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "watch", release_first)
        assert other.acquire(timeout=20) is True


def test_leases(client: etcd3.Etcd3Client, endpoint: str) -> None:
    lease = client.lease(60, lease_id=42)
    assert (lease.id, lease.ttl, lease.granted_ttl, lease.keys) == (42, 60, 60, [])
    client.put("a", "1", lease=lease)
    client.put("b", "1", lease=42)
    client.put("c", "1", lease="42")  # type: ignore[arg-type]
    assert sorted(lease.keys) == [b"a", b"b", b"c"]
    assert 0 < lease.remaining_ttl <= 60
    (refreshed,) = lease.refresh()
    assert (refreshed.ID, refreshed.TTL) == (42, 60)
    info = client.get_lease_info(42)
    assert (info.ID, info.grantedTTL) == (42, 60)
    lease.revoke()
    assert client.get("a") == (None, None)
    assert gateway.lease_ids(endpoint) == []


def test_refreshing_does_not_wait_for_the_result_to_be_read(client: etcd3.Etcd3Client) -> None:
    """python-etcd3 sent nothing until then."""
    lease = client.lease(60)
    time.sleep(4)
    before = lease.remaining_ttl
    client.refresh_lease(lease.id)
    assert lease.remaining_ttl > before


def test_a_lease_that_has_ended(
    client: etcd3.Etcd3Client, caplog: pytest.LogCaptureFixture
) -> None:
    lease = client.lease(60)
    lease.revoke()
    with caplog.at_level(logging.WARNING):
        assert [response.TTL for response in lease.refresh()] == [0]
    assert "does not exist any more" in caplog.text
    assert (lease.remaining_ttl, lease.granted_ttl, lease.keys) == (-1, 0, [])
    with pytest.raises(RpcError, match="lease not found"):
        lease.revoke()
    with pytest.raises(RpcError, match="lease not found"):
        client.put("a", "1", lease=lease)
