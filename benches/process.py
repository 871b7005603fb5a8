"""The driver's side of a client's process."""

from __future__ import annotations

import json
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any, cast

from benches.peers import ROOT, Command
from benches.sample import Sample
from benches.works import Work

_PATIENCE = 300.0
_CHUNK = 65_536
_LOG_TAIL = 2_000


class WorkerError(RuntimeError):
    """A client failed at its work, died or took too long; the message says which."""


class WorkerProcess:
    """A client in a process of its own: start it, give it works, close it."""

    def __init__(self, command: Command) -> None:
        """Start the process."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._process = subprocess.Popen(
            command.line,
            cwd=ROOT,
            env=command.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._unread = b""

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def open(self, endpoint: str) -> None:
        """Tell the client where etcd is."""
        self._ask({"open": endpoint})

    def run(self, work: Work, begun: Callable[[], object] | None = None) -> Sample:
        """Have the work done; `begun` is called once the client is ready and being measured."""
        return self._ask({"run": asdict(work)}, begun)

    def close(self) -> None:
        """End the process, by force if it will not end by itself."""
        if self._process.poll() is None:
            try:
                self._ask({"close": True}, patience=10.0)
                self._process.wait(10.0)
            except (WorkerError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers, self._log):
            stream.close()

    def _ask(
        self,
        request: dict[str, Any],
        begun: Callable[[], object] | None = None,
        patience: float = _PATIENCE,
    ) -> Sample:
        deadline = time.monotonic() + patience
        self._write(json.dumps(request).encode() + b"\n")
        while True:
            answer = json.loads(self._read_line(deadline))
            if "done" in answer:
                return Sample(**answer["done"])
            if "failed" in answer:
                raise WorkerError(answer["failed"])
            if begun is not None:
                begun()

    def _write(self, data: bytes) -> None:
        try:
            self._requests.write(data)
        except BrokenPipeError:
            raise WorkerError(self._obituary()) from None

    def _read_line(self, deadline: float) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(deadline - time.monotonic()):
                    self._process.kill()
                    message = "took too long"
                    raise WorkerError(message)
                received = self._answers.read(_CHUNK)
                if not received:
                    raise WorkerError(self._obituary())
                self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _obituary(self) -> str:
        status = self._process.wait()
        self._log.seek(0)
        tail = self._log.read()[-_LOG_TAIL:].decode(errors="replace").strip()
        return f"ended with status {status}: {tail}"
