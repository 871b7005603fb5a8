"""The tests that mean nothing in threads without an event loop, and why."""

from __future__ import annotations

from collections.abc import Mapping

# For each reason: prefixes of test ids, relative to tests/integration/.
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "They are about what a call returns: an awaitable, which begins before it is awaited.": (
        "test_compare_and_swap.py::test_a_call_is_under_way_before_it_is_awaited",
        "test_lease_keeping.py::test_starts_at_once",
        "test_lease_keeping.py::test_a_grant_that_nobody_awaits_leaves_nothing",
        "test_lock_given_up.py::test_a_grant_that_is_closed_after_its_end_leaves_the_lease",
        "test_lock_given_up.py::test_an_attempt_that_nobody_waits_for_ends",
        "test_messages.py::test_a_mistake_is_explained",
        "test_messages.py::test_a_call_can_be_awaited_by_several_tasks_and_delegated_to",
        "test_queue.py::test_an_unknown_put_is_put_at_most_once",
        "test_reprs.py::test_objects_show_what_they_are[<LeaseGrant",
        "test_reprs.py::test_objects_show_what_they_are[<Call",
        "test_reprs.py::test_calls_show_how_they_stand",
        "test_snapshot.py::test_save_begins_at_once",
        "test_when_calls_begin.py::test_begins_when_it_is_made",
    ),
    "They are about event loops other than that of a communicator.": (
        "test_hooks.py::test_hooks_run_on_the_thread_of_the_loop",
        "test_messages.py::test_a_communicator_outside_of_its_loop",
        "test_queue.py::test_another_event_loop_is_refused",
    ),
    "They are about a forgotten `async`, which is none there.": (
        "test_messages.py::test_with_without_async",
        "test_messages.py::test_for_without_async",
        "test_messages.py::test_changes_of_a_cache_without_async",
    ),
    "They are about plain functions, which cannot wait on a loop, and async ones.": (
        "test_stm.py::test_a_plain_function_is_called_again_for_what_it_needs",
        "test_stm.py::test_takes_whatever_is_called",
        "test_messages.py::test_a_mistake_with_a_session_is_explained",
    ),
    "They are about what happens in the same turn of a loop; threads have no such turns.": (
        "test_compare_and_swap.py::test_a_view_of_the_keys_stands_in_the_same_line",
        "test_locks.py::test_two_tasks_do_not_share_an_object",
        "test_queue.py::test_requests_for_an_item",
        "test_sessions.py::test_a_cancellation_from_outside_is_told_apart",
        "test_scan.py::test_one_task_iterates_at_a_time",
        "test_scan_stream.py::test_only_one_task_at_a_time",
        "test_sequential_keys.py::test_numbers_keys_in_the_order_of_the_calls",
    ),
    "They look inside a class of the asyncio face.": (
        "test_barriers.py::test_one_that_gives_up_as_the_last_one_comes_enters",
        "test_lock_places.py::test_two_round_trips_with_a_lease_that_is_held",
        "test_lock_places.py::test_holders_with_the_same_lease_exclude_each_other",
        "test_lock_places.py::test_places_are_lost_with_their_lease",
        "test_lock_places.py::test_places_are_told_before_their_lease_is_given_back",
        "test_lock_places.py::test_a_place_is_lost_with_its_key_and_leaves_the_lease",
        "test_lock_places.py::test_a_place_that_is_dropped_is_given_back",
        "test_lock_places.py::test_knows_how_much_time_is_left",
        "test_lock_places.py::test_a_limit_can_be_extended",
        "test_lock_places.py::test_extending_proves_that_the_lock_is_there",
    ),
}


def reason(test: str) -> str | None:
    """Return why a test is left out; None if it is not."""
    for why, tests in LEFT_OUT.items():
        if any(test.startswith(f"tests/integration/{beginning}") for beginning in tests):
            return why
    return None
