"""What `make profile` prints of a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from benches.profile.callgrind import Profile
from benches.profile.counts import Function
from benches.profile.crates import RUNTIME, crate, is_native
from benches.report import markdown

_WIDTH = 100


def report(profile: Profile, top: int) -> str:
    """Return a profile as text: the crates, and the functions that cost most."""
    return "\n".join(_lines(profile, top))


def summary(profiles: Iterable[Profile]) -> str:
    """Return a table in Markdown of what an operation costs."""
    lines = ([done.row.title, _total(done)] for done in profiles)
    return markdown(["work", "instructions of ours"], lines)


def _total(profile: Profile) -> str:
    return f"{profile.counts.total:,.0f} (+{profile.spread:,.0f})"


def _lines(profile: Profile, top: int) -> Iterator[str]:
    counts = profile.counts
    yield f"== {profile.row.name}: {profile.row.title}"
    yield f"{_total(profile)} instructions per operation; {profile.file} for kcachegrind"
    groups: dict[str, float] = defaultdict(float)
    for function, count in counts.own.items():
        groups[crate(function)] += count
    total = counts.total
    yield from _table("by crate", ((name, "", n) for name, n in groups.items()), total, top)
    yield from _table("by function", _named(counts.own.items()), total, top)
    # The interpreter's functions call each other in circles, and the runtime calls all others.
    called = (
        (function, count)
        for function, count in counts.inclusive.items()
        if is_native(function) and crate(function) not in RUNTIME
    )
    title = "by function of the native module, with what it calls; without the runtime"
    yield from _table(title, _named(called), total, top)


def _named(counts: Iterable[tuple[Function, float]]) -> Iterator[tuple[str, str, float]]:
    return ((crate(function), function.name, count) for function, count in counts)


def _table(
    title: str, lines: Iterable[tuple[str, str, float]], total: float, top: int
) -> Iterator[str]:
    yield f"\n{title}"
    for group, name, count in sorted(lines, key=lambda line: -line[2])[:top]:
        share = f"{count / total:6.1%}"
        yield f"{count:12,.0f} {share}  {group:12} {_shortened(name)}".rstrip()


def _shortened(name: str) -> str:
    """Return a name without its middle: generic arguments may be very long."""
    if len(name) <= _WIDTH:
        return name
    return f"{name[: _WIDTH // 2]}...{name[-_WIDTH // 2 :]}"
