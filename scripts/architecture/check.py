"""Compares what the sources import with the order of the rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scripts.architecture import python, rust
from scripts.architecture.rooms import MOST_FILES, PYTHON, RUST, Rooms
from scripts.architecture.sources import Sources, circles


def faults(root: Path) -> list[str]:
    """Return what is wrong, a line for each fault.

    Args:
        root: The folder of the repository, or of a copy.
    """
    trees = (RUST, rust.read(root / RUST.top)), (PYTHON, python.read(root / PYTHON.top))
    found: list[str] = []
    for rooms, sources in trees:
        own = (*_places(rooms, sources), *_upward(rooms, sources), *_circles(rooms, sources))
        found += (f"{rooms.top}: {fault}" for fault in own)
        for folder, count in sorted(sources.folders.items()):
            if count > MOST_FILES:
                place = (Path(rooms.top) / folder).as_posix()
                found.append(f"{place}: {count} files, more than {MOST_FILES}; give them rooms")
    return found


def _places(rooms: Rooms, sources: Sources) -> Iterator[str]:
    listed = {room for line in rooms.lines for room in line}
    for file in sorted(sources.imports):
        if _room(rooms, file) is None:
            yield f"{file} has no place in scripts/architecture/rooms.py"
    for room in sorted(listed - {_room(rooms, file) for file in sources.imports}):
        yield f"{room} is in scripts/architecture/rooms.py and nowhere else"


def _upward(rooms: Rooms, sources: Sources) -> Iterator[str]:
    height = {room: number for number, line in enumerate(rooms.lines) for room in line}
    for file, imported in sources.edges():
        own, other = _room(rooms, file), _room(rooms, imported)
        if own is None or other is None:
            continue
        if height[own] < height[other]:
            yield f"{file} imports {imported}, which stands above it"
        for one, another in rooms.apart:
            if {_folder(file), _folder(imported)} == {one, another}:
                yield f"{file} imports {imported}; {one} and {another} know nothing of each other"


def _circles(rooms: Rooms, sources: Sources) -> Iterator[str]:
    for circle in circles(sources.edges()):
        yield f"files import each other in a circle: {' -> '.join(circle)}"
    between = (
        (own, other)
        for file, imported in sources.edges()
        if (own := _room(rooms, file)) and (other := _room(rooms, imported)) and own != other
    )
    for circle in circles(between):
        yield f"rooms import each other in a circle: {' -> '.join(circle)}"


def _room(rooms: Rooms, file: str) -> str | None:
    """Return the innermost room that a file is in."""
    listed = {room for line in rooms.lines for room in line}
    while file not in listed and "/" in file:
        file = file.rpartition("/")[0]
    return file if file in listed else None


def _folder(file: str) -> str:
    return file.partition("/")[0]
