"""What cannot be read off the asyncio face."""

from __future__ import annotations

from dataclasses import dataclass

# These are of no use without an event loop, or are the same with and without.
NO_FACES = {"Call", "ConnectOptions", "CondVar", "Discovery", "LeaseGrant", "SyncSTM"}
LEFT_OUT = {"Call", "LeaseGrant"}

# Classes of their own, with their modules.
OWN = {"CondVar": "_condvar"}

# Other names of faces, which stand beside them.
ALIASES = {"EtcdClient": "Client", "EtcdCommunicator": "Communicator", "SyncSTM": "STM"}

# Classes without a public name, whose objects public methods return.
UNNAMED = {"WatchBatches": "_etcd_client"}

# Their classes stand above those that take them, so these take the bases of them.
BASES = {"Communicator", "Session"}

# The module of a face is called as the room of its class; the native module has several.
ROOMS = {"_etcd_client": "_native"}

# The lock would be most of the time that these take, and what they read changes at once.
_CONTENTS = ("__getitem__", "__contains__", "__len__", "kv")
_FRESHNESS = ("revision", "age", "fresh", "trouble")
UNLOCKED = {("Cache", name) for name in (*_CONTENTS, *_FRESHNESS)}

# These run in the middle of what must not be interrupted.
INSIDE = {("Communicator", "cache"), ("Cache", "wait_until")}

# Where the asyncio face has a type that says less than is true.
RETURNED = {("Watch", "batches"): "WatchBatches"}

DEFAULTS = {"SortOrder": "SortOrder.NONE", "SortTarget": "SortTarget.KEY"}

WRITTEN_BY_HAND = {
    ("Communicator", "stm"): '''\
def stm(
    self,
    function: Callable[[STM], _T],
    *,
    isolation: Isolation | None = None,
    prefetch: Iterable[BytesLike] = (),
    timeout: float | None = None,
    once: Session | None = None,
) -> _T:
    """{doc}"""
    return run(
        self._inner.stm,
        waiting(STM, function),
        isolation=isolation,
        prefetch=prefetch,
        timeout=timeout,
        once=own(once, "once"),
    )
''',
    ("Election", "run"): '''\
def run(self, work: Callable[[Election], _T]) -> _T:
    """{doc}"""
    try:
        return run(self._inner.run, waiting(Election, work))
    except BaseException as interruption:
        # It may have come just after the election, before the work had begun.
        abandon(self._inner, interruption)
        raise
''',
    ("Cache", "get"): '''\
def get(
    self,
    key: BytesLike,
    default: _D = None,  # type: ignore[assignment]  # as in the one for coroutines
) -> _V | _D:
    """{doc}"""
    return self._inner.get(key, default)
''',
}


@dataclass
class Faces:
    """What the modules of `etcd_client.sync` have."""

    names: dict[str, str]
    """All public names of the asyncio face, with their modules."""
    modules: dict[str, str]
    """The classes that are wrapped, with the module of their face."""
