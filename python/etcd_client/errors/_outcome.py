"""Changes of which nobody can say whether they were made."""

from __future__ import annotations

from typing import Any

from etcd_client.enums import GRPCStatusCode

from ._base import EtcdError, GRPCStatus, GRPCStatusError


class OutcomeUnknownError(GRPCStatusError):
    """A change was asked for, and nobody can say whether it was made.

    It is also of the class of its cause, so that ``except EtcdTimeoutError`` catches it too. To
    tell a change that was certainly not made from one that may have been, catch this class first,
    and read before trying again.

    Args:
        cause: What went wrong while the call was under way.
    """

    cause: EtcdError
    """What went wrong; also the ``__cause__``."""
    __cause__: BaseException | None

    def __init__(self, cause: EtcdError) -> None:
        code = cause.code if isinstance(cause, GRPCStatusError) else GRPCStatusCode.Unknown
        message = f"the change may or may not have been made: {cause}"
        super().__init__(GRPCStatus(code=int(code), details=b"", message=message))
        # What the class of the cause promises, such as `reason`, is the same here.
        self.__dict__.update(cause.__dict__)
        self.cause = cause
        self.__cause__ = cause

    def __reduce__(self) -> tuple[Any, ...]:
        # Its class is made when needed, so that no module has it under its name.
        return outcome_unknown, (self.cause,), self.__dict__

    def __str__(self) -> str:
        return self.message


def outcome_unknown(cause: EtcdError) -> OutcomeUnknownError:
    """Makes the error for a change that may or may not have been made."""
    return _outcome_unknown_class(type(cause))(cause)


_outcome_unknown_classes: dict[type[EtcdError], type[OutcomeUnknownError]] = {}


def _outcome_unknown_class(cause_class: type[EtcdError]) -> type[OutcomeUnknownError]:
    made = _outcome_unknown_classes.get(cause_class)
    if made is None:
        name = f"{OutcomeUnknownError.__name__}[{cause_class.__name__}]"
        members = {"__module__": "etcd_client", "__doc__": OutcomeUnknownError.__doc__}
        made = type(name, (OutcomeUnknownError, cause_class), members)
        # Another thread may have been first; there is one class for each cause.
        made = _outcome_unknown_classes.setdefault(cause_class, made)
    return made
