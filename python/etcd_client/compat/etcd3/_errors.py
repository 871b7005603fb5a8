"""Which exception of python-etcd3 stands for which of the package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from etcd_client import (
    ClosedError,
    CompactedError,
    EtcdError,
    GRPCStatusCode,
    GRPCStatusError,
    InvalidArgsError,
)

from .exceptions import (
    ClientClosedError,
    ConnectionFailedError,
    ConnectionTimeoutError,
    Etcd3Exception,
    InternalServerError,
    PreconditionFailedError,
    RevisionCompactedError,
    rpc_error,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")

_BY_CODE: dict[GRPCStatusCode, type[Etcd3Exception]] = {
    GRPCStatusCode.Internal: InternalServerError,
    GRPCStatusCode.Unavailable: ConnectionFailedError,
    GRPCStatusCode.DeadlineExceeded: ConnectionTimeoutError,
    GRPCStatusCode.FailedPrecondition: PreconditionFailedError,
}


def matching(error: EtcdError) -> Exception:
    """Return python-etcd3's exception for one of the package.

    Args:
        error: The package's exception.
    """
    if isinstance(error, InvalidArgsError):
        return ValueError(str(error))
    if isinstance(error, ClosedError):
        return ClientClosedError(str(error))
    if not isinstance(error, GRPCStatusError):
        return Etcd3Exception(str(error))
    kind = _BY_CODE.get(error.code)
    return rpc_error(error.code, error.message) if kind is None else kind(error.message)


def matching_watch(error: EtcdError) -> Exception:
    """Return what python-etcd3 raised to the reader of a watch.

    Args:
        error: The package's exception.
    """
    if isinstance(error, CompactedError):
        return RevisionCompactedError(error.compact_revision or 0)
    return matching(error)


def translating(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Make a function raise python-etcd3's exceptions in place of the package's.

    Args:
        call: The function.
    """

    @functools.wraps(call)
    def translating_call(*args: _P.args, **options: _P.kwargs) -> _T:
        try:
            return call(*args, **options)
        except EtcdError as error:
            raise matching(error) from error

    return translating_call
