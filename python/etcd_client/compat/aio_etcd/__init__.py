"""python-aio-etcd's interface: `import etcd_client.compat.aio_etcd as etcd`.

May import the public names of `etcd_client`, and what its own classes are made of.
"""

from . import auth, client, lock
from ._errors import (
    EtcdAlreadyExist,
    EtcdClusterIdChanged,
    EtcdCompareFailed,
    EtcdConnectionFailed,
    EtcdDirNotEmpty,
    EtcdError,
    EtcdEventIndexCleared,
    EtcdException,
    EtcdInsufficientPermissions,
    EtcdKeyError,
    EtcdKeyNotFound,
    EtcdLeaderElectionInProgress,
    EtcdLockExpired,
    EtcdNotDir,
    EtcdNotFile,
    EtcdRootReadOnly,
    EtcdValueError,
    EtcdWatcherCleared,
    EtcdWatchTimedOut,
    StopWatching,
)
from ._result import EtcdResult
from .client import Client
from .lock import Lock

__all__ = [
    "Client",
    "EtcdAlreadyExist",
    "EtcdClusterIdChanged",
    "EtcdCompareFailed",
    "EtcdConnectionFailed",
    "EtcdDirNotEmpty",
    "EtcdError",
    "EtcdEventIndexCleared",
    "EtcdException",
    "EtcdInsufficientPermissions",
    "EtcdKeyError",
    "EtcdKeyNotFound",
    "EtcdLeaderElectionInProgress",
    "EtcdLockExpired",
    "EtcdNotDir",
    "EtcdNotFile",
    "EtcdResult",
    "EtcdRootReadOnly",
    "EtcdValueError",
    "EtcdWatchTimedOut",
    "EtcdWatcherCleared",
    "Lock",
    "StopWatching",
    "auth",
    "client",
    "lock",
]
