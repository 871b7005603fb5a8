"""What calls return."""

from __future__ import annotations

from typing import Any, TypeAlias

import etcd_client
from etcd_client import DeleteResponse, KeyValue, PutResponse, RangeResponse, ResponseHeader

from . import etcdrpc
from .events import NO_KEY_VALUE


class KVMetadata:
    """What etcd knows of a key besides its value.

    Args:
        keyvalue: The key-value pair.
        header: The header of the response.
    """

    key: bytes
    """The key."""
    create_revision: int
    """The revision that created the key."""
    mod_revision: int
    """The revision that last modified the key."""
    version: int
    """The number of puts since the key was created."""
    lease_id: int
    """The id of the lease that the key is attached to; 0 for none."""
    response_header: ResponseHeader
    """The header of the response."""

    def __init__(self, keyvalue: KeyValue, header: ResponseHeader) -> None:
        self.key = keyvalue.key
        self.create_revision = keyvalue.create_revision
        self.mod_revision = keyvalue.mod_revision
        self.version = keyvalue.version
        self.lease_id = keyvalue.lease
        self.response_header = header


Found: TypeAlias = tuple[bytes, KVMetadata]


def found(response: RangeResponse, header: ResponseHeader) -> list[Found]:
    """Return the values of a range, each with its metadata.

    Args:
        response: The range.
        header: The header for the metadata.
    """
    return [(kv.value, KVMetadata(kv, header)) for kv in response.kvs]


def with_prev_kv(response: PutResponse) -> PutResponse:
    """Return a response whose `prev_kv` is an empty one, not None, if there is none.

    Args:
        response: The response.
    """
    if response.prev_kv is not None:
        return response
    return PutResponse(response.header, NO_KEY_VALUE)


def outcomes(response: etcd_client.TxnResponse) -> list[Any]:
    """Return what the operations of a transaction gave: pairs for a get, or a `ResponseOp`.

    Args:
        response: The response of the transaction.
    """
    return [
        found(one, response.header) if isinstance(one, RangeResponse) else _outcome(one)
        for one in response.responses
    ]


def _outcome(response: object) -> etcdrpc.ResponseOp:
    match response:
        case RangeResponse():
            return etcdrpc.ResponseOp(response_range=response)
        case PutResponse():
            return etcdrpc.ResponseOp(response_put=with_prev_kv(response))
        case DeleteResponse():
            return etcdrpc.ResponseOp(response_delete_range=response)
        case etcd_client.TxnResponse():
            inner = [_outcome(one) for one in response.responses]
            made = etcdrpc.TxnResponse(response.header, response.succeeded(), inner)
            return etcdrpc.ResponseOp(response_txn=made)
    message = f"unknown response {response!r}"
    raise AssertionError(message)
