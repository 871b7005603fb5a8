"""Work that a signal interrupts leaves nothing behind, whenever that comes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from etcd_client.sync import (
    Client,
    Communicator,
    DoubleBarrier,
    Election,
    Lock,
    Party,
    Queue,
    RWLock,
    Semaphore,
)
from etcd_client.testing import eventually
from tests.support import gateway
from tests.support.interruptions import DROPPED, Interruption, Left, alarms, at_each_moment

pytestmark = DROPPED


def _hold_a_lock(communicator: Communicator) -> None:
    with Lock(communicator, os.urandom(4)):
        communicator.get("a")


def _hold_a_session(communicator: Communicator) -> None:
    with communicator.session(ttl=5) as session:
        communicator.put("a", "1", lease=session)


def _hold_a_lock_of_a_session(communicator: Communicator) -> None:
    with communicator.session() as session, session.lock(os.urandom(4)):
        pass


def _update(communicator: Communicator) -> None:
    communicator.update("n", lambda _: os.urandom(4))


def _lead(communicator: Communicator) -> None:
    Election(communicator, os.urandom(4)).run(lambda _: None)


def _pass_a_barrier(communicator: Communicator) -> None:
    with DoubleBarrier(communicator, os.urandom(4), 1):
        pass


def _hold_a_share(communicator: Communicator) -> None:
    with Semaphore(communicator, os.urandom(4), 2):
        pass


def _read(communicator: Communicator) -> None:
    with RWLock(communicator, os.urandom(4)).read():
        pass


def _work_off_a_queue(communicator: Communicator) -> None:
    with communicator.session() as session:
        queue = Queue(session, "queue")
        queue.put("a")
        with queue.get():
            pass


def _take_part(communicator: Communicator) -> None:
    with communicator.session() as session, Party(session, "party", "me"):
        pass


def _register(communicator: Communicator) -> None:
    with communicator.session() as session:
        session.register("service", "1")


def _look_at_a_cache(communicator: Communicator) -> None:
    with communicator.cache("") as view:
        len(view)


def _open_a_watch(communicator: Communicator) -> None:
    with communicator.watch("a") as watch:
        watch.ready()


WORKS: dict[str, Callable[[Communicator], None]] = {
    "lock": _hold_a_lock,
    "session": _hold_a_session,
    "lock of a session": _hold_a_lock_of_a_session,
    "update": _update,
    "election": _lead,
    "double barrier": _pass_a_barrier,
    "semaphore": _hold_a_share,
    "read lock": _read,
    "queue": _work_off_a_queue,
    "party": _take_part,
    "register": _register,
    "cache": _look_at_a_cache,
    "watch": _open_a_watch,
}


@pytest.mark.parametrize("what", WORKS)
def test_an_interruption_at_each_moment(
    communicator: Communicator, endpoint: str, what: str
) -> None:
    left = Left(communicator, endpoint)
    for _ in at_each_moment(lambda: WORKS[what](communicator)):
        left.is_nothing()


@pytest.mark.parametrize("what", ["lock", "session", "update"])
def test_interrupted_waits(communicator: Communicator, endpoint: str, what: str) -> None:
    """Whatever is interrupted where, the next call goes on, and nothing outlives the connection."""
    interruptions = 0
    with Client(endpoint) as interrupted, alarms() as alarm:
        for _ in range(60):
            with suppress(Interruption):
                alarm(random.uniform(0.0001, 0.01))
                WORKS[what](interrupted)
                time.sleep(0.01)
                continue
            interruptions += 1
        assert interruptions
        alarm(0)
        WORKS[what](interrupted)
    communicator.delete("n")
    eventually(lambda: communicator.keys_prefix("") == [], within=20)
    eventually(lambda: gateway.lease_ids(endpoint) == [], within=20)
