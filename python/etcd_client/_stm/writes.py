"""`Write`: a write of a run, not sent yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etcd_client._etcd_client import KeyValue

if TYPE_CHECKING:
    from etcd_client._etcd_client import TxnOp


class Write(NamedTuple):
    """A put or a delete of one key."""

    operation: TxnOp
    value: bytes | None
    """The new value; None for a delete."""
    lease: int | None = 0
    """The new lease, 0 for none; None to keep the present one."""

    def after(self, key: bytes, kv: KeyValue | None, revision: int) -> KeyValue:
        """Return the key-value pair that a put makes.

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
