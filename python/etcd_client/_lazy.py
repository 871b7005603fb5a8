"""Names of the package that are loaded when they are first used.

Every program pays for importing the package, but few need all of it. `load` and `names` are its
`__getattr__` and `__dir__`.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from time import sleep

PACKAGE = "etcd_client"

# Each name with its module. All others are exceptions.
MODULES = {
    "AlarmAction": "enums",
    "AlarmType": "enums",
    "Barrier": "_recipes.barrier",
    "BytesLike": "_types",
    "Cache": "_cache.cache",
    "CacheBatch": "_cache.changes",
    "CacheChange": "_cache.changes",
    "CacheChanges": "_cache.changes",
    "CacheSnapshot": "_cache.snapshot",
    "CompareOp": "enums",
    "CondVar": "_watch.condvar",
    "Counter": "_recipes.counter",
    "DoubleBarrier": "_recipes.double_barrier",
    "DowngradeAction": "enums",
    "Election": "_coordination.election",
    "EtcdLockOption": "_coordination.lock",
    "EventLike": "_types",
    "GRPCStatus": "errors._base",
    "GRPCStatusCode": "_status_code",
    "Isolation": "enums",
    "Job": "_queues.job",
    "Key": "_kv.keys",
    "KeyField": "_kv.keys",
    "Leaders": "_coordination.leaders",
    "Lease": "_lease.lease",
    "LeaseGrant": "_lease.lease",
    "LeaseId": "_types",
    "Lock": "_coordination.lock",
    "Loss": "_lease.loss",
    "Maintenance": "_admin.maintenance",
    "OpResponse": "_types",
    "Partition": "_groups.partition",
    "Partitioner": "_groups.partitioner",
    "Party": "_groups.party",
    "PemSource": "_types",
    "PermissionType": "enums",
    "PriorityQueue": "_queues.priority_queue",
    "Queue": "_queues.queue",
    "RWLock": "_recipes.rw_lock",
    "ReadLock": "_recipes.rw_lock",
    "Registration": "_coordination.registration",
    "STM": "_stm.transaction",
    "SavedSnapshot": "_admin.saved_snapshot",
    "Scan": "_kv.scan",
    "Semaphore": "_recipes.semaphore",
    "Session": "_session",
    "SortOrder": "enums",
    "SortTarget": "enums",
    "SyncSTM": "_stm.transaction",
    "WatchBatch": "_watch.batch",
    "WatchEventType": "enums",
    "WatchFilterType": "enums",
    "WriteLock": "_recipes.rw_lock",
}

# What programs take from the package without an import of its own.
SUBMODULES = ("enums", "errors")

# In seconds; an import that takes longer than all of them may wait for the thread that forks.
_WAIT = 0.001
_MOST_WAITS = 5000


def load(name: str) -> object:
    """Load a name that the package does not have yet.

    Args:
        name: The name.
    """
    package = sys.modules[PACKAGE]
    public = name in package.__all__
    if not public and name not in SUBMODULES:
        message = f"module {PACKAGE!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - most programs load few names

    if not public:
        return import_module(f"{PACKAGE}.{name}")
    value: object = getattr(import_module(f"{PACKAGE}.{MODULES.get(name, 'errors')}"), name)
    # So that the next access does not call this function.
    setattr(package, name, value)
    return value


def names() -> list[str]:
    """List the names that are loaded and those that can be loaded."""
    package = sys.modules[PACKAGE]
    return sorted({*vars(package), *package.__all__})


def finish_loading() -> None:
    """Wait, before a fork, until no other thread imports a module of the package.

    The child could never use such a module: Python's lock for it stays with the other thread.
    """
    waits = 0
    while _is_loading() and waits < _MOST_WAITS:
        sleep(_WAIT)
        waits += 1


def _is_loading() -> bool:
    """Return whether another thread has Python's lock for a module of the package."""
    locks = getattr(sys.modules["_frozen_importlib"], "_module_locks", {})
    for name, reference in [*locks.items()]:
        if name.startswith(PACKAGE):
            lock = reference()
            if lock is not None and lock.owner not in {None, get_ident()}:
                return True
    return False
