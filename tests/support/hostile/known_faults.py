"""What the client does not hold yet, by the names of the scenarios; who mends it takes it out.

Each is expected to fail, and to be taken out by whoever makes it pass.
"""

from collections.abc import Mapping

_NOT_SHUNNED = "connections: a stranger among the endpoints is not left for a healthy member"
_NOT_LEFT = "connections: a member that breaks each connection is dialled for ever, no other one is"
_OVERFLOW = "leases: the TTL of the server overflows, the engine panics"
_ENDLESS = "reads: a scan believes that there is always more"
_NOT_FIRST = "locks: an entry with too few or wrong responses counts as acquired"

# Those that do not show each time.
NOW_AND_THEN = {_NOT_LEFT}

ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("closed after the message",), _NOT_LEFT),
    "trailers without an end of the headers": _NOT_LEFT,
    **dict.fromkeys(
        (
            "a message with flag 1",
            "a message with flag 2",
            "a message with flag 255",
            "a message that is no protobuf",
            "HTTP 401",
            "HTTP 403",
            "HTTP 404",
            "a page in HTML",
        ),
        _NOT_SHUNNED,
    ),
}

FIELDS: Mapping[str, str] = {"lease": _OVERFLOW}

SCENARIOS: Mapping[str, str] = {
    "scan: more, but no pairs": "reads: a scan fails with IndexError",
    "scan: more, and the same pair again": _ENDLESS,
    "scan: more, and a pair from before the range": _ENDLESS,
    "scan: more, and a revision of 0": _ENDLESS,
    "lease: a TTL of 9223372036854775807": _OVERFLOW,
    "lease: a TTL of 9223372036854775806": _OVERFLOW,
    "watch: a fragment that never ends": "watches: fragments are collected without a limit",
    **{
        f"{call}: {name}": _NOT_FIRST
        for name in (
            "no responses",
            "a response too few",
            "empty responses",
            "responses of other kinds",
            "the responses of a deletion",
            "not entered, and no key of its own",
            "not entered, and no responses",
            "nothing",
        )
        for call in ("lock", "try_lock")
    },
}
