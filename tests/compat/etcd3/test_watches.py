"""Watches: iterators, callbacks and waiting for one event."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import etcdrpc
from etcd_client.compat.etcd3.events import DeleteEvent, Event, PutEvent
from etcd_client.testing import EtcdServer, eventually
from tests.compat.etcd3.conftest import MakeClient
from tests.support.flags import QUICK_ELECTIONS
from tests.sync.test_streams import later

Told = etcd3.watch.WatchResponse | Exception


def values(told: list[Told]) -> list[bytes]:
    """Return the values of all events that a callback was told of."""
    return [
        event.value
        for each in told
        if isinstance(each, etcd3.watch.WatchResponse)
        for event in each.events
    ]


def test_events(client: etcd3.Etcd3Client) -> None:
    events, cancel = client.watch("a", prev_kv=True)
    lease = client.lease(60)
    first = client.put("a", "1").header.revision
    client.put("a", "2", lease=lease)
    client.delete("a")
    new, changed, deleted = (next(events) for _ in range(3))
    assert isinstance(new, PutEvent)
    assert (new.key, new.value, new.version, new.lease) == (b"a", b"1", 1, 0)
    assert (new.prev_value, new.prev_version) == (b"", 0)
    assert isinstance(changed, PutEvent)
    assert (changed.prev_value, changed.prev_mod_revision) == (b"1", first)
    assert (changed.mod_revision, changed.create_revision) == (first + 1, first)
    assert changed.lease == lease.id
    assert isinstance(deleted, DeleteEvent)
    assert (deleted.value, deleted.prev_value, deleted.prev_lease) == (b"", b"2", lease.id)
    assert str(deleted) == f"{DeleteEvent} key=b'a' value=b''"
    with pytest.raises(AttributeError):
        _ = deleted.unknown
    cancel()
    cancel()
    assert list(events) == []


def test_a_change_right_after_the_call_is_not_missed(client: etcd3.Etcd3Client) -> None:
    for number in range(20):
        events, cancel = client.watch("a")
        client.put("a", str(number))
        assert next(events).value == str(number).encode()
        cancel()


def test_responses_are_transactions(client: etcd3.Etcd3Client) -> None:
    make = client.transactions
    responses, cancel = client.watch_prefix_response("a/")
    _, (put, _) = client.transaction([], [make.put("a/1", "1"), make.put("a/2", "2")])
    response = next(responses)
    assert response.header.revision == put.response_put.header.revision
    assert [event.value for event in response.events] == [b"1", b"2"]
    cancel()


def test_what_to_watch(client: etcd3.Etcd3Client) -> None:
    revision = client.put("b", "1").header.revision
    client.delete("b")
    client.put("b", "2")
    puts = [etcdrpc.WatchCreateRequest.NODELETE]
    events, cancel = client.watch("a", range_end="c", start_revision=revision, filters=puts)
    assert [next(events).value for _ in range(2)] == [b"1", b"2"]
    cancel()
    nodelete = etcdrpc.WatchCreateRequest.FilterType.Value("NODELETE")
    assert client.watch_once("b", filters=[nodelete], start_revision=revision).value == b"1"


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_another_thread_ends_a_watch(client: etcd3.Etcd3Client, end: str) -> None:
    events, cancel = client.watch("a")
    thread = later(cancel if end == "cancel" else client.close)
    assert list(events) == []
    thread.join()


def test_waiting_for_one_event(client: etcd3.Etcd3Client) -> None:
    seen = threading.Event()

    def put() -> None:
        # On a busy machine, the first ones may come before the watch.
        while not seen.wait(0.1):
            client.put("a/1", "1")

    thread = threading.Thread(target=put)
    thread.start()
    try:
        assert client.watch_prefix_once("a/", timeout=20).value == b"1"
    finally:
        seen.set()
        thread.join()
    for wait in (client.watch_once, client.watch_prefix_once, client.watch_prefix_once_response):
        # The error, which refers to all that was there, must not keep the watch open.
        with pytest.raises(etcd3.exceptions.WatchTimedOut) as error:
            wait("nothing", timeout=0.1)
        eventually(lambda: client.communicator.stats().watches == 0)
        assert error.value.args == ("there was no event within 0.1 s",)


def test_closing_ends_waiting_for_one_event(client: etcd3.Etcd3Client) -> None:
    thread = later(client.close)
    with pytest.raises(etcd3.exceptions.ClientClosedError):
        client.watch_once("a", timeout=20)
    thread.join()


def test_compacted_history(client: etcd3.Etcd3Client) -> None:
    """Reading says it, not opening; and the callback is told, once."""
    for number in range(3):
        revision = client.put("a", str(number)).header.revision
    client.compact(revision)
    events, cancel = client.watch("a", start_revision=1)
    with pytest.raises(etcd3.exceptions.RevisionCompactedError) as error:
        next(events)
    assert error.value.compacted_revision == revision
    cancel()
    told: list[Told] = []
    client.add_watch_callback("a", told.append, start_revision=1)
    eventually(lambda: told)
    assert [type(each) for each in told] == [etcd3.exceptions.RevisionCompactedError]
    events, cancel = client.watch("a", start_revision=error.value.compacted_revision)
    assert next(events).value == b"2"
    cancel()


def test_callbacks(client: etcd3.Etcd3Client) -> None:
    told: list[Told] = []
    watch_id = client.add_watch_prefix_callback("a/", told.append)
    other = client.add_watch_callback("a/1", told.append)
    assert watch_id != other
    client.cancel_watch(other)
    revision = client.put("a/1", "1").header.revision
    client.delete("a/1")
    eventually(lambda: values(told) == [b"1", b""])
    client.cancel_watch(watch_id)
    client.cancel_watch(watch_id)
    client.cancel_watch(4711)
    client.put("a/1", "2")
    assert client.watch_once("a/1", start_revision=revision, timeout=20).value == b"1"
    assert values(told) == [b"1", b""]


def test_a_callback_that_fails_is_logged_and_called_again(
    client: etcd3.Etcd3Client, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[Told] = []

    def fail(response: Told) -> None:
        called.append(response)
        message = "on purpose"
        raise ValueError(message)

    with caplog.at_level(logging.ERROR):
        client.add_watch_callback("a", fail)
        client.put("a", "1")
        client.put("a", "2")
        eventually(lambda: values(called) == [b"1", b"2"])
        eventually(lambda: caplog.text.count("on purpose") >= 2)
    assert "Watch callback failed" in caplog.text


def test_callbacks_run_one_at_a_time(client: etcd3.Etcd3Client) -> None:
    """As in python-etcd3, for whose programs it was never otherwise."""
    running: list[int] = []
    most: list[int] = []

    def callback(_response: Told) -> None:
        running.append(1)
        most.append(len(running))
        client.get("a")
        running.pop()

    for _ in range(8):
        client.add_watch_callback("a", callback)
    for number in range(5):
        client.put("a", str(number))
    eventually(lambda: len(most) == 40, within=20)
    assert set(most) == {1}


def test_a_cancelled_callback_is_not_called_any_more(client: etcd3.Etcd3Client) -> None:
    """Also if its turn came while another one ran."""
    entered, go_on = threading.Event(), threading.Event()
    told: list[Told] = []

    def occupy(_response: Told) -> None:
        entered.set()
        go_on.wait(20)

    client.add_watch_callback("a", occupy)
    client.put("a", "1")
    assert entered.wait(20)
    waiting = client.add_watch_callback("b", told.append)
    responses, stop = client.watch_response("b")
    client.put("b", "1")
    next(responses)
    time.sleep(0.1)
    client.cancel_watch(waiting)
    go_on.set()
    client.put("a", "2")
    client.close()
    stop()
    assert told == []


def test_a_callback_may_use_the_client(client: etcd3.Etcd3Client) -> None:
    """Opening a watch, cancelling its own and closing the client; all of it deadlocked."""
    told: list[Told] = []
    ids: list[int] = []

    def callback(_response: Told) -> None:
        client.add_watch_callback("b", told.append)
        client.put("b", "1")
        client.cancel_watch(ids[0])

    ids.append(client.add_watch_callback("a", callback))
    client.put("a", "1")
    client.put("a", "2")
    eventually(lambda: values(told) == [b"1"])
    closed = threading.Event()

    def close(_response: Told) -> None:
        client.close()
        closed.set()

    client.add_watch_callback("c", close)
    client.put("c", "1")
    assert closed.wait(20)


def test_a_dropped_watch_is_cancelled(client: etcd3.Etcd3Client) -> None:
    client.watch("a")
    eventually(lambda: client.communicator.stats().watches == 0)


def test_a_server_that_does_not_confirm(
    make_client: MakeClient, make_server: Callable[..., EtcdServer]
) -> None:
    server = make_server()
    client = make_client(port=server.address[1], timeout=30)
    client.put("a", "1")
    client.timeout = 0.5
    server.freeze()
    try:
        with pytest.raises(
            (etcd3.exceptions.WatchTimedOut, etcd3.exceptions.ConnectionFailedError)
        ):
            client.watch("a")
    finally:
        server.thaw()


def test_watches_go_on_after_a_restart(
    make_client: MakeClient, make_server: Callable[..., EtcdServer]
) -> None:
    """In python-etcd3, callbacks were never called again, and iterators raised."""
    server = make_server(flags=QUICK_ELECTIONS)
    client = make_client(port=server.address[1], timeout=30)
    told: list[Told] = []
    client.add_watch_prefix_callback("a/", told.append)
    events, cancel = client.watch_prefix("a/")
    for number in range(30):
        if number % 10 == 5:
            server.kill()
            server.start()
        client.put(f"a/{number}", str(number))
    expected = [str(number).encode() for number in range(30)]
    assert [next(events).value for _ in expected] == expected
    eventually(lambda: values(told) == expected, within=20)
    cancel()


def test_many_threads(client: etcd3.Etcd3Client) -> None:
    """Threads that open, read and cancel watches of one client."""
    failed: list[Any] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                events, cancel = client.watch(f"k/{number}")
                client.put(f"k/{number}", str(turn))
                event: Event = next(events)
                assert event.value == str(turn).encode()
                cancel()
                assert client.put_if_not_exists(f"k/{number}", "") is False
        except BaseException as error:  # noqa: BLE001 - for the thread of the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
