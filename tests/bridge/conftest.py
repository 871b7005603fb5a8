"""Fixtures of the bridge's tests."""

import gc
from collections.abc import AsyncIterator

import pytest

from etcd_client import Client, Communicator, active_context_count
from etcd_client.testing import Proxy, eventually


@pytest.fixture(scope="module", autouse=True)
def _no_context_is_open() -> None:
    """Let those go that other files have left to the garbage collector: contexts are counted."""
    gc.collect()
    eventually(lambda: active_context_count() == 0)


@pytest.fixture
async def slow(endpoint: str, proxy: Proxy) -> AsyncIterator[Communicator]:
    """Yield a communicator whose calls take a second."""
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.delay(0.5)
        yield communicator


@pytest.fixture
async def silent(endpoint: str, proxy: Proxy) -> AsyncIterator[Communicator]:
    """Yield a communicator whose calls are not answered within their time, which is 10 seconds."""
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.delay(30)
        yield communicator
