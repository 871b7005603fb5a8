"""Text, as programs have it, and bytes, as etcd has them."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import EtcdInvalidArgumentError


def encode(text: str, name: str, encoding: str) -> bytes:
    """Return what is sent for an argument.

    Args:
        text: The argument.
        name: Its name.
        encoding: How to encode it.

    Raises:
        EtcdInvalidArgumentError: The encoding is unknown, or cannot encode it.
    """
    if not isinstance(text, str):
        message = f"{name}: expected str, got {type(text).__qualname__}"
        raise TypeError(message)
    try:
        return text.encode(encoding)
    except (UnicodeError, LookupError) as error:
        message = f"{name}: {error}"
        raise EtcdInvalidArgumentError(message) from error


def decode_pairs(pairs: Iterable[tuple[bytes, bytes]], encoding: str) -> dict[str, str]:
    """Return keys and values as a dictionary, in their order.

    Args:
        pairs: The keys with their values.
        encoding: How they are encoded.
    """
    return {key.decode(encoding): value.decode(encoding) for key, value in pairs}
