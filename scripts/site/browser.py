"""Chromium without a window, driven by its DevTools protocol."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 30.0

Event = dict[str, Any]


class Tab:
    """A page of the browser, with the events that came since they were last taken."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._events: list[Event] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Call a method of the protocol and return its result."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(request))
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")  # noqa: EM102, TRY003
                return dict(message["result"])

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        """Return the value of an expression of JavaScript, which may be a promise."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")  # noqa: EM102, TRY003
        return result["result"].get("value")

    def open(self, url: str) -> None:
        """Open a page and wait until it has been loaded and its scripts have run."""
        self.call("Page.navigate", url=url)
        self.wait(lambda: any(event["method"] == "Page.loadEventFired" for event in self._events))
        # Once more through the event loop of the page, for what its scripts do at the end.
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))")

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            with contextlib.suppress(TimeoutError):
                self._receive(0.05)

    def resize(self, width: int, height: int, *, mobile: bool) -> None:
        """Give the page the size of a screen."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def prefer(self, scheme: str) -> None:
        """Let the system prefer a scheme of colours: light or dark."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def take_events(self) -> list[Event]:
        """Return the events since the last time."""
        events, self._events = self._events, []
        return events

    def _receive(self, within: float = PATIENCE) -> Event:
        message: Event = json.loads(self._connection.recv(timeout=within))
        if "method" in message:
            self._events.append(message)
        return message


@contextlib.contextmanager
def browser() -> Iterator[Tab]:
    """Start the browser with a profile of its own, and stop it at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            "chromium",
            "--headless",
            "--no-sandbox",  # root, as in containers, has none
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(_page_url(Path(profile)), max_size=None) as connection:
                yield Tab(connection)
        finally:
            process.terminate()
            process.wait()


def _page_url(profile: Path) -> str:
    """Return where the protocol of the first page is spoken."""
    file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text().count("\n")):
        if time.monotonic() > deadline:
            message = "chromium does not start"
            raise TimeoutError(message)
        time.sleep(0.05)
    port = int(file.read_text().splitlines()[0])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as response:
        pages = [page for page in json.load(response) if page["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])
