"""The tests that cannot pass through each proxy, and why.

`docs/proxies.md` lists the same reasons for users; a test compares the two.
"""

from collections.abc import Mapping

# For each proxy and reason: prefixes of test ids, relative to tests/integration/.
NOT_CARRIED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "nginx": {
        "It ends connections every thousand requests, which is logged as a warning.": (
            "test_memory.py::test_takes_bounded_memory",
        ),
    },
    "haproxy": {},
    "grpc-proxy": {
        "It answers `member_list` itself, without the ids of members.": (
            "test_cluster.py::test_lists_the_members",
        ),
        "Some errors have the code `Unknown`, or come in its own words.": (
            "test_cluster.py::test_what_the_server_refuses",
            "test_compat_051.py::test_errors_carry_their_status",
            "test_large.py::test_says_when_a_request_is_too_large",
        ),
        "It renews leases at times of its own, and for a while after the client has stopped.": (
            "test_lease_keep_alive_stream.py::test_tells_of_each_renewal",
            "test_lease_keep_alive_stream.py::test_renews_while_nobody_reads",
            "test_lease_keep_alive_stream.py::test_dropping_it_lets_it_expire",
            "test_lease_keep_alive_stream.py::test_a_cancelled_step_loses_nothing",
        ),
    },
}


def excluded(front: str, test: str) -> str | None:
    """Return why a test cannot pass through a proxy; None if it can."""
    for reason, tests in NOT_CARRIED[front.removesuffix("-tls")].items():
        if any(test.startswith(f"tests/integration/{beginning}") for beginning in tests):
            return reason
    return None
