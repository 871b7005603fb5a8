"""What leaving a context does with its own errors when the body has failed."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress

from .errors import EtcdError


def yielding_to(kind: type[BaseException] | None) -> AbstractContextManager[None]:
    """Drop etcd's errors of leaving a context whose body raised `kind`; it matters more.

    Args:
        kind: The class of the body's exception, as `__aexit__` gets it; None if there is none.
    """
    return suppress(*() if kind is None else (EtcdError,))
