"""Asyncio client for etcd v3 with a Rust engine."""

import atexit as _atexit
import os as _os

from . import _etcd_client
from ._etcd_client import (
    Call,
    CompactResponse,
    Compare,
    ConnectOptions,
    DeleteResponse,
    KeyValue,
    PutResponse,
    RangeResponse,
    ResponseHeader,
    Txn,
    TxnOp,
    TxnResponse,
    Watch,
    WatchEvent,
    active_context_count,
    cleanup_runtime,
)
from .client import Client, EtcdClient
from .communicator import Communicator, EtcdCommunicator
from .condvar import CondVar

if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_etcd_client._after_fork_in_child)
_atexit.register(_etcd_client._at_exit)
