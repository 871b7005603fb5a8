"""The tests that are left out in threads, and what runs the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import etcd_client
from etcd_client import sync
from tests.support.threads.adapters import ADAPTERS
from tests.support.threads.left_out import LEFT_OUT, reason
from tests.support.threads.running import synchronous

TESTS = Path(__file__).parents[1] / "integration"


@pytest.mark.parametrize("prefix", [prefix for tests in LEFT_OUT.values() for prefix in tests])
def test_what_is_left_out_is_there(prefix: str) -> None:
    file, _, test = prefix.partition("::")
    name = test.partition("[")[0]
    assert f"def {name}(" in (TESTS / file).read_text()
    assert reason(f"tests/integration/{prefix}") is not None


def test_every_class_for_threads_has_an_adapter() -> None:
    names = sync.__all__
    differ = {name for name in names if getattr(sync, name) is not getattr(etcd_client, name)}
    assert differ <= ADAPTERS.keys()


def test_without_a_loop_none_can_be_awaited() -> None:
    async def test() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="only what etcd_client makes can be awaited"):
        synchronous(test)()
