"""Writes of unknown outcome."""

from __future__ import annotations

from typing import Any

from etcd_client._status_code import GRPCStatusCode

from ._base import EtcdError, GRPCStatus, GRPCStatusError


class OutcomeUnknownError(GRPCStatusError):
    """A write may or may not have been applied.

    It also has the class of its cause, so that ``except EtcdTimeoutError`` catches it too. To
    tell a write that was certainly not applied from one that may have been, catch this class first,
    and read before retrying.

    Args:
        cause: What went wrong while the call was in flight.
    """

    cause: EtcdError
    """What went wrong; also the ``__cause__``."""
    __cause__: BaseException | None

    def __init__(self, cause: EtcdError) -> None:
        code = cause.code if isinstance(cause, GRPCStatusError) else GRPCStatusCode.Unknown
        message = f"the change may or may not have been made: {cause}"
        super().__init__(GRPCStatus(code=int(code), details=b"", message=message))
        # The attributes of the cause's class, such as `reason`, are available here too.
        self.__dict__.update(cause.__dict__)
        if "__notes__" in self.__dict__:
            self.__dict__["__notes__"] = [*cause.__dict__["__notes__"]]
        self.cause = cause
        self.__cause__ = cause

    def __reduce__(self) -> tuple[Any, ...]:
        # Its class is made on demand, so pickle cannot find it in a module.
        return outcome_unknown, (self.cause,), self.__dict__

    def __str__(self) -> str:
        return self.message


def outcome_unknown(cause: EtcdError) -> OutcomeUnknownError:
    """Makes the exception for a write that may or may not have been applied."""
    return _outcome_unknown_class(type(cause))(cause)


_outcome_unknown_classes: dict[type[EtcdError], type[OutcomeUnknownError]] = {}


def _outcome_unknown_class(cause_class: type[EtcdError]) -> type[OutcomeUnknownError]:
    made = _outcome_unknown_classes.get(cause_class)
    if made is None:
        name = f"{OutcomeUnknownError.__name__}[{cause_class.__name__}]"
        members = {"__module__": "etcd_client", "__doc__": OutcomeUnknownError.__doc__}
        made = type(name, (OutcomeUnknownError, cause_class), members)
        # Another thread may have made it meanwhile; there is one class for each cause.
        made = _outcome_unknown_classes.setdefault(cause_class, made)
    return made
