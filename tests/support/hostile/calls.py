"""The calls of a client, their gRPC methods, and the answers of a healthy server."""

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcd_client import (
    Client,
    Communicator,
    ConnectOptions,
    DowngradeAction,
    Lock,
    LockError,
    PermissionType,
    Txn,
    TxnOp,
)
from tests.support.hostile.protobuf import Echo, Message, Own
from tests.support.hostile.steps import Answer, Head, NextRequest, Steps, Trailers

REVISION = 5
HEADER: Message = {1: Own.CLUSTER, 2: Own.MEMBER, 3: REVISION, 4: 2}
KV: Message = {1: b"a", 2: 3, 3: 4, 4: 1, 5: b"value", 6: 0}
EVENT: Message = {1: 0, 2: {1: b"a", 2: 7, 3: 7, 4: 1, 5: b"new"}}
_MEMBER: Message = {1: Own.MEMBER, 2: "default", 3: "http://127.0.0.1:1", 5: 0}
_WATCH_ID = Echo((1, 7), 0)
CREATED: Message = {1: HEADER, 2: _WATCH_ID, 3: True}
EVENTS: Message = {1: {**HEADER, 3: 7}, 2: _WATCH_ID, 11: [EVENT]}

# How many seconds a lease or a watch is observed; a fault shows within this time.
_LOOK = 0.2
_TTL = 2
# How many keys a scan reads before it has the rest streamed.
FIRST_PAGE = 32


@dataclass(frozen=True)
class Call:
    """A call of the client to one of etcd's services."""

    name: str
    path: str
    run: Callable[[Communicator, float], Awaitable[Any]]
    answer: Message
    mutation: bool = False
    # Whether requests and answers are streams of messages.
    streams: bool = False

    def answered(self, message: Message) -> Steps:
        """Return the steps with which a server answers with a message."""
        end = () if self.streams else (Trailers(),)
        return (Head(), Answer(message), *end)


async def _txn(communicator: Communicator, timeout: float) -> object:
    txn = Txn().and_then([TxnOp.get("a"), TxnOp.put("b", "x"), TxnOp.delete("c")])
    return await communicator.txn(txn, timeout=timeout)


async def _nested_txn(communicator: Communicator, timeout: float) -> object:
    inner = Txn().and_then([TxnOp.get("a")])
    return await communicator.txn(Txn().and_then([TxnOp.txn(inner)]), timeout=timeout)


async def _read_txn(communicator: Communicator, timeout: float) -> object:
    return await communicator.txn(Txn().and_then([TxnOp.get("a")]), timeout=timeout)


async def _scan(communicator: Communicator, timeout: float) -> object:
    scan = communicator.scan_prefix("", timeout=timeout)

    async def read() -> list[object]:
        return [kv async for kv in scan]

    return await asyncio.wait_for(read(), timeout)


async def _streamed_scan(communicator: Communicator, timeout: float) -> object:
    # The first page is the real server's; what comes after it is to be streamed.
    puts = [TxnOp.put(b"k%02d" % number, "") for number in range(FIRST_PAGE + 8)]
    await communicator.txn(Txn().and_then(puts))
    scan = communicator.scan_prefix("k", timeout=timeout)

    async def read() -> list[object]:
        return [kv async for kv in scan]

    return await asyncio.wait_for(read(), 2 * timeout)


async def _watch(communicator: Communicator, timeout: float) -> object:
    watch = communicator.watch("a")
    try:
        return await asyncio.wait_for(anext(watch), timeout)
    finally:
        watch.cancel()


async def _observe(communicator: Communicator, timeout: float) -> object:
    observer = communicator.observe("name")
    try:
        return await asyncio.wait_for(anext(observer), timeout)
    finally:
        observer.cancel()


async def _lease(communicator: Communicator, timeout: float) -> object:
    async with communicator.lease(_TTL, timeout=timeout) as lease:
        await asyncio.sleep(_LOOK)
        return lease.id, lease.ttl, lease.lost.is_set(), lease.lost.reason


async def _keep_alive_stream(communicator: Communicator, timeout: float) -> object:
    stream = communicator.lease_keep_alive_stream(77, timeout=timeout)
    try:
        return await asyncio.wait_for(anext(stream), timeout)
    finally:
        stream.cancel()


async def _lock(communicator: Communicator, timeout: float) -> object:
    lock = Lock(communicator, "name")
    acquired = await lock.acquire(timeout=timeout)
    try:
        return acquired, lock.key, lock.revision
    finally:
        await lock.release(timeout=timeout)


async def _try_lock(communicator: Communicator, timeout: float) -> object:
    lock = Lock(communicator, "name")
    if not await lock.acquire(blocking=False, timeout=timeout):
        message = "another has it"
        raise LockError(message)
    await lock.release(timeout=timeout)
    return lock


async def _campaign(communicator: Communicator, timeout: float) -> object:
    return await communicator.campaign("name", "value", 77, timeout=timeout)


async def _snapshot(communicator: Communicator, timeout: float) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        saving = communicator.maintenance.snapshot_save(path, timeout=timeout)
        saved = await asyncio.wait_for(saving, timeout)
        return saved.size, path.stat().st_size


async def _login(communicator: Communicator, timeout: float) -> object:
    options = ConnectOptions(timeout=timeout, connect_timeout=timeout).with_user("u", "p")
    async with Client(communicator.endpoints, options).connect() as user:
        return await user.get("a")


async def _auth_status(communicator: Communicator, timeout: float) -> object:
    return await communicator.auth.status(timeout=timeout)


_RANGE: Message = {1: HEADER, 2: [KV], 3: False, 4: 1}
_TXN: Message = {
    1: HEADER,
    2: True,
    3: [{1: _RANGE}, {2: {1: HEADER}}, {3: {1: HEADER, 2: 1}}],
}
_ENTERED: Message = {1: HEADER, 2: True, 3: [{2: {1: HEADER}}, {1: {1: HEADER, 4: 0}}]}
_PERMISSION: Message = {1: 2, 2: b"a", 3: b"b"}

_KV = "/etcdserverpb.KV/"
_LEASE = "/etcdserverpb.Lease/"
_MAINTENANCE = "/etcdserverpb.Maintenance/"
_AUTH = "/etcdserverpb.Auth/"
_CLUSTER = "/etcdserverpb.Cluster/"

GET = Call("get", f"{_KV}Range", lambda c, t: c.get("a", timeout=t), _RANGE)
PUT = Call(
    "put", f"{_KV}Put", lambda c, t: c.put("a", "x", timeout=t), {1: HEADER, 2: KV}, mutation=True
)
TXN = Call("txn", f"{_KV}Txn", _txn, _TXN, mutation=True)
LOCK = Call("lock", f"{_KV}Txn", _lock, _ENTERED)
TRY_LOCK = Call("try_lock", f"{_KV}Txn", _try_lock, _ENTERED)
SCAN = Call("scan", f"{_KV}Range", _scan, _RANGE)
STREAMED_SCAN = Call(
    "streamed scan",
    f"{_KV}RangeStream",
    _streamed_scan,
    {1: {1: HEADER, 2: [{**KV, 1: b"k32"}], 3: False, 4: 1}},
)
WATCH = Call("watch", "/etcdserverpb.Watch/Watch", _watch, EVENTS, streams=True)
OBSERVE = Call(
    "observe", "/v3electionpb.Election/Observe", _observe, {1: HEADER, 2: KV}, streams=True
)
LEASE = Call("lease", f"{_LEASE}LeaseGrant", _lease, {1: HEADER, 2: Echo((2,)), 3: _TTL})
KEPT_LEASE = Call(
    "kept lease",
    f"{_LEASE}LeaseKeepAlive",
    _lease,
    {1: HEADER, 2: Echo((1,)), 3: _TTL},
    streams=True,
)
_PAGE = bytes(512)
SNAPSHOT = Call(
    "snapshot",
    f"{_MAINTENANCE}Snapshot",
    _snapshot,
    {1: HEADER, 2: 0, 3: _PAGE + hashlib.sha256(_PAGE).digest(), 4: "3.6.0"},
)
LOGIN = Call("login", f"{_AUTH}Authenticate", _login, {1: HEADER, 2: "token"})
SYNC = Call(
    "sync_endpoints",
    f"{_CLUSTER}MemberList",
    lambda c, t: c.sync_endpoints(timeout=t),
    {1: HEADER, 2: [_MEMBER]},
)

CALLS: tuple[Call, ...] = (
    GET,
    Call("get_kv", f"{_KV}Range", lambda c, t: c.get_kv("a", timeout=t), _RANGE),
    Call("get_prefix", f"{_KV}Range", lambda c, t: c.get_prefix("", timeout=t), _RANGE),
    Call("keys_prefix", f"{_KV}Range", lambda c, t: c.keys_prefix("", timeout=t), _RANGE),
    Call("count_prefix", f"{_KV}Range", lambda c, t: c.count_prefix("", timeout=t), _RANGE),
    Call("range", f"{_KV}Range", lambda c, t: c.range("a", timeout=t), _RANGE),
    SCAN,
    STREAMED_SCAN,
    PUT,
    Call(
        "delete",
        f"{_KV}DeleteRange",
        lambda c, t: c.delete_prefix("a", timeout=t),
        {1: HEADER, 2: 1, 3: [KV]},
        mutation=True,
    ),
    TXN,
    Call(
        "nested txn",
        f"{_KV}Txn",
        _nested_txn,
        {1: HEADER, 2: True, 3: [{4: {1: HEADER, 2: True, 3: [{1: _RANGE}]}}]},
    ),
    Call("read txn", f"{_KV}Txn", _read_txn, {1: HEADER, 2: True, 3: [{1: _RANGE}]}),
    Call(
        "compact", f"{_KV}Compact", lambda c, t: c.compact(1, timeout=t), {1: HEADER}, mutation=True
    ),
    WATCH,
    LEASE,
    KEPT_LEASE,
    Call(
        "lease_grant",
        f"{_LEASE}LeaseGrant",
        lambda c, t: c.lease_grant(_TTL, timeout=t),
        {1: HEADER, 2: Echo((2,)), 3: _TTL},
    ),
    Call(
        "lease_revoke",
        f"{_LEASE}LeaseRevoke",
        lambda c, t: c.lease_revoke(77, timeout=t),
        {1: HEADER},
    ),
    Call(
        "lease_time_to_live",
        f"{_LEASE}LeaseTimeToLive",
        lambda c, t: c.lease_time_to_live(77, keys=True, timeout=t),
        {1: HEADER, 2: 77, 3: 2, 4: 2, 5: b"key"},
    ),
    Call(
        "leases",
        f"{_LEASE}LeaseLeases",
        lambda c, t: c.leases(timeout=t),
        {1: HEADER, 2: [{1: 77}]},
    ),
    Call(
        "lease_keep_alive",
        f"{_LEASE}LeaseKeepAlive",
        lambda c, t: c.lease_keep_alive(77, timeout=t),
        {1: HEADER, 2: Echo((1,)), 3: 2},
        streams=True,
    ),
    Call(
        "lease_keep_alive_stream",
        f"{_LEASE}LeaseKeepAlive",
        _keep_alive_stream,
        {1: HEADER, 2: Echo((1,)), 3: 2},
        streams=True,
    ),
    LOCK,
    TRY_LOCK,
    Call(
        "lock with a lease",
        f"{_KV}Txn",
        lambda c, t: c.lock("name", lease=77, timeout=t),
        _ENTERED,
    ),
    Call(
        "unlock",
        "/v3lockpb.Lock/Unlock",
        lambda c, t: c.unlock("name/4d", timeout=t),
        {1: HEADER},
    ),
    Call(
        "campaign",
        f"{_KV}Txn",
        _campaign,
        _ENTERED,
    ),
    Call(
        "leader",
        "/v3electionpb.Election/Leader",
        lambda c, t: c.leader("name", timeout=t),
        {1: HEADER, 2: KV},
    ),
    OBSERVE,
    Call(
        "member_list",
        f"{_CLUSTER}MemberList",
        lambda c, t: c.cluster.member_list(timeout=t),
        {1: HEADER, 2: [_MEMBER]},
    ),
    Call(
        "member_add",
        f"{_CLUSTER}MemberAdd",
        lambda c, t: c.cluster.member_add(["http://127.0.0.1:1"], timeout=t),
        {1: HEADER, 2: _MEMBER, 3: [_MEMBER]},
        mutation=True,
    ),
    Call(
        "alarm_list",
        f"{_MAINTENANCE}Alarm",
        lambda c, t: c.maintenance.alarm_list(timeout=t),
        {1: HEADER, 2: [{1: 9, 2: 1}]},
    ),
    Call(
        "status",
        f"{_MAINTENANCE}Status",
        lambda c, t: c.maintenance.status(timeout=t),
        {
            1: HEADER,
            2: "3.6.0",
            **dict.fromkeys((3, 4, 5, 6, 7, 9, 12), 5),
            8: "errors",
            10: False,
            11: "3.6.0",
            13: {1: True, 2: "3.5.0"},
        },
    ),
    Call(
        "hash_kv",
        f"{_MAINTENANCE}HashKV",
        lambda c, t: c.maintenance.hash_kv(timeout=t),
        {1: HEADER, 2: 1, 3: 2, 4: 3},
    ),
    Call(
        "downgrade",
        f"{_MAINTENANCE}Downgrade",
        lambda c, t: c.maintenance.downgrade(DowngradeAction.VALIDATE, "3.5.0", timeout=t),
        {1: HEADER, 2: "3.5.0"},
        mutation=True,
    ),
    SNAPSHOT,
    LOGIN,
    SYNC,
    Call("auth_status", f"{_AUTH}AuthStatus", _auth_status, {1: HEADER, 2: False, 3: 1}),
    Call(
        "user_get",
        f"{_AUTH}UserGet",
        lambda c, t: c.auth.user_get("u", timeout=t),
        {1: HEADER, 2: "role"},
    ),
    Call(
        "user_list",
        f"{_AUTH}UserList",
        lambda c, t: c.auth.user_list(timeout=t),
        {1: HEADER, 2: "user"},
    ),
    Call(
        "role_get",
        f"{_AUTH}RoleGet",
        lambda c, t: c.auth.role_get("r", timeout=t),
        {1: HEADER, 2: [_PERMISSION]},
    ),
    Call(
        "role_grant_permission",
        f"{_AUTH}RoleGrantPermission",
        lambda c, t: c.auth.role_grant_permission("r", PermissionType.READ, "a", timeout=t),
        {1: HEADER},
        mutation=True,
    ),
)


def stream_of(*messages: Message) -> Steps:
    """Return the steps of a stream that sends these messages once requested, and stays open."""
    return (Head(), *map(Answer, messages), NextRequest())
