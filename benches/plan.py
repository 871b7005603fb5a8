"""The rows of the table: each work, how often it is done, and what is reported of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from benches.peers import GO, IN_THREADS, OURS, OURS_ON_UVLOOP, AnyPeer
from benches.works import FILLED_KEYS, Work

_MEBIBYTE = 2**20
_QUICK = 10
_OURS = (OURS, OURS_ON_UVLOOP)


class Kind(Enum):
    """How a row is measured."""

    WORK = "work"
    # The client only watches, while the floor writes from its own process.
    RECEIVE = "receive"
    # A fresh process imports the package.
    IMPORT = "import"
    # Resident memory while very many operations go by.
    MEMORY = "memory"
    # Resident memory of what stays open.
    OPEN = "open"


@dataclass(frozen=True)
class Row:
    """One row: its name for `--only`, its title, and the work of one sample."""

    name: str
    heading: str
    work: Work
    kind: Kind = Kind.WORK
    # Written by the floor before the first sample.
    needs: Work | None = None
    has_floor: bool = True
    # The only clients that have it.
    only: tuple[AnyPeer, ...] = ()

    @property
    def title(self) -> str:
        """The heading, with the number of operations where it speaks of it."""
        return self.heading.format(operations=self.work.operations)

    def quick(self) -> Row:
        """Return the same row with fewer operations, where they are what it measures."""
        if self.kind is Kind.OPEN:
            return self
        return replace(self, work=fewer_operations(self.work))


def fewer_operations(work: Work) -> Work:
    """Return the same work with a tenth of the operations, but two for each task at least."""
    if work.kind == "get_prefix":
        return replace(work, operations=FILLED_KEYS)
    if work.kind == "view_load":
        return replace(work, operations=work.keys)
    return replace(work, operations=max(work.operations // _QUICK, 2 * work.tasks))


def rows(memory_operations: int) -> list[Row]:
    """Return every row, in the order of the table."""
    return [
        *_unary("get", "get", 2_000, 10_000),
        *_unary("put", "put", 2_000, 10_000),
        *_in_threads(1, 2_000),
        *_in_threads(8, 8_000),
        Row("txn-1", "txn with one put, one after another", Work("txn", 1_000)),
        Row("txn-64", "txn with one put, 64 tasks", Work("txn", 10_000, 64)),
        Row(
            "get_prefix",
            "get_prefix of 10,000 keys, per key",
            Work("get_prefix", 10 * FILLED_KEYS),
            needs=Work("fill", FILLED_KEYS, 64),
        ),
        Row(
            "get-1MiB",
            "get of 1 MiB",
            Work("get", 50, value_size=_MEBIBYTE),
            needs=Work("put", 1, value_size=_MEBIBYTE),
        ),
        Row("put-1MiB", "put of 1 MiB", Work("put", 20, value_size=_MEBIBYTE)),
        Row("watch", "watch and put, 64 tasks, per event", Work("watch", 10_000, 64)),
        Row(
            "watch-only",
            "watch alone, another process puts, per event",
            Work("receive", 20_000, 64),
            Kind.RECEIVE,
        ),
        Row(
            "watch-5000",
            "5,000 watches, another process puts, per event",
            Work("receive_each", 20_000, 64, keys=5_000),
            Kind.RECEIVE,
            has_floor=False,
            only=(*_OURS, GO),
        ),
        Row(
            "cache-event",
            "an event to a cache, another process puts",
            Work("view_receive", 20_000, 64),
            Kind.RECEIVE,
            has_floor=False,
            only=_OURS,
        ),
        Row(
            "cache-read",
            "read of a key in a cache",
            Work("view_read", 200_000),
            needs=Work("feed", 1),
            has_floor=False,
            only=_OURS,
        ),
        Row(
            "session-lock",
            "lock and unlock on an open session",
            Work("session_lock", 400),
            has_floor=False,
            only=(*_OURS, GO),
        ),
        _without_floor("lock", "with_lock, one after another", Work("lock", 200)),
        _without_floor("connect", "connect and get, beside an open connection", _connect(200)),
        _without_floor("connect-alone", "connect and get, no other open", _connect(200, "_alone")),
        Row("import", "import", Work("import", 1), Kind.IMPORT, has_floor=False),
        Row(
            "memory",
            "resident MiB: imported / after a tenth / after {operations:,} get and put, 64 tasks",
            Work("get", memory_operations, 64),
            Kind.MEMORY,
            has_floor=False,
        ),
        Row(
            "watch-memory",
            "memory of an open watch, of 5,000 (KiB)",
            Work("watches", 5_000),
            Kind.OPEN,
            has_floor=False,
            only=_OURS,
        ),
        Row(
            "call-memory",
            "memory of a call in flight, of 5,000 (KiB)",
            Work("calls", 5_000),
            Kind.OPEN,
            has_floor=False,
            only=_OURS,
        ),
    ]


def _unary(kind: str, title: str, sequential: int, concurrent: int) -> Iterable[Row]:
    for tasks in (1, 64, 512, 1000):
        how = "one after another" if tasks == 1 else f"{tasks} tasks"
        yield Row(
            f"{kind}-{tasks}",
            f"{title}, {how}",
            Work(kind, sequential if tasks == 1 else concurrent, tasks),
            needs=Work("put", tasks, tasks),
        )


def _in_threads(threads: int, operations: int) -> Iterable[Row]:
    how = "one thread" if threads == 1 else f"{threads} threads"
    yield Row(
        f"threads-{threads}",
        f"get in {how} without an event loop",
        Work("get", operations, threads),
        needs=Work("put", threads, threads),
        has_floor=False,
        only=(*IN_THREADS, GO),
    )


def _connect(operations: int, suffix: str = "") -> Work:
    return Work(f"connect{suffix}", operations)


def _without_floor(name: str, title: str, work: Work) -> Row:
    return Row(name, title, work, needs=Work("put", 1), has_floor=False)
