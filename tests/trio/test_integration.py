"""Tests of the rest of the suite, run on trio; `make test-backends` runs the others too."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# At least one file for each part of the package.
FILES = (
    "tests/unit/test_concurrency.py",
    "tests/integration/test_cache.py",
    "tests/integration/test_compare_and_swap.py",
    "tests/integration/test_elections.py",
    "tests/integration/test_kv.py",
    "tests/integration/test_leases.py",
    "tests/integration/test_lock_given_up.py",
    "tests/integration/test_partitioner.py",
    "tests/integration/test_party.py",
    "tests/integration/test_queue.py",
    "tests/integration/test_range_options.py",
    "tests/integration/test_scan.py",
    "tests/integration/test_session_locks.py",
    "tests/integration/test_snapshot.py",
    "tests/integration/test_stm.py",
    "tests/integration/test_txn.py",
    "tests/integration/test_watch.py",
)


@pytest.mark.timeout(300)
def test_what_runs_on_asyncio_runs_on_trio() -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--loop", "trio")
    ended = subprocess.run(
        (*command, *FILES), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout
