"""`Backoff`: the pauses between attempts that others may have spoilt."""

from __future__ import annotations

import random

from ._concurrency import checkpoint, sleep

_FIRST = 0.002
_LONGEST = 0.5


class Backoff:
    """Pauses of random lengths, which double on average.

    There is none after the first failure: that one may have been bad luck, and what comes next
    knows the newest state. Several that wait at once go on at different times.

    Args:
        first: The seconds of which the first pause is a random part.
        longest: The seconds of which no pause is more than a random part.
    """

    __slots__ = ("_failures", "_first", "_longest")

    def __init__(self, first: float = _FIRST, longest: float = _LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    async def pause(self) -> None:
        """Wait after a failure."""
        failures, self._failures = self._failures, self._failures + 1
        if failures == 0:
            await checkpoint()
            return
        longest = min(self._first * 2.0 ** min(failures - 1, 32), self._longest)
        await sleep(random.uniform(0, longest))  # noqa: S311 - chance, not secrets
