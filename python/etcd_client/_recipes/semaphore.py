"""`Semaphore`: a limited number of holders at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import check_count
from etcd_client._coordination.acquirable import Acquirable

if TYPE_CHECKING:
    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike


class Semaphore(Acquirable):
    """One permit of a semaphore, which has at most `limit` holders at a time in the whole cluster.

    Permits are given in the order of arrival. A permit is held until it is released or its holder
    dies: its lease is renewed in the background, and after a crash it expires within 30 seconds, or
    within the time to live of the `session`. With a `ttl`, it is released that many seconds after
    it was acquired, unless `renew` changes that.

    A free permit costs one round trip. A client that waits watches the key of the one before it;
    the first that waits watches the holders. So one release wakes one client.

    Each client goes by its own limit: it acquires when fewer than `limit` clients that came before
    it are there. So the limit can be changed while the semaphore is in use, and there are never
    more holders than the greatest limit allows. With the limit 1, it is a `Lock` of the same name.

    A `Semaphore` object is for one permit: make one for each task.

    Args:
        communicator: The communicator to use.
        name: The name of the semaphore. Its keys are all that begin with it and `/`.
        limit: The maximum number of holders; the same for all clients, except while it is changed.
        ttl: Maximum time to hold the permit, in seconds; None to hold it until it is released.
        session: The session whose lease to use; any number of permits can share it. None for a
            lease of its own.

    Examples:
        >>> from etcd_client import Semaphore
        >>> async with Semaphore(communicator, "exports", 2):
        ...     async with Semaphore(communicator, "exports", 2):
        ...         await Semaphore(communicator, "exports", 2).acquire(blocking=False)
        False
    """

    __module__ = "etcd_client"

    __slots__ = ()

    _what = "semaphore"

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        limit: int,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        check_count(limit, "limit", 1)
        value = str(limit)
        super().__init__(communicator, name, session, ttl, value=value, line={"holders": limit})

    @property
    def limit(self) -> int:
        """The maximum number of holders."""
        return self._line["holders"]
