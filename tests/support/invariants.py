"""etcd's guarantees for watches, checked on the events that a watch has yielded.

These are the nine invariants of etcd's own robustness suite. The reference is the history that
another client reads after all faults are over: one `Change` for each event.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from etcd_client import WatchEvent, WatchEventType, WatchFilterType


@dataclass(frozen=True)
class Change:
    """One change of one key in the server's history."""

    revision: int
    key: bytes
    is_delete: bool
    value: bytes
    create_revision: int
    version: int


@dataclass
class Batch:
    """Events that a watch yielded together, and the revision that it reported before them."""

    events: list[WatchEvent]
    bookmark: int

    @property
    def revision(self) -> int:
        """The revision of the first event."""
        return _revision(self.events[0])


@dataclass
class Stream:
    """Everything that one watch has yielded, and the options of the watch."""

    prefix: bytes
    start_revision: int
    """The revision at which the watch starts."""
    end_revision: int = 0
    """The revision up to which the stream was read."""
    filters: Sequence[WatchFilterType] = ()
    prev_kv: bool = False
    batches: list[Batch] = field(default_factory=list)

    @property
    def events(self) -> list[WatchEvent]:
        """The events of all batches."""
        return [event for batch in self.batches for event in batch.events]

    def wants(self, change: Change) -> bool:
        """Tell whether the watch has to yield a change."""
        unwanted = WatchFilterType.NODELETE if change.is_delete else WatchFilterType.NOPUT
        return change.key.startswith(self.prefix) and unwanted not in self.filters

    def wanted(self, history: Sequence[Change]) -> list[Change]:
        """Return the changes of a history that the watch has to yield, up to `end_revision`."""
        last = max([self.end_revision, *map(_revision, self.events)])
        return [
            change
            for change in history
            if self.start_revision <= change.revision <= last and self.wants(change)
        ]


def violations(stream: Stream, history: Sequence[Change]) -> list[str]:
    """Return the violations of a stream, each beginning with the invariant's name."""
    return [
        f"{name}: {complaint}"
        for name, check in INVARIANTS.items()
        for complaint in check(stream, history)
    ]


def _revision(event: WatchEvent) -> int:
    assert event.kv is not None
    return event.kv.mod_revision


def _is_delete(event: WatchEvent) -> bool:
    return event.event is WatchEventType.DELETE


def _place(event: WatchEvent) -> tuple[int, bytes]:
    return _revision(event), event.key


def _ordered(stream: Stream, _history: Sequence[Change]) -> Iterator[str]:
    """Revisions never decrease."""
    revisions = [_revision(event) for event in stream.events]
    for earlier, later in pairwise(revisions):
        if later < earlier:
            yield f"revision {later} after {earlier}"


def _unique(stream: Stream, _history: Sequence[Change]) -> Iterator[str]:
    """No event is delivered twice."""
    seen = set()
    for place in map(_place, stream.events):
        if place in seen:
            yield f"{place} twice"
        seen.add(place)


def _atomic(stream: Stream, _history: Sequence[Change]) -> Iterator[str]:
    """All events of a revision are in one batch, and a batch has no other revision."""
    of_batches = [{_revision(event) for event in batch.events} for batch in stream.batches]
    for revisions in of_batches:
        if len(revisions) != 1:
            yield f"one list with the revisions {sorted(revisions)}"
    for before, after in pairwise(of_batches):
        if before & after:
            yield f"revision {min(before & after)} in two lists"


def _bookmarkable(stream: Stream, _history: Sequence[Change]) -> Iterator[str]:
    """No event has a revision at or below one that the watch has already reported."""
    for batch in stream.batches:
        if batch.revision <= batch.bookmark:
            yield f"revision {batch.revision} though the watch was at {batch.bookmark}"


def _reliable(stream: Stream, history: Sequence[Change]) -> Iterator[str]:
    """Nothing is missing between the first and the last event."""
    received = set(map(_place, stream.events))
    if not received:
        return
    first, last = min(received)[0], max(received)[0]
    for change in stream.wanted(history):
        place = (change.revision, change.key)
        if first <= change.revision <= last and place not in received:
            yield f"{place} is missing"


def _resumable(stream: Stream, history: Sequence[Change]) -> Iterator[str]:
    """The first and the last wanted event are there, and none before the start revision."""
    received = set(map(_place, stream.events))
    wanted = [(change.revision, change.key) for change in stream.wanted(history)]
    for end, place in (("first", wanted[:1]), ("last", wanted[-1:])):
        if place and place[0] not in received:
            yield f"{place[0]}, the {end} to come, is missing"
    if received and min(received)[0] < stream.start_revision:
        yield f"{min(received)} is before revision {stream.start_revision}"


def _filter(stream: Stream, history: Sequence[Change]) -> Iterator[str]:
    """Every event was requested, and matches a change in the history."""
    happened = {(change.revision, change.key): change for change in history}
    for event in stream.events:
        change = happened.get(_place(event))
        if change is None:
            yield f"{_place(event)} has never happened"
        elif not stream.wants(change):
            yield f"{_place(event)} was not asked for"
        elif (change.is_delete, change.value) != (_is_delete(event), event.value):
            yield f"{event} instead of {change}"


def _is_create(stream: Stream, history: Sequence[Change]) -> Iterator[str]:
    """An event is a create if and only if its key did not exist before."""
    before = _before(history)
    for event in stream.events:
        if _is_delete(event) or _place(event) not in before:
            continue
        assert event.kv is not None
        creates = event.kv.create_revision == event.kv.mod_revision
        existed = before[_place(event)] is not None
        if creates is existed or (event.kv.version == 1) is existed:
            yield f"{event} though the key {'existed' if existed else 'did not exist'}"


def _prev_kv(stream: Stream, history: Sequence[Change]) -> Iterator[str]:
    """An event carries the previous key-value pair, if that was requested."""
    if not stream.prev_kv:
        return
    before = _before(history)
    for event in stream.events:
        earlier = before.get(_place(event))
        expected = earlier and (earlier.value, earlier.revision, earlier.version)
        found = event.prev_kv and (
            event.prev_kv.value,
            event.prev_kv.mod_revision,
            event.prev_kv.version,
        )
        if found != expected:
            yield f"{_place(event)} came with {found} instead of {expected}"


def _before(history: Sequence[Change]) -> Mapping[tuple[int, bytes], Change | None]:
    """Return the change that each change has replaced; None if there was no such key."""
    before: dict[tuple[int, bytes], Change | None] = {}
    current: dict[bytes, Change] = {}
    for change in history:
        before[change.revision, change.key] = current.pop(change.key, None)
        if not change.is_delete:
            current[change.key] = change
    return before


INVARIANTS: Mapping[str, Callable[[Stream, Sequence[Change]], Iterator[str]]] = {
    "Ordered": _ordered,
    "Unique": _unique,
    "Atomic": _atomic,
    "Bookmarkable": _bookmarkable,
    "Reliable": _reliable,
    "Resumable": _resumable,
    "Filter": _filter,
    "IsCreate": _is_create,
    "PrevKV": _prev_kv,
}
