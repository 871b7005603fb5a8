"""Ctrl-C at any moment leaves no lock, lease or watch behind."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import leases
from etcd_client.testing import eventually
from tests.support import gateway
from tests.support.interruptions import DROPPED, Interruption, Left, alarms, at_each_moment

# Much longer than the test.
_TTL = 300

pytestmark = DROPPED


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


class Taken:
    """The lock that another holds.

    Args:
        client: The client of the work.
    """

    def __init__(self, client: etcd3.Etcd3Client) -> None:
        self._client = client
        self._lock = client.lock("taken", ttl=_TTL)
        assert self._lock.acquire()
        assert self._lock.lease is not None
        self.leases = [self._lock.lease.id]

    def release(self) -> None:
        """Check that there is no other, and release it."""
        keys = [metadata.key for _, metadata in self._client.get_prefix("/locks/")]
        assert keys == [b"/locks/taken"]
        assert self._lock.release() is True


@pytest.mark.parametrize("work", WORKS)
def test_an_interruption_at_each_moment(
    client: etcd3.Etcd3Client, endpoint: str, work: Callable[[etcd3.Etcd3Client], None]
) -> None:
    taken = Taken(client)
    left = Left(client.communicator, endpoint, taken.leases)
    for _ in at_each_moment(lambda: work(client)):
        left.is_nothing()
    taken.release()


def interrupt_often(work: Callable[[], object], longest: float, times: int = 100) -> None:
    """Do some work so many times, and more until signals have met enough of them."""
    moments = random.Random(7)
    done = met = 0
    with alarms() as alarm:
        while done < times or met <= 10:
            done += 1
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
    taken = Taken(client)
    left = Left(client.communicator, endpoint, taken.leases)
    interrupt_often(lambda: work(client), 0.004)
    left.is_nothing()
    taken.release()


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


@pytest.mark.parametrize("how", ["at each moment", "as it waits"])
def test_an_interrupted_watch(client: etcd3.Etcd3Client, endpoint: str, how: str) -> None:
    opened: list[int] = []

    def watch() -> None:
        opened.append(client.add_watch_callback("a", lambda _: None))
        opened.append(client.add_watch_prefix_callback("a", lambda _: None))

    def cancel() -> None:
        while opened:
            client.cancel_watch(opened.pop())
        left.is_nothing()

    left = Left(client.communicator, endpoint)
    if how == "as it waits":
        interrupt_often(watch, 0.0015, times=300)
        cancel()
    else:
        for _ in at_each_moment(watch):
            cancel()
