"""What stands above the calls: locks, elections, sessions, caches, recipes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from etcd_client.sync import (
    Cache,
    Communicator,
    EtcdTimeoutError,
    KeyValue,
    Lock,
    LockTimeoutError,
    Partitioner,
    Queue,
    SessionLostError,
    Txn,
    TxnOp,
)
from etcd_client.testing import eventually
from tests.support import gateway


def test_a_lock_has_one_holder(communicator: Communicator) -> None:
    order: list[str] = []

    def wait_for_it() -> None:
        with Lock(communicator, "l"):
            order.append("second")

    with Lock(communicator, "l") as lock:
        assert lock.is_owner()
        assert Lock(communicator, "l").acquire(blocking=False) is False
        with pytest.raises(LockTimeoutError):
            Lock(communicator, "l").acquire(timeout=0.1)
        thread = threading.Thread(target=wait_for_it)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]
    assert communicator.keys_prefix("") == []


def test_fifty_threads_increment(communicator: Communicator) -> None:
    def work() -> None:
        communicator.update("n", lambda value: str(int(value) + 1), default="0")

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert communicator.get("n") == b"50"


def test_a_session_is_one_lease(communicator: Communicator) -> None:
    with communicator.session(ttl=10) as session:
        registration = session.register("workers/1", "ready")
        assert registration.is_registered
        registration.update("busy")
        with session.lock("l") as lock, session.election("e", "me") as election:
            assert (lock.is_acquired, election.is_leader) == (True, True)
        communicator.put("once", "1", once=session)
        assert communicator.get("workers/1") == b"busy"
    assert communicator.keys_prefix("workers") == []


def test_a_loss_cancels_the_body(communicator: Communicator, endpoint: str) -> None:
    """At its next call, or at once where it waits for one."""
    started = time.monotonic()
    with pytest.raises(SessionLostError):  # noqa: SIM117, PT012 - the order matters
        with communicator.session(ttl=3, cancel_on_loss=True) as session:
            communicator.lease_revoke(session.id)
            for _ in communicator.watch("nothing"):
                pass
    assert time.monotonic() - started < 25
    assert gateway.lease_ids(endpoint) == []


def test_a_loss_is_told(communicator: Communicator) -> None:
    told: list[SessionLostError] = []
    heard = threading.Event()

    def hear(error: SessionLostError) -> None:
        told.append(error)
        # The program's functions may make calls.
        communicator.put("told", "yes")
        heard.set()

    with communicator.session(ttl=3, on_loss=hear) as session:
        communicator.lease_revoke(session.id)
        assert heard.wait(25)
    assert len(told) == 1


def test_what_fails_in_the_body_is_raised(communicator: Communicator, endpoint: str) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117 - the order matters
        with communicator.session() as session, session.lock("l"):
            1 / 0  # noqa: B018
    assert gateway.lease_ids(endpoint) == []


def test_leaders_work(communicator: Communicator) -> None:
    with communicator.session(ttl=10) as session:
        election = session.election("e", "v")

        def work(leading: object) -> bytes:
            assert leading == election
            value = communicator.get_prefix("e/")[0][1]
            time.sleep(0.05)
            return value

        assert election.run(work) == b"v"


def test_a_lost_leadership_ends_the_work(communicator: Communicator) -> None:
    runs: list[int] = []
    with communicator.session(ttl=30) as session:
        election = session.election("e", "v")

        def work(_leading: object) -> str:
            runs.append(1)
            if len(runs) > 1:
                return "done"
            communicator.delete(election.key or b"")
            for _ in communicator.watch("nothing"):
                pass
            return "never"

        assert election.run(work) == "done"
    assert len(runs) == 2


def test_caches(communicator: Communicator) -> None:
    communicator.put("a/1", "1")

    def decode(kv: KeyValue) -> int:
        return int(kv.value)

    with communicator.cache("a/", decode=decode) as view:
        assert (view["a/1"], dict(view), len(view), b"a/2" in view) == (1, {b"a/1": 1}, 1, False)
        changes = view.changes()
        revision = communicator.put("a/2", "2").header.revision
        assert view.wait_for(revision=revision) >= revision
        assert view.get("a/2") == 2
        assert next(changes)[0].key == b"a/2"
        thread = threading.Thread(target=lambda: communicator.put("a/3", "3"))
        thread.start()
        assert view.wait_until(lambda seen: _is_cache(seen) and seen.get("a/3")) == 3
        thread.join()
        with pytest.raises(EtcdTimeoutError):
            view.wait_until(lambda seen: seen.get("a/4"), timeout=0.1)
        assert view.snapshot()["a/1"] == 1
        assert view.sync() >= revision
    assert [batch[0].key for batch in changes] == [b"a/3"]


def _is_cache(seen: object) -> bool:
    return isinstance(seen, Cache)


def test_queues(communicator: Communicator) -> None:
    with communicator.session(ttl=10) as session:
        queue = Queue(session, "q")
        queue.put("1")
        with queue.get(timeout=10) as job:
            assert job.value == b"1"
            job.commit()
        assert queue.size() == 0
        with pytest.raises(EtcdTimeoutError):
            queue.get(timeout=0.1).__enter__()


def test_properties_are_read_while_they_change(communicator: Communicator) -> None:
    """In other threads than those that change them."""
    ended = threading.Event()
    reads: list[int] = []

    def read() -> None:
        while not ended.is_set():
            reads.append(len(partitioner.owned) + len(partitioner.owners))

    with (
        ThreadPoolExecutor(2) as pool,
        communicator.session(ttl=10) as session,
        communicator.session(ttl=10) as another,
        Partitioner(session, "shards", 200) as partitioner,
    ):
        reading = [pool.submit(read) for _ in range(2)]
        try:
            eventually(lambda: partitioner.owned, within=20)
            for _ in range(4):
                with Partitioner(another, "shards", 200):
                    time.sleep(0.2)
        finally:
            ended.set()
        for each in reading:
            each.result()
    assert max(reads) > 0


def test_a_cache_is_read_while_it_changes(communicator: Communicator) -> None:
    ended = threading.Event()

    def write() -> None:
        keys = [f"a/{number}" for number in range(100)]
        while not ended.is_set():
            communicator.txn(Txn().and_then([TxnOp.put(key, "") for key in keys]))
            communicator.delete_prefix("a/")

    with ThreadPoolExecutor(1) as pool, communicator.cache("a/") as view:
        writing = pool.submit(write)
        try:
            lengths = {len(list(view.items())) for _ in range(3000)}
            lengths |= {len(list(view.values())) for _ in range(3000)}
        finally:
            ended.set()
        writing.result()
        view.sync()
        assert view == {}
    # A transaction is seen as a whole.
    assert lengths <= {0, 100}


def test_a_cache_is_compared_by_its_contents(communicator: Communicator) -> None:
    communicator.put("a/1", "1")
    with communicator.cache("a/") as view, communicator.cache("") as other:
        assert view == {b"a/1": b"1"}
        assert view == other
        assert list(view.keys()) == [b"a/1"]
