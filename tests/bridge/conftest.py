"""Fixtures of the bridge's tests."""

from collections.abc import AsyncIterator

import pytest

from etcd_client import Client, Communicator
from etcd_client.testing import Proxy


@pytest.fixture
async def slow(endpoint: str, proxy: Proxy) -> AsyncIterator[Communicator]:
    """Yield a communicator whose calls take a second."""
    assert endpoint
    async with Client(proxy.endpoint).connect() as communicator:
        await communicator.get(b"key")
        proxy.delay(0.5)
        yield communicator
