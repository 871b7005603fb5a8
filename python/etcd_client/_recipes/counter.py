"""`Counter`: a number that many clients add to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_communicator, check_name
from etcd_client._changes.compare_and_swap import Swapping, updated
from etcd_client._coordination.open_session import check_session
from etcd_client._deadline import Deadline
from etcd_client._kv.waiting_line import line_of
from etcd_client.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator, KeyValue
    from etcd_client._kv.waiting_line import WaitingLine
    from etcd_client._types import BytesLike


class Counter:
    """A whole number, as text in a key, that any number of clients add to.

    No addition is lost or made twice. Where only one process adds, each addition costs one round
    trip, as the process remembers the number; its tasks wait in line. Between processes, an
    addition that conflicts with another is tried again, with random pauses.

    With a session, an addition has no unknown outcome while the session lives. Without one,
    `OutcomeUnknownError` says that it may or may not have been made. The number itself stays in
    etcd in either case.

    Args:
        communicator: The communicator to use.
        name: The name of the counter, which is its key.
        default: The number to begin with where there is no such key.
        session: The session for additions that are made exactly once; None for none.

    Examples:
        >>> from etcd_client import Counter
        >>> counter = Counter(communicator, "visits")
        >>> await counter.add()
        1
        >>> await counter.add(-3)
        -2
        >>> await counter.value()
        -2
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_communicator", "_default", "_key", "_line", "_session")

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        default: int = 0,
        *,
        session: Session | None = None,
    ) -> None:
        check_communicator(communicator, self)
        check_name(name, "name")
        check_session(session, "session")
        _check_number(default, "default")
        self._communicator = communicator
        self._key = as_bytes(name)
        self._default = default
        self._session = session
        # What the process remembers of the key lasts as long as its line.
        self._line: WaitingLine | None = None

    @property
    def key(self) -> bytes:
        """The key that holds the number."""
        return self._key

    def add(self, amount: int = 1, *, timeout: float | None = None) -> Coroutine[Any, Any, int]:
        """Add to the number.

        Args:
            amount: What to add; may be negative.
            timeout: Deadline for the whole call, waiting included, in seconds. If None, each
                request has the connection's default, and the call is retried until it succeeds.

        Returns:
            The new number.

        Raises:
            ConflictError: The key holds something else than a number; the error's `kv` is it.
            SessionLostError: The session was lost; nothing was added.
        """
        _check_number(amount, "amount")
        self._line = line_of(self._communicator, self._key)
        swapping = Swapping(
            self._communicator, self._key, None, Deadline(timeout, "add"), self._session
        )
        return self._added(swapping, amount)

    async def _added(self, swapping: Swapping, amount: int) -> int:
        async def compute(kv: KeyValue | None) -> bytes:
            return str(self._number(kv) + amount).encode()

        # To add nothing is to read, for which what is remembered will not do.
        return self._number(await updated(swapping, compute, from_memory=amount != 0))

    async def value(self, *, timeout: float | None = None) -> int:
        """Read the number.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The number; the default if there is no such key.

        Raises:
            ConflictError: The key holds something else than a number; the error's `kv` is it.
        """
        return self._number(await self._communicator.get_kv(self._key, timeout=timeout))

    def _number(self, kv: KeyValue | None) -> int:
        if kv is None:
            return self._default
        try:
            return int(kv.value)
        except ValueError:
            message = f"the key {self._key!r} holds no whole number"
            raise ConflictError(message, kv) from None

    def __repr__(self) -> str:
        return f"<Counter {self._key!r}>"


def _check_number(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name}: expected int, got {type(value).__qualname__}"
        raise TypeError(message)
