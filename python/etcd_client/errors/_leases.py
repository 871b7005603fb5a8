"""Leases, sessions and locks that were lost, or not acquired in time."""

from __future__ import annotations

from ._base import LeaseKeepAliveError, LockError
from ._connection import EtcdTimeoutError
from ._server import LeaseNotFoundError


class LeaseLostError(LeaseKeepAliveError, LeaseNotFoundError):
    """A lease that was kept alive ended, or was revoked by another."""


class SessionLostError(LeaseLostError):
    """A session ended before it was left: its lease is gone, and all that was on it."""


class LockTimeoutError(LockError, EtcdTimeoutError):
    """A lock was not acquired in time."""


class LockLostError(LockError):
    """A lock was lost while it was held: its lease or its key is gone."""
