"""`Deadline`: the time that a call of several steps may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ._arguments import check_seconds
from ._concurrency import CancelScope, current_time
from .errors import EtcdTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable

_T = TypeVar("_T")


class Deadline:
    """When a call of several steps has to be over.

    Args:
        timeout: The seconds that all of it may take; None for any time.
        what: What is bounded, for the error's message.

    Raises:
        TypeError: The timeout is no number.
        InvalidArgsError: It is not above 0.
    """

    __slots__ = ("_end", "_what")

    def __init__(self, timeout: float | None, what: str) -> None:
        self._what = what
        self._end: float | None = None
        if timeout is not None:
            check_seconds(timeout, "timeout")
            self._end = current_time() + timeout

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return self._end is not None and current_time() >= self._end

    def left(self) -> float | None:
        """Return the seconds that are left; None where there is no end.

        Raises:
            EtcdTimeoutError: There are none.
        """
        if self._end is None:
            return None
        left = self._end - current_time()
        if left <= 0:
            raise self._error()
        return left

    async def bound(self, awaitable: Awaitable[_T]) -> _T:
        """Await what changes nothing on the server, and no longer than the deadline.

        Args:
            awaitable: What is cancelled at the deadline.

        Raises:
            EtcdTimeoutError: The deadline has passed.
        """
        if self._end is None:
            return await awaitable
        with CancelScope(self._end - current_time()):
            return await awaitable
        raise self._error()

    def _error(self) -> EtcdTimeoutError:
        return EtcdTimeoutError(f"{self._what}: not done within the deadline")
