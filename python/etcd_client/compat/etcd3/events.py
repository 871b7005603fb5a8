"""The events of watches."""

from __future__ import annotations

from typing import Any, Final

from etcd_client import KeyValue, WatchEvent, WatchEventType

# What protobuf shows for a key-value pair that is not there.
NO_KEY_VALUE: Final = KeyValue(b"", b"", 0, 0, 0, 0)


class Event:
    """A change of one key.

    Its attributes are those of the key-value pair; with `prev_` before their names, those of the
    previous one: empty and 0 if there was none or it was not requested.

    Args:
        event: The package's event.
    """

    key: bytes
    """The key."""
    value: bytes
    """The value; empty if the key was deleted."""
    version: int
    """The number of puts since the key was created; 0 if it was deleted."""
    create_revision: int
    """The revision that created the key; 0 if it was deleted."""
    mod_revision: int
    """The revision of the change."""
    lease: int
    """The id of the lease that the key is attached to; 0 for none."""
    prev_key: bytes
    """The key of the previous pair."""
    prev_value: bytes
    """The previous value."""
    prev_version: int
    """The previous version."""
    prev_create_revision: int
    """The revision that had created the key before."""
    prev_mod_revision: int
    """The revision of the change before."""
    prev_lease: int
    """The id of the lease that the key was attached to before."""

    def __init__(self, event: WatchEvent) -> None:
        self.key = event.key
        self._event = event

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the attributes are declared above
        if name.startswith("_"):
            raise AttributeError(name)
        if name.startswith("prev_"):
            return getattr(self._event.prev_kv or NO_KEY_VALUE, name.removeprefix("prev_"))
        return getattr(self._event.kv or NO_KEY_VALUE, name)

    def __str__(self) -> str:
        return f"{type(self)} key={self.key!r} value={self.value!r}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} key={self.key!r} value={self.value!r}>"


class PutEvent(Event):
    """A key was written."""


class DeleteEvent(Event):
    """A key was deleted, by a program or because its lease ended."""


def new_event(event: WatchEvent) -> PutEvent | DeleteEvent:
    """Make the event of python-etcd3 for one of the package.

    Args:
        event: The package's event.
    """
    return (DeleteEvent if event.event == WatchEventType.DELETE else PutEvent)(event)
