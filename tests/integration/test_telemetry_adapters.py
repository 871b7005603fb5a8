"""The hooks for OpenTelemetry and Prometheus, with their own libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry

from etcd_client import Client, ConnectOptions, Lock, LockTimeoutError, RpcError, Txn, TxnOp
from etcd_client.telemetry.opentelemetry import OpenTelemetryHooks
from etcd_client.telemetry.prometheus import PrometheusHooks
from etcd_client.testing import Proxy
from tests.support import tasks
from tests.support.waiting import eventually_async

TWICE = Txn().and_then([TxnOp.put("key", "1"), TxnOp.put("key", "2")])


class Tracing:
    """Spans and metrics in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.tracer = self.provider.get_tracer("tests")
        meters = MeterProvider([self.reader])
        self.options = ConnectOptions(hooks=OpenTelemetryHooks(self.provider, meters))

    def spans(self, method: str) -> Sequence[ReadableSpan]:
        """Return the finished spans of one RPC."""
        spans = self.exporter.get_finished_spans()
        return [span for span in spans if span.name.endswith(f"/{method}")]

    def metrics(self) -> dict[str, Any]:
        """Return the data points of each metric."""
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        found = data.resource_metrics[0].scope_metrics[0].metrics
        return {metric.name: metric.data.data_points for metric in found}


@pytest.fixture
def tracing() -> Tracing:
    """Return providers of their own."""
    return Tracing()


async def test_a_get_is_a_span(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        with tracing.tracer.start_as_current_span("request") as request:
            await communicator.get("key")
    (span,) = tracing.spans("Range")
    assert (span.name, span.kind) == ("etcdserverpb.KV/Range", SpanKind.CLIENT)
    assert span.parent is not None
    assert span.parent.span_id == request.get_span_context().span_id
    address = urlsplit(endpoint)
    expected = {
        "rpc.system.name": "grpc",
        "rpc.method": "etcdserverpb.KV/Range",
        "rpc.response.status_code": "OK",
        "db.system.name": "etcd",
        "db.operation.name": "Range",
        "server.address": address.hostname,
        "server.port": address.port,
    }
    assert span.attributes is not None
    assert expected.items() <= span.attributes.items()
    assert span.status.status_code == StatusCode.UNSET
    (event,) = span.events
    assert (event.name, (event.attributes or {})["etcd.attempt.answered"]) == ("attempt", True)
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time <= event.timestamp <= span.end_time


async def test_a_failing_call_is_an_error(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        with pytest.raises(RpcError):
            await communicator.txn(TWICE)
    (span,) = tracing.spans("Txn")
    assert span.status.status_code == StatusCode.ERROR
    assert "duplicate key" in (span.status.description or "")
    attributes = span.attributes or {}
    assert attributes["error.type"] == "DuplicateKeyError"
    assert attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert span.parent is None


async def test_a_cancelled_call_is_a_span(endpoint: str, proxy: Proxy, tracing: Tracing) -> None:
    async with Client(proxy.endpoint, tracing.options).connect() as communicator:
        await communicator.get("key")
        await tasks.to_thread(proxy.stall)
        task = tasks.ensure_future(communicator.get("key"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        task.cancel()
        await tasks.wait([task])
        await eventually_async(lambda: len(tracing.spans("Range")) == 2)
    attributes = tracing.spans("Range")[1].attributes or {}
    assert attributes["error.type"] == "cancelled"
    assert attributes["rpc.response.status_code"] == "CANCELLED"
    assert endpoint


async def test_a_hundred_calls_have_their_parents(endpoint: str, tracing: Tracing) -> None:
    async def work(number: int) -> tuple[int, int]:
        with tracing.tracer.start_as_current_span(f"work {number}") as span:
            await communicator.put(f"key/{number}", b"x" * 200 * number)
            return span.get_span_context().span_id, number

    async with Client(endpoint, tracing.options).connect() as communicator:
        workers = dict(await tasks.gather(*map(work, range(100))))
    sizes = {
        workers[span.parent.span_id]: (span.attributes or {})["etcd.request.size"]
        for span in tracing.spans("Put")
        if span.parent is not None
    }
    assert sizes.keys() == set(range(100))
    assert [sizes[number] for number in range(100)] == sorted(sizes.values())  # type: ignore[type-var]  # all are int


async def test_durations_are_measured(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        for _ in range(3):
            await communicator.get("key")
        (point,) = tracing.metrics()["rpc.client.call.duration"]
    assert point.count == 3
    assert point.attributes["rpc.method"] == "etcdserverpb.KV/Range"
    assert point.attributes["rpc.response.status_code"] == "OK"
    address = urlsplit(endpoint)
    told = (point.attributes["server.address"], point.attributes["server.port"])
    assert told == (address.hostname, address.port)


async def test_an_operation_is_the_parent_of_its_calls(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        with tracing.tracer.start_as_current_span("request") as request:
            async with Lock(communicator, "lock"):
                await communicator.put("inside", "")
        with pytest.raises(ZeroDivisionError):
            await communicator.update("key", lambda _: b"" if 1 / 0 else None)
    spans = {span.name: span for span in tracing.exporter.get_finished_spans()}
    acquire: Any
    acquire, put = spans["etcd Lock.acquire"], spans["etcdserverpb.KV/Put"]
    assert acquire.kind == SpanKind.INTERNAL
    assert acquire.parent is not None
    assert acquire.parent.span_id == request.get_span_context().span_id
    assert put.parent is not None
    assert put.parent.span_id == request.get_span_context().span_id
    granted = spans["etcdserverpb.Lease/LeaseGrant"]
    assert granted.parent is not None
    assert granted.parent.span_id == acquire.get_span_context().span_id
    assert (acquire.attributes or {})["db.operation.name"] == "Lock.acquire"
    update = spans["etcd Communicator.update"]
    assert update.status.status_code == StatusCode.ERROR
    assert (update.attributes or {})["error.type"] == "ZeroDivisionError"
    points = tracing.metrics()["etcd.client.operation.duration"]
    assert {point.attributes["db.operation.name"]: point.count for point in points} == {
        "Lock.acquire": 1,
        "Communicator.update": 1,
    }


async def test_a_stream_is_a_span_without_a_parent(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        with tracing.tracer.start_as_current_span("request"):
            async with communicator.watch("key") as watch:
                await watch.ready()
                (open_watches,) = tracing.metrics()["etcd.client.watches"]
                (connections,) = tracing.metrics()["db.client.connection.count"]
        await eventually_async(lambda: tracing.spans("Watch"))
    (span,) = tracing.spans("Watch")
    assert span.parent is None
    assert (open_watches.value, connections.value) == (1, 1)
    assert [point.value for point in tracing.metrics()["etcd.client.watches"]] == [0]


async def test_prometheus_has_calls_errors_and_connections(endpoint: str) -> None:
    registry = CollectorRegistry()
    options = ConnectOptions(hooks=PrometheusHooks(registry))

    def value(name: str, **labels: str) -> Any:
        return registry.get_sample_value(f"etcd_client_{name}", labels)

    async with Client(endpoint, options).connect() as communicator:
        await communicator.get("key")
        with pytest.raises(RpcError):
            await communicator.txn(TWICE)
        lease = await communicator.lease(6)
        async with communicator.watch("key") as watch:
            await watch.ready()
            await communicator.put("key", "")
            await anext(watch)
            assert (value("connections"), value("watches"), value("calls_in_flight")) == (1, 1, 0)
            assert value("streams") >= 1
            await eventually_async(lambda: value("watch_lag_seconds_count") == 1)
            await eventually_async(lambda: value("lease_margin_seconds_count"), within=10)
            assert value("leases") == 1
            await communicator.lease_revoke(lease.id)
            await eventually_async(lambda: value("leases_lost_total") == 1)
    assert value("call_duration_seconds_count", method="Range") == 1
    assert value("call_errors_total", method="Txn", error="DuplicateKeyError") == 1
    assert value("call_errors_total", method="Range", error="DuplicateKeyError") is None
    assert value("connects_total", endpoint=endpoint) == 1
    assert value("call_duration_seconds_count", method="Watch") is None
    assert (value("connections"), value("watches"), value("leases")) == (0, 0, 0)


async def test_prometheus_has_operations(endpoint: str) -> None:
    registry = CollectorRegistry()
    options = ConnectOptions(hooks=PrometheusHooks(registry))
    async with Client(endpoint, options).connect() as communicator, Lock(communicator, "lock"):
        with pytest.raises(LockTimeoutError):
            await Lock(communicator, "lock").acquire(timeout=0.1)
    labels = {"operation": "Lock.acquire"}
    count = "etcd_client_operation_duration_seconds_count"
    assert registry.get_sample_value(count, labels) == 2
    errors = "etcd_client_operation_errors_total"
    failed = registry.get_sample_value(errors, {**labels, "error": "LockTimeoutError"})
    assert failed == 1


def test_a_registry_takes_one() -> None:
    registry = CollectorRegistry()
    PrometheusHooks(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        PrometheusHooks(registry)
