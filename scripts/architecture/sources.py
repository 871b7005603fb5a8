"""A tree of sources as a graph: files, and which of them import which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Sources:
    """Files by their names without the extension, such as `rpc/watch` for `rpc/watch/mod.rs`."""

    imports: dict[str, set[str]] = field(default_factory=dict)
    """What each file imports."""
    folders: dict[str, int] = field(default_factory=dict)
    """How many files are in each folder, without the one that stands for it."""

    def edges(self) -> Iterator[tuple[str, str]]:
        """Yield each import once."""
        for file in sorted(self.imports):
            for imported in sorted(self.imports[file] - {file}):
                yield file, imported


def circles(edges: Iterator[tuple[str, str]]) -> list[list[str]]:
    """Return a circle for each group of names that import each other, with its first name twice."""
    graph: dict[str, set[str]] = {}
    for start, end in edges:
        graph.setdefault(start, set()).add(end)
        graph.setdefault(end, set())
    found = []
    seen: set[str] = set()
    for name in sorted(graph):
        if name in seen:
            continue
        circle = _way(graph, name, name)
        if circle:
            found.append(circle)
            reached = _reachable(graph, name)
            seen |= {other for other in reached if name in _reachable(graph, other)}
    return found


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _way(graph: dict[str, set[str]], start: str, end: str) -> list[str]:
    """Return the shortest way along at least one edge; an empty list where there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        longer = []
        for way in ways:
            for following in sorted(graph[way[-1]]):
                if following == end:
                    return [*way, end]
                if following not in seen:
                    seen.add(following)
                    longer.append([*way, following])
        ways = longer
    return []
