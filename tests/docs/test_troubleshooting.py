"""Each message on the page about troubleshooting is one that users get, of the class it names."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from etcd_client import Client, Communicator, ConnectOptions, Lock, Txn, TxnOp
from etcd_client.testing import Direction, EtcdServer, Proxy, ServerTls
from tests.docs.blocks import ROOT
from tests.support import auth
from tests.support.tls import Certificates

SECTIONS = dict(
    re.findall(
        r"^### `(.+?)`\n\n(.*?)(?=^##|\Z)",
        (ROOT / "docs" / "troubleshooting.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
)
# Seen only when etcd has waited for seconds; the client's errors have it from etcd's sources.
LATE = "request timed out"
WARNING = "calls move from"
AFTER_FORK = """
import asyncio, os, sys
from etcd_client import Client

async def main():
    communicator = await Client(sys.argv[1]).open()
    if os.fork() == 0:
        try:
            communicator.get("key")
        except Exception as error:
            print(type(error).__name__, error, flush=True)
        os._exit(0)
    os.wait()
    await communicator.aclose()

asyncio.run(main())
"""


@dataclass
class Here:
    """What the mistakes are made with."""

    endpoint: str
    communicator: Communicator
    make_server: Callable[..., EtcdServer]
    certificates: Certificates


Mistake = Callable[[Here], Awaitable[object]]
STRICT = ConnectOptions(connect_timeout=2, require_connection=True)
# For a server that answers, on a busy machine too.
PATIENT = STRICT.with_connect_timeout(20)


async def refused(here: Here) -> object:  # noqa: ARG001 - nothing listens there
    return await Client("http://127.0.0.1:1", STRICT).open()


async def unreachable(here: Here) -> object:  # noqa: ARG001 - nothing listens there
    options = ConnectOptions(connect_timeout=0.1, timeout=0.3)
    async with Client("http://127.0.0.1:1", options).connect() as communicator:
        return await communicator.get("key")


async def no_tls(here: Here) -> object:
    return await Client(here.endpoint.replace("http://", "https://"), PATIENT).open()


async def unknown_issuer(here: Here) -> object:
    server = here.make_server(tls=ServerTls(here.certificates.server()))
    return await Client(server.endpoint, PATIENT).open()


async def wrong_loop(here: Here) -> object:
    async def elsewhere() -> object:
        return await here.communicator.get("key")

    return await asyncio.to_thread(lambda: asyncio.run(elsewhere()))


async def closed(here: Here) -> object:
    async with Client(here.endpoint).connect() as communicator:
        pass
    return await communicator.get("key")


async def no_user(here: Here) -> object:  # noqa: ARG001 - has a server of its own
    with auth.auth_server() as server:
        async with Client(server.endpoint).connect() as communicator:
            await communicator.get("key")
    return None


async def wrong_password(here: Here) -> object:  # noqa: ARG001 - has a server of its own
    options = ConnectOptions(user="root", password="wrong")  # noqa: S106 - wrong
    with auth.auth_server() as server:
        await Client(server.endpoint, options).open()
    return None


async def no_permission(here: Here) -> object:  # noqa: ARG001 - has a server of its own
    options = ConnectOptions(user="reader", password="its own")  # noqa: S106 - of a server of a test
    with auth.auth_server() as server:
        auth.add_user(server, "reader", "its own", role="reader")
        async with Client(server.endpoint, options).connect() as communicator:
            await communicator.get("key")
    return None


async def lost_answer(here: Here) -> object:
    server = here.make_server()
    async with server.connect() as communicator:
        await communicator.get("key")
        server.freeze()
        try:
            # Long enough for it to be sent, on a busy machine too.
            return await communicator.put("key", "value", timeout=2)
        finally:
            server.thaw()


async def no_space(here: Here) -> object:
    server = here.make_server(flags={"quota-backend-bytes": 2**22})
    async with server.connect() as communicator:
        # etcd looks at the size of what it has committed, ten times a second.
        while True:
            await communicator.put("key", bytes(2**20))


async def compacted(here: Here) -> object:
    response = await here.communicator.put("key", "value")
    await here.communicator.compact(response.header.revision)
    return await here.communicator.get("key", revision=response.header.revision - 1)


async def not_awaited(here: Here) -> object:
    return here.communicator.get("key").decode()  # type: ignore[attr-defined]


async def lock_is_held(here: Here) -> object:
    async with Lock(here.communicator, "held"):
        return await Lock(here.communicator, "held").acquire(timeout=0.2)


async def lock_expires(here: Here) -> object:
    async with Lock(here.communicator, "short", ttl=1) as lock:
        return await lock.lost.wait()


async def session_revoked(here: Here) -> object:
    async with here.communicator.session(ttl=10) as session:
        await here.communicator.lease_revoke(session.id)
        await session.lost.wait()
    return None


MISTAKES: dict[str, Mistake] = {
    "Connection refused": refused,
    "no member could be reached within the deadline": unreachable,
    "the server does not begin to speak TLS": no_tls,
    "UnknownIssuer": unknown_issuer,
    "another event loop than the communicator's": wrong_loop,
    "the communicator is closed": closed,
    "user name is empty": no_user,
    "authentication failed, invalid user ID or password": wrong_password,
    "permission denied": no_permission,
    "the change may or may not have been made": lost_answer,
    "received message larger than max": lambda here: here.communicator.put("key", bytes(3 * 2**20)),
    "too many operations in txn request": lambda here: here.communicator.txn(
        Txn().and_then([TxnOp.put(f"key-{number}", "") for number in range(129)])
    ),
    "duplicate key given in txn request": lambda here: here.communicator.txn(
        Txn().and_then([TxnOp.put("key", "1"), TxnOp.put("key", "2")])
    ),
    "database space exceeded": no_space,
    "requested lease not found": lambda here: here.communicator.put("key", "", lease=7),
    "expected a bytes-like object or str, got int": lambda here: here.communicator.delete(5),  # type: ignore[call-overload]
    "required revision has been compacted": compacted,
    "required revision is a future revision": lambda here: here.communicator.get(
        "key", revision=2**40
    ),
    "object has no attribute 'decode'": not_awaited,
    "object has no attribute 'get'": lambda here: Client(here.endpoint).get("key"),  # type: ignore[attr-defined]
    "the lock was not acquired within the timeout": lock_is_held,
    "was lost: its time of": lock_expires,
    "expired or was revoked": session_revoked,
}
ELSEWHERE = {"the communicator was opened before the fork", WARNING, LATE}


def test_each_message_is_tested() -> None:
    assert sorted(SECTIONS) == sorted(MISTAKES.keys() | ELSEWHERE)


@pytest.mark.parametrize("message", MISTAKES)
async def test_message(
    message: str,
    endpoint: str,
    communicator: Communicator,
    make_server: Callable[..., EtcdServer],
    certificates: Certificates,
) -> None:
    here = Here(endpoint, communicator, make_server, certificates)
    with pytest.raises(Exception, match=re.escape(message)) as raised:
        await MISTAKES[message](here)
    classes = {ancestor.__name__ for ancestor in raised.type.__mro__}
    assert classes & set(re.findall(r"`(\w+)`", SECTIONS[message]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_message_after_a_fork(endpoint: str) -> None:
    message = "the communicator was opened before the fork"
    command = [sys.executable, "-W", "ignore", "-c", AFTER_FORK, endpoint]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert said.startswith(f"ForkedError {message}")
    assert "`ForkedError`" in SECTIONS[message]


async def test_warning_of_a_failover(etcd: EtcdServer, caplog: pytest.LogCaptureFixture) -> None:
    with Proxy(etcd.address) as first, Proxy(etcd.address) as second:
        async with Client([first.endpoint, second.endpoint]).connect() as communicator:
            await communicator.get("key")
            max(first, second, key=lambda proxy: proxy.forwarded(Direction.TO_SERVER)).blackhole()
            await communicator.get("key", timeout=30)
    assert any(WARNING in message for message in caplog.messages)


def test_late_message_is_known() -> None:
    sources = (ROOT / "src" / "rpc" / "error").rglob("*.rs")
    assert any(LATE in source.read_text() for source in sources)
