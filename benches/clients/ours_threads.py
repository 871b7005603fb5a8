"""The client of this repository, without an event loop."""

from __future__ import annotations

from benches.clients.threads import ThreadsClient
from etcd_client.sync import Client


def client() -> ThreadsClient:
    """Return the client that the worker drives."""
    return ThreadsClient(lambda endpoint: Client(endpoint).open())
