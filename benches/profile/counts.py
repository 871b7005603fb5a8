"""Reads what callgrind has counted: instructions of each function, and of what it calls."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_NAMED = re.compile(r"(?P<key>c?(?:fn|ob|fl|fi|fe))=\((?P<id>\d+)\)(?: (?P<name>.*))?")
_RECURSION = re.compile(r"'\d+$")
_HASH = re.compile(r"::h[0-9a-f]{16}$")


@dataclass(frozen=True)
class Function:
    """A function of a program or a library."""

    file: str
    name: str


@dataclass(frozen=True)
class Counts:
    """Instructions of functions: their own, and with those of what they call."""

    own: Mapping[Function, float]
    inclusive: Mapping[Function, float]

    @property
    def total(self) -> float:
        """All instructions."""
        return sum(self.own.values())

    @classmethod
    def read(cls, file: Path) -> Counts:
        """Read one dump of callgrind."""
        own: dict[Function, float] = defaultdict(float)
        inclusive: dict[Function, float] = defaultdict(float)
        with file.open(errors="replace") as lines:
            for function, called, count in _costs(lines):
                if called is None:
                    own[function] += count
                # The calls of a function by itself are in the outermost one.
                if called != function:
                    inclusive[function] += count
        return cls(own, inclusive)

    def minus(self, other: Counts) -> Counts:
        """Return the difference, function by function."""
        return Counts(_minus(self.own, other.own), _minus(self.inclusive, other.inclusive))

    def divided(self, number: int) -> Counts:
        """Return the counts of one of so many operations."""
        return Counts(
            {function: count / number for function, count in self.own.items()},
            {function: count / number for function, count in self.inclusive.items()},
        )


def _minus(
    longer: Mapping[Function, float], shorter: Mapping[Function, float]
) -> dict[Function, float]:
    return {function: longer.get(function, 0) - shorter.get(function, 0) for function in
            {**longer, **shorter}}  # fmt: skip


def _costs(lines: Iterator[str]) -> Iterator[tuple[Function, Function | None, int]]:
    """Yield the function, the one that it calls if it is the cost of a call, and the cost."""
    names: dict[tuple[str, str], str] = {}
    current = {"ob": "", "fn": "", "cob": "", "cfn": ""}
    called: Function | None = None
    for line in lines:
        if found := _NAMED.match(line):
            key, kind = found["key"], found["key"].removeprefix("c")
            if found["name"] is not None:
                names[kind, found["id"]] = found["name"]
            if key in current:
                current[key] = names[kind, found["id"]]
        elif line.startswith("calls="):
            # Without a file of its own, what is called is in the same one.
            called = _function(current["cob"] or current["ob"], current["cfn"])
            current["cob"] = ""
        elif line[:1] in "0123456789+-*" and current["fn"]:
            yield _function(current["ob"], current["fn"]), called, int(line.split()[1])
            called = None


def _function(file: str, name: str) -> Function:
    return Function(file, _HASH.sub("", _RECURSION.sub("", name)))
