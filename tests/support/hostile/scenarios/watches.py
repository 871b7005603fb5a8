"""Answers on a watch stream or an election's observe stream."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.support.hostile.calls import (
    CREATED,
    EVENT,
    EVENTS,
    HEADER,
    KV,
    OBSERVE,
    WATCH,
    stream_of,
)
from tests.support.hostile.protobuf import Echo, Message
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import (
    Answer,
    Close,
    Forever,
    GoAway,
    Head,
    NextRequest,
    Reset,
    Steps,
    Trailers,
    refusal,
)
from tests.support.http2 import Code

_MAX, _MIN = 2**63 - 1, -(2**63)
_ID = Echo((1, 7), 0)
ANSWERED, SILENT, FAILED = Outcome.ANSWERED, Outcome.SILENT, Outcome.FAILED
_QUIET = SILENT | FAILED
_ANY = ANSWERED | SILENT | FAILED
_TIMEOUT = 0.5


class Entry(NamedTuple):
    """The steps of the server, and the outcome of a watch that waits for its first event."""

    steps: Steps
    outcome: Outcome
    memory: int = 40


def _event(revision: int) -> Message:
    return {1: 0, 2: {1: b"a", 2: revision, 3: revision, 4: 1, 5: b"new"}}


def _events(*revisions: int, header: int = 9) -> Message:
    events = [_event(revision) for revision in revisions]
    return {1: {**HEADER, 3: header}, 2: _ID, 11: events}


def _canceled(reason: str) -> Message:
    return {1: HEADER, 2: _ID, 4: True, 6: reason}


_FRAGMENT: Message = {**EVENTS, 7: True, 11: [{1: 0, 2: {**KV, 3: 7, 5: b"x" * 60_000}}]}

WATCHES: Mapping[str, Entry] = {
    "healthy": Entry(stream_of(CREATED, EVENTS), ANSWERED),
    "never confirmed": Entry(stream_of(), _QUIET),
    "headers never come": Entry((), _QUIET),
    "confirmed twice": Entry(stream_of(CREATED, CREATED, EVENTS), ANSWERED),
    "confirmed twice, the second time in the future": Entry(
        stream_of(CREATED, {**CREATED, 1: {**HEADER, 3: 100}}, EVENTS), ANSWERED
    ),
    "events before they are confirmed": Entry(stream_of(EVENTS, CREATED), _ANY),
    "events of an unknown watch": Entry(stream_of(CREATED, {**EVENTS, 2: 4711}), _ANY),
    "events of watch -1": Entry(stream_of(CREATED, {**EVENTS, 2: -1}), _QUIET),
    "events of watch -(2**63)": Entry(stream_of(CREATED, {**EVENTS, 2: _MIN}), _QUIET),
    "confirmed under another id": Entry(stream_of({**CREATED, 2: 4711}, {**EVENTS, 2: 4711}), _ANY),
    "confirmed under an id at the end of the numbers": Entry(
        stream_of({**CREATED, 2: _MAX}, {**EVENTS, 2: _MAX}), _ANY
    ),
    "confirmed without a header": Entry(stream_of({2: _ID, 3: True}, EVENTS), _ANY),
    **{
        f"confirmed at revision {revision}": Entry(
            stream_of({**CREATED, 1: {**HEADER, 3: revision}}, EVENTS), _ANY
        )
        for revision in (0, -1, _MIN, _MAX, _MAX - 1)
    },
    **{
        f"events of revision {revision}": Entry(
            stream_of(CREATED, _events(revision, header=revision)), _ANY
        )
        for revision in (0, -1, _MIN, _MAX, _MAX - 1)
    },
    **{
        f"told of revision {revision}, then cut": Entry(
            (Head(), Answer(CREATED), Answer({1: {**HEADER, 3: revision}, 2: _ID}), Reset()),
            _QUIET,
        )
        for revision in (0, -1, _MIN, _MAX, _MAX - 1)
    },
    "events that were before the watch": Entry(stream_of(CREATED, _events(2, 3)), _QUIET),
    "an event without a pair": Entry(stream_of(CREATED, {**EVENTS, 11: [{1: 0}]}), _ANY),
    **{
        f"an event of kind {kind}": Entry(
            stream_of(CREATED, {**EVENTS, 11: [{**EVENT, 1: kind}]}), _ANY
        )
        for kind in (2, 99, -1, _MAX)
    },
    "a fragment that never ends": Entry(
        (Head(), Answer(CREATED), Forever((Answer(_FRAGMENT),))), FAILED, memory=100
    ),
    "a fragment, and then nothing": Entry(stream_of(CREATED, _FRAGMENT), _QUIET),
    "a fragment, and then the end of the watch": Entry(
        stream_of(CREATED, _FRAGMENT, _canceled("")), _QUIET
    ),
    "a fragment without events, for ever": Entry(
        (Head(), Answer(CREATED), Forever((Answer({**EVENTS, 7: True, 11: []}),), 0.001)), _QUIET
    ),
    "answers about progress that nobody asked for": Entry(
        (Head(), Answer(CREATED), Forever((Answer({1: HEADER, 2: -1}),), 0.001)), _QUIET
    ),
    "canceled without a reason": Entry(stream_of(CREATED, _canceled("")), _QUIET),
    "canceled before it is confirmed": Entry(stream_of(_canceled("")), _QUIET),
    "confirmed and canceled at once": Entry(
        stream_of({**_canceled("mvcc: watcher range is empty"), 3: True, 2: -1}), FAILED
    ),
    "refused for want of permission": Entry(
        stream_of(
            {
                **_canceled(
                    "rpc error: code = PermissionDenied desc = etcdserver: permission denied"
                ),
                3: True,
                2: -1,
            }
        ),
        FAILED,
    ),
    "canceled for a reason that etcd has no name for": Entry(
        stream_of(CREATED, _canceled("full moon")), _QUIET
    ),
    **{
        f"compacted at {revision}": Entry(
            stream_of(
                CREATED, {**_canceled("mvcc: required revision has been compacted"), 5: revision}
            ),
            _QUIET,
        )
        for revision in (0, 6, -1, _MIN, _MAX)
    },
    "canceled, then more events": Entry(stream_of(CREATED, _canceled(""), EVENTS), _ANY),
    "another watch is canceled": Entry(
        stream_of(CREATED, {**_canceled("full moon"), 2: 4711}, EVENTS), _ANY
    ),
    "a compressed message": Entry((Head(), Answer(CREATED), Trailers("13", "no")), _QUIET),
    # Streams that end: the client resumes each time, with backoff
    "ends with success": Entry((Head(), Answer(CREATED), Trailers()), _QUIET),
    "ends with success at once": Entry(refusal(0), _QUIET),
    "ends with Unavailable": Entry((Head(), Answer(CREATED), Trailers("14", "bye")), _QUIET),
    "is refused with Unavailable": Entry(refusal(14, "no"), _QUIET),
    "is refused for good": Entry(refusal(7, "etcdserver: permission denied"), FAILED),
    "is unknown": Entry(refusal(12, "unknown service etcdserverpb.Watch"), _QUIET),
    "ends with an undefined status": Entry((Head(), Answer(CREATED), Trailers("99")), _QUIET),
    "is reset": Entry((Head(), Answer(CREATED), Reset()), _QUIET),
    "is refused by a reset": Entry((Reset(Code.REFUSED_STREAM),), _QUIET),
    "is closed": Entry((Head(), Answer(CREATED), Close()), _QUIET),
    "is said goodbye to": Entry((Head(), Answer(CREATED), GoAway(), NextRequest()), _QUIET),
    "is a page in HTML": Entry((Head({"content-type": "text/html"}, "404", end=True),), _QUIET),
}

LEADERS: Mapping[str, Entry] = {
    "healthy": Entry(stream_of({1: HEADER, 2: KV}), ANSWERED),
    "no leader": Entry(stream_of({1: HEADER}), _ANY),
    "nothing": Entry(stream_of({}), _ANY),
    "ends with success at once": Entry(refusal(0), _QUIET),
    "is refused with Unavailable": Entry(refusal(14, "no"), _QUIET),
    "is reset": Entry((Reset(),), _QUIET),
}

STREAMS = (
    *(
        Scenario(name, WATCH, entry.steps, entry.outcome, memory=entry.memory, timeout=_TIMEOUT)
        for name, entry in WATCHES.items()
    ),
    *(
        Scenario(name, OBSERVE, entry.steps, entry.outcome, timeout=_TIMEOUT)
        for name, entry in LEADERS.items()
    ),
)
