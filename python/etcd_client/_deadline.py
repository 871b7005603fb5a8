"""`Deadline`: the deadline of a call of several requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ._arguments import check_seconds
from ._concurrency import CancelScope, current_time
from .errors import EtcdTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable

_T = TypeVar("_T")


class Deadline:
    """The deadline of a call of several requests.

    Args:
        timeout: The seconds for the whole call; None for no deadline.
        what: The name of the call, for error messages.

    Raises:
        TypeError: The timeout is not a number.
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
        """Return the remaining seconds; None if there is no deadline.

        Raises:
            EtcdTimeoutError: The deadline has passed.
        """
        if self._end is None:
            return None
        left = self._end - current_time()
        if left <= 0:
            raise self._error()
        return left

    async def bound(self, awaitable: Awaitable[_T]) -> _T:
        """Await something that changes nothing on the server, until the deadline.

        Args:
            awaitable: What to await; it is cancelled at the deadline.

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
