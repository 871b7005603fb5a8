"""Ctrl-C at any moment leaves no lock, lease or watch behind."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import leases
from etcd_client.testing import eventually
from tests.support import gateway
from tests.support.interruptions import Interruption, alarms, at_each_moment

# Much longer than the test.
_TTL = 300

pytestmark = [
    # Python drops what a handler raises in a finalizer, or before the first step of a coroutine.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


def _enter(client: etcd3.Etcd3Client) -> None:
    with client.lock("free", ttl=_TTL):
        pass


def _acquire_and_release(client: etcd3.Etcd3Client) -> None:
    lock = client.lock("free", ttl=_TTL)
    try:
        lock.acquire()
        lock.release()
    except Interruption:
        # It may come when the one is done, and the other has not begun.
        if lock.lease is not None:
            lock.release()
        raise


def _refresh(client: etcd3.Etcd3Client) -> None:
    with client.lock("free", ttl=_TTL) as lock:
        lock.refresh()


def _fail(client: etcd3.Etcd3Client) -> None:
    client.lock("taken", ttl=_TTL).acquire(timeout=0)


def _wait(client: etcd3.Etcd3Client) -> None:
    client.lock("taken", ttl=_TTL).acquire(timeout=0.01)


def _wait_for_an_event(client: etcd3.Etcd3Client) -> None:
    with pytest.raises(etcd3.exceptions.WatchTimedOut):
        client.watch_once("nothing", timeout=0.01)


def _connect(client: etcd3.Etcd3Client) -> None:
    _, _, port = client.communicator.endpoints[0].rpartition(":")
    with etcd3.client(port=int(port)) as other:
        other.get("a")


WORKS = [_enter, _acquire_and_release, _refresh, _fail, _wait, _wait_for_an_event, _connect]


class Left:
    """What there is on the server beside the lock that is taken.

    Args:
        client: The client of the work.
        endpoint: The server.
    """

    def __init__(self, client: etcd3.Etcd3Client, endpoint: str) -> None:
        self._client = client
        self._endpoint = endpoint
        self._threads = set(threading.enumerate())
        self._taken = client.lock("taken", ttl=_TTL)
        assert self._taken.acquire()
        assert self._taken.lease is not None
        self._leases = [self._taken.lease.id]

    def is_nothing(self) -> None:
        """Wait until nothing is left."""
        eventually(lambda: gateway.lease_ids(self._endpoint) == self._leases)
        eventually(lambda: self._client.communicator.stats().watches == 0)
        eventually(lambda: set(threading.enumerate()) == self._threads)

    def release(self) -> None:
        """Check the keys, and release the lock."""
        keys = [metadata.key for _, metadata in self._client.get_prefix("/locks/")]
        assert keys == [b"/locks/taken"]
        assert self._taken.release() is True


@pytest.mark.parametrize("work", WORKS)
def test_an_interruption_at_each_moment(
    client: etcd3.Etcd3Client, endpoint: str, work: Callable[[etcd3.Etcd3Client], None]
) -> None:
    left = Left(client, endpoint)
    for _ in at_each_moment(lambda: work(client)):
        left.is_nothing()
    left.release()


def interrupt_often(work: Callable[[], object], longest: float) -> None:
    """Do some work a hundred times, and more until signals have met enough of them."""
    moments = random.Random(7)
    times = met = 0
    with alarms() as alarm:
        while times < 100 or met < 10:
            times += 1
            try:
                alarm(moments.uniform(0.00005, longest))
                work()
                alarm(0)
            except Interruption:
                met += 1


@pytest.mark.parametrize("work", WORKS)
def test_interrupted_waits(
    client: etcd3.Etcd3Client, endpoint: str, work: Callable[[etcd3.Etcd3Client], None]
) -> None:
    left = Left(client, endpoint)
    interrupt_often(lambda: work(client), 0.004)
    left.is_nothing()
    left.release()


def test_an_interrupted_grant(
    client: etcd3.Etcd3Client, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted: list[etcd3.Lease] = []
    made: list[int] = []
    make = leases.Lease

    def making(lease_id: int, ttl: int, etcd_client: etcd3.Etcd3Client) -> etcd3.Lease:
        made.append(lease_id)
        return make(lease_id, ttl, etcd_client)

    monkeypatch.setattr(leases, "Lease", making)
    interrupt_often(lambda: granted.append(client.lease(_TTL)), 0.002)
    # The call may be over, and its result on the way to the program, when it is interrupted.
    eventually(lambda: set(gateway.lease_ids(endpoint)) <= set(made))
    assert {lease.id for lease in granted} <= set(gateway.lease_ids(endpoint))


def test_an_interrupted_watch(client: etcd3.Etcd3Client) -> None:
    opened: list[int] = []

    def watch() -> None:
        opened.append(client.add_watch_callback("a", lambda _: None))

    threads = set(threading.enumerate())
    for _ in at_each_moment(watch):
        for number in opened:
            client.cancel_watch(number)
        eventually(lambda: client.communicator.stats().watches == 0)
        eventually(lambda: set(threading.enumerate()) == threads)
