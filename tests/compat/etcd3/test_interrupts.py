"""Ctrl-C at any moment leaves no lock, lease or watch behind."""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import leases
from etcd_client.testing import eventually
from tests.support import gateway

# Much longer than the test.
_TTL = 300

Interrupted = Callable[[Callable[[], object], float], bool]

pytestmark = [
    # Python drops what a handler raises in a finalizer, or before the first step of a coroutine.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


@pytest.fixture
def interrupted() -> Iterator[Interrupted]:
    """Yield a function that works, and is sent SIGINT meanwhile; it returns whether that met it."""
    main = threading.get_ident()
    raising = threading.Event()

    def handle(*_: object) -> None:
        if raising.is_set():
            raising.clear()
            raise KeyboardInterrupt

    def send(seconds: float) -> None:
        time.sleep(seconds)
        signal.pthread_kill(main, signal.SIGINT)

    def interrupted(work: Callable[[], object], seconds: float) -> bool:
        sender = threading.Thread(target=send, args=(seconds,))
        ended = False
        try:
            raising.set()
            sender.start()
            work()
            ended = True
            sender.join()
        except KeyboardInterrupt:
            sender.join()
        return not ended

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    finally:
        raising.clear()
        signal.signal(signal.SIGINT, before)


def interrupt_often(
    interrupted: Interrupted, work: Callable[[], object], longest: float, times: int = 100
) -> None:
    """Send an interruption to so many runs of some work, and to more until it has met enough."""
    moments = random.Random(7)
    met = 0
    for number in itertools.count():
        if number >= times and met > 10:
            break
        met += interrupted(work, moments.uniform(0, longest))


def _enter(client: etcd3.Etcd3Client) -> None:
    with client.lock("free", ttl=_TTL):
        pass


def _acquire_and_release(client: etcd3.Etcd3Client) -> None:
    lock = client.lock("free", ttl=_TTL)
    lock.acquire()
    lock.release()


def _fail(client: etcd3.Etcd3Client) -> None:
    client.lock("taken", ttl=_TTL).acquire(timeout=0)


def _wait(client: etcd3.Etcd3Client) -> None:
    client.lock("taken", ttl=_TTL).acquire(timeout=0.01)


@pytest.mark.parametrize("work", [_enter, _acquire_and_release, _fail, _wait])
def test_an_interruption_at_any_moment(
    client: etcd3.Etcd3Client,
    endpoint: str,
    interrupted: Interrupted,
    work: Callable[[etcd3.Etcd3Client], None],
) -> None:
    taken = client.lock("taken", ttl=_TTL)
    assert taken.acquire()
    assert taken.lease is not None
    own = [taken.lease.id]
    interrupt_often(interrupted, lambda: work(client), 0.004)
    eventually(lambda: gateway.lease_ids(endpoint) == own)
    assert [metadata.key for _, metadata in client.get_prefix("/locks/")] == [b"/locks/taken"]
    assert taken.release() is True
    eventually(lambda: client.communicator.stats().watches == 0)


def test_an_interrupted_grant(
    client: etcd3.Etcd3Client,
    endpoint: str,
    interrupted: Interrupted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    granted: list[etcd3.Lease] = []
    made: list[int] = []
    make = leases.Lease

    def making(lease_id: int, ttl: int, etcd_client: etcd3.Etcd3Client) -> etcd3.Lease:
        made.append(lease_id)
        return make(lease_id, ttl, etcd_client)

    monkeypatch.setattr(leases, "Lease", making)

    def grant() -> None:
        granted.append(client.lease(_TTL))

    interrupt_often(interrupted, grant, 0.002)
    # The call may be over, and its result on the way to the program, when it is interrupted.
    eventually(lambda: set(gateway.lease_ids(endpoint)) <= set(made))
    assert {lease.id for lease in granted} <= set(gateway.lease_ids(endpoint))


def test_an_interrupted_watch(client: etcd3.Etcd3Client, interrupted: Interrupted) -> None:
    opened: list[int] = []

    def watch() -> None:
        opened.append(client.add_watch_callback("a", lambda _: None))

    interrupt_often(interrupted, watch, 0.0015, times=300)
    for number in opened:
        client.cancel_watch(number)
    eventually(lambda: client.communicator.stats().watches == 0)
