"""The fixtures and markers of the suite."""

import asyncio

import pytest

from tests.support import gateway


def kind_of_loop() -> str:
    """Return which package the running event loop is from."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@pytest.mark.both_loops
async def test_marked_tests_run_on_each_kind_of_loop(request: pytest.FixtureRequest) -> None:
    assert request.node.name == f"test_marked_tests_run_on_each_kind_of_loop[{kind_of_loop()}]"


async def test_other_tests_run_on_asyncio(request: pytest.FixtureRequest) -> None:
    assert (kind_of_loop(), request.node.name) == ("asyncio", "test_other_tests_run_on_asyncio")


@pytest.mark.full_faults
def test_long_fault_tests_run_only_when_asked_for(request: pytest.FixtureRequest) -> None:
    assert request.config.getoption("full_faults")


@pytest.mark.parametrize("_turn", [1, 2])
def test_each_test_finds_an_empty_server(endpoint: str, _turn: int) -> None:
    body = {"key": "AA==", "range_end": "AA=="}
    assert "kvs" not in gateway.call(endpoint, "kv/range", body)
    gateway.call(endpoint, "kv/put", {"key": "a2V5", "value": ""})
