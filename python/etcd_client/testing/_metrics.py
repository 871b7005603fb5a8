"""The metrics of an etcd server."""

import http.client
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    """One line of the Prometheus text format."""

    name: str
    labels: dict[str, str]
    value: float


class Metrics:
    """A snapshot of one server's metrics."""

    def __init__(self, text: str) -> None:
        """Parse what /metrics returned."""
        self._samples = [
            Sample(name, dict(_LABEL.findall(labels)), float(value))
            for name, labels, value in _SAMPLE.findall(text)
        ]

    @classmethod
    def read(cls, url: str) -> "Metrics":
        """Fetch the metrics from `url`, a server's `metrics_url`."""
        return cls(http_get(f"{url}/metrics"))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over all samples of `name` that carry `labels`.

        A metric that the server does not export is an error: a test that waited for it to become
        zero would otherwise pass on a server that renamed it.
        """
        named = [sample for sample in self._samples if sample.name == name]
        if not named:
            message = f"etcd exports no metric {name}"
            raise KeyError(message)
        return sum(s.value for s in named if labels.items() <= s.labels.items())

    @property
    def watchers(self) -> int:
        """Open watches on the server."""
        return int(self.total("etcd_debugging_mvcc_watcher_total"))

    @property
    def watch_streams(self) -> int:
        """Open watch streams; one stream carries many watches."""
        return int(self.total("etcd_debugging_mvcc_watch_stream_total"))

    @property
    def open_streams(self) -> int:
        """Open bidirectional gRPC streams: watches, lease keep-alives."""
        return self.open_calls(grpc_type="bidi_stream")

    def open_calls(self, **labels: str) -> int:
        """Return how many gRPC calls are in flight, for example `grpc_method="LeaseKeepAlive"`."""
        started = self.total("grpc_server_started_total", **labels)
        return int(started - self.total("grpc_server_handled_total", **labels))


def http_get(url: str, within: float = 5.0) -> str:
    """Return the body at `url`; unlike urllib this never asks a proxy from the environment."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=within)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    if response.status != http.client.OK:
        message = f"GET {url}: {response.status} {body}"
        raise OSError(message)
    return body
