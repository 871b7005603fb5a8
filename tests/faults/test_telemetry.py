"""What hooks are told of faults."""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from etcd_client import Client, ConnectOptions
from etcd_client.telemetry import (
    CallsMoved,
    Connected,
    ConnectFailed,
    Disconnected,
    StreamResumed,
)
from etcd_client.telemetry.opentelemetry import OpenTelemetryHooks
from etcd_client.telemetry.prometheus import PrometheusHooks
from etcd_client.testing import EtcdServer, Proxy
from tests.faults.tools import in_use, values
from tests.support.front import Front
from tests.support.recorder import Recorder
from tests.support.waiting import eventually_async


def lose_answer(front: Front, used: int) -> None:
    """Break the line on which the answer of a member is awaited."""
    front.proxies[used].refuse()
    front.proxies[used].drop()


async def test_a_retried_read_shows_its_members(front: Front) -> None:
    """The member dies while the read waits for its answer."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    options = ConnectOptions(hooks=OpenTelemetryHooks(provider))
    async with Client(front.endpoints, options).connect() as communicator:
        used = await in_use(communicator, front)
        exporter.clear()
        member = front.members[used]
        await asyncio.to_thread(member.freeze)
        waiting = asyncio.ensure_future(communicator.get("key"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        await asyncio.to_thread(member.kill)
        await waiting
    await asyncio.to_thread(member.start)
    (span,) = exporter.get_finished_spans()
    attempts = [event.attributes or {} for event in span.events]
    ports = [attempt["server.port"] for attempt in attempts]
    known = [int(endpoint.rsplit(":", 1)[1]) for endpoint in front.endpoints]
    assert ports[0] == known.pop(used)
    assert ports[-1] in known
    assert "etcd.attempt.failure" in attempts[0]
    answered = [attempt["etcd.attempt.answered"] for attempt in attempts]
    assert (answered[0], answered[-1]) == (False, True)
    assert (span.attributes or {})["server.port"] == ports[-1]


async def test_connections_and_failovers_are_told(front: Front) -> None:
    hooks = Recorder()
    async with Client(front.endpoints, ConnectOptions(hooks=hooks)).connect() as communicator:
        used = await in_use(communicator, front)
        await asyncio.to_thread(lose_answer, front, used)
        await communicator.get("key")
        now = await in_use(communicator, front)
        await eventually_async(lambda: hooks.of(CallsMoved))
        (moved,) = hooks.of(CallsMoved)
        assert (moved.source, moved.target) == (front.endpoints[used], front.endpoints[now])
        lost = hooks.of(Disconnected)[0]
        assert (lost.endpoint, lost.expected) == (front.endpoints[used], False)
        assert lost.reason
        assert front.endpoints[now] in [event.endpoint for event in hooks.of(Connected)]


async def test_a_reconnect_is_told(endpoint: str, proxy: Proxy) -> None:
    hooks = Recorder()
    options = ConnectOptions(hooks=hooks)
    async with (
        Client(endpoint).connect() as direct,
        Client(proxy.endpoint, options).connect() as client,
        client.watch("key") as watch,
    ):
        await direct.put("key", "1")
        assert await values(watch, 1) == [b"1"]
        await asyncio.to_thread(proxy.refuse)
        await asyncio.to_thread(proxy.drop)
        await eventually_async(lambda: hooks.of(ConnectFailed))
        await asyncio.to_thread(proxy.heal)
        await eventually_async(lambda: hooks.of(StreamResumed))
        await eventually_async(lambda: len(hooks.of(Connected)) > 1)
    assert [event.again for event in hooks.of(Connected)] == [False, True]
    assert "a watch resumes" in hooks.of(StreamResumed)[0].stream
    assert hooks.of(ConnectFailed)[0].endpoint == proxy.endpoint


async def test_prometheus_counts_retries(etcd: EtcdServer, proxy: Proxy) -> None:
    registry = CollectorRegistry()
    options = ConnectOptions(hooks=PrometheusHooks(registry))
    async with Client(proxy.endpoint, options).connect() as communicator:
        await communicator.get("key")
        await asyncio.to_thread(proxy.stall)
        waiting = asyncio.ensure_future(communicator.get("key"))
        await eventually_async(lambda: communicator.stats().in_flight == 1)
        await asyncio.to_thread(proxy.drop)
        await asyncio.to_thread(proxy.heal)
        await waiting
    name = "etcd_client_retries_total"
    assert (registry.get_sample_value(name, {"method": "Range"}) or 0) >= 1
    lost = {"endpoint": proxy.endpoint, "expected": "false"}
    assert (registry.get_sample_value("etcd_client_disconnects_total", lost) or 0) >= 1
    assert etcd.alive
