"""What a run is to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client._etcd_client import KeyValue

if TYPE_CHECKING:
    from etcd_client._etcd_client import TxnOp


class Write(NamedTuple):
    """What is to be done with a key."""

    operation: TxnOp
    value: bytes | None
    """The value that it is to have; None where it is to be deleted."""
    lease: int | None = 0
    """The lease that it is to have; None for the one that it has."""

    def after(self, key: bytes, kv: KeyValue | None, revision: int) -> KeyValue:
        """Return what a key has become by a put.

        Args:
            key: The key.
            kv: What it was; None where there was no such key.
            revision: When it was written.
        """
        value = self.value or b""
        if kv is None:
            return KeyValue(key, value, revision, revision, 1, self.lease or 0)
        lease = kv.lease if self.lease is None else self.lease
        return KeyValue(key, value, kv.create_revision, revision, kv.version + 1, lease)
