"""Streams of key-value pairs that are no rest of the range, or no end of it."""

from tests.support.hostile.calls import HEADER, KV, STREAMED_SCAN
from tests.support.hostile.protobuf import Message, Raw, tag
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import (
    Answer,
    Close,
    Data,
    Forever,
    GoAway,
    Head,
    Pause,
    Reset,
    Steps,
    Trailers,
    framed,
    refusal,
)

ANSWERED, FAILED, REFUSED = Outcome.ANSWERED, Outcome.FAILED, Outcome.REFUSED
_FOREIGN: Message = {**HEADER, 1: 0xF0E1}
_UNIMPLEMENTED, _OUT_OF_RANGE, _UNAVAILABLE = 12, 11, 14


def _pairs(*keys: bytes) -> Message:
    return {2: [{**KV, 1: key} for key in keys]}


def _end(*keys: bytes, header: Message = HEADER, more: bool = False) -> Message:
    return {1: header, **_pairs(*keys), 3: more, 4: len(keys)}


def _part(*keys: bytes) -> Message:
    return {1: _pairs(*keys)}


def _last(*keys: bytes, header: Message = HEADER, more: bool = False) -> Message:
    return {1: _end(*keys, header=header, more=more)}


def _scan(name: str, steps: Steps, outcome: Outcome = FAILED) -> Scenario:
    return Scenario(name, STREAMED_SCAN, steps, outcome, requests=20)


def _sends(name: str, *messages: Message, outcome: Outcome = FAILED) -> Scenario:
    return _scan(name, (Head(), *map(Answer, messages), Trailers()), outcome)


SCANS = (
    _sends("all at once", _last(b"k32", b"k33", b"k39"), outcome=ANSWERED),
    _sends("in parts", _part(b"k32"), _part(b"k33", b"k34"), _last(b"k35"), outcome=ANSWERED),
    _sends("an empty last part", _part(b"k32", b"k33"), _last(), outcome=ANSWERED),
    _sends("nothing is left", _last(), outcome=ANSWERED),
    _sends("more behind the end", _last(b"k32"), _last(b"k33"), outcome=ANSWERED),
    _scan("an error behind the end", (Head(), Answer(_last(b"k32")), Trailers("13")), ANSWERED),
    _scan("is cut behind the end", (Head(), Answer(_last(b"k32")), Close()), ANSWERED),
    _sends("no message"),
    _sends("no end", _part(b"k32")),
    _sends("empty messages", {}, {1: {}}),
    _sends("keys out of order", _part(b"k33", b"k32"), _last(), outcome=REFUSED),
    _sends("a key twice", _part(b"k32", b"k32"), _last(), outcome=REFUSED),
    _sends("a key again", _part(b"k32"), _last(b"k32"), outcome=REFUSED),
    _sends("a key of the page before", _last(b"k31"), outcome=REFUSED),
    _sends("a key from before the range", _last(b"a"), outcome=REFUSED),
    _sends("a key from behind the range", _last(b"k32", b"l"), outcome=REFUSED),
    _sends("an empty key", _last(b""), outcome=REFUSED),
    _sends("more, but the end", _last(b"k32", more=True), outcome=REFUSED),
    _sends("two answers in one", {1: [_pairs(b"k32"), _end(b"k33")]}),
    _sends("another cluster at the end", _part(b"k32"), _last(b"k33", header=_FOREIGN)),
    _sends("another cluster at once", _last(b"k32", header=_FOREIGN)),
    _scan("no protobuf", (Head(), Data(framed(b"\xff" * 20)), Trailers())),
    _scan("half a message", (Head(), Data(framed(b"x" * 100)[:50]), Trailers())),
    _sends("a number for an answer", {1: 7}),
    _sends("a pair that is none", {1: {1: HEADER, 2: b"\xff\xff"}}),
    _sends(
        "a pair of another type",
        {1: {1: HEADER, 9: Raw(tag(2, 0) + b"\x01")}},
        outcome=ANSWERED | FAILED,
    ),
    _scan("is reset", (Head(), Answer(_part(b"k32")), Reset())),
    _scan("goes away", (Head(), Answer(_part(b"k32")), GoAway(), Close())),
    _scan("is silent", (Head(), Pause(10))),
    _scan("parts without pairs for ever", (Head(), Forever((Answer({1: {}}),), 0.001))),
    _scan("is refused", refusal(_UNIMPLEMENTED, "unknown method RangeStream"), ANSWERED),
    _scan(
        "is refused in the middle",
        (Head(), Answer(_part(b"k32")), Trailers(str(_UNIMPLEMENTED))),
        ANSWERED,
    ),
    _scan(
        "is compacted",
        (
            Head(),
            Answer(_part(b"k32")),
            Trailers(str(_OUT_OF_RANGE), "etcdserver: mvcc: required revision has been compacted"),
        ),
        REFUSED,
    ),
    _scan("has no leader", refusal(_UNAVAILABLE, "etcdserver: no leader")),
)
