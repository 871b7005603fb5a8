"""`_stm` for threads; made by `make generate`, change `etcd_client._stm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, run

if TYPE_CHECKING:
    from etcd_client import BytesLike, LeaseId


class STM(Face):
    """The argument of a function of `Communicator.stm`, with which it reads and writes.

    Reads return the keys as they were before, with the function's own writes. Each key or range is
    read from the server once.

    Examples:
        >>> def transfer(txn):
        ...     paid = int(txn.get("alice"))
        ...     txn.put("alice", str(paid - 10))
        ...     txn.put("bob", str(int(txn.get("bob")) + 10))
        >>> for name in ("alice", "bob"):
        ...     response = communicator.put(name, "100")
        >>> communicator.stm(transfer)
        >>> communicator.get("bob")
        b'110'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.STM

    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        ignore_lease: bool = False,
    ) -> None:
        """Write a key at the commit; later reads of the function see the value.

        Args:
            key: The key.
            value: The value.
            lease: The lease to attach the key to; None detaches the key from its present lease.
            ignore_lease: Whether to keep the key attached to its present lease; the key must exist.
        """
        run(self._inner.put, key, value, lease=lease, ignore_lease=ignore_lease)

    def delete(self, key: BytesLike) -> None:
        """Delete a key at the commit; later reads of the function do not find it.

        Args:
            key: The key.
        """
        run(self._inner.delete, key)

    def get(self, key: BytesLike) -> bytes | None:
        """Read a key.

        Args:
            key: The key.

        Returns:
            The value; None if the key does not exist.
        """
        return run(self._inner.get, key)

    def range(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """Read a range of keys.

        At levels that check reads at the commit, it takes a condition for each key that was found,
        and one for the range. etcd allows 128 in a transaction unless configured otherwise.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.

        Returns:
            The keys with their values, in the order of the keys.
        """
        return run(self._inner.range, key, range_end=range_end, prefix=prefix, from_key=from_key)

    def rev(self, key: BytesLike) -> int:
        """Read the revision that last modified a key, before this function.

        Args:
            key: The key.

        Returns:
            The revision; 0 if the key does not exist.
        """
        return run(self._inner.rev, key)


SyncSTM = STM
