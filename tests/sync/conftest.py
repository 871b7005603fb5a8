"""Fixtures that every test of the face for threads may take."""

import threading
from collections.abc import Iterator

import pytest

from etcd_client.sync import Client, Communicator
from etcd_client.testing import eventually


@pytest.fixture
def client(endpoint: str) -> Client:
    """Return a client of the session's server, not yet connected."""
    return Client(endpoint)


@pytest.fixture
def communicator(client: Client) -> Iterator[Communicator]:
    """Yield an open connection to the session's server."""
    with client.connect() as connected:
        yield connected


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    # What runs without a caller, or was left by an interrupted one, ends by itself.
    eventually(lambda: not set(threading.enumerate()) - before, within=10)
