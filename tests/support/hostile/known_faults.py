"""What the client does not hold yet, by the names of the scenarios; who mends it takes it out.

Each is expected to fail, and to be taken out by whoever makes it pass.
"""

from collections.abc import Mapping

_NOT_SHUNNED = "connections: a stranger among the endpoints is not left for a healthy member"
_NOT_LEFT = "connections: a member that breaks each connection is dialled for ever, no other one is"
_ENDLESS = "reads: a scan believes that there is always more"

# It depends on chance which of the members is dialled first.
NOW_AND_THEN = {_NOT_LEFT}
_BREAKS_CONNECTIONS = (
    "a message before the headers",
    "trailers without an end of the headers",
    "closed in place of an answer",
    "closed within the message",
    "closed after the message",
    "goodbye, then nothing",
    "goodbye within the message",
    "goodbye to the request after its headers",
    "goodbye twice, with a later last stream",
    "goodbye with an error",
    "too many pings, at once",
    "no HTTP status",
    "an HTTP status that is none",
    "a server of HTTP/1",
    "bytes that are no frame",
    "a frame of 16 MiB, announced",
    "headers that are no headers",
    "headers on no stream",
    "headers on a stream of the server's",
    "headers that never end",
    "data on no stream",
    "data on a stream that was never opened",
    "a continuation of nothing",
    "a pushed stream",
    "more padding than data",
    "a window that grows by nothing",
    "a window that overflows",
    "settings against the rules",
    "settings of a wrong size",
    "settings acknowledged for nothing",
    "a ping of a wrong size",
    "10,000 empty frames of data",
    "10,000 resets",
)

ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(_BREAKS_CONNECTIONS, _NOT_LEFT),
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

FIELDS: Mapping[str, str] = {}

SCENARIOS: Mapping[str, str] = {
    "scan: more, but no pairs": "reads: a scan fails with IndexError",
    "scan: more, and the same pair again": _ENDLESS,
    "scan: more, and a pair from before the range": _ENDLESS,
    "scan: more, and a revision of 0": _ENDLESS,
}
