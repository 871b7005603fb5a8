"""Clients with python-etcd3's interface."""

import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from etcd_client.compat import etcd3
from etcd_client.testing import eventually

MakeClient = Callable[..., etcd3.Etcd3Client]


@pytest.fixture
def port(endpoint: str) -> int:
    """Return the port of the session's server, which listens at 127.0.0.1."""
    found = urlsplit(endpoint).port
    assert found is not None
    return found


@pytest.fixture
def make_client(port: int) -> Iterator[MakeClient]:
    """Yield a function that makes clients of the session's server, or of others."""
    made: list[etcd3.Etcd3Client] = []

    def make(**options: object) -> etcd3.Etcd3Client:
        chosen = {"host": "127.0.0.1", "port": port, **options}
        made.append(etcd3.client(**chosen))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> etcd3.Etcd3Client:
    """Return a client of the session's server."""
    return make_client()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    eventually(lambda: not set(threading.enumerate()) - before, within=10)
