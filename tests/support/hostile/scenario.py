"""Scenarios and their possible outcomes."""

import enum
from dataclasses import dataclass

from tests.support.hostile.calls import Call
from tests.support.hostile.steps import Steps


class Outcome(enum.Flag):
    """The allowed outcomes of a call."""

    ANSWERED = enum.auto()
    # An `OutcomeUnknownError`: the write may have been applied.
    UNKNOWN = enum.auto()
    # A connection or deadline error, with nothing applied.
    NOT_DONE = enum.auto()
    # An error from the server, with nothing applied.
    REFUSED = enum.auto()
    # Another exception class of the package.
    TYPED = enum.auto()
    # A stream that stays open and yields nothing.
    SILENT = enum.auto()
    FAILED = UNKNOWN | NOT_DONE | REFUSED | TYPED


@dataclass(frozen=True)
class Scenario:
    """A call, the steps of the server, and the expected outcome."""

    name: str
    call: Call
    steps: Steps
    outcome: Outcome
    # Whether the server says that it did nothing, so that a write may be retried.
    refused: bool = False
    # The most requests per second; a write may be sent only once in all.
    requests: int = 40
    timeout: float = 1.0
    # The most memory that the call may take, in MiB.
    memory: int = 40

    def __str__(self) -> str:
        return f"{self.call.name}: {self.name}"
