"""Checks of the arguments of a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_function, check_name, read_names
from etcd_client.errors import InvalidArgsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from etcd_client._etcd_client import KeyValue
    from etcd_client._types import BytesLike


def read_prefixes(prefix: BytesLike | None, prefixes: Iterable[BytesLike] | None) -> list[bytes]:
    """Return the prefixes, sorted, without those that another one covers.

    Args:
        prefix: The only one; or None.
        prefixes: All of them; or None.
    """
    if prefix is not None and prefixes is None:
        check_name(prefix, "prefix")
        return [as_bytes(prefix)]
    if prefix is not None or prefixes is None:
        message = "prefix, prefixes: expected one of them"
        raise InvalidArgsError(message)
    given = read_names(prefixes, "prefixes")
    if not given:
        message = "prefixes: expected at least one, got none"
        raise InvalidArgsError(message)
    apart: list[bytes] = []
    for each in sorted(given):
        if not apart or not each.startswith(apart[-1]):
            apart.append(each)
    return apart


def check_decode(decode: Callable[[KeyValue], object] | None) -> None:
    """Raise `TypeError` if `decode` is not callable."""
    if decode is not None:
        check_function(decode, "decode")
