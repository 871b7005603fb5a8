"""Runs a part of the suite on something else than asyncio; `make test-backends` runs all of it."""

import subprocess
import sys
from pathlib import Path

from tests.support.environment import environment

ROOT = Path(__file__).parents[2]

# At least one file for each part of the package.
_FILES = (
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
    "tests/integration/test_scan_stream.py",
    "tests/integration/test_session_locks.py",
    "tests/integration/test_snapshot.py",
    "tests/integration/test_stm.py",
    "tests/integration/test_txn.py",
    "tests/integration/test_watch.py",
)


def run_tests_on(loop: str, *more: str) -> None:
    """Run the tests of each part of the package.

    Args:
        loop: A value of `--loop`.
        more: Further files.
    """
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--loop", loop)
    ended = subprocess.run(
        (*command, *_FILES, *more),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout
