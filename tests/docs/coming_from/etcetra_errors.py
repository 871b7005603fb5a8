"""What the rows about etcetra's errors must do: each error is made to happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from etcd_client import (
    Client,
    CompactedError,
    ConnectOptions,
    DuplicateKeyError,
    EmptyKeyError,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    FutureRevisionError,
    GRPCStatusCode,
    GRPCStatusError,
    LeaseExistError,
    LeaseNotFoundError,
    MemberNotFoundError,
    RequestTooLargeError,
    RoleNotFoundError,
    RpcError,
    TooManyOpsError,
    Txn,
    TxnOp,
    UserNotFoundError,
)
from etcd_client.testing import free_port
from tests.docs.coming_from.rows import Checks, Here

checks = Checks("etcetra")

CODES = {
    "EtcdInvalidArgumentError": GRPCStatusCode.InvalidArgument,
    "EtcdDeadlineExceededError": GRPCStatusCode.DeadlineExceeded,
    "EtcdNotFoundError": GRPCStatusCode.NotFound,
    "EtcdBadRequestError": GRPCStatusCode.FailedPrecondition,
    "EtcdOutOfRangeError": GRPCStatusCode.OutOfRange,
    "EtcdUnavailableError": GRPCStatusCode.Unavailable,
}


@checks.row(*CODES)
async def happens_with_the_code(here: Here) -> None:
    errors = await here.run()
    for error in errors if isinstance(errors, tuple) else (errors,):
        with pytest.raises(error) as raised:
            await PROVOCATIONS[error](here)
        assert isinstance(raised.value, GRPCStatusError)
        assert raised.value.code == CODES[here.row.there]


@checks.row("EtcetraError", "EtcdUnknownError and all others")
async def catches_what_the_server_says(here: Here) -> None:
    error = await here.run()
    assert error in {EtcdError, RpcError}
    with pytest.raises(error):
        await PROVOCATIONS[EmptyKeyError](here)


async def write_twice(here: Here) -> None:
    await here.communicator.txn(Txn().and_then([TxnOp.put("key", "1"), TxnOp.put("key", "2")]))


async def ask_too_much(here: Here) -> None:
    await here.communicator.txn(Txn().and_then([TxnOp.get("key")] * 129))


async def read_what_was_compacted(here: Here) -> None:
    put = await here.communicator.put("key", "new")
    await here.communicator.compact(put.header.revision)
    await here.communicator.get("key", revision=put.header.revision - 1)


async def grant_twice(here: Here) -> None:
    await here.communicator.lease_grant(10, id=42)
    await here.communicator.lease_grant(10, id=42)


async def ask_a_frozen_server(here: Here) -> None:
    here.etcd.freeze()
    try:
        await here.communicator.get("key", timeout=0.1)
    finally:
        here.etcd.thaw()


async def connect_to_nothing(_here: Here) -> None:
    options = ConnectOptions(require_connection=True)
    async with Client(f"127.0.0.1:{free_port()}", options):
        pass


PROVOCATIONS: dict[type[EtcdError], Callable[[Here], Awaitable[object]]] = {
    EmptyKeyError: lambda here: here.communicator.put("", "value"),
    DuplicateKeyError: write_twice,
    TooManyOpsError: ask_too_much,
    RequestTooLargeError: lambda here: here.communicator.put("key", bytes(1_600_000)),
    EtcdTimeoutError: ask_a_frozen_server,
    LeaseNotFoundError: lambda here: here.communicator.lease_revoke(1),
    MemberNotFoundError: lambda here: here.communicator.cluster.member_update(1, ["http://a:1"]),
    LeaseExistError: grant_twice,
    UserNotFoundError: lambda here: here.communicator.auth.user_get("nobody"),
    RoleNotFoundError: lambda here: here.communicator.auth.role_get("none"),
    CompactedError: read_what_was_compacted,
    FutureRevisionError: lambda here: here.communicator.get("key", revision=1 << 40),
    EtcdConnectionError: connect_to_nothing,
}
