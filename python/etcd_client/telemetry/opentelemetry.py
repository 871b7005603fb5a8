"""Spans and a metric of OpenTelemetry, for the extra `opentelemetry`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.metrics import Observation
from opentelemetry.trace import Span, SpanKind, StatusCode

from ._buckets import DURATIONS
from ._dispatcher import open_now
from ._hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from opentelemetry.metrics import CallbackOptions, MeterProvider
    from opentelemetry.trace import TracerProvider

    from ._events import Attempt, CallEnded, OperationEnded
    from ._open_now import OpenNow

    Attributes = dict[str, str | int | float | bool]

__all__ = ["OpenTelemetryHooks"]

_NAME = "etcd_client"
_NS = 1_000_000_000
_SYSTEM: Attributes = {"db.system.name": "etcd"}
# gRPC writes `DeadlineExceeded` as `DEADLINE_EXCEEDED`.
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")

_CONNECTIONS: Attributes = {
    **_SYSTEM,
    "db.client.connection.pool.name": "etcd",
    "db.client.connection.state": "used",
}
# Names, units, descriptions, attributes, and what they count.
_GAUGES: tuple[tuple[str, str, str, Attributes, Callable[[OpenNow], int]], ...] = (
    (
        "db.client.connection.count",
        "{connection}",
        "Open connections to members",
        _CONNECTIONS,
        lambda now: now.connections,
    ),
    ("etcd.client.watches", "{watch}", "Open watches", _SYSTEM, lambda now: now.watches),
    ("etcd.client.leases", "{lease}", "Leases kept alive", _SYSTEM, lambda now: now.leases),
)


class OpenTelemetryHooks(Hooks):
    """Hooks that make spans of RPCs and operations, and measure.

    The names are those of OpenTelemetry's semantic conventions for RPC and databases. The span of
    an RPC is a child of the one in whose context the program made the call, and has an event for
    each request to a member. An operation such as `Lock.acquire` has a span of its own, whose
    children are its RPCs. Keys, values and credentials are not recorded.

    The histograms `rpc.client.call.duration` and `etcd.client.operation.duration` have durations
    in seconds; `db.client.connection.count`, `etcd.client.watches` and `etcd.client.leases` say
    what is open.

    Args:
        tracer_provider: What makes the spans; the global one by default.
        meter_provider: What makes the metrics; the global one by default.

    Examples:
        >>> from etcd_client import Client, ConnectOptions
        >>> from etcd_client.telemetry.opentelemetry import OpenTelemetryHooks
        >>> options = ConnectOptions(hooks=OpenTelemetryHooks())
        >>> async with Client(endpoint, options).connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._durations = meter.create_histogram(
            "rpc.client.call.duration",
            unit="s",
            description="Duration of the RPCs to etcd",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        self._operations = meter.create_histogram(
            "etcd.client.operation.duration",
            unit="s",
            description="Duration of operations that make several RPCs",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        for name, unit, description, attributes, count in _GAUGES:
            meter.create_observable_up_down_counter(
                name, [self._observer(attributes, count)], unit=unit, description=description
            )

    def _observer(
        self, attributes: Attributes, count: Callable[[OpenNow], int]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            return [Observation(count(open_now(self)), attributes)]

        return observe

    def context(self) -> Context:
        """Return the context whose span is the parent of the call's."""
        return get_current()

    @contextmanager
    def operation(self, name: str) -> Iterator[Span]:
        """Start the span of an operation, and make its calls in its context."""
        span = self._tracer.start_span(
            f"etcd {name}", attributes={**_SYSTEM, "db.operation.name": name}
        )
        token = attach(trace.set_span_in_context(span))
        try:
            yield span
        finally:
            detach(token)

    def operation_ended(self, event: OperationEnded) -> None:
        """End the span, and record the duration."""
        attributes: Attributes = {**_SYSTEM, "db.operation.name": event.name}
        failed: Attributes = {} if event.outcome == "ok" else {"error.type": event.outcome}
        self._operations.record(event.duration, {**attributes, **failed})
        span = event.context
        if not isinstance(span, Span):
            return
        span.set_attributes(failed)
        if event.error is not None:
            span.set_status(StatusCode.ERROR, str(event.error))
        span.end(_later(event.started_ns, event.duration))

    def call_ended(self, call: CallEnded) -> None:
        """Make the span, and record the duration."""
        attributes = {**_attributes_of(call), **_member_of(call)}
        # An RPC that the client made for itself has no parent, whatever the loop runs now.
        context = call.context if isinstance(call.context, Context) else Context()
        self._durations.record(call.duration, attributes, context=context)
        span = self._tracer.start_span(
            f"{call.service}/{call.method}",
            context=context,
            kind=SpanKind.CLIENT,
            start_time=call.started_ns,
            attributes={**_SYSTEM, "db.operation.name": call.method, **attributes},
        )
        if not span.is_recording():
            return
        span.set_attribute("etcd.request.size", call.request_bytes)
        if call.response_bytes is not None:
            span.set_attribute("etcd.response.size", call.response_bytes)
        for attempt in call.attempts:
            span.add_event(
                "attempt", _attributes_of_attempt(attempt), _later(call.started_ns, attempt.after)
            )
        if call.error is not None:
            span.set_status(StatusCode.ERROR, str(call.error))
        span.end(_later(call.started_ns, call.duration))


def _later(started_ns: int, seconds: float) -> int:
    return started_ns + round(seconds * _NS)


def _attributes_of(call: CallEnded) -> Attributes:
    """Return what the span and the histogram have in common."""
    attributes: Attributes = {
        "rpc.system.name": "grpc",
        "rpc.method": f"{call.service}/{call.method}",
        "rpc.response.status_code": _WORDS.sub("_", call.code.name).upper(),
    }
    if call.error is not None or call.cancelled:
        attributes["error.type"] = call.outcome
    return attributes


def _member_of(call: CallEnded) -> Attributes:
    """Return the address of the member that answered, or else of the last one that was asked."""
    answered = [attempt for attempt in call.attempts if attempt.answered]
    asked = answered or call.attempts
    return _address(asked[-1].endpoint) if asked else {}


def _attributes_of_attempt(attempt: Attempt) -> Attributes:
    attributes = _address(attempt.endpoint)
    attributes["etcd.attempt.duration"] = attempt.duration
    attributes["etcd.attempt.answered"] = attempt.answered
    if attempt.failure is not None:
        attributes["etcd.attempt.failure"] = attempt.failure
    return attributes


def _address(endpoint: str) -> Attributes:
    if endpoint.startswith("unix"):
        return {"server.address": endpoint}
    parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    return {"server.address": parts.hostname or endpoint, "server.port": parts.port or 2379}
