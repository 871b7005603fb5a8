"""How objects of the native module are made again from their pickles, and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ._etcd_client import Compare, ConnectOptions, Txn, TxnOp

if TYPE_CHECKING:
    from typing import Any

_T = TypeVar("_T", Txn, TxnOp, Compare)


def restored(kind: type[_T], encoded: bytes) -> _T:
    """Return a transaction, or a part of one.

    Args:
        kind: The class.
        encoded: What goes to the server.
    """
    return kind._restored(encoded)  # noqa: SLF001 - ours


def restored_options(keywords: dict[str, Any]) -> ConnectOptions:
    """Return options.

    Args:
        keywords: What makes them; a timeout of None is none.
    """
    options = ConnectOptions(**keywords)
    return options.with_timeout(None) if keywords["timeout"] is None else options
