"""What etcd's key-value store does, in a few lines: every revision is a dictionary."""

from dataclasses import dataclass, replace

Bounds = tuple[bytes, bytes | None]


@dataclass(frozen=True)
class Pair:
    """A key-value pair, as etcd counts."""

    key: bytes
    value: bytes
    created: int
    modified: int
    version: int


class Model:
    """The store as it was at each of its revisions, from the first one that is kept."""

    def __init__(self, revision: int) -> None:
        """Begin empty, at that revision."""
        self.first = self.revision = revision
        self._states: dict[int, dict[bytes, Pair]] = {revision: {}}

    def at(self, revision: int = 0) -> dict[bytes, Pair]:
        """Return the pairs at a revision, by default the newest."""
        return self._states[revision or self.revision]

    def put(self, key: bytes, value: bytes) -> Pair | None:
        """Put a pair and return the one before it."""
        changes = _Changes(self)
        before = changes.put(key, value)
        changes.commit()
        return before

    def delete(self, bounds: Bounds) -> list[Pair]:
        """Delete the pairs of a range, and return them."""
        changes = _Changes(self)
        deleted = changes.delete(bounds)
        changes.commit()
        return deleted

    def change(self) -> "_Changes":
        """Begin a transaction."""
        return _Changes(self)

    def commit(self, state: dict[bytes, Pair]) -> None:
        """Make a state the newest revision."""
        self.revision += 1
        self._states[self.revision] = state

    def compact(self, revision: int) -> None:
        """Forget all before a revision."""
        self.first = revision
        self._states = {at: state for at, state in self._states.items() if at >= revision}


class _Changes:
    """Changes that make one revision."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._changed = False
        self.state = dict(model.at())

    def put(self, key: bytes, value: bytes) -> Pair | None:
        now = self._model.revision + 1
        before = self.state.get(key)
        new = Pair(key, value, now, now, 1)
        if before is not None:
            new = replace(new, created=before.created, version=before.version + 1)
        self.state[key] = new
        self._changed = True
        return before

    def delete(self, bounds: Bounds) -> list[Pair]:
        deleted = within(self.state, bounds)
        for pair in deleted:
            del self.state[pair.key]
        self._changed |= bool(deleted)
        return deleted

    def commit(self) -> None:
        # A transaction that changes nothing makes no revision.
        if self._changed:
            self._model.commit(self.state)


def within(state: dict[bytes, Pair], bounds: Bounds) -> list[Pair]:
    """Return the pairs of a range in the order of their keys; one key where there is no end."""
    first, end = bounds
    if end is None:
        return [state[first]] if first in state else []
    keys = sorted(key for key in state if key >= first and (end == b"\0" or key < end))
    return [state[key] for key in keys]


def prefix(key: bytes) -> Bounds:
    """Return the range of all keys that begin with `key`."""
    stem = key.rstrip(b"\xff")
    if not stem:
        return key or b"\0", b"\0"
    return key, stem[:-1] + bytes([stem[-1] + 1])
