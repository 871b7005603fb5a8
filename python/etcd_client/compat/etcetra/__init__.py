"""Programs written for etcetra 0.1.19 run after `from etcetra` becomes this module's name.

May import all of the package's public names. `client`, `types` and `errors` are etcetra's modules.

The names, arguments and results are those of etcetra; text is encoded and decoded. What etcetra
computed wrongly is right here, and what it lost in silence is raised; the page "Migrating from
etcetra" of the documentation lists these differences. asyncio only.

Examples:
    >>> from etcd_client.compat.etcetra import EtcdClient, HostPortPair
    >>> etcd = EtcdClient(HostPortPair.parse(endpoint.removeprefix("http://")))
    >>> async with etcd.connect() as communicator:
    ...     await communicator.put("/testdir/1", "one")
    ...     await communicator.get_prefix("/testdir")
    {'/testdir/1': 'one'}
"""

from .client import (
    EtcdClient,
    EtcdCommunicator,
    EtcdConnectionManager,
    EtcdLockManager,
    EtcdTransactionAction,
)
from .types import (
    CompareBuilder,
    CompareCompareResult,
    CompareCompareTarget,
    CompareKey,
    DeleteRangeRequestType,
    EtcdCredential,
    EtcdLockOption,
    HostPortPair,
    NoneType,
    PutRequestType,
    RangeRequestSortOrder,
    RangeRequestSortTarget,
    RangeRequestType,
    TransactionRequest,
    TxnReturnType,
    TxnReturnValues,
    WatchCreateRequestFilterType,
    WatchEvent,
    WatchEventType,
)

__all__ = [
    "CompareBuilder",
    "CompareCompareResult",
    "CompareCompareTarget",
    "CompareKey",
    "DeleteRangeRequestType",
    "EtcdClient",
    "EtcdCommunicator",
    "EtcdConnectionManager",
    "EtcdCredential",
    "EtcdLockManager",
    "EtcdLockOption",
    "EtcdTransactionAction",
    "HostPortPair",
    "NoneType",
    "PutRequestType",
    "RangeRequestSortOrder",
    "RangeRequestSortTarget",
    "RangeRequestType",
    "TransactionRequest",
    "TxnReturnType",
    "TxnReturnValues",
    "WatchCreateRequestFilterType",
    "WatchEvent",
    "WatchEventType",
]
