"""Locks: `Lock`, and `EtcdLockOption` for `Client.with_lock`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from etcd_client._arguments import check_name, check_seconds
from etcd_client._started import StartedCoroutine
from etcd_client.errors import EtcdError, LockError, LockLostError

from .contender import Contender

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from etcd_client._etcd_client import Call, Communicator, HeldLease, ResponseHeader
    from etcd_client._types import BytesLike

    from .open_session import Session


class EtcdLockOption:
    """What `Client.with_lock` is to acquire.

    Args:
        lock_name: The name of the lock.
        timeout: The seconds that acquiring it may take; None for any time.
        ttl: The seconds for which it may be held; None for as long as its holder lives.

    Examples:
        >>> from etcd_client import EtcdLockOption
        >>> async with client.with_lock(EtcdLockOption("deploy", timeout=5)) as communicator:
        ...     response = await communicator.put("deployed", "7")
    """

    __module__ = "etcd_client"

    # Not a dataclass: importing that module would be a third of the import of this package.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it can be changed

    def __init__(
        self, lock_name: BytesLike, timeout: float | None = None, ttl: float | None = None
    ) -> None:
        check_name(lock_name, "lock_name")
        for name, seconds in (("timeout", timeout), ("ttl", ttl)):
            if seconds is not None:
                check_seconds(seconds, name)
        self.lock_name = lock_name
        self.timeout = timeout
        self.ttl = ttl

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EtcdLockOption):
            return NotImplemented
        return vars(self) == vars(other)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"EtcdLockOption({fields})"


class Lock(Contender):
    """A lock that one holder in the whole cluster has at a time.

    It contends with everybody who uses etcd's lock service or the mutex of its Go client. Without
    `ttl` it is held for as long as its holder lives: the engine renews its lease in its own
    thread, and after a crash it is free within 30 seconds, or within the time to live of its
    `session`. With `ttl` it is given back that many seconds after it was acquired, whatever its
    holder does, unless `renew` says otherwise.

    A lock is for one holder: make one for each task. It can be acquired again once it was
    released. It ends with its session and with its communicator at the latest.

    Args:
        communicator: The connection to use.
        name: The name of the lock.
        ttl: The seconds for which it may be held.
        session: Whose lease to use. Any number of locks can hang on it, and acquiring and releasing
            one costs a round trip each where it is free. By default the lock has a lease of its
            own.

    Examples:
        >>> from etcd_client import Lock
        >>> lock = Lock(communicator, "report")
        >>> async with lock:
        ...     # A store that remembers the greatest token it has seen can refuse late writers.
        ...     token = lock.revision
        ...     await Lock(communicator, "report").acquire(blocking=False)
        False
    """

    __module__ = "etcd_client"

    __slots__ = ("_ttl",)

    _what = "lock"
    _error = LockError

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        super().__init__(communicator, name, session)
        if ttl is not None:
            check_seconds(ttl, "ttl")
        self._ttl = ttl

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return self._held is not None and self._held.loss is None

    def acquire(
        self,
        blocking: bool = True,  # noqa: FBT001, FBT002 - as for the locks of Python
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, bool]:
        """Acquire the lock. An attempt that fails or is cancelled leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: The seconds that acquiring it may take; None for any time.

        Returns:
            True, or False where it is not free and there is to be no wait.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or its lease was gone before it was acquired.
            SessionLostError: The session was lost before.
            LockError: It is held by this object already.
        """
        call = self._enter(timeout, wait=blocking, ttl=self._ttl)
        return StartedCoroutine(call.close, self._entered(call))

    def renew(self, seconds: float, *, timeout: float | None = None) -> Call[None]:
        """Hold the lock for so many seconds from now on, whatever was said before.

        Where it was acquired without a `ttl`, it has one from then on.

        Args:
            seconds: For how long it may be held, counted from this call.
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            LockLostError: It was lost before.
            LockError: It is not held by this object.
        """
        return self._holding().renew(seconds, timeout)

    def release(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Give the lock back.

        Args:
            timeout: The seconds that it may take; by default those of the connection.

        Raises:
            LockLostError: It was lost before.
            LockError: It is not held by this object.
        """
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._released(held, call)

    async def _released(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise LockLostError(self._message(f"was lost: {held.loss}"))

    async def __aenter__(self) -> Lock:
        await self.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._held is None:
            return
        # What the body raised matters more than what became of the lock.
        with contextlib.suppress(*() if kind is None else (EtcdError,)):
            await self.release()

    def __repr__(self) -> str:
        state = "acquired" if self.is_acquired else "not acquired"
        return f"<Lock {self._name!r} {state}>"
