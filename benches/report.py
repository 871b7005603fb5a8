"""What the benchmark prints: two tables in Markdown, and what failed."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence

from benches.budgets import Table, verdicts
from benches.figures import Figure, RowFigures
from benches.peers import AnyPeer
from benches.plan import Kind

_NONE = "-"
_THREE_DIGITS = 100


def report(table: Table, peers: Sequence[AnyPeer], rounds: int, etcd_version: str) -> str:
    """Return the whole report."""
    parts = [
        conditions(rounds, etcd_version),
        _results(table, peers),
    ]
    lines = verdicts(table)
    if lines:
        parts.append(markdown(["budget", "work", "limit", "measured", "verdict"], lines))
    failures = [
        f"- {figures.row.title}: {client} {failure}"
        for figures in table.values()
        for client, failure in figures.failures.items()
    ]
    if failures:
        parts.append("Failed:\n\n" + "\n".join(failures))
    return "\n\n".join(parts)


def conditions(rounds: int, etcd_version: str) -> str:
    """Return where and how the figures were measured."""
    return (
        f"etcd {etcd_version}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}; rounds: {rounds}."
    )


def _results(table: Table, peers: Sequence[AnyPeer]) -> str:
    titles = [
        "work",
        *(peer.name for peer in peers),
        "ours / best Python peer",
        "ours / Go",
        "ours / floor",
    ]
    return markdown(titles, (_result_line(figures, peers) for figures in table.values()))


def _result_line(figures: RowFigures, peers: Sequence[AnyPeer]) -> list[str]:
    title = figures.row.title
    if figures.row.kind is Kind.IMPORT:
        title += " (ms)"
    cells = [_client_cell(figures, peer) for peer in peers]
    others = (figures.best_peer, figures.go, figures.floor)
    return [title, *cells, *(_ratios(figures, other) for other in others)]


def _client_cell(figures: RowFigures, peer: AnyPeer) -> str:
    client = figures.by_client.get(peer.name)
    if client is None:
        return "failed" if peer.name in figures.failures else _NONE
    return " / ".join(summary(value) for value in client.values)


def summary(figure: Figure) -> str:
    """Return the median and the spread of a figure."""
    median = _number(figure.median)
    return f"{median} ±{_number(figure.spread)}" if figure.spread else median


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= _THREE_DIGITS else f"{value:.3g}"


def _ratios(figures: RowFigures, other: Callable[[int], float | None]) -> str:
    if figures.ours is None:
        return _NONE
    ratios = []
    for index, mine in enumerate(figures.ours.values):
        theirs = other(index)
        if theirs is None:
            return _NONE
        ratios.append(f"{mine.median / theirs:.2f}")
    return " / ".join(ratios)


def markdown(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    rows = [titles, ["---"] * len(titles), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
