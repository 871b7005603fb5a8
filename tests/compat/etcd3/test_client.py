"""Connecting, closing and errors."""

from __future__ import annotations

import enum
import os
import pickle
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

import pytest

from etcd_client import EtcdError, GRPCStatusCode
from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import exceptions
from etcd_client.testing import EtcdServer, ServerTls, eventually, free_port
from tests.bridge.program import run_program
from tests.bridge.test_fork import in_child
from tests.compat.etcd3.conftest import MakeClient
from tests.support.tls import Certificates
from tests.sync.test_interrupts import interrupt


def test_making_a_client_connects_to_nothing(make_client: MakeClient) -> None:
    """As before; the first call says that nobody is there, within its time."""
    client = make_client(port=free_port(), timeout=0.3)
    for _ in range(2):
        with pytest.raises(exceptions.ConnectionFailedError, match=r"reached within 0\.3 s"):
            client.get("a")


def test_closing(client: etcd3.Etcd3Client) -> None:
    client.put("a", "1")
    with client as entered:
        assert entered is client
    client.close()
    for call in (client.get, client.watch, client.delete):
        with pytest.raises(exceptions.ClientClosedError) as error:
            call("a")
        assert isinstance(error.value, ValueError)
    with pytest.raises(exceptions.ClientClosedError):
        client.lock("a").acquire()


def test_a_client_that_was_never_used_can_be_closed(make_client: MakeClient) -> None:
    make_client(port=free_port()).close()


def test_the_timeout_of_calls(
    make_client: MakeClient, make_server: Callable[..., EtcdServer]
) -> None:
    server = make_server()
    client = make_client(port=server.address[1], timeout=30)
    client.put("a", "1")
    client.timeout = 0.3
    server.freeze()
    started = time.monotonic()
    try:
        with pytest.raises(
            exceptions.ConnectionTimeoutError, match="etcd connection timeout"
        ) as error:
            client.put("a", "2")
    finally:
        server.thaw()
    assert time.monotonic() - started < 20
    assert isinstance(error.value.__cause__, EtcdError)
    client.timeout = 30
    client.put("a", "3")


def test_several_endpoints(port: int) -> None:
    """All of them are used; python-etcd3 let the first call fail, or waited five minutes."""
    endpoints = [etcd3.Endpoint("127.0.0.1", found, secure=False) for found in (free_port(), port)]
    assert str(endpoints[1]) == f"Endpoint(http://127.0.0.1:{port})"
    for _ in range(3):
        with etcd3.MultiEndpointEtcd3Client(endpoints, timeout=30) as client:
            client.put("a", "1")
            assert client.get("a")[0] == b"1"


def test_several_endpoints_must_agree(certificates: Certificates) -> None:
    creds = etcd3.Etcd3Client.get_secure_creds(certificates.authority)
    secure = etcd3.Endpoint("127.0.0.1", 1, creds=creds)
    with pytest.raises(ValueError, match="same creds"):
        etcd3.MultiEndpointEtcd3Client([secure, etcd3.Endpoint("127.0.0.1", 2, secure=False)])
    with pytest.raises(ValueError, match="must not be empty"):
        etcd3.MultiEndpointEtcd3Client([])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"user": "name"}, ValueError),
        ({"password": "secret"}, ValueError),
        ({"cert_cert": "a"}, ValueError),
        ({"cert_key": "a", "ca_cert": "b"}, ValueError),
        ({"cert_cert": "a", "cert_key": "b"}, ValueError),
        ({"ca_cert": "/does/not/exist"}, OSError),
        ({"port": "no port"}, ValueError),
        ({"timeout": "long"}, TypeError),
        ({"timeout": -1}, ValueError),
        ({"grpc_options": {"grpc.keepalive_time_ms": "often"}}, ValueError),
    ],
)
def test_wrong_options(
    make_client: MakeClient, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make_client(**options)


def test_credentials_of_grpc_are_refused() -> None:
    with pytest.raises(TypeError, match="get_secure_creds"):
        etcd3.Endpoint("127.0.0.1", 1, creds=object())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="creds must be given"):
        etcd3.Endpoint("127.0.0.1", 1)


def test_options_of_grpc(make_client: MakeClient) -> None:
    """Those that have a counterpart have the same effect; the others are not lost in silence."""
    client = make_client(grpc_options={"grpc.max_receive_message_length": 2000}.items())
    client.put("a", "x" * 1000)
    assert len(client.get("a")[0] or b"") == 1000
    client.put("a", "x" * 3000)
    with pytest.raises(exceptions.Etcd3Exception):
        client.get("a")
    unlimited = {"grpc.max_receive_message_length": -1, "grpc.keepalive_time_ms": 7000}
    assert len(make_client(grpc_options=unlimited).get("a")[0] or b"") == 3000
    with pytest.warns(RuntimeWarning, match=r"'grpc\.lb_policy_name' has no effect"):
        make_client(grpc_options={"grpc.lb_policy_name": "pick_first"})


def test_tls(
    make_client: MakeClient, make_server: Callable[..., EtcdServer], certificates: Certificates
) -> None:
    own = certificates.client()
    tls = ServerTls(certificates.server(), certificates.authority)
    port = make_server(tls=tls).address[1]
    secure: dict[str, Any] = {"port": port, "ca_cert": certificates.authority, "timeout": 20}
    client = make_client(**secure, cert_cert=own.certificate, cert_key=own.key)
    assert client.uses_secure_channel is True
    client.put("a", "1")
    assert client.get("a")[0] == b"1"
    secure["timeout"] = 0.5
    with pytest.raises(exceptions.ConnectionFailedError):
        make_client(**secure).get("a")
    with pytest.raises(exceptions.ConnectionFailedError):
        make_client(port=port, timeout=0.5).get("a")


def test_users(make_client: MakeClient, make_server: Callable[..., EtcdServer]) -> None:
    port = make_server().address[1]
    root = make_client(port=port)
    auth = root.communicator.auth
    auth.user_add("root", "secret")
    auth.user_grant_role("root", "root")
    auth.enable()
    with pytest.raises(exceptions.RpcError, match="authentication failed"):
        make_client(port=port, user="root", password="wrong")  # noqa: S106 - a test's
    user = make_client(port=port, user="root", password="secret")  # noqa: S106 - a test's
    user.put("a", "1")
    assert [value for value, _ in user.get_all()] == [b"1"]
    lease = user.lease(60)
    assert lease.refresh()[0].TTL == 60
    with user.lock("work"):
        assert user.watch_once("a", start_revision=1, timeout=20).value == b"1"
    with pytest.raises(exceptions.RpcError):
        root.get("a")


class StatusCode(enum.Enum):
    """As grpc's."""

    OUT_OF_RANGE = (11, "out of range")


def test_errors_are_those_of_grpc_for_programs_that_use_it(
    client: etcd3.Etcd3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(exceptions.RpcError) as error:
        client.compact(10_000_000)
    assert error.value.code() == GRPCStatusCode.OutOfRange
    assert "future" in error.value.details()
    grpc = types.ModuleType("grpc")
    grpc.RpcError = type("RpcError", (Exception,), {})  # type: ignore[attr-defined]
    grpc.StatusCode = StatusCode  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "grpc", grpc)
    with pytest.raises(grpc.RpcError) as raised:
        client.compact(10_000_000)
    assert isinstance(raised.value, exceptions.RpcError)
    assert raised.value.code() is StatusCode.OUT_OF_RANGE
    copied = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
    assert isinstance(copied, grpc.RpcError)
    assert str(copied) == str(raised.value)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_goes_on_with_the_client(client: etcd3.Etcd3Client) -> None:
    told: list[object] = []
    client.add_watch_callback("a", told.append)
    events, cancel = client.watch("a")

    def work() -> None:
        with client:
            assert client.get("a") == (None, None)
            with client.lock("work"):
                client.put("a", "1")

    in_child(work)
    assert next(events).value == client.get("a")[0] == b"1"
    eventually(lambda: told)
    cancel()


def test_many_threads_share_a_client(client: etcd3.Etcd3Client) -> None:
    """Also while it connects."""
    start, failed = threading.Barrier(32), []

    def work(number: int) -> None:
        start.wait()
        try:
            for turn in range(10):
                client.put(f"k/{number}", str(turn))
                assert client.get(f"k/{number}")[0] == str(turn).encode()
        except BaseException as error:  # noqa: BLE001 - for the thread of the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert client.get_prefix_response("k/", count_only=True).count == 32


WAITS: dict[str, Callable[[etcd3.Etcd3Client], object]] = {
    "watch": lambda client: next(client.watch("nothing")[0]),
    "once": lambda client: client.watch_once("nothing", timeout=60),
    "lock": lambda client: client.lock("taken").acquire(None),
}


def wait(port: str, kind: str) -> None:
    """Wait until interrupted, and check that the program can go on."""
    with etcd3.client(host="127.0.0.1", port=int(port)) as client:
        client.get("a")
        try:
            sys.stdout.write("waits\n")
            sys.stdout.flush()
            WAITS[kind](client)
        except KeyboardInterrupt:
            client.put("interrupted", kind)
            sys.stdout.write("goes on\n")


@pytest.mark.parametrize("kind", WAITS)
def test_waits_are_interrupted(client: etcd3.Etcd3Client, port: int, kind: str) -> None:
    with client.lock("taken") as lock:
        ended = interrupt(wait, str(port), kind)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "goes on\n", "")
        assert client.get("interrupted")[0] == kind.encode()
        assert lock.lease is not None
        own = [lock.lease.id]
        eventually(lambda: list(client.communicator.leases().leases) == own)


def never_closed(port: str) -> None:
    """End with watches, callbacks and a lock."""
    client = etcd3.client(host="127.0.0.1", port=int(port))
    client.add_watch_callback("a", lambda _: time.sleep(60))
    client.put("a", "1")
    events, _ = client.watch("b")
    threading.Thread(target=lambda: list(events), daemon=True).start()
    assert client.lock("left", ttl=1).acquire()


def test_a_program_ends_that_closes_nothing(port: int) -> None:
    ended = run_program(never_closed, str(port))
    assert (ended.code, ended.stderr) == (0, "")
