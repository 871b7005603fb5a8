"""Answers about leases, and about the locks on them."""

from collections.abc import Mapping

from tests.support.hostile.calls import HEADER, KEPT_LEASE, KV, LEASE, LOCK, TRY_LOCK, stream_of
from tests.support.hostile.protobuf import Echo, Message, Value
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import (
    Answer,
    Close,
    Forever,
    GoAway,
    Head,
    Reset,
    Steps,
    Trailers,
    refusal,
)
from tests.support.http2 import Code

_MAX, _MIN = 2**63 - 1, -(2**63)
ANSWERED, FAILED = Outcome.ANSWERED, Outcome.FAILED
_ANY = ANSWERED | FAILED
_ENDS = (Trailers(),)


def _grant(**fields: Value) -> Steps:
    numbers = {"header": 1, "id": 2, "ttl": 3, "error": 4}
    named = {numbers[name]: value for name, value in fields.items()}
    message: Message = {1: HEADER, 2: Echo((2,)), 3: 2, **named}
    return (Head(), Answer(message), *_ENDS)


GRANTS: Mapping[str, tuple[Steps, Outcome]] = {
    # The real server does not know the lease, and says so when it is renewed.
    "healthy": (_grant(), _ANY),
    **{f"a TTL of {ttl}": (_grant(ttl=ttl), _ANY) for ttl in (0, -1, _MIN, _MAX, _MAX - 1, 2**40)},
    "another id": (_grant(id=4711), FAILED | ANSWERED),
    "no id": (_grant(id=0), FAILED | ANSWERED),
    "nothing": ((Head(), Answer({}), *_ENDS), _ANY),
    "an error in the message": (_grant(error="lease is not for you"), _ANY),
}


def _renewal(ttl: int = 2, lease: int | None = None) -> Message:
    return {1: HEADER, 2: Echo((1,)) if lease is None else lease, 3: ttl}


# The lease is observed within its TTL: whatever the server answers, it has not expired.
RENEWALS: Mapping[str, Steps] = {
    "healthy": stream_of(_renewal()),
    **{f"a TTL of {ttl}": stream_of(_renewal(ttl)) for ttl in (0, -1, _MIN, _MAX, 2**40)},
    "another lease": stream_of(_renewal(lease=4711)),
    "no lease": stream_of({}),
    "without an end": (Head(), Forever((Answer(_renewal()),), 0.001)),
    "a short TTL, without an end": (Head(), Forever((Answer(_renewal(1)),), 0.001)),
    "nothing": (),
    "success at once": refusal(0),
    "one answer, then success": (Head(), Answer(_renewal()), Trailers()),
    "Unavailable": refusal(14, "no"),
    "no leader": refusal(14, "etcdserver: no leader"),
    "an undefined status": refusal(99),
    "a reset": (Reset(),),
    "a refused stream": (Reset(Code.REFUSED_STREAM),),
    "the end of the connection": (Close(),),
    "a goodbye": (GoAway(), Head(), Answer(_renewal())),
    "a page in HTML": (Head({"content-type": "text/html"}, "404", end=True),),
}


def _entered(**fields: Value) -> Steps:
    numbers = {"header": 1, "succeeded": 2, "responses": 3}
    message: Message = {
        1: HEADER,
        2: True,
        3: [{2: {1: HEADER}}, {1: {1: HEADER, 4: 0}}],
        **{numbers[name]: value for name, value in fields.items()},
    }
    return (Head(), Answer(message), *_ENDS)


_PUT: Message = {2: {1: HEADER}}
_RANGE: Message = {1: {1: HEADER, 4: 0}}

# A client that cannot be sure to be first in line must not hold the lock.
ENTRIES: Mapping[str, tuple[Steps, Outcome]] = {
    "no responses": (_entered(responses=[]), FAILED),
    "a response too few": (_entered(responses=[_PUT]), FAILED),
    "empty responses": (_entered(responses=[{}, {}]), FAILED),
    "responses of other kinds": (_entered(responses=[_RANGE, _PUT]), FAILED),
    "the responses of a deletion": (_entered(responses=[{3: {1: HEADER}}] * 2), FAILED),
    "responses too many": (_entered(responses=[_PUT, _RANGE, _RANGE]), _ANY),
    "no header": (_entered(header={}), _ANY),
    "not entered, and no key of its own": (_entered(succeeded=False), FAILED),
    "not entered, and no responses": (_entered(succeeded=False, responses=[]), FAILED),
    "nothing": ((Head(), Answer({}), *_ENDS), FAILED),
    **{
        f"revision {revision}": (_entered(header={**HEADER, 3: revision}), _ANY)
        for revision in (0, -1, _MIN, _MAX)
    },
    "another is first, from the future": (
        _entered(responses=[_PUT, {1: {1: HEADER, 2: [{**KV, 2: _MAX}], 4: 1}}]),
        FAILED,
    ),
    **{
        f"{count} in the line": (_entered(responses=[_PUT, {1: {1: HEADER, 4: count}}]), FAILED)
        for count in (0, -1, 2, _MIN, _MAX)
    },
}

HOLDINGS = (
    *(Scenario(name, LEASE, *entry) for name, entry in GRANTS.items()),
    *(Scenario(name, KEPT_LEASE, steps, _ANY) for name, steps in RENEWALS.items()),
    *(
        Scenario(name, call, steps, outcome, timeout=0.6)
        for name, (steps, outcome) in ENTRIES.items()
        for call in (LOCK, TRY_LOCK)
    ),
)
