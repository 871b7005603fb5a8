"""etcd-client-py 0.5.1: the same names as this repository's client, so the same adapter.

None of its defects had to be worked around: it is only ever used by one task at a time where a
communicator is opened or closed, which keeps clear of the race in its runtime's teardown.
"""

from __future__ import annotations

from benches.clients.common_api import Adapter
from benches.works import AsyncClient


def client() -> AsyncClient[bytes]:
    """Return the client that the worker drives."""
    return AsyncClient(Adapter())
