"""Wrong use of the package; nothing was sent."""

from __future__ import annotations

from ._base import EtcdError


class InvalidArgsError(EtcdError, ValueError):
    """An argument has a wrong value; nothing was sent."""


class InvalidUriError(InvalidArgsError):
    """An endpoint is malformed."""


class InvalidHeaderValueError(InvalidArgsError):
    """A token or a name cannot be sent as a header."""


class IoError(EtcdError, OSError):
    """A file, such as a certificate, could not be read or written."""


class Utf8Error(EtcdError):
    """Text is not valid UTF-8."""


class ClosedError(EtcdError, RuntimeError):
    """The communicator is closed."""


class WrongLoopError(EtcdError, RuntimeError):
    """A communicator was used on another event loop than its own."""


class ForkedError(EtcdError, RuntimeError):
    """A communicator was used in a process that was forked after it was opened."""
