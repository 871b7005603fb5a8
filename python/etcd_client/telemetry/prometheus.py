"""Metrics of Prometheus, for the extra `prometheus`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from ._buckets import DURATIONS
from ._dispatcher import open_now
from ._hooks import Hooks

if TYPE_CHECKING:
    from ._events import (
        CallEnded,
        CallsMoved,
        Connected,
        ConnectFailed,
        Disconnected,
        LeaseLost,
        LeaseRenewed,
        OperationEnded,
        StreamResumed,
        WatchRead,
    )

__all__ = ["PrometheusHooks"]

_MARGINS = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60)


class PrometheusHooks(Hooks):
    """Hooks that count and measure; one object for all clients of a registry.

    All names begin with `etcd_client_`: `call_duration_seconds`, `call_errors_total` and
    `retries_total` for each RPC; `operation_duration_seconds` and `operation_errors_total` for each
    operation; `connects_total`, `connect_failures_total` and `disconnects_total` for each endpoint;
    `failovers_total`, `resumes_total`, `watch_lag_seconds`, `lease_margin_seconds` and
    `leases_lost_total`; and what is open now: `connections`, `calls_in_flight`, `streams`,
    `watches` and `leases`.

    Args:
        registry: Where the metrics are registered; the global one by default.

    Raises:
        ValueError: The registry has such metrics already.

    Examples:
        >>> from etcd_client import Client, ConnectOptions
        >>> from etcd_client.telemetry.prometheus import PrometheusHooks
        >>> from prometheus_client import CollectorRegistry
        >>> registry = CollectorRegistry()
        >>> options = ConnectOptions(hooks=PrometheusHooks(registry))
        >>> async with Client(endpoint, options).connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
        >>> registry.get_sample_value("etcd_client_call_duration_seconds_count", {"method": "Put"})
        1.0
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(name, what, labels, namespace="etcd_client", registry=registry)

        def histogram(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(
                name, what, labels, namespace="etcd_client", buckets=buckets, registry=registry
            )

        self._durations = histogram(
            "call_duration_seconds", "Duration of RPCs, retries included", DURATIONS, "method"
        )
        self._errors = counter("call_errors", "RPCs that failed", "method", "error")
        self._retries = counter("retries", "Attempts after the first", "method")
        self._operations = histogram(
            "operation_duration_seconds", "Duration of operations", DURATIONS, "operation"
        )
        self._operation_errors = counter(
            "operation_errors", "Operations that failed", "operation", "error"
        )
        self._connects = counter("connects", "Connections that were opened", "endpoint")
        self._failures = counter("connect_failures", "Failed attempts to connect", "endpoint")
        self._disconnects = counter(
            "disconnects", "Connections that were closed", "endpoint", "expected"
        )
        self._failovers = counter("failovers", "Moves of calls to another member")
        self._resumes = counter("resumes", "Streams that went on after a loss")
        self._lags = histogram(
            "watch_lag_seconds", "Wait of events for the program to read them", DURATIONS
        )
        self._margins = histogram(
            "lease_margin_seconds", "What was left of leases at their renewal", _MARGINS
        )
        self._lost = counter("leases_lost", "Leases that were lost")
        self._make_gauges(registry)

    def _make_gauges(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str) -> Gauge:
            return Gauge(name, what, namespace="etcd_client", registry=registry)

        gauge("connections", "Open connections").set_function(lambda: open_now(self).connections)
        gauge("calls_in_flight", "Calls in flight").set_function(lambda: open_now(self).calls)
        gauge("streams", "Open HTTP/2 streams").set_function(lambda: open_now(self).streams)
        gauge("watches", "Open watches").set_function(lambda: open_now(self).watches)
        gauge("leases", "Leases kept alive").set_function(lambda: open_now(self).leases)

    def call_ended(self, call: CallEnded) -> None:
        """Observe an RPC."""
        # How long a stream was open is not how long somebody waited.
        if not call.is_stream:
            self._durations.labels(call.method).observe(call.duration)
        if call.error is not None:
            self._errors.labels(call.method, call.outcome).inc()
        if call.retries:
            self._retries.labels(call.method).inc(call.retries)

    def operation_ended(self, event: OperationEnded) -> None:
        """Observe an operation."""
        self._operations.labels(event.name).observe(event.duration)
        if event.error is not None:
            self._operation_errors.labels(event.name, event.outcome).inc()

    def connected(self, event: Connected) -> None:
        """Count a connection."""
        self._connects.labels(event.endpoint).inc()

    def connect_failed(self, event: ConnectFailed) -> None:
        """Count a failed attempt."""
        self._failures.labels(event.endpoint).inc()

    def disconnected(self, event: Disconnected) -> None:
        """Count the end of a connection."""
        self._disconnects.labels(event.endpoint, str(event.expected).lower()).inc()

    def calls_moved(self, event: CallsMoved) -> None:  # noqa: ARG002 - only counted
        """Count a failover."""
        self._failovers.inc()

    def stream_resumed(self, event: StreamResumed) -> None:  # noqa: ARG002 - only counted
        """Count a resumed stream."""
        self._resumes.inc()

    def watch_read(self, event: WatchRead) -> None:
        """Observe how long events have waited."""
        self._lags.observe(event.lag)

    def lease_renewed(self, event: LeaseRenewed) -> None:
        """Observe what was left of a lease."""
        self._margins.observe(event.margin)

    def lease_lost(self, event: LeaseLost) -> None:  # noqa: ARG002 - only counted
        """Count a lost lease."""
        self._lost.inc()
