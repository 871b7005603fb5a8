"""Names of the package that are loaded when they are first used.

Every program pays for importing the package, but few need all of it. `load` and `names` are its
`__getattr__` and `__dir__`.
"""

from __future__ import annotations

import sys

PACKAGE = "etcd_client"

# Each name with its module.
MODULES = {
    "Barrier": "_recipes.barrier",
    "BytesLike": "_types",
    "Cache": "_cache.cache",
    "CacheBatch": "_cache.changes",
    "CacheChange": "_cache.changes",
    "CacheChanges": "_cache.changes",
    "CacheSnapshot": "_cache.snapshot",
    "CondVar": "_watch.condvar",
    "Counter": "_recipes.counter",
    "DoubleBarrier": "_recipes.double_barrier",
    "Election": "_coordination.election",
    "EtcdLockOption": "_coordination.lock",
    "Job": "_queues.job",
    "EventLike": "_types",
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
    "SyncSTM": "_stm.transaction",
    "WatchBatch": "_watch.batch",
    "WriteLock": "_recipes.rw_lock",
}


def load(name: str) -> object:
    """Load a name that the package does not have yet.

    Args:
        name: The name.
    """
    module = MODULES.get(name)
    if module is None:
        message = f"module {PACKAGE!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - most programs do not get here

    value: object = getattr(import_module(f"{PACKAGE}.{module}"), name)
    # So that the next access does not call this function.
    setattr(sys.modules[PACKAGE], name, value)
    return value


def names() -> list[str]:
    """List the names that are loaded and those that can be loaded."""
    return sorted({*vars(sys.modules[PACKAGE]), *MODULES})
