"""Tests of the rest of the suite, run in threads by `etcd_client.sync`."""

import pytest

from tests.support.backends import run_tests_on


@pytest.mark.timeout(900)
def test_what_runs_on_asyncio_runs_in_threads() -> None:
    run_tests_on("threads", "tests/integration/test_rw_lock.py", "tests/integration/test_locks.py")
