"""The exceptions: one class for each status code, all of them caught as before."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable

import pytest

import etcd_client
from etcd_client import EtcdError, GRPCStatusCode, OutcomeUnknownError
from etcd_client.compat.etcetra import EtcdClient, EtcdCredential, HostPortPair
from etcd_client.compat.etcetra import errors as etcetra_errors
from etcd_client.compat.etcetra.errors import (
    EtcdInvalidArgumentError,
    EtcdPermissionDeniedError,
    EtcdUnavailableError,
    EtcdUnknownError,
    EtcetraError,
    matching,
)
from etcd_client.testing import EtcdServer, free_port
from tests.support.auth import ROOT, ROOT_PASSWORD, add_user, auth_server

NAMES = {
    "EtcdUnknownError": GRPCStatusCode.Unknown,
    "EtcdInvalidArgumentError": GRPCStatusCode.InvalidArgument,
    "EtcdDeadlineExceededError": GRPCStatusCode.DeadlineExceeded,
    "EtcdNotFoundError": GRPCStatusCode.NotFound,
    "EtcdAlreadyExistsError": GRPCStatusCode.AlreadyExists,
    "EtcdPermissionDeniedError": GRPCStatusCode.PermissionDenied,
    "EtcdUnauthenticatedError": GRPCStatusCode.Unauthenticated,
    "EtcdTooManyRequestError": GRPCStatusCode.ResourceExhausted,
    "EtcdBadRequestError": GRPCStatusCode.FailedPrecondition,
    "EtcdAbortedError": GRPCStatusCode.Aborted,
    "EtcdOutOfRangeError": GRPCStatusCode.OutOfRange,
    "EtcdUnimplementedError": GRPCStatusCode.Unimplemented,
    "EtcdInternalError": GRPCStatusCode.Internal,
    "EtcdUnavailableError": GRPCStatusCode.Unavailable,
    "EtcdDataLossError": GRPCStatusCode.DataLoss,
}


@pytest.mark.parametrize(("name", "code"), NAMES.items())
def test_each_code_has_its_class(name: str, code: GRPCStatusCode) -> None:
    cause = etcd_client.GRPCStatusError({"code": code, "message": "why", "details": b""})
    error = matching(cause)
    assert type(error) is getattr(etcetra_errors, name)
    assert (str(error), error.code, int(error)) == ("why", code, code)
    assert isinstance(error, EtcdUnknownError | EtcetraError)


@pytest.mark.parametrize("name", ["EtcetraError", *NAMES])
def test_errors_are_pickled(name: str) -> None:
    error = getattr(etcetra_errors, name)("why", debug_map={"a": 1})
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own
    assert (type(again), again.args, again.debug_map) == (type(error), ("why",), {"a": 1})


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in etcd_client.__all__
        if isinstance(found := getattr(etcd_client, name), type) and issubclass(found, EtcdError)
    ],
)
def test_every_exception_of_the_package_has_one(name: str) -> None:
    kind = getattr(etcd_client, name)
    cause = kind(EtcdError("why")) if name == "OutcomeUnknownError" else kind("why")
    error = matching(cause)
    assert isinstance(error, EtcdUnknownError)
    assert "why" in str(error)
    assert isinstance(error, TimeoutError) or not isinstance(cause, etcd_client.LockTimeoutError)
    assert isinstance(error, ValueError) or not isinstance(cause, ValueError)


async def test_nothing_listens() -> None:
    """Programs, and the tests of etcetra, catch EtcdUnknownError then."""
    client = EtcdClient(HostPortPair("127.0.0.1", free_port()))
    with pytest.raises(EtcdUnknownError, match=r"127\.0\.0\.1") as caught:
        async with client.with_lock("name"):
            pytest.fail("connected to nothing")
    assert isinstance(caught.value, EtcdUnavailableError)
    assert isinstance(caught.value.__cause__, etcd_client.EtcdConnectionError)


async def test_an_unknown_outcome_is_the_cause(make_server: Callable[..., EtcdServer]) -> None:
    server = make_server()
    client = EtcdClient(HostPortPair(*server.address))
    async with client.connect() as communicator:
        await communicator.put("key", "value")
        server.freeze()
        put = asyncio.create_task(communicator.put("key", "new"))
        try:
            with pytest.raises(EtcdUnknownError, match="may or may not") as caught:
                await put
        finally:
            server.thaw()
    assert isinstance(caught.value.__cause__, OutcomeUnknownError)


def test_addresses_are_checked() -> None:
    for wrong in ("127.0.0.1:x", "127.0.0.1:"):
        with pytest.raises(EtcdInvalidArgumentError, match="host:port"):
            HostPortPair.parse(wrong)
    for pair in (HostPortPair("127.0.0.1", 70000), HostPortPair("not a host", 1)):
        with pytest.raises(EtcdInvalidArgumentError):
            EtcdClient(pair)
    with pytest.raises(EtcdInvalidArgumentError, match="unknown encoding"):
        EtcdClient(HostPortPair("127.0.0.1", 1), encoding="nonesuch")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("127.0.0.1:2380", ("127.0.0.1", 2380)),
        ("localhost", ("localhost", 2379)),
        ("[::1]:2380", ("::1", 2380)),
        ("[::1]", ("::1", 2379)),
    ],
)
def test_addresses_are_parsed(text: str, pair: tuple[str, int]) -> None:
    assert HostPortPair.parse(text) == HostPortPair(*pair)
    assert HostPortPair.parse(str(HostPortPair(*pair))) == HostPortPair(*pair)


async def test_credentials_are_those_of_a_user() -> None:
    with auth_server() as server:
        add_user(server, "user", "secret", role="nothing")
        address = HostPortPair(*server.address)
        async with EtcdClient(address, EtcdCredential(ROOT, ROOT_PASSWORD)).connect() as root:
            await root.put("key", "value")
            assert await root.grant_lease(60) > 0
        async with EtcdClient(
            address, credentials=EtcdCredential("user", "secret")
        ).connect() as user:
            with pytest.raises(EtcdPermissionDeniedError):
                await user.get("key")
        with pytest.raises(EtcdInvalidArgumentError, match="password"):
            async with EtcdClient(address, EtcdCredential(ROOT, "wrong")).connect() as nobody:
                await nobody.get("key")
