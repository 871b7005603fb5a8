"""What the steps of a check have found."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class State(enum.Enum):
    """Whether something is as it should be."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one step has found."""

    step: str
    state: State
    detail: str
    advice: str = ""

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "check": self.step,
            "state": self.state.value,
            "detail": self.detail,
            "advice": self.advice or None,
        }


@dataclass
class Findings:
    """What all steps have found about one thing."""

    subject: str
    """An endpoint, or the cluster."""
    found: list[Finding] = field(default_factory=list)

    def ok(self, step: str, detail: str) -> None:
        """Note that something is as it should be."""
        self.found.append(Finding(step, State.OK, detail))

    def warn(self, step: str, detail: str, advice: str = "") -> None:
        """Note that something should be looked at."""
        self.found.append(Finding(step, State.WARNING, detail, advice))

    def problem(self, step: str, detail: str, advice: str = "") -> None:
        """Note that something is wrong."""
        self.found.append(Finding(step, State.PROBLEM, detail, advice))

    @property
    def problems(self) -> int:
        """How much is wrong."""
        return sum(finding.state is State.PROBLEM for finding in self.found)

    def document(self) -> dict[str, Any]:
        """Return them for JSON."""
        return {"subject": self.subject, "findings": [found.document() for found in self.found]}
