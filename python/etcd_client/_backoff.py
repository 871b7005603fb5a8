"""`Backoff`: the pauses between attempts that conflict with those of others."""

from __future__ import annotations

import random

from ._concurrency import checkpoint, sleep

_FIRST = 0.002
_LONGEST = 0.5


class Backoff:
    """Pauses of random length, which double on average.

    There is none after the first failure, which may have been chance; the next attempt knows the
    latest state. Randomness spreads out contenders that failed at the same time.

    Args:
        first: The upper limit of the first pause, in seconds.
        longest: The upper limit of all pauses, in seconds.
    """

    __slots__ = ("_failures", "_first", "_longest")

    def __init__(self, first: float = _FIRST, longest: float = _LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    async def pause(self) -> None:
        """Pause after a failure."""
        failures, self._failures = self._failures, self._failures + 1
        if failures == 0:
            await checkpoint()
            return
        longest = min(self._first * 2.0 ** min(failures - 1, 32), self._longest)
        await sleep(random.uniform(0, longest))  # noqa: S311 - chance, not secrets
