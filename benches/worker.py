"""A client's own process: takes works from the driver, one JSON line each, and answers in kind.

`python -m benches.worker MODULE [uvloop]` with MODULE one of `benches.clients`. Requests are
`{"open": endpoint}`, `{"run": work}` and `{"close": true}`. The answer is `{"done": sample}` or
`{"failed": text}`; a run also says `{"begun": true}` when it starts to be measured.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol, TextIO

from benches.sample import Sample, Stopwatch
from benches.works import Work


class Client(Protocol):
    """What a module of `benches.clients` makes."""

    async def open(self, endpoint: str) -> None:
        """Get to know the endpoint."""

    async def run(self, work: Work, begin: Callable[[], None]) -> None:
        """Prepare the work, call `begin` and do it."""

    async def close(self) -> None:
        """Disconnect."""


class Worker:
    """Obeys the driver until it closes standard input or says `close`."""

    def __init__(self, client: Client, answers: TextIO) -> None:
        """Take over a client and the stream for the answers."""
        self._client = client
        self._answers = answers
        self._stopwatch = Stopwatch()

    async def serve(self) -> None:
        """Answer requests one after another; the event loop stays free between them."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            request = json.loads(line)
            try:
                sample = await self._obey(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, the driver reports it
                self._answer({"failed": f"{type(error).__name__}: {error}"})
            else:
                self._answer({"done": asdict(sample)})
            if "close" in request:
                break

    async def _obey(self, request: dict[str, Any]) -> Sample:
        gc.collect()
        self._stopwatch = Stopwatch()
        if "run" in request:
            await self._client.run(Work(**request["run"]), self._begin)
        elif "open" in request:
            await self._client.open(request["open"])
        else:
            await self._client.close()
        return self._stopwatch.read()

    def _begin(self) -> None:
        self._answer({"begun": True})
        self._stopwatch = Stopwatch()

    def _answer(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()


def main() -> None:
    """Serve on the standard streams, and keep them clear of what a client may print."""
    module, *loop = sys.argv[1:]
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        client: Client = importlib.import_module(f"benches.clients.{module}").client()
        if loop:
            importlib.import_module(loop[0]).install()
        asyncio.run(Worker(client, answers).serve())


if __name__ == "__main__":
    main()
