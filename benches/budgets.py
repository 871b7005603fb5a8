"""The budgets: what this client may cost, beside the floor, the best peer and itself.

`first` is what has to be met before anything else, `next` the aim after that. Every budget is an
upper limit: "2.5 x the throughput of the best peer" is at most 1 / 2.5 of that peer's wall time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benches.figures import RowFigures

Table = Mapping[str, RowFigures]
Value = Callable[[Table], "float | None"]

# "No worse per operation" and "flat" mean: within what two runs of the same thing differ by.
_NO_WORSE = 1.05
_FLAT_MIB = 1.0
_WALL, _CPU = 0, 1
_METERS = ("wall", "CPU")


@dataclass(frozen=True)
class Budget:
    """A limit on one value of one row."""

    column: str
    row: str
    what: str
    limit: float
    value: Value

    def verdict(self, table: Table) -> list[str] | None:
        """Return the cells of the budget's line, or nothing where it was not measured."""
        if self.row not in table or (value := self.value(table)) is None:
            return None
        verdict = "met" if value <= self.limit else "missed"
        return [
            self.column, table[self.row].row.title, f"{self.what} <= {self.limit:.3g}",
            f"{value:.3g}", verdict,
        ]  # fmt: skip


def verdicts(table: Table) -> list[list[str]]:
    """Return the lines of all budgets that this run has measured."""
    lines = (budget.verdict(table) for budget in budgets())
    return [line for line in lines if line is not None]


def budgets() -> Iterator[Budget]:
    """Yield every budget, column by column."""
    yield from _first()
    yield from _next()


def _first() -> Iterator[Budget]:
    for kind in ("get", "put"):
        at_64 = f"{kind}-64"
        yield Budget("first", at_64, "CPU, us", 22, _ours(at_64, _CPU))
        yield _to_floor("first", at_64, _WALL, 1.5)
        yield _to_best_peer("first", at_64, _WALL, 1 / 2.5)
        for tasks in (512, 1000):
            for meter in (_WALL, _CPU):
                yield _to_row("first", f"{kind}-{tasks}", at_64, meter, _NO_WORSE)
    yield _to_floor("first", "get-1", _WALL, 1.7)
    yield _to_best_peer("first", "get_prefix", _CPU, 0.5)
    yield _to_best_peer("first", "get-1MiB", _CPU, 0.5)
    yield _to_best_peer("first", "put-1MiB", _CPU, 0.5)
    yield _to_best_peer("first", "watch", _WALL, 0.5)
    yield _to_best_peer("first", "watch-only", _CPU, 0.5)
    for row in ("lock", "connect", "connect-alone"):
        yield _to_best_peer("first", row, _WALL, 1.0)
    yield _to_row("first", "connect", "get-1", _WALL, 1.3)
    yield Budget("first", "import", "wall, ms", 15, _ours("import", _WALL))
    yield Budget("first", "memory", "growth from early to the end, MiB", _FLAT_MIB, _growth)


def _next() -> Iterator[Budget]:
    for kind in ("get", "put"):
        at_64 = f"{kind}-64"
        yield Budget("next", at_64, "CPU, us", 8, _ours(at_64, _CPU))
        yield _to_floor("next", at_64, _WALL, 1.25)
        yield _to_go(at_64, _CPU, 0.5)
        yield _to_go(at_64, _WALL, 0.8)
        for tasks in (512, 1000):
            for meter in (_WALL, _CPU):
                yield _to_row("next", f"{kind}-{tasks}", at_64, meter, 1.1)
        yield _to_best_peer("next", f"{kind}-1MiB", _CPU, 0.45)
        yield _to_go(f"{kind}-1MiB", _CPU, 0.5)
    yield _to_floor("next", "get-1", _WALL, 1.25)
    yield _to_go("get-1", _WALL, 1.0)
    yield Budget("next", "get_prefix", "CPU, us", 0.25, _ours("get_prefix", _CPU))
    yield _to_go("get_prefix", _CPU, 0.5)
    yield Budget("next", "watch-only", "CPU, us", 2.5, _ours("watch-only", _CPU))
    yield _to_row("next", "watch-5000", "watch-only", _CPU, 1.2)
    yield Budget("next", "watch-memory", "KiB", 2, _ours("watch-memory", _WALL))
    yield _to_row("next", "session-lock", "put-1", _WALL, 2.2)
    yield Budget("next", "cache-read", "CPU, us", 0.3, _ours("cache-read", _CPU))
    yield Budget("next", "cache-event", "CPU, us", 3, _ours("cache-event", _CPU))
    yield Budget("next", "import", "wall, ms", 6, _ours("import", _WALL))


def _to_floor(column: str, row: str, meter: int, limit: float) -> Budget:
    value = _ratio(row, meter, lambda table: table[row].floor(meter))
    return Budget(column, row, f"{_METERS[meter]} / floor", limit, value)


def _to_go(row: str, meter: int, limit: float) -> Budget:
    value = _ratio(row, meter, lambda table: table[row].go(meter))
    return Budget("next", row, f"{_METERS[meter]} / Go", limit, value)


def _to_best_peer(column: str, row: str, meter: int, limit: float) -> Budget:
    value = _ratio(row, meter, lambda table: table[row].best_peer(meter))
    return Budget(column, row, f"{_METERS[meter]} / best peer", limit, value)


def _to_row(column: str, row: str, other: str, meter: int, limit: float) -> Budget:
    value = _ratio(row, meter, _ours(other, meter))
    return Budget(column, row, f"{_METERS[meter]} / {other}", limit, value)


def _ratio(row: str, meter: int, other: Value) -> Value:
    def value(table: Table) -> float | None:
        mine, theirs = _ours(row, meter)(table), other(table)
        return None if mine is None or theirs is None else mine / theirs

    return value


def _ours(row: str, meter: int) -> Value:
    def value(table: Table) -> float | None:
        figures = table[row].ours if row in table else None
        return None if figures is None else figures.values[meter].median

    return value


def _growth(table: Table) -> float | None:
    figures = table["memory"].ours
    if figures is None:
        return None
    _imported, early, late = figures.values
    return late.median - early.median
