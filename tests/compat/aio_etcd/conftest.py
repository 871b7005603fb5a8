"""Clients with python-aio-etcd's interface."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

import etcd_client.compat.aio_etcd as etcd

MakeClient = Callable[..., etcd.Client]


@pytest.fixture
def make_client(endpoint: str) -> Iterator[MakeClient]:
    """Yield a function that makes clients of the session's server, or of others."""
    made: list[etcd.Client] = []

    def make(**options: object) -> etcd.Client:
        chosen = {"port": urlsplit(endpoint).port, **options}
        made.append(etcd.Client(**chosen))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def v2(make_client: MakeClient) -> etcd.Client:
    """Return a client of the session's server."""
    return make_client()
