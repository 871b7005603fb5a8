"""The client of this repository."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import etcd_client
from benches.clients.above import KINDS, Above
from benches.clients.common_api import Adapter
from benches.works import AsyncClient, Work


class Client(AsyncClient[bytes]):
    """Does the works of all clients, and those of what stands above the calls."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        super().__init__(Adapter())
        self._stack = AsyncExitStack()
        self._above: Above | None = None

    async def run(self, work: Work, begin: Callable[[], None]) -> None:
        """Do one work."""
        if work.kind in KINDS:
            await (await self._opened()).run(work, begin)
        else:
            await super().run(work, begin)

    async def close(self) -> None:
        """Leave all contexts."""
        await self._stack.aclose()
        await super().close()

    async def _opened(self) -> Above:
        if self._above is None:
            opened = etcd_client.Client([self._endpoint]).connect()
            self._above = Above(await self._stack.enter_async_context(opened), self._stack)
        return self._above


def client() -> Client:
    """Return the client that the worker drives."""
    return Client()
