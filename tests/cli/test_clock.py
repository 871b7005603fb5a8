"""What `check` makes of a wrong clock, which no server of ours has: a web server has its `Date`."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from etcd_client._cli.check import http as check_http
from etcd_client._cli.check.endpoint import check_clock
from etcd_client._cli.check.findings import Findings


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the time of a clock that may be wrong."""

    ahead = 0.0

    def do_GET(self) -> None:
        """Answer with no metrics at all."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the wrong clock."""
        return super().date_time_string((timestamp or time.time()) + self.ahead)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is inherited
        """Keep quiet."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Yield where the web server listens."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("ahead", "complaint"),
    [(0, None), (3600, "s ahead of the clock"), (-3600, "s behind the clock")],
)
def test_clocks_are_compared(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, ahead: float, complaint: str | None
) -> None:
    monkeypatch.setattr(Handler, "ahead", ahead)
    told = check_http.ask(endpoint, {}, 10, tls=False)
    assert told.quota is None
    findings = Findings(endpoint)
    check_clock(told, findings)
    if complaint is None:
        assert findings.found == []
    else:
        (found,) = findings.found
        assert (found.step, found.state.value) == ("clock", "warning")
        assert complaint in found.detail
        # A busy machine may be late to look at its own clock.
        assert abs(float(found.detail.split()[0]) - 3600) < 60
        assert "synchronize" in found.advice
