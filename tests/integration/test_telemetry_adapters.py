"""The hooks for OpenTelemetry and Prometheus, with their own libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry

from etcd_client import Client, ConnectOptions, RpcError, Txn, TxnOp
from etcd_client.telemetry.opentelemetry import OpenTelemetryHooks
from etcd_client.telemetry.prometheus import PrometheusHooks
from etcd_client.testing import Proxy
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
        return [span for span in spans if (span.attributes or {}).get("rpc.method") == method]


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
    host, port = endpoint.removeprefix("http://").rsplit(":", 1)
    expected = {
        "rpc.system": "grpc",
        "rpc.service": "etcdserverpb.KV",
        "rpc.grpc.status_code": 0,
        "db.system": "etcd",
        "server.address": host,
        "server.port": int(port),
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
    assert attributes["rpc.grpc.status_code"] == 3
    assert span.parent is None


async def test_a_cancelled_call_is_a_span(endpoint: str, proxy: Proxy, tracing: Tracing) -> None:
    async with Client(proxy.endpoint, tracing.options).connect() as communicator:
        await communicator.get("key")
        await asyncio.to_thread(proxy.stall)
        task = asyncio.ensure_future(communicator.get("key"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        task.cancel()
        await asyncio.wait([task])
        await eventually_async(lambda: len(tracing.spans("Range")) == 2)
    attributes = tracing.spans("Range")[1].attributes or {}
    assert (attributes["error.type"], attributes["rpc.grpc.status_code"]) == ("cancelled", 1)
    assert endpoint


async def test_a_hundred_calls_have_their_parents(endpoint: str, tracing: Tracing) -> None:
    async def work(number: int) -> tuple[int, int]:
        with tracing.tracer.start_as_current_span(f"work {number}") as span:
            await communicator.put(f"key/{number}", b"x" * 200 * number)
            return span.get_span_context().span_id, number

    async with Client(endpoint, tracing.options).connect() as communicator:
        workers = dict(await asyncio.gather(*map(work, range(100))))
    sizes = {
        workers[span.parent.span_id]: (span.attributes or {})["rpc.request.size"]
        for span in tracing.spans("Put")
        if span.parent is not None
    }
    assert sizes.keys() == set(range(100))
    assert [sizes[number] for number in range(100)] == sorted(sizes.values())  # type: ignore[type-var]  # all are int


async def test_durations_are_measured(endpoint: str, tracing: Tracing) -> None:
    async with Client(endpoint, tracing.options).connect() as communicator:
        for _ in range(3):
            await communicator.get("key")
    data = tracing.reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.data.data_points
    assert metric.name == "rpc.client.call.duration"
    assert getattr(point, "count", None) == 3
    assert (point.attributes or {})["rpc.method"] == "Range"


async def test_prometheus_has_calls_errors_and_connections(endpoint: str) -> None:
    registry = CollectorRegistry()
    options = ConnectOptions(hooks=PrometheusHooks(registry))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"etcd_client_{name}", labels)

    async with Client(endpoint, options).connect() as communicator:
        await communicator.get("key")
        with pytest.raises(RpcError):
            await communicator.txn(TWICE)
        lease = await communicator.lease(2)
        async with communicator.watch("key") as watch:
            await watch.ready()
            await communicator.put("key", "")
            await anext(watch)
            await eventually_async(lambda: value("watch_lag_seconds_count") == 1)
            await eventually_async(lambda: value("lease_margin_seconds_count"))
            await communicator.lease_revoke(lease.id)
            await eventually_async(lambda: value("leases_lost_total") == 1)
    assert value("call_duration_seconds_count", method="Range") == 1
    assert value("call_errors_total", method="Txn", error="DuplicateKeyError") == 1
    assert value("call_errors_total", method="Range", error="DuplicateKeyError") is None
    assert value("connects_total", endpoint=endpoint) == 1


def test_a_registry_takes_one() -> None:
    registry = CollectorRegistry()
    PrometheusHooks(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        PrometheusHooks(registry)
