"""What a scenario is, and what may come of it."""

import enum
from dataclasses import dataclass

from tests.support.hostile.calls import Call
from tests.support.hostile.steps import Steps


class Outcome(enum.Flag):
    """What may come of a call; nothing else may."""

    ANSWERED = enum.auto()
    # An `OutcomeUnknownError`: the change may have been made.
    UNKNOWN = enum.auto()
    # A connection that broke or a deadline that passed, with nothing changed.
    NOT_DONE = enum.auto()
    # The server's own error, with nothing changed.
    REFUSED = enum.auto()
    # Another error of the package's.
    TYPED = enum.auto()
    # A stream that goes on, and tells nothing.
    SILENT = enum.auto()
    FAILED = UNKNOWN | NOT_DONE | REFUSED | TYPED


@dataclass(frozen=True)
class Scenario:
    """A call, what a server does about it, and what has to come of it."""

    name: str
    call: Call
    steps: Steps
    outcome: Outcome
    # Whether the server has said that it did nothing, so that a change may be sent again.
    refused: bool = False
    # How often the server may be asked within a second; it is one in all for a change.
    requests: int = 40
    timeout: float = 1.0
    # How much memory of the process the call may take, in MiB.
    memory: int = 40

    def __str__(self) -> str:
        return f"{self.call.name}: {self.name}"
