"""The watch invariants: a good stream keeps all of them, and each can be broken alone."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from etcd_client import KeyValue, WatchEvent, WatchEventType, WatchFilterType
from tests.support import gateway, truth
from tests.support.invariants import INVARIANTS, Batch, Change, Stream, violations

PUT, DELETE = WatchEventType.PUT, WatchEventType.DELETE

# Revision 4 is a transaction; b"other" is what nobody watches.
HISTORY = [
    Change(2, b"k/a", is_delete=False, value=b"1", create_revision=2, version=1),
    Change(3, b"other", is_delete=False, value=b"x", create_revision=3, version=1),
    Change(4, b"k/a", is_delete=False, value=b"2", create_revision=2, version=2),
    Change(4, b"k/b", is_delete=False, value=b"3", create_revision=4, version=1),
    Change(5, b"k/a", is_delete=True, value=b"", create_revision=0, version=0),
    Change(6, b"k/a", is_delete=False, value=b"4", create_revision=6, version=1),
]


def pair(change: Change) -> KeyValue:
    return KeyValue(
        change.key, change.value, change.create_revision, change.revision, change.version, 0
    )


def told(index: int, previous: int | None = None) -> WatchEvent:
    """Return the event of a change, with what another one has left as its key's value before."""
    change = HISTORY[index]
    return WatchEvent(
        change.key,
        change.value,
        DELETE if change.is_delete else PUT,
        kv=pair(change),
        prev_kv=None if previous is None else pair(HISTORY[previous]),
    )


def good() -> Stream:
    return Stream(
        prefix=b"k/",
        start_revision=2,
        end_revision=6,
        prev_kv=True,
        batches=[
            Batch([told(0)], bookmark=1),
            Batch([told(2, 0), told(3)], bookmark=3),
            Batch([told(4, 2)], bookmark=4),
            Batch([told(5)], bookmark=5),
        ],
    )


def test_a_good_stream_keeps_all_invariants() -> None:
    assert violations(good(), HISTORY) == []


def test_an_empty_stream_is_good_where_nothing_happened() -> None:
    assert violations(Stream(b"nothing/", 2, 6), HISTORY) == []


def test_filters_are_part_of_what_is_wanted() -> None:
    no_deletes = replace(good(), filters=[WatchFilterType.NODELETE])
    del no_deletes.batches[2]
    assert violations(no_deletes, HISTORY) == []


def out_of_order(stream: Stream) -> None:
    stream.batches[0], stream.batches[2] = stream.batches[2], stream.batches[0]
    for batch in stream.batches:
        batch.bookmark = 0


def event_twice(stream: Stream) -> None:
    stream.batches[1].events.append(told(3))


def revision_in_parts(stream: Stream) -> None:
    whole = stream.batches[1]
    stream.batches[1:2] = [Batch([event], whole.bookmark) for event in whole.events]


def revisions_together(stream: Stream) -> None:
    stream.batches[2].events += stream.batches.pop(3).events


def promise_too_early(stream: Stream) -> None:
    stream.batches[1].bookmark = 4


def gap(stream: Stream) -> None:
    del stream.batches[2]


def late_beginning(stream: Stream) -> None:
    del stream.batches[0]


def early_end(stream: Stream) -> None:
    del stream.batches[3]


def too_early_beginning(stream: Stream) -> None:
    stream.start_revision = 4


def foreign_key(stream: Stream) -> None:
    stream.batches.insert(1, Batch([told(1)], bookmark=2))


def filtered_event(stream: Stream) -> None:
    stream.filters = [WatchFilterType.NODELETE]


def other_value(stream: Stream) -> None:
    change = replace(HISTORY[0], value=b"0")
    stream.batches[0].events[0] = WatchEvent(change.key, change.value, PUT, kv=pair(change))


def false_creation(stream: Stream) -> None:
    change = replace(HISTORY[2], create_revision=4, version=1)
    event = WatchEvent(change.key, change.value, PUT, kv=pair(change), prev_kv=pair(HISTORY[0]))
    stream.batches[1].events[0] = event


def missing_previous(stream: Stream) -> None:
    stream.batches[1].events[0] = told(2)


def wrong_previous(stream: Stream) -> None:
    stream.batches[2].events[0] = told(4, 0)


def undue_previous(stream: Stream) -> None:
    stream.batches[3].events[0] = told(5, 2)


BROKEN: list[tuple[str, Callable[[Stream], None]]] = [
    ("Ordered", out_of_order),
    ("Unique", event_twice),
    ("Atomic", revision_in_parts),
    ("Atomic", revisions_together),
    ("Bookmarkable", promise_too_early),
    ("Reliable", gap),
    ("Resumable", late_beginning),
    ("Resumable", early_end),
    ("Resumable", too_early_beginning),
    ("Filter", foreign_key),
    ("Filter", filtered_event),
    ("Filter", other_value),
    ("IsCreate", false_creation),
    ("PrevKV", missing_previous),
    ("PrevKV", wrong_previous),
    ("PrevKV", undue_previous),
]


@pytest.mark.parametrize(("name", "breaks"), BROKEN)
def test_each_invariant_can_be_broken_alone(name: str, breaks: Callable[[Stream], None]) -> None:
    stream = good()
    breaks(stream)
    assert {violation.partition(":")[0] for violation in violations(stream, HISTORY)} == {name}


def test_every_invariant_has_been_seen_broken() -> None:
    assert {name for name, _ in BROKEN} == set(INVARIANTS)


def test_the_truth_is_what_the_server_remembers(endpoint: str) -> None:
    start = truth.current_revision(endpoint) + 1
    key, value = base64.b64encode(b"key").decode(), base64.b64encode(b"value").decode()
    gateway.call(endpoint, "kv/put", {"key": key, "value": value})
    gateway.call(endpoint, "kv/deleterange", {"key": key})
    assert truth.history(endpoint, start) == [
        Change(start, b"key", is_delete=False, value=b"value", create_revision=start, version=1),
        Change(start + 1, b"key", is_delete=True, value=b"", create_revision=0, version=0),
    ]
    assert truth.history(endpoint, start + 2) == []
