"""`Contender`: what locks, elections and the like share, a place in a waiting line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypedDict

from etcd_client._arguments import check_communicator, check_name
from etcd_client._etcd_client import Compare
from etcd_client._lease.loss import Loss
from etcd_client.enums import CompareOp
from etcd_client.errors import LeaseNotFoundError

from .open_session import Session, check_session

if TYPE_CHECKING:
    from etcd_client._etcd_client import Call, Communicator, HeldLease
    from etcd_client._types import BytesLike
    from etcd_client.errors import EtcdError


class Line(TypedDict, total=False):
    """How a line differs from that of a lock."""

    ahead: bytes
    """What the keys begin with that are waited for; not all keys of the line."""
    holders: int
    """How many of the first hold at the same time; not one."""


class Contender:
    """Waits in a line of keys, and holds a lock or a leadership while its key is the first.

    The place has its own lease, or that of a session, which any number of places can share; each
    place has its own key.

    Args:
        communicator: The communicator to use.
        name: The name of the line.
        session: The session whose lease to use; None for a lease of its own.
        value: What its key contains.
        line: How the line differs from that of a lock.
    """

    __slots__ = (
        "__weakref__",
        "_communicator",
        "_held",
        "_line",
        "_name",
        "_session",
        "_value",
    )

    _what: ClassVar[str]
    """What it contends for, for messages."""
    _error: ClassVar[type[EtcdError]]
    """What is raised where it is not held, or held already."""

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        session: Session | None,
        *,
        value: BytesLike = b"",
        line: Line | None = None,
    ) -> None:
        check_communicator(communicator, self)
        check_name(name, "name")
        check_name(value, "value")
        check_session(session, "session")
        self._communicator = communicator
        self._name = name
        self._session = session
        self._value = value
        self._line = line or Line()
        self._held: HeldLease | None = None

    @property
    def key(self) -> bytes | None:
        """The key that exists while it is held; None before and after."""
        return None if self._held is None else self._held.key

    @property
    def revision(self) -> int | None:
        """The fencing token: the create revision of `key`, which increases from holder to holder.

        For transactions in etcd, use `fence`.
        """
        return None if self._held is None else self._held.revision

    @property
    def lost(self) -> Loss:
        """Whether it was lost: its lease has ended, its key was deleted, or its time is over."""
        return Loss(self._held)

    @property
    def remaining(self) -> float:
        """The seconds for which it is certainly held; 0 if it is not.

        They are counted from when the last confirmed renewal of the lease was sent.
        """
        return (self._held is not None and self._held.remaining) or 0.0

    @property
    def fence(self) -> Compare:
        """The condition that it is held, for transactions: `Txn().when([lock.fence])`.

        The server checks it when it applies the transaction, so that a holder that has lost it and
        does not know yet writes nothing.

        Raises:
            LockError: A lock is not held by this object; it may have been lost.
            ElectError: The same for an election.
        """
        held = self._holding()
        return Compare.create_revision(held.key, CompareOp.EQUAL, held.revision)

    async def is_owner(self, *, timeout: float | None = None) -> bool:
        """Ask the server whether it is held by this object.

        The answer may be outdated when it arrives: for writes, use `fence` as a condition.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether the key exists and belongs to this object.
        """
        held = self._held
        if held is None or held.loss is not None:
            return False
        kv = await self._communicator.get_kv(held.key, timeout=timeout)
        return kv is not None and kv.create_revision == held.revision

    def _enter(
        self,
        timeout: float | None,
        *,
        wait: bool = True,
        value: BytesLike | None = None,
        ttl: float | None = None,
    ) -> Call[HeldLease | None]:
        """Begin to wait in line."""
        if self._held is not None:
            raise self._error(self._message("is held by this object already"))
        lease = None if self._session is None else self._session._lease()  # noqa: SLF001 - ours
        return self._communicator._hold_place(  # noqa: SLF001 - made for this
            self._name,
            value=self._value if value is None else value,
            ttl=ttl,
            wait=wait,
            lease=lease,
            timeout=timeout,
            **self._line,
        )

    async def _placed(self, call: Call[HeldLease | None]) -> HeldLease | None:
        """Return the place once it is at the head of the line."""
        try:
            return await call
        except LeaseNotFoundError:
            if self._session is None:
                raise
            raise self._session._lease_gone() from None  # noqa: SLF001 - ours

    async def _entered(self, call: Call[HeldLease | None]) -> bool:
        """Return whether it is held now; it may not be if no wait was wanted."""
        held = await self._placed(call)
        if held is None:
            return False
        if self._held is not None:
            await held.release()
            raise self._error(self._message("was acquired by another task with this object"))
        # First, so that `__aexit__` releases it, whatever a signal handler raises meanwhile.
        self._held = held
        held.adopt()
        return True

    def _holding(self) -> HeldLease:
        if self._held is None:
            raise self._error(self._message("is not held by this object"))
        return self._held

    def _message(self, what: str) -> str:
        return f"the {self._what} {self._name!r} {what}"
