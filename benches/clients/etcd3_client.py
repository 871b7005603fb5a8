"""python-etcd3 0.12.0, over grpcio."""

# ruff: noqa: ANN401 - the library has no types

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import etcd3  # type: ignore[import-not-found]

from benches.clients.threads import ThreadsClient


class _Session:
    def __init__(self, client: Any) -> None:
        self._client = client
        self.put, self.close = client.put, client.close

    def get(self, key: bytes) -> bytes | None:
        """Read a key, without its metadata."""
        value: bytes | None = self._client.get(key)[0]
        return value


def client() -> ThreadsClient:
    """Return the client that the worker drives."""

    def connect(endpoint: str) -> _Session:
        parts = urlsplit(endpoint)
        return _Session(etcd3.client(parts.hostname, parts.port))

    return ThreadsClient(connect)
