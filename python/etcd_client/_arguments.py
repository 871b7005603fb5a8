"""Reading arguments that native calls have accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._types import BytesLike, LeaseId


def as_bytes(value: BytesLike) -> bytes:
    """Return a key or a value as the server gets it.

    Args:
        value: What a native call has accepted.
    """
    return value.encode() if isinstance(value, str) else bytes(value)


def lease_id(lease: LeaseId | None) -> int:
    """Return the id of a lease; 0 for none.

    Args:
        lease: What a native call has accepted.
    """
    if lease is None:
        return 0
    return lease if isinstance(lease, int) else lease.id
