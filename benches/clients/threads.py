"""Runs works of clients without an event loop: each task is a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from benches.works import Work, value_of, work_keys


class Session(Protocol):
    """An open client's own methods."""

    def get(self, key: bytes) -> bytes | None:
        """Read a key."""

    def put(self, key: bytes, value: bytes) -> object:
        """Write a key."""

    def close(self) -> None:
        """Disconnect."""


class ThreadsClient:
    """The client that the worker drives; its event loop has nothing else to do meanwhile."""

    def __init__(self, connect: Callable[[str], Session]) -> None:
        """Connect to nothing yet."""
        self._connect = connect
        self._session: Session | None = None

    async def open(self, endpoint: str) -> None:
        """Connect."""
        self._session = self._connect(endpoint)

    async def close(self) -> None:
        """Disconnect."""
        if self._session is not None:
            self._session.close()

    async def run(self, work: Work, begin: Callable[[], None]) -> None:
        """Prepare the work, call `begin` and do it."""
        session = self._session
        if session is None or work.kind not in {"get", "put"}:
            message = f"unknown work {work.kind}"
            raise NotImplementedError(message)
        value, share = value_of(work), work.operations // work.tasks

        def body(key: bytes) -> None:
            if work.kind == "put":
                for _ in range(share):
                    session.put(key, value)
                return
            found: bytes | None = value
            for _ in range(share):
                found = session.get(key)
            if found != value:
                message = f"get returned {found!r:.80}"
                raise AssertionError(message)

        keys = work_keys(work)
        begin()
        if work.tasks == 1:
            body(keys[0])
            return
        threads = [threading.Thread(target=body, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
