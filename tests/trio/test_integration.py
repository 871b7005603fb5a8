"""Tests of the rest of the suite, run on trio."""

import pytest

from tests.support.backends import run_tests_on


@pytest.mark.timeout(900)
def test_what_runs_on_asyncio_runs_on_trio() -> None:
    run_tests_on("trio")
