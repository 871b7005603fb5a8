"""Locks: `Lock`, and `EtcdLockOption` for `Client.with_lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from etcd_client._arguments import check_name, check_seconds

from .acquirable import Acquirable

if TYPE_CHECKING:
    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike

    from .open_session import Session


class EtcdLockOption:
    """The lock for `Client.with_lock`.

    Args:
        lock_name: The name of the lock.
        timeout: Maximum wait in seconds; None to wait without limit.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

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


class Lock(Acquirable):
    """A lock with one holder at a time in the whole cluster.

    It is compatible with etcd's lock service and the mutex of its Go client. Without a `ttl`, it is
    held until its holder releases it or dies: its lease is renewed in the background, and after a
    crash it expires within 30 seconds, or within the time to live of the `session`. With a `ttl`,
    it is released that many seconds after it was acquired, whatever its holder does, unless `renew`
    changes that.

    A `Lock` object is for one holder: make one for each task. It can be acquired again after it was
    released. It is released with its session or its communicator at the latest.

    Args:
        communicator: The communicator to use.
        name: The name of the lock. Its keys are all that begin with it and `/`: it waits for any
            that was there before.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use. Any number of locks can share it, and acquiring and
            releasing a free lock then costs one round trip each. None for a lease of its own.

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

    __slots__ = ()

    _what = "lock"

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        super().__init__(communicator, name, session, ttl)
