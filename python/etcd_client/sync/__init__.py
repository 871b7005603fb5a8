"""etcd for programs without an event loop: the names of `etcd_client`, for threads.

Each call returns its result, and each `async with` and `async for` is a `with` and a `for`. A
thread that waits is woken by the engine itself, without an event loop and without a thread for the
call, and Ctrl-C interrupts it at once. Any number of threads may use a communicator at once.

Made by `make generate`, like all of this folder but `_face.py`, `_condvar.py` and `_loading.py`.
"""

from typing import TYPE_CHECKING

from etcd_client import __version__ as __version__

from ._loading import names as __dir__  # noqa: F401 - called by `dir`

if TYPE_CHECKING:
    from etcd_client import AlarmAction as AlarmAction
    from etcd_client import AlarmMember as AlarmMember
    from etcd_client import AlarmResponse as AlarmResponse
    from etcd_client import AlarmType as AlarmType
    from etcd_client import AuthFailedError as AuthFailedError
    from etcd_client import AuthNotEnabledError as AuthNotEnabledError
    from etcd_client import AuthResponse as AuthResponse
    from etcd_client import AuthRoleGetResponse as AuthRoleGetResponse
    from etcd_client import AuthRoleListResponse as AuthRoleListResponse
    from etcd_client import AuthStatusResponse as AuthStatusResponse
    from etcd_client import AuthUserGetResponse as AuthUserGetResponse
    from etcd_client import AuthUserListResponse as AuthUserListResponse
    from etcd_client import BadLeaderTransfereeError as BadLeaderTransfereeError
    from etcd_client import BytesLike as BytesLike
    from etcd_client import CacheBatch as CacheBatch
    from etcd_client import CacheChange as CacheChange
    from etcd_client import CacheSnapshot as CacheSnapshot
    from etcd_client import CampaignResponse as CampaignResponse
    from etcd_client import ClientError as ClientError
    from etcd_client import ClosedError as ClosedError
    from etcd_client import ClusterMismatchError as ClusterMismatchError
    from etcd_client import CompactedError as CompactedError
    from etcd_client import CompactResponse as CompactResponse
    from etcd_client import Compare as Compare
    from etcd_client import CompareOp as CompareOp
    from etcd_client import ConflictError as ConflictError
    from etcd_client import ConnectOptions as ConnectOptions
    from etcd_client import CorruptError as CorruptError
    from etcd_client import DeadlineExceededError as DeadlineExceededError
    from etcd_client import DefragmentResponse as DefragmentResponse
    from etcd_client import DeleteResponse as DeleteResponse
    from etcd_client import Discovery as Discovery
    from etcd_client import DowngradeAction as DowngradeAction
    from etcd_client import DowngradeInfo as DowngradeInfo
    from etcd_client import DowngradeInProcessError as DowngradeInProcessError
    from etcd_client import DowngradeResponse as DowngradeResponse
    from etcd_client import DuplicateKeyError as DuplicateKeyError
    from etcd_client import ElectError as ElectError
    from etcd_client import ElectionNoLeaderError as ElectionNoLeaderError
    from etcd_client import ElectionNotLeaderError as ElectionNotLeaderError
    from etcd_client import EmptyKeyError as EmptyKeyError
    from etcd_client import EndpointError as EndpointError
    from etcd_client import EndpointsNotManagedError as EndpointsNotManagedError
    from etcd_client import EtcdConnectionError as EtcdConnectionError
    from etcd_client import EtcdError as EtcdError
    from etcd_client import EtcdLockOption as EtcdLockOption
    from etcd_client import EtcdTimeoutError as EtcdTimeoutError
    from etcd_client import EventLike as EventLike
    from etcd_client import ForkedError as ForkedError
    from etcd_client import FutureRevisionError as FutureRevisionError
    from etcd_client import GRPCStatus as GRPCStatus
    from etcd_client import GRPCStatusCode as GRPCStatusCode
    from etcd_client import GRPCStatusError as GRPCStatusError
    from etcd_client import HashKVResponse as HashKVResponse
    from etcd_client import HashResponse as HashResponse
    from etcd_client import InvalidArgsError as InvalidArgsError
    from etcd_client import InvalidAuthMgmtError as InvalidAuthMgmtError
    from etcd_client import InvalidAuthTokenError as InvalidAuthTokenError
    from etcd_client import InvalidDowngradeTargetVersionError as InvalidDowngradeTargetVersionError
    from etcd_client import InvalidHeaderValueError as InvalidHeaderValueError
    from etcd_client import InvalidUriError as InvalidUriError
    from etcd_client import IoError as IoError
    from etcd_client import Isolation as Isolation
    from etcd_client import Key as Key
    from etcd_client import KeyExistsError as KeyExistsError
    from etcd_client import KeyField as KeyField
    from etcd_client import KeyNotFoundError as KeyNotFoundError
    from etcd_client import KeyValue as KeyValue
    from etcd_client import LeaderChangedError as LeaderChangedError
    from etcd_client import LeaderKey as LeaderKey
    from etcd_client import LeaderResponse as LeaderResponse
    from etcd_client import LearnerNotReadyError as LearnerNotReadyError
    from etcd_client import LeaseExistError as LeaseExistError
    from etcd_client import LeaseGrantResponse as LeaseGrantResponse
    from etcd_client import LeaseId as LeaseId
    from etcd_client import LeaseKeepAliveError as LeaseKeepAliveError
    from etcd_client import LeaseKeepAliveResponse as LeaseKeepAliveResponse
    from etcd_client import LeaseLostError as LeaseLostError
    from etcd_client import LeaseNotFoundError as LeaseNotFoundError
    from etcd_client import LeaseRevokeResponse as LeaseRevokeResponse
    from etcd_client import LeasesResponse as LeasesResponse
    from etcd_client import LeaseTimeToLiveResponse as LeaseTimeToLiveResponse
    from etcd_client import LeaseTTLTooLargeError as LeaseTTLTooLargeError
    from etcd_client import LockError as LockError
    from etcd_client import LockLostError as LockLostError
    from etcd_client import LockResponse as LockResponse
    from etcd_client import LockTimeoutError as LockTimeoutError
    from etcd_client import Member as Member
    from etcd_client import MemberAddResponse as MemberAddResponse
    from etcd_client import MemberBadURLsError as MemberBadURLsError
    from etcd_client import MemberExistError as MemberExistError
    from etcd_client import MemberListResponse as MemberListResponse
    from etcd_client import MemberNotEnoughStartedError as MemberNotEnoughStartedError
    from etcd_client import MemberNotFoundError as MemberNotFoundError
    from etcd_client import MemberNotLearnerError as MemberNotLearnerError
    from etcd_client import MemberPromoteResponse as MemberPromoteResponse
    from etcd_client import MemberRemoveResponse as MemberRemoveResponse
    from etcd_client import MemberUpdateResponse as MemberUpdateResponse
    from etcd_client import MoveLeaderResponse as MoveLeaderResponse
    from etcd_client import NoInflightDowngradeError as NoInflightDowngradeError
    from etcd_client import NoLeaderError as NoLeaderError
    from etcd_client import NoSpaceError as NoSpaceError
    from etcd_client import NotCapableError as NotCapableError
    from etcd_client import NotLeaderError as NotLeaderError
    from etcd_client import NotSupportedForLearnerError as NotSupportedForLearnerError
    from etcd_client import OpResponse as OpResponse
    from etcd_client import OutcomeUnknownError as OutcomeUnknownError
    from etcd_client import PeerURLExistError as PeerURLExistError
    from etcd_client import PemSource as PemSource
    from etcd_client import Permission as Permission
    from etcd_client import PermissionDeniedError as PermissionDeniedError
    from etcd_client import PermissionNotGrantedError as PermissionNotGrantedError
    from etcd_client import PermissionType as PermissionType
    from etcd_client import ProclaimResponse as ProclaimResponse
    from etcd_client import PutResponse as PutResponse
    from etcd_client import RangeResponse as RangeResponse
    from etcd_client import RequestTooLargeError as RequestTooLargeError
    from etcd_client import ResignResponse as ResignResponse
    from etcd_client import ResponseHeader as ResponseHeader
    from etcd_client import RoleAlreadyExistError as RoleAlreadyExistError
    from etcd_client import RoleEmptyError as RoleEmptyError
    from etcd_client import RoleNotFoundError as RoleNotFoundError
    from etcd_client import RoleNotGrantedError as RoleNotGrantedError
    from etcd_client import RootRoleNotExistError as RootRoleNotExistError
    from etcd_client import RootUserNotExistError as RootUserNotExistError
    from etcd_client import RpcError as RpcError
    from etcd_client import SavedSnapshot as SavedSnapshot
    from etcd_client import ServerTimeoutError as ServerTimeoutError
    from etcd_client import SessionExpiredError as SessionExpiredError
    from etcd_client import SessionLostError as SessionLostError
    from etcd_client import SortOrder as SortOrder
    from etcd_client import SortTarget as SortTarget
    from etcd_client import Stats as Stats
    from etcd_client import StatusResponse as StatusResponse
    from etcd_client import StoppedError as StoppedError
    from etcd_client import TooManyLearnersError as TooManyLearnersError
    from etcd_client import TooManyOpsError as TooManyOpsError
    from etcd_client import TooManyRequestsError as TooManyRequestsError
    from etcd_client import TransportError as TransportError
    from etcd_client import Txn as Txn
    from etcd_client import TxnOp as TxnOp
    from etcd_client import TxnResponse as TxnResponse
    from etcd_client import UnhealthyError as UnhealthyError
    from etcd_client import UnimplementedError as UnimplementedError
    from etcd_client import UnlockResponse as UnlockResponse
    from etcd_client import UnreachableError as UnreachableError
    from etcd_client import UserAlreadyExistError as UserAlreadyExistError
    from etcd_client import UserEmptyError as UserEmptyError
    from etcd_client import UserNotFoundError as UserNotFoundError
    from etcd_client import Utf8Error as Utf8Error
    from etcd_client import WatchBatch as WatchBatch
    from etcd_client import WatchCanceledError as WatchCanceledError
    from etcd_client import WatchError as WatchError
    from etcd_client import WatchEvent as WatchEvent
    from etcd_client import WatchEventType as WatchEventType
    from etcd_client import WatchFilterType as WatchFilterType
    from etcd_client import WrongLoopError as WrongLoopError
    from etcd_client import active_context_count as active_context_count
    from etcd_client import cleanup_runtime as cleanup_runtime
    from etcd_client import enums as enums
    from etcd_client import errors as errors

    from ._admin import Maintenance as Maintenance
    from ._cache import Cache as Cache
    from ._cache import CacheChanges as CacheChanges
    from ._client import Client as Client
    from ._client import EtcdClient as EtcdClient
    from ._communicator import Communicator as Communicator
    from ._communicator import EtcdCommunicator as EtcdCommunicator
    from ._condvar import CondVar as CondVar
    from ._coordination import Election as Election
    from ._coordination import Leaders as Leaders
    from ._coordination import Lock as Lock
    from ._coordination import Registration as Registration
    from ._groups import Partition as Partition
    from ._groups import Partitioner as Partitioner
    from ._groups import Party as Party
    from ._kv import Scan as Scan
    from ._lease import Lease as Lease
    from ._lease import Loss as Loss
    from ._native import Auth as Auth
    from ._native import Cluster as Cluster
    from ._native import LeaseKeepAlives as LeaseKeepAlives
    from ._native import Observer as Observer
    from ._native import Snapshot as Snapshot
    from ._native import Watch as Watch
    from ._queues import Job as Job
    from ._queues import PriorityQueue as PriorityQueue
    from ._queues import Queue as Queue
    from ._recipes import Barrier as Barrier
    from ._recipes import Counter as Counter
    from ._recipes import DoubleBarrier as DoubleBarrier
    from ._recipes import ReadLock as ReadLock
    from ._recipes import RWLock as RWLock
    from ._recipes import Semaphore as Semaphore
    from ._recipes import WriteLock as WriteLock
    from ._session import Session as Session
    from ._stm import STM as STM
    from ._stm import SyncSTM as SyncSTM
else:
    from ._loading import load as __getattr__  # noqa: F401 - called for names that are not here

__all__ = [  # noqa: RUF022 - takes the class STM for a constant, which would come first
    "AlarmAction",
    "AlarmMember",
    "AlarmResponse",
    "AlarmType",
    "Auth",
    "AuthFailedError",
    "AuthNotEnabledError",
    "AuthResponse",
    "AuthRoleGetResponse",
    "AuthRoleListResponse",
    "AuthStatusResponse",
    "AuthUserGetResponse",
    "AuthUserListResponse",
    "BadLeaderTransfereeError",
    "Barrier",
    "BytesLike",
    "Cache",
    "CacheBatch",
    "CacheChange",
    "CacheChanges",
    "CacheSnapshot",
    "CampaignResponse",
    "Client",
    "ClientError",
    "ClosedError",
    "Cluster",
    "ClusterMismatchError",
    "Communicator",
    "CompactResponse",
    "CompactedError",
    "Compare",
    "CompareOp",
    "CondVar",
    "ConflictError",
    "ConnectOptions",
    "CorruptError",
    "Counter",
    "DeadlineExceededError",
    "DefragmentResponse",
    "DeleteResponse",
    "Discovery",
    "DoubleBarrier",
    "DowngradeAction",
    "DowngradeInProcessError",
    "DowngradeInfo",
    "DowngradeResponse",
    "DuplicateKeyError",
    "ElectError",
    "Election",
    "ElectionNoLeaderError",
    "ElectionNotLeaderError",
    "EmptyKeyError",
    "EndpointError",
    "EndpointsNotManagedError",
    "EtcdClient",
    "EtcdCommunicator",
    "EtcdConnectionError",
    "EtcdError",
    "EtcdLockOption",
    "EtcdTimeoutError",
    "EventLike",
    "ForkedError",
    "FutureRevisionError",
    "GRPCStatus",
    "GRPCStatusCode",
    "GRPCStatusError",
    "HashKVResponse",
    "HashResponse",
    "InvalidArgsError",
    "InvalidAuthMgmtError",
    "InvalidAuthTokenError",
    "InvalidDowngradeTargetVersionError",
    "InvalidHeaderValueError",
    "InvalidUriError",
    "IoError",
    "Isolation",
    "Job",
    "Key",
    "KeyExistsError",
    "KeyField",
    "KeyNotFoundError",
    "KeyValue",
    "LeaderChangedError",
    "LeaderKey",
    "LeaderResponse",
    "Leaders",
    "LearnerNotReadyError",
    "Lease",
    "LeaseExistError",
    "LeaseGrantResponse",
    "LeaseId",
    "LeaseKeepAliveError",
    "LeaseKeepAliveResponse",
    "LeaseKeepAlives",
    "LeaseLostError",
    "LeaseNotFoundError",
    "LeaseRevokeResponse",
    "LeaseTTLTooLargeError",
    "LeaseTimeToLiveResponse",
    "LeasesResponse",
    "Lock",
    "LockError",
    "LockLostError",
    "LockResponse",
    "LockTimeoutError",
    "Loss",
    "Maintenance",
    "Member",
    "MemberAddResponse",
    "MemberBadURLsError",
    "MemberExistError",
    "MemberListResponse",
    "MemberNotEnoughStartedError",
    "MemberNotFoundError",
    "MemberNotLearnerError",
    "MemberPromoteResponse",
    "MemberRemoveResponse",
    "MemberUpdateResponse",
    "MoveLeaderResponse",
    "NoInflightDowngradeError",
    "NoLeaderError",
    "NoSpaceError",
    "NotCapableError",
    "NotLeaderError",
    "NotSupportedForLearnerError",
    "Observer",
    "OpResponse",
    "OutcomeUnknownError",
    "Partition",
    "Partitioner",
    "Party",
    "PeerURLExistError",
    "PemSource",
    "Permission",
    "PermissionDeniedError",
    "PermissionNotGrantedError",
    "PermissionType",
    "PriorityQueue",
    "ProclaimResponse",
    "PutResponse",
    "Queue",
    "RWLock",
    "RangeResponse",
    "ReadLock",
    "Registration",
    "RequestTooLargeError",
    "ResignResponse",
    "ResponseHeader",
    "RoleAlreadyExistError",
    "RoleEmptyError",
    "RoleNotFoundError",
    "RoleNotGrantedError",
    "RootRoleNotExistError",
    "RootUserNotExistError",
    "RpcError",
    "STM",
    "SavedSnapshot",
    "Scan",
    "Semaphore",
    "ServerTimeoutError",
    "Session",
    "SessionExpiredError",
    "SessionLostError",
    "Snapshot",
    "SortOrder",
    "SortTarget",
    "Stats",
    "StatusResponse",
    "StoppedError",
    "SyncSTM",
    "TooManyLearnersError",
    "TooManyOpsError",
    "TooManyRequestsError",
    "TransportError",
    "Txn",
    "TxnOp",
    "TxnResponse",
    "UnhealthyError",
    "UnimplementedError",
    "UnlockResponse",
    "UnreachableError",
    "UserAlreadyExistError",
    "UserEmptyError",
    "UserNotFoundError",
    "Utf8Error",
    "Watch",
    "WatchBatch",
    "WatchCanceledError",
    "WatchError",
    "WatchEvent",
    "WatchEventType",
    "WatchFilterType",
    "WriteLock",
    "WrongLoopError",
    "active_context_count",
    "cleanup_runtime",
]

MODULES = {
    "Auth": "_native",
    "Barrier": "_recipes",
    "Cache": "_cache",
    "CacheChanges": "_cache",
    "Client": "_client",
    "Cluster": "_native",
    "Communicator": "_communicator",
    "CondVar": "_condvar",
    "Counter": "_recipes",
    "DoubleBarrier": "_recipes",
    "Election": "_coordination",
    "EtcdClient": "_client",
    "EtcdCommunicator": "_communicator",
    "Job": "_queues",
    "Leaders": "_coordination",
    "Lease": "_lease",
    "LeaseKeepAlives": "_native",
    "Lock": "_coordination",
    "Loss": "_lease",
    "Maintenance": "_admin",
    "Observer": "_native",
    "Partition": "_groups",
    "Partitioner": "_groups",
    "Party": "_groups",
    "PriorityQueue": "_queues",
    "Queue": "_queues",
    "RWLock": "_recipes",
    "ReadLock": "_recipes",
    "Registration": "_coordination",
    "STM": "_stm",
    "Scan": "_kv",
    "Semaphore": "_recipes",
    "Session": "_session",
    "Snapshot": "_native",
    "SyncSTM": "_stm",
    "Watch": "_native",
    "WriteLock": "_recipes",
}
