"""A key is not as it was expected to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import EtcdError

if TYPE_CHECKING:
    from etcd_client._etcd_client import KeyValue


class ConflictError(EtcdError):
    """A key is not as it was expected to be; nothing was changed.

    Args:
        message: What was expected.
        kv: What the key is.
    """

    kv: KeyValue | None
    """What the key is; None where it does not exist."""

    def __init__(self, message: str = "", kv: KeyValue | None = None) -> None:
        super().__init__(message, kv)
        self.kv = kv

    def __str__(self) -> str:
        return str(self.args[0])


class KeyExistsError(ConflictError):
    """A key that was to be created exists; nothing was changed."""
