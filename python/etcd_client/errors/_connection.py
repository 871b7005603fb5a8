"""No answer: the connection is missing, broke, or the time was up."""

from __future__ import annotations

from typing import ClassVar

from etcd_client.enums import GRPCStatusCode

from ._base import AnyTimeoutError, EtcdError, GRPCStatusError


class EtcdTimeoutError(GRPCStatusError, AnyTimeoutError):
    """The deadline passed without an answer. A read can be repeated."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.DeadlineExceeded


class EtcdConnectionError(GRPCStatusError, ConnectionError):
    """No endpoint could be reached, or the connection broke. A read can be repeated."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


class UnreachableError(EtcdTimeoutError, EtcdConnectionError):
    """The deadline passed before any member could be reached; nothing was sent."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


TransportError = EtcdConnectionError


class EndpointError(EtcdError):
    """An endpoint could not be added or removed."""


class EndpointsNotManagedError(EndpointError):
    """The endpoints are not the client's to change."""
