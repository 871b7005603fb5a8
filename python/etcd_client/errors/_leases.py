"""Leases, sessions and locks that were lost, or not acquired in time."""

from __future__ import annotations

from ._base import LeaseKeepAliveError, LockError
from ._connection import EtcdTimeoutError
from ._server import LeaseNotFoundError


class LeaseLostError(LeaseKeepAliveError, LeaseNotFoundError):
    """A lease that was kept alive expired, or was revoked by another client."""


class SessionLostError(LeaseLostError):
    """A session was lost: its lease has ended, and all that was attached to it is gone."""


class LockTimeoutError(LockError, EtcdTimeoutError):
    """A lock was not acquired in time."""


class LockLostError(LockError):
    """A lock was lost while it was held: its lease has ended, or its key was deleted."""
