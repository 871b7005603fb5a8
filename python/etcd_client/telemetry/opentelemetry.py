"""Spans and a metric of OpenTelemetry, for the extra `opentelemetry`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.context import Context, get_current
from opentelemetry.trace import SpanKind, StatusCode

from ._hooks import Hooks

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from ._events import Attempt, CallEnded

    Attributes = dict[str, str | int | float | bool]

__all__ = ["OpenTelemetryHooks"]

_NAME = "etcd_client"
_NS = 1_000_000_000


class OpenTelemetryHooks(Hooks):
    """Hooks that make a span of each RPC, and record its duration.

    The span is a child of the one in whose context the program made the call. It has an event for
    each request to a member. Keys, values and credentials are not recorded. The histogram
    `rpc.client.call.duration` has the durations in seconds.

    Args:
        tracer_provider: What makes the spans; the global one by default.
        meter_provider: What makes the histogram; the global one by default.

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
            "rpc.client.call.duration", unit="s", description="Duration of the RPCs to etcd"
        )

    def context(self) -> Context:
        """Return the context whose span is the parent of the call's."""
        return get_current()

    def call_ended(self, call: CallEnded) -> None:
        """Make the span, and record the duration."""
        attributes = _attributes_of(call)
        # An RPC that the client made for itself has no parent, whatever the loop runs now.
        context = call.context if isinstance(call.context, Context) else Context()
        self._durations.record(call.duration, attributes, context=context)
        span = self._tracer.start_span(
            f"{call.service}/{call.method}",
            context=context,
            kind=SpanKind.CLIENT,
            start_time=call.started_ns,
            attributes={"db.system": "etcd", **attributes, **_member_of(call)},
        )
        if not span.is_recording():
            return
        span.set_attribute("rpc.request.size", call.request_bytes)
        if call.response_bytes is not None:
            span.set_attribute("rpc.response.size", call.response_bytes)
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
        "rpc.system": "grpc",
        "rpc.service": call.service,
        "rpc.method": call.method,
        "rpc.grpc.status_code": int(call.code),
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
