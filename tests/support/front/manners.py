"""How an `Http2Front` behaves, and what it has counted: what all its connections share."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.support.front.own_stream import Answer
from tests.support.http2 import Code


@dataclass
class Quota:
    """So many of the next requests to `path` are treated in some way."""

    path: str
    left: int
    code: Code


@dataclass
class Answered:
    """So many of the next requests to `path` are answered by the front itself."""

    path: str
    left: float
    answer: Answer


@dataclass
class Manners:
    """What a front does to frames; none of it by default."""

    # Requests that a connection serves before it is told to go away.
    requests_a_connection: int | None = None
    # Streams that a connection may have at once; more are refused.
    streams_at_once: int | None = None
    # Whether the limit is advertised, or known by its refusals only.
    limit_is_told: bool = True
    # Pings that come faster than this many seconds are too many.
    ping_interval: float | None = None
    # Answers wait for so many seconds, by the end of the request's path.
    delays: dict[str, float] = field(default_factory=dict)
    refused: list[Quota] = field(default_factory=list)
    broken: list[Quota] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)

    def delay(self, path: str) -> float:
        """Return how long answers to `path` are held back."""
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
    """What a front has seen."""

    connections: int = 0
    streams: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    pings: int = 0
    ping_answers: int = 0
    most_streams_at_once: int = 0


def take(quotas: list[Quota], path: str) -> Code | None:
    """Use up one of the quotas for `path`, and return its code."""
    for quota in quotas:
        if quota.left > 0 and path.endswith(quota.path):
            quota.left -= 1
            return quota.code
    return None


class Outbox:
    """Sends bytes in their order; whoever floods waits until there is room."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send without waiting; nothing happens once the connection has ended."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Wait until most of it has gone."""
        await self._writer.drain()

    def close(self) -> None:
        """Close once all has been sent."""
        self._writer.close()
