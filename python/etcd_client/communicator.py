"""`Communicator`: the native calls, and what is built of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _etcd_client
from .scan import Scan

if TYPE_CHECKING:
    from ._etcd_client import BytesLike, Call, RangeResponse
from .maintenance import Maintenance


class Communicator(_etcd_client.Communicator):
    """An open way to a cluster, bound to the event loop that opened it.

    `async with client.connect() as communicator` makes one. It may be used by any number of tasks
    at once; none waits for another.

    **Reads** fail over to another member and are repeated until their deadline. **Changes** are
    repeated only where it is certain that the first attempt did nothing; where that cannot be known
    they raise `OutcomeUnknownError`.

    Every call takes `timeout`, the seconds for all of it. Beside what it says itself it may raise:

    Raises:
        EtcdTimeoutError: There was no answer within the deadline.
        EtcdConnectionError: No member could be reached, or the connection broke.
        OutcomeUnknownError: A change may or may not have been made.
        RpcError: The server refused, by one of its subclasses where etcd has a name for the reason.
        PermissionDeniedError: The user may not do this.
        NoLeaderError: The cluster has no leader.
        ClosedError: The communicator is closed.
        WrongLoopError: The running event loop is not the one that opened the communicator.
        ForkedError: The communicator was opened before this process was forked.

    Examples:
        >>> async with client.connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
        ...     await communicator.get("greeting")
        b'hello'
    """

    def scan_prefix(  # noqa: PLR0913 - the options of a range
        self,
        prefix: BytesLike,
        *,
        page_size: int = 1000,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
    ) -> Scan:
        """Read all keys that begin with a prefix in pages, all of them at one revision.

        However many keys there are, no more than a page of them is in memory. Where values are
        large, pages get fewer keys.

        Args:
            prefix: What the keys begin with; all keys where it is empty.
            page_size: The most keys to ask for at once.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            timeout: Seconds for each page; the connection's default where None.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """
        key, range_end = _etcd_client.prefix_range(prefix)
        return self.scan_range(
            key,
            range_end,
            page_size=page_size,
            revision=revision,
            keys_only=keys_only,
            serializable=serializable,
            timeout=timeout,
        )

    def scan_range(  # noqa: PLR0913 - the options of a range
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        page_size: int = 1000,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
    ) -> Scan:
        """Read the keys of a range in pages, all of them at one revision.

        However many keys there are, no more than a page of them is in memory. Where values are
        large, pages get fewer keys.

        Args:
            key: The first key.
            range_end: The key after the last one of the range; a zero byte for no end.
            page_size: The most keys to ask for at once.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            timeout: Seconds for each page; the connection's default where None.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """

        def read(start: BytesLike, limit: int, at: int) -> Call[RangeResponse]:
            return self.range(
                start,
                range_end=range_end,
                limit=limit,
                revision=at,
                keys_only=keys_only,
                serializable=serializable,
                timeout=timeout,
            )

        return Scan(read, key, page_size, revision)

    @property
    def maintenance(self) -> Maintenance:
        """Members one by one, alarms, leader and version."""
        return Maintenance(self)


EtcdCommunicator = Communicator
