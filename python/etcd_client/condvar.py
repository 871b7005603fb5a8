"""`CondVar`: an event that stays set, by the name that etcd-client-py gave it."""

from __future__ import annotations

import asyncio


class CondVar:
    """Lets tasks wait until something has happened."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()

    def notify_waiters(self):
        self._event.set()
        return _done()


async def _done() -> None:
    pass
