"""Conflicts: a key is not as expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._base import EtcdError

if TYPE_CHECKING:
    from etcd_client._etcd_client import KeyValue


class ConflictError(EtcdError):
    """A key is not as expected; nothing was changed.

    Args:
        message: What was expected.
        kv: The current key-value pair.
    """

    kv: KeyValue | None
    """The current key-value pair; None if the key does not exist."""

    def __init__(self, message: str = "", kv: KeyValue | None = None) -> None:
        super().__init__(message, kv)
        self.kv = kv

    def __str__(self) -> str:
        return str(self.args[0])


class KeyExistsError(ConflictError):
    """A key that was to be created exists already; nothing was changed."""
