"""No response: there is no connection, it broke, or the deadline passed."""

from __future__ import annotations

from typing import ClassVar

from etcd_client.enums import GRPCStatusCode

from ._base import AnyTimeoutError, EtcdError, GRPCStatusError


class EtcdTimeoutError(GRPCStatusError, AnyTimeoutError):
    """The deadline passed without a response.

    Unless it is an ``OutcomeUnknownError`` too, nothing was changed.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.DeadlineExceeded


class EtcdConnectionError(GRPCStatusError, ConnectionError):
    """No endpoint could be reached, or the connection broke.

    Unless it is an ``OutcomeUnknownError`` too, nothing was changed.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


class UnreachableError(EtcdTimeoutError, EtcdConnectionError):
    """The deadline passed before any member could be reached; nothing was sent."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


TransportError = EtcdConnectionError


class EndpointError(EtcdError):
    """An endpoint could not be added or removed."""


class EndpointsNotManagedError(EndpointError):
    """The endpoints cannot be changed by the client."""
