"""The tests that cannot pass through each proxy, and why.

`docs/proxies.md` lists the same reasons for users; a test compares the two.
"""

from collections.abc import Mapping

# For each proxy and reason: prefixes of test ids, relative to tests/integration/.
NOT_CARRIED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "nginx": {},
    "haproxy": {},
    "envoy": {},
    "grpc-proxy": {
        "It answers `member_list` itself, without the ids of members.": (
            "test_cluster.py::test_lists_the_members",
        ),
        "Some errors have the code `Unknown`, or come in its own words.": (
            "test_cluster.py::test_what_the_server_refuses",
            "test_compat_051.py::test_errors_carry_their_status",
            "test_hooks.py::test_a_refused_call_is_told_with_its_error",
            "test_large.py::test_says_when_a_request_is_too_large",
            "test_lock_places.py::test_extending_proves_that_the_lock_is_there",
            "test_messages.py::test_a_mistake_is_explained[--max-request-bytes",
            "test_telemetry_adapters.py::test_a_failing_call_is_an_error",
        ),
        "It renews leases at times of its own, and for a while after the client has stopped.": (
            "test_lease_keep_alive_stream.py::test_tells_of_each_renewal",
            "test_lease_keep_alive_stream.py::test_renews_while_nobody_reads",
            "test_lease_keep_alive_stream.py::test_dropping_it_lets_it_expire",
            "test_lease_keep_alive_stream.py::test_a_cancelled_step_loses_nothing",
            "test_lock_places.py::test_a_limit_can_be_extended",
            "test_session_locks.py::test_a_held_lock_is_renewed",
            "test_sessions.py::test_a_body_that_has_left_is_not_cancelled",
        ),
        "It keeps answers to serializable reads until a change of the keys passes through it, and "
        "those of all keys for good.": (
            "test_range_options.py::test_reads_without_asking_the_leader",
            "test_scan.py::test_reads_without_asking_the_leader",
            "test_scan_stream.py::test_reads_without_asking_the_leader",
        ),
        "It merges watches of the same keys, so that etcd counts fewer of them.": (
            "test_barriers.py::test_all_wait_until_it_is_removed",
            "test_barriers.py::test_a_wait_that_is_cancelled_leaves_no_watch",
            "test_barriers.py::test_a_wait_goes_on_after_a_compaction",
            "test_cache.py::test_many_tasks_share_one_watch",
        ),
        "It sends what a watch has to catch up with in one message, however large that is.": (
            "test_watch_shared.py::test_a_revision_beyond_the_limit_ends_its_watch_alone",
            "test_watch_shared.py::test_catches_up_with_more_than_the_limit",
        ),
        "It ends the watch of a slow reader, which then resumes, with a warning.": (
            "test_memory.py::test_takes_bounded_memory[read_slowly]",
        ),
        "A watch that starts at a compacted revision may end or silence others of its key.": (
            "test_watch_shared.py::test_one_that_cannot_begin_ends_alone",
        ),
    },
}


def excluded(front: str, test: str) -> str | None:
    """Return why a test cannot pass through a proxy; None if it can."""
    for reason, tests in NOT_CARRIED[front.removesuffix("-tls")].items():
        if any(test.startswith(f"tests/integration/{beginning}") for beginning in tests):
            return reason
    return None
