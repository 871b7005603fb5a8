"""What an error status means for a write: refused, or outcome unknown.

A member answers with etcd's own messages; a gRPC library or a proxy may use any message.
"""

from collections.abc import Mapping

from tests.support.hostile.calls import PUT, TXN, Call
from tests.support.hostile.scenario import Outcome, Scenario
from tests.support.hostile.steps import refusal

REFUSED, UNKNOWN = Outcome.REFUSED, Outcome.UNKNOWN
# A member that answers so has done nothing: the client retries, on another member or later.
ELSEWHERE = Outcome.NOT_DONE | REFUSED

STATUSES: Mapping[tuple[int, str], Outcome] = {
    # etcd's own
    (3, "etcdserver: key is not provided"): REFUSED,
    (3, "etcdserver: too many operations in txn request"): REFUSED,
    (3, "etcdserver: request is too large"): REFUSED,
    (5, "etcdserver: requested lease not found"): REFUSED,
    (7, "etcdserver: permission denied"): REFUSED,
    (8, "etcdserver: too many requests"): ELSEWHERE,
    (8, "etcdserver: mvcc: database space exceeded"): UNKNOWN,
    (9, "etcdserver: not capable"): ELSEWHERE,
    (11, "etcdserver: mvcc: required revision has been compacted"): REFUSED,
    (12, "unknown method Put for service etcdserverpb.KV"): REFUSED,
    (13, "etcdserver: unhealthy cluster"): REFUSED,
    (14, "etcdserver: no leader"): ELSEWHERE,
    (14, "etcdserver: leader changed"): UNKNOWN,
    (14, "etcdserver: request timed out"): UNKNOWN,
    (14, "etcdserver: request timed out, possibly due to connection lost"): UNKNOWN,
    (14, "etcdserver: server stopped"): UNKNOWN,
    (14, "etcdserver: rpc not supported for learner"): ELSEWHERE,
    (15, "etcdserver: corrupt cluster"): REFUSED,
    (16, "etcdserver: invalid auth token"): REFUSED,
    # From a gRPC library or a proxy
    (1, "context canceled"): UNKNOWN,
    (2, ""): UNKNOWN,
    (2, "stream terminated by RST_STREAM with error code: NO_ERROR"): UNKNOWN,
    (4, "context deadline exceeded"): UNKNOWN,
    (8, "grpc: received message larger than max (4194400 vs. 4194304)"): UNKNOWN,
    (8, "grpc: received message larger than max (9 vs. 8)"): REFUSED | UNKNOWN,
    (8, "overloaded"): REFUSED | UNKNOWN,
    (10, "aborted"): UNKNOWN,
    (13, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"): UNKNOWN,
    (14, ""): UNKNOWN,
    (14, "transport is closing"): UNKNOWN,
    (14, "upstream connect error or disconnect/reset before headers"): UNKNOWN,
    (15, "unrecoverable"): UNKNOWN,
    # Codes that do not exist
    (17, ""): UNKNOWN,
    (255, ""): UNKNOWN,
    (-1, ""): UNKNOWN,
    (2**31, ""): UNKNOWN,
}


def _of(call: Call) -> list[Scenario]:
    return [
        Scenario(
            f"{code} {message!r}",
            call,
            refusal(code, message),
            outcome,
            refused=bool(outcome & ELSEWHERE),
            timeout=0.4,
        )
        for (code, message), outcome in STATUSES.items()
    ]


CHANGES = (*_of(PUT), *_of(TXN))
