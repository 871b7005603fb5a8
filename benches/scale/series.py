"""What is measured at which numbers, and which of it is drawn beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from benches.peers import GO, IN_THREADS, OURS, AnyPeer
from benches.plan import fewer_operations
from benches.works import Work

WALL, CPU = 0, 1
_TASKS = (1, 10, 100, 1_000, 10_000)
_WATCHES = (1, 10, 100, 1_000, 5_000)
_KEYS = (1, 10, 100, 1_000, 10_000, 100_000)
_THREADS = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class Column:
    """A client's work, as far as it depends on the number."""

    title: str
    peer: AnyPeer
    work: Callable[[int], Work]
    # It only watches, while the floor writes.
    receives: bool = False


@dataclass(frozen=True)
class Panel:
    """One diagram: a meter, wall or CPU time, of some of the columns."""

    title: str
    meter: int
    columns: tuple[str, ...]
    # The times too by their logarithm: they differ by orders of magnitude.
    logarithmic: bool = False


@dataclass(frozen=True)
class Series:
    """Works at growing numbers of something."""

    name: str
    title: str
    axis: str
    counts: tuple[int, ...]
    columns: tuple[Column, ...]
    panels: tuple[Panel, ...]
    # What the floor writes before, for a number.
    needs: Callable[[int], Work]

    def works(self, *, quick: bool) -> dict[int, dict[str, Work]]:
        """Return the work of each column at each number."""
        made = {count: {c.title: c.work(count) for c in self.columns} for count in self.counts}
        if quick:
            return {n: {t: fewer_operations(w) for t, w in row.items()} for n, row in made.items()}
        return made


def every_series() -> Iterable[Series]:
    """Yield all of them, in the order of the report."""
    yield _beside_go(
        "tasks",
        "Get by many tasks",
        ("tasks", "get"),
        _TASKS,
        lambda tasks: Work("get", _operations(tasks), tasks),
    )
    yield _beside_go(
        "watches",
        "Events of many watches, another process puts",
        ("watches", "event"),
        _WATCHES,
        lambda watches: Work("receive_each", 10_000, 64, keys=watches),
        receives=True,
    )
    yield _cache()
    yield _beside_go(
        "threads",
        "Get by many threads without an event loop",
        ("threads", "get"),
        _THREADS,
        lambda threads: Work("get", 2_000 if threads == 1 else 5_000, threads),
        ours=IN_THREADS[0],
    )


def _operations(tasks: int) -> int:
    """Return so many that a sample takes some tenths of a second, and each task has a few."""
    return {1: 1_000, 10: 5_000, 100: 10_000}.get(tasks, max(20_000, 5 * tasks))


def _beside_go(  # noqa: PLR0913 - each is a part of a series
    name: str,
    title: str,
    words: tuple[str, str],
    counts: tuple[int, ...],
    work: Callable[[int], Work],
    *,
    ours: AnyPeer = OURS,
    receives: bool = False,
) -> Series:
    axis, operation = words
    columns = tuple(Column(peer.name, peer, work, receives) for peer in (ours, GO))
    titles = tuple(column.title for column in columns)
    return Series(
        name,
        title,
        axis,
        counts,
        columns,
        (
            Panel(f"CPU time per {operation}, µs", CPU, titles),
            Panel(f"Wall time per {operation}, µs", WALL, titles),
        ),
        lambda count: Work("put", count, count),
    )


def _cache() -> Series:
    """Return what Go's client does not have."""

    def loads(keys: int) -> Work:
        return Work("view_load", max(1, 1_000 // keys) * keys, keys=keys)

    def receive(keys: int) -> Work:
        return Work("view_receive", 10_000, 64, keys=keys)

    columns = (
        Column("a read", OURS, lambda keys: Work("view_read", 100_000, keys=keys)),
        Column("an event", OURS, receive, receives=True),
        Column("loading, per key", OURS, loads),
    )
    return Series(
        "cache",
        "A cache of many keys",
        "keys in the cache",
        _KEYS,
        columns,
        (
            Panel("CPU time of a read, µs", CPU, ("a read",)),
            Panel("CPU time of an event, µs", CPU, ("an event",)),
            Panel("CPU time to load a key, µs", CPU, ("loading, per key",), logarithmic=True),
        ),
        lambda keys: Work("feed", keys, 64, keys=keys),
    )


def without(series: Series, missing: Iterable[AnyPeer]) -> Series:
    """Return a series without the clients that this machine does not have."""
    gone = {peer.name for peer in missing}
    return replace(series, columns=tuple(c for c in series.columns if c.peer.name not in gone))
