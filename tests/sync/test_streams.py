"""Watches, scans, observers and renewals are plain iterators."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client.sync import ClosedError, Communicator, CondVar, Election, WatchEventType


def later(work: Callable[[], Any]) -> threading.Thread:
    """Do something in another thread, a moment from now."""

    def run() -> None:
        time.sleep(0.1)
        work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_watch_is_an_iterator(communicator: Communicator) -> None:
    with communicator.watch_prefix("a") as watch:
        communicator.put("a/1", "x")
        communicator.delete("a/1")
        events = [next(watch), next(watch)]
        assert [event.event for event in events] == [WatchEventType.PUT, WatchEventType.DELETE]
        thread = later(lambda: communicator.put("a/2", "y"))
        assert next(watch).value == b"y"
        thread.join()


def test_another_thread_ends_a_watch(communicator: Communicator) -> None:
    watch = communicator.watch("a")
    thread = later(watch.cancel)
    assert list(watch) == []
    thread.join()


def test_closing_ends_a_watch(communicator: Communicator) -> None:
    watch = communicator.watch("a")
    thread = later(communicator.close)
    with pytest.raises(ClosedError):
        next(watch)
    thread.join()


def test_batches(communicator: Communicator) -> None:
    with communicator.watch_prefix("a") as watch:
        revision = communicator.put("a", "1").header.revision
        assert next(watch.batches()).revision == revision


@pytest.mark.parametrize("make", [threading.Event, CondVar])
def test_an_event_says_that_a_watch_is_ready(
    communicator: Communicator, make: Callable[[], Any]
) -> None:
    """Nobody reads the watch, and no thread waits for a call meanwhile."""
    ready, ended = make(), make()
    watch = communicator.watch("a", ready_event=ready, cleanup_event=ended)
    ready.wait()
    watch.cancel()
    ended.wait()


def test_many_watches_in_many_threads(communicator: Communicator) -> None:
    got: list[bytes] = []

    def read(number: int) -> None:
        with communicator.watch(f"k/{number}") as watch:
            ready.release()
            got.append(next(watch).value)

    ready = threading.Semaphore(0)
    threads = [threading.Thread(target=read, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        ready.acquire()
    for number in range(20):
        communicator.put(f"k/{number}", str(number))
    for thread in threads:
        thread.join(20)
    assert sorted(map(int, got)) == list(range(20))


def test_scans_read_what_the_server_streams(communicator: Communicator) -> None:
    keys = [b"t/%04d" % number for number in range(1500)]
    for key in keys:
        communicator.put(key, "x")
    assert [kv.key for kv in communicator.scan_prefix("t/")] == keys
    scan = communicator.scan_prefix("t/")
    assert [next(scan).key for _ in range(40)] == keys[:40]
    del scan


def test_scans_read_in_pages(communicator: Communicator) -> None:
    for number in range(25):
        communicator.put(f"s/{number:02}", "")
    scan = communicator.scan_prefix("s/", page_size=10)
    assert [kv.key for kv in scan] == [b"s/%02d" % number for number in range(25)]
    assert scan.revision > 0


def test_leases(communicator: Communicator) -> None:
    with communicator.lease(10) as lease:
        communicator.put("a", "1", lease=lease)
        assert communicator.lease_time_to_live(lease.id, keys=True).keys == (b"a",)
        with communicator.lease_keep_alive_stream(lease.id) as renewals:
            assert next(renewals).ttl == 10
    assert communicator.get("a") is None
    assert not lease.lost.is_set()
    assert lease.lost.wait() is False


def test_leaders_are_observed(communicator: Communicator) -> None:
    election = Election(communicator, "e", "one")
    leaders = election.observe()
    assert next(leaders) is None
    election.campaign()
    leader = next(leaders)
    assert leader is not None
    assert leader.kv.value == b"one"
    election.resign()
    assert next(leaders) is None
    leaders.cancel()
    assert list(leaders) == []
