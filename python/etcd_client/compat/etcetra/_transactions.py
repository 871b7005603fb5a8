"""The operations of a transaction, and what they gave."""

from __future__ import annotations

from etcd_client import (
    DeleteResponse,
    PutResponse,
    RangeResponse,
    SortOrder,
    SortTarget,
    TxnOp,
    TxnResponse,
)

from ._bounds import bounds
from ._text import decode_pairs, encode
from .errors import translated
from .types import TransactionRequest, TxnReturnValues


class EtcdTransactionAction:
    """Collects the operations of one branch of a transaction.

    Args:
        encoding: The encoding of keys and values.
    """

    requests: list[TransactionRequest]
    """The operations, in order."""
    encoding: str
    """The encoding of keys and values."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.requests = []
        self.encoding = encoding

    def put(
        self,
        key: str,
        value: str | None,
        lease: int | None = None,
        ignore_value: bool = False,
        ignore_lease: bool = False,
        encoding: str | None = None,
    ) -> None:
        """Write a key; its value in the result is ``{"revision": n}``.

        Args:
            key: The key.
            value: The value; None for an empty one.
            lease: The id of the lease to attach the key to.
            ignore_value: Whether to keep the key's present value.
            ignore_lease: Whether to keep the key attached to its present lease.
            encoding: The encoding of the key and the value; None for that of the transaction.
        """
        encoding = self.encoding if encoding is None else encoding
        sent = encode(value or "", "value", encoding)
        with translated():
            self.requests.append(
                TxnOp.put(
                    encode(key, "key", encoding),
                    sent,
                    lease=lease,
                    ignore_value=ignore_value,
                    ignore_lease=ignore_lease,
                )
            )

    def get(
        self,
        key: str,
        limit: int | None = None,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        serializable: bool = False,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        encoding: str | None = None,
    ) -> None:
        """Read a key; its value in the result is a dictionary, empty if the key does not exist.

        Args:
            key: The key.
            limit: The maximum number of keys; None for no limit.
            max_create_revision: Ignore the key if it was created after this revision.
            max_mod_revision: Ignore the key if it was last modified after this revision.
            min_create_revision: Ignore the key if it was created before this revision.
            min_mod_revision: Ignore the key if it was last modified before this revision.
            revision: The revision to read at; None for that of the transaction.
            serializable: Whether a member may answer that is behind the leader.
            sort_order: The sort order.
            sort_target: What to sort by.
            encoding: The encoding of the key; None for that of the transaction.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        with translated():
            self.requests.append(
                TxnOp.get(
                    encode(key, "key", encoding),
                    limit=limit or 0,
                    serializable=serializable,
                    sort_order=sort_order,
                    sort_target=sort_target,
                    **which,
                )
            )

    def delete(self, key: str, encoding: str | None = None) -> None:
        """Delete a key; its value in the result is None.

        Args:
            key: The key.
            encoding: The encoding of the key; None for that of the transaction.
        """
        encoding = self.encoding if encoding is None else encoding
        with translated():
            self.requests.append(TxnOp.delete(encode(key, "key", encoding)))


def returned(response: TxnResponse, encoding: str) -> TxnReturnValues:
    """Return what the operations of a transaction gave, one value each.

    Args:
        response: The response of the transaction.
        encoding: The encoding of keys and values.
    """
    values: TxnReturnValues = []
    for one in response.responses:
        match one:
            case RangeResponse():
                values.append(decode_pairs(((kv.key, kv.value) for kv in one.kvs), encoding))
            case PutResponse():
                values.append({"revision": one.header.revision})
            case DeleteResponse():
                values.append(None)
    return values
