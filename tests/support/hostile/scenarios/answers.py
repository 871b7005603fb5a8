"""Well-formed but nonsensical answers to reads, transactions, logins and snapshots."""

from tests.support.hostile.calls import (
    HEADER,
    KV,
    LOGIN,
    SCAN,
    SNAPSHOT,
    SYNC,
    TXN,
    Call,
)
from tests.support.hostile.protobuf import Message, Value
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import Answer, Forever, Head, Reset, Steps, Trailers

_MAX, _MIN = 2**63 - 1, -(2**63)
ANSWERED, UNKNOWN, FAILED = Outcome.ANSWERED, Outcome.UNKNOWN, Outcome.FAILED
_ANY = ANSWERED | FAILED


def _page(*kvs: Message, header: Message = HEADER, more: bool = True) -> Message:
    return {1: header, 2: list(kvs), 3: more, 4: len(kvs)}


def _scan(name: str, message: Message, outcome: Outcome = FAILED) -> Scenario:
    # Each page claims that there are more: a client that trusts it would read forever.
    return Scenario(name, SCAN, SCAN.answered(message), outcome, requests=10)


def _txn(name: str, message: Message, outcome: Outcome) -> Scenario:
    return Scenario(name, TXN, TXN.answered(message), outcome)


_RANGE: Message = {1: {1: HEADER, 2: [KV], 4: 1}}
_PUT: Message = {2: {1: HEADER}}
_DELETE: Message = {3: {1: HEADER, 2: 1}}


def _responses(*responses: Message) -> Message:
    return {1: HEADER, 2: True, 3: list(responses)}


def _members(**fields: Value) -> Message:
    numbers = {"id": 1, "name": 2, "peers": 3, "clients": 4, "learner": 5}
    return {1: HEADER, 2: [{numbers[name]: value for name, value in fields.items()}]}


def _other(call: Call, name: str, message: Message, outcome: Outcome = _ANY) -> Scenario:
    return Scenario(name, call, call.answered(message), outcome)


def _blob(blob: bytes, remaining: int) -> Answer:
    return Answer({1: HEADER, 2: remaining, 3: blob, 4: "3.6.0"})


def _snapshot(name: str, steps: Steps, outcome: Outcome = FAILED) -> Scenario:
    return Scenario(name, SNAPSHOT, steps, outcome)


ANSWERS = (
    _scan("the last page", _page(KV, more=False), ANSWERED),
    _scan("more, but no pairs", _page()),
    _scan("more, and the same pair again", _page(KV)),
    _scan("more, and a pair from before the range", _page({**KV, 1: b""})),
    _scan("more, and a revision of 0", _page(KV, header={**HEADER, 3: 0})),
    _scan("more, and a revision of -1", _page(KV, header={**HEADER, 3: -1})),
    _txn("as it was asked", _responses(_RANGE, _PUT, _DELETE), ANSWERED),
    _txn("no responses", _responses(), UNKNOWN | ANSWERED),
    _txn("a response too few", _responses(_RANGE, _PUT), UNKNOWN | ANSWERED),
    _txn("a response too many", _responses(_RANGE, _PUT, _DELETE, _PUT), UNKNOWN | ANSWERED),
    _txn("responses of other kinds", _responses(_PUT, _DELETE, _RANGE), UNKNOWN | ANSWERED),
    _txn("empty responses", _responses({}, {}, {}), UNKNOWN | ANSWERED),
    _txn(
        "transactions within",
        _responses({4: _responses({4: _responses()})}, _PUT, _DELETE),
        UNKNOWN | ANSWERED,
    ),
    _other(SYNC, "no members", {1: HEADER}, FAILED),
    _other(SYNC, "no URLs", _members(id=1, name="x"), FAILED),
    _other(SYNC, "URLs that are none", _members(id=1, name="x", clients="\n://"), FAILED),
    _other(SYNC, "URLs of another kind", _members(id=1, name="x", clients="ftp://x:1"), FAILED),
    _other(SYNC, "URLs that are no text", _members(id=1, name="x", clients=b"\xff\xfe"), FAILED),
    _other(
        SYNC,
        "learners only",
        _members(id=1, name="x", clients="http://127.0.0.1:1", learner=True),
        FAILED,
    ),
    _other(LOGIN, "no token", {1: HEADER}),
    _other(LOGIN, "a token that cannot be sent", {1: HEADER, 2: "a\nb"}),
    _other(LOGIN, "a token that is no text", {1: HEADER, 2: b"\xff\xfe"}),
    _other(LOGIN, "a token of 1 MB", {1: HEADER, 2: "t" * 1_000_000}),
    _snapshot("no blobs", (Head(), Trailers())),
    _snapshot("ends early", (Head(), _blob(b"x" * 1000, 1000), Trailers())),
    _snapshot("is reset", (Head(), _blob(b"x" * 1000, 1000), Reset())),
    _snapshot(
        "without an end", (Head(), Forever((_blob(b"x" * 60_000, 0),), 0.01)), Outcome.SILENT | _ANY
    ),
    _snapshot(
        "without an end or a blob",
        (Head(), Forever((_blob(b"", 1),), 0.001)),
        Outcome.SILENT | _ANY,
    ),
    *(
        _snapshot(f"{remaining} bytes remain", (Head(), _blob(b"x" * 1000, remaining), Trailers()))
        for remaining in (-1, _MAX, _MIN)
    ),
)
