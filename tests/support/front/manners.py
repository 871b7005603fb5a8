"""The faults and the counters of an `Http2Front`, which all its connections share."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.support.front.own_stream import Answer
from tests.support.http2 import Code


@dataclass
class Quota:
    """How many of the next requests to `path` are reset, and with which code."""

    path: str
    left: int
    code: Code


@dataclass
class Answered:
    """How many of the next requests to `path` the front answers itself, and how."""

    path: str
    left: float
    answer: Answer


@dataclass
class Manners:
    """The faults of a front; none by default."""

    # How many requests a connection serves before a GOAWAY.
    requests_a_connection: int | None = None
    # How many streams a connection may have at once; more are refused.
    streams_at_once: int | None = None
    # Whether the limit is advertised in SETTINGS.
    limit_is_told: bool = True
    # The least number of seconds between two pings.
    ping_interval: float | None = None
    # The delays of answers in seconds, by the end of the request's path.
    delays: dict[str, float] = field(default_factory=dict)
    refused: list[Quota] = field(default_factory=list)
    broken: list[Quota] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)

    def delay(self, path: str) -> float:
        """Return the delay of answers to `path`."""
        return max((s for end, s in self.delays.items() if path.endswith(end)), default=0.0)

    def own_answer(self, path: str) -> Answer | None:
        """Return how the front itself answers the next request to `path`, if it does."""
        for answered in self.answered:
            if answered.left > 0 and path.endswith(answered.path):
                answered.left -= 1
                return answered.answer
        return None


@dataclass
class Counts:
    """The counters of a front."""

    connections: int = 0
    streams: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    pings: int = 0
    ping_answers: int = 0
    resets: int = 0
    most_streams_at_once: int = 0


def take(quotas: list[Quota], path: str) -> Code | None:
    """Use up one of the quotas for `path`, and return its code."""
    for quota in quotas:
        if quota.left > 0 and path.endswith(quota.path):
            quota.left -= 1
            return quota.code
    return None


class Outbox:
    """Sends bytes in order; `drain` is the backpressure for a flood."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send without waiting; does nothing once the connection is closing."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Wait until most of the buffer has been sent."""
        await self._writer.drain()

    def close(self) -> None:
        """Close after sending what is buffered."""
        self._writer.close()
