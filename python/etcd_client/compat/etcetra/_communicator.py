"""`EtcdCommunicator`: all calls of etcetra, on a communicator of the package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from etcd_client import (
    ClosedError,
    Communicator,
    Compare,
    KeyValue,
    LeaderKey,
    LeaderResponse,
    Txn,
    WatchFilterType,
)
from etcd_client._arguments import check_seconds

from ._keys import KeyValueCalls
from ._streams import Items, decoder
from ._text import encode
from ._transactions import EtcdTransactionAction, returned
from .errors import translated, translating
from .types import TxnReturnType, TxnReturnValues, WatchEvent


class EtcdCommunicator(KeyValueCalls):
    """What the contexts of `EtcdClient` give: the calls to etcd.

    Args:
        channel: The package's own communicator.
        encoding: The encoding of keys and values.

    Examples:
        >>> from etcd_client.compat.etcetra import EtcdCommunicator
        >>> etcetra = EtcdCommunicator(communicator)
        >>> await etcetra.put("color", "red")
        >>> await etcetra.put("color", "blue", prev_kv=True)
        'red'
    """

    def __init__(self, channel: Communicator, encoding: str = "utf-8") -> None:
        self.channel = channel
        self.encoding = encoding

    # Transactions

    async def txn(
        self, txn_builder: Callable[[EtcdTransactionAction], None], encoding: str | None = None
    ) -> TxnReturnValues:
        """Run operations atomically.

        Args:
            txn_builder: Called once, with what collects the operations.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            What each operation gave: a dictionary of the keys and values of a get,
            ``{"revision": n}`` of a put, None of a delete.

        Raises:
            EtcdInvalidArgumentError: A key is empty or is written twice, or the transaction is too
                large.
            EtcdUnknownError: The call failed for another reason.

        Examples:
            >>> from etcd_client.compat.etcetra import EtcdCommunicator
            >>> etcetra = EtcdCommunicator(communicator)
            >>> await etcetra.txn(lambda action: action.get("missing"))
            [{}]
        """
        values, _ = await self.txn_compare([], lambda success, _: txn_builder(success), encoding)
        return values

    @translating
    async def txn_compare(
        self,
        compares: Sequence[Compare],
        txn_builder: Callable[[EtcdTransactionAction, EtcdTransactionAction], None],
        encoding: str | None = None,
    ) -> TxnReturnType:
        """Run operations atomically: some if all conditions hold, others if not.

        Args:
            compares: The conditions, made with `CompareKey`.
            txn_builder: Called once, with what collects the operations for either case.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            What each operation that ran gave, as for `txn`, and whether the conditions held.

        Raises:
            EtcdInvalidArgumentError: A key is empty or is written twice, or the transaction is too
                large.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        success, failure = EtcdTransactionAction(encoding), EtcdTransactionAction(encoding)
        txn_builder(success, failure)
        txn = Txn().when(compares).and_then(success.requests).or_else(failure.requests)
        response = await self.channel.txn(txn)
        return TxnReturnType(returned(response, encoding), response.succeeded())

    # Leases

    @translating
    async def grant_lease(
        self,
        ttl: int,
        id: int | None = None,
    ) -> int:
        """Grant a lease: the keys attached to it are deleted when it expires or is revoked.

        Args:
            ttl: Time to live in seconds, at least 1.
            id: The id of the lease; None for a random one.

        Returns:
            The id of the lease.

        Raises:
            EtcdBadRequestError: A lease with that id exists already.
            EtcdInvalidArgumentError: The time to live is not positive.
            EtcdUnknownError: The call failed for another reason.
        """
        return (await self.channel.lease_grant(ttl, id)).id

    @translating
    async def revoke_lease(self, id: int) -> None:
        """Revoke a lease and delete the keys attached to it.

        Args:
            id: The id of the lease.

        Raises:
            EtcdNotFoundError: The lease does not exist.
            EtcdUnknownError: The call failed for another reason.
        """
        await self.channel.lease_revoke(id)

    def create_lease_keepalive_task(
        self,
        id: int,
        interval: float,
    ) -> asyncio.Task[None]:
        """Keep a lease alive until the task is cancelled or the communicator is closed.

        It is renewed at once and then whenever a third of its time to live has passed. The task
        ends with `EtcdNotFoundError` if the lease was lost.

        Args:
            id: The id of the lease.
            interval: No effect: the time to live decides. A number of seconds above 0.

        Returns:
            The task.
        """
        with translated():
            check_seconds(interval, "interval")
        return asyncio.create_task(self._keep_alive(id))

    @translating
    async def _keep_alive(self, lease: int) -> None:
        try:
            async with self.channel.lease_keep_alive_stream(lease) as renewals:
                async for _ in renewals:
                    pass
        except ClosedError:
            # Its program has left the context, which is the end that it wanted.
            return

    # Watches

    def watch(
        self,
        key: str,
        ready_event: asyncio.Event | None = None,
        filters: Iterable[WatchFilterType] | None = None,
        prev_kv: bool = False,
        progress_notify: bool = False,
        start_revision: int | None = None,
        watch_id: int | None = None,
        encoding: str | None = None,
    ) -> Items[WatchEvent]:
        """Watch a key.

        Args:
            key: The key.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            filters: The kinds of events to leave out.
            prev_kv: Whether to report the previous values.
            progress_notify: Whether the server reports its progress when nothing changes.
            start_revision: The first revision to report; None for changes from now on.
            watch_id: The id of the watch on the server; None to let the server choose.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            An async iterator. Reading it raises `EtcdOutOfRangeError` if the history that it needs
            is compacted, and another `EtcdUnknownError` if the server refuses it.
        """
        encoding = self.encoding if encoding is None else encoding
        with translated():
            watch = self.channel.watch(
                encode(key, "key", encoding),
                ready_event=ready_event,
                filters=filters,
                prev_kv=prev_kv,
                progress_notify=progress_notify,
                start_revision=start_revision or 0,
                watch_id=watch_id or 0,
            )
        return Items(watch, decoder(encoding))

    def watch_prefix(
        self,
        key: str,
        ready_event: asyncio.Event | None = None,
        filters: Iterable[WatchFilterType] | None = None,
        prev_kv: bool = False,
        progress_notify: bool = True,
        start_revision: int | None = None,
        watch_id: int | None = None,
        encoding: str | None = None,
    ) -> Items[WatchEvent]:
        """Watch all keys that begin with a prefix.

        Args:
            key: The prefix; empty for all keys.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            filters: The kinds of events to leave out.
            prev_kv: Whether to report the previous values.
            progress_notify: Whether the server reports its progress when nothing changes.
            start_revision: The first revision to report; None for changes from now on.
            watch_id: The id of the watch on the server; None to let the server choose.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            An async iterator, as from `watch`.
        """
        encoding = self.encoding if encoding is None else encoding
        with translated():
            watch = self.channel.watch_prefix(
                encode(key, "key", encoding),
                ready_event=ready_event,
                filters=filters,
                prev_kv=prev_kv,
                progress_notify=progress_notify,
                start_revision=start_revision or 0,
                watch_id=watch_id or 0,
            )
        return Items(watch, decoder(encoding))

    # Elections

    @translating
    async def campaign_election(
        self, name: bytes, lease_id: int, value: bytes | None = None
    ) -> LeaderKey:
        """Wait to become the leader of an election.

        Args:
            name: The name of the election.
            lease_id: The id of the lease that the leadership is tied to.
            value: The value to proclaim as the leader; None for an empty one.

        Returns:
            The key of the leadership, for `proclaim_election` and `resign_election`.

        Raises:
            EtcdNotFoundError: The lease does not exist.
            EtcdUnknownError: The call failed for another reason, such as that the lease expired
                while waiting.
        """
        campaign = self.channel.campaign(name, b"" if value is None else value, lease_id)
        return (await campaign).leader

    @translating
    async def get_election(self, name: bytes) -> KeyValue:
        """Get the leader's key; its value is what the leader proclaims.

        Args:
            name: The name of the election.

        Returns:
            The leader's key.

        Raises:
            EtcdNotFoundError: There is no leader.
            EtcdUnknownError: The call failed for another reason.
        """
        return (await self.channel.leader(name)).kv

    @translating
    async def proclaim_election(self, leader: LeaderKey, value: bytes) -> None:
        """Proclaim a new value as the leader.

        Args:
            leader: What `campaign_election` returned.
            value: The value.

        Raises:
            EtcdBadRequestError: The leadership was lost or resigned.
            EtcdUnknownError: The call failed for another reason.
        """
        await self.channel.proclaim(leader, value)

    @translating
    async def resign_election(self, leader: LeaderKey) -> None:
        """Resign the leadership.

        Args:
            leader: What `campaign_election` returned.

        Raises:
            EtcdUnknownError: The call failed.
        """
        await self.channel.resign(leader)

    def observe_election(self, name: bytes) -> Items[LeaderResponse]:
        """Observe an election: the current leader, its successors, and what they proclaim.

        Args:
            name: The name of the election.

        Returns:
            An async iterator of objects whose `kv` is the leader's key.
        """
        return Items(self.channel.observe(name), lambda leader: leader)
