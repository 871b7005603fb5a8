"""Fixtures: clients as programs for etcetra make them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from etcd_client.compat.etcetra import EtcdClient, EtcdCommunicator, HostPortPair
from etcd_client.testing import Proxy


def client_of(endpoint: str) -> EtcdClient:
    """Return etcetra's client for an endpoint."""
    found = urlsplit(endpoint)
    return EtcdClient(HostPortPair.parse(found.netloc), secure=found.scheme == "https")


@pytest.fixture
def etcetra(endpoint: str) -> EtcdClient:
    """Return a client of the session's server, as etcetra's."""
    return client_of(endpoint)


@pytest.fixture
async def connected(etcetra: EtcdClient) -> AsyncIterator[EtcdCommunicator]:
    """Yield an open connection to the session's server, as etcetra's."""
    async with etcetra.connect() as communicator:
        yield communicator


@pytest.fixture
async def through_proxy(endpoint: str, proxy: Proxy) -> AsyncIterator[EtcdCommunicator]:
    """Yield a connection to the session's server through `proxy`."""
    assert endpoint
    async with client_of(proxy.endpoint).connect() as communicator:
        yield communicator
