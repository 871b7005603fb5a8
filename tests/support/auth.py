"""Servers with authentication."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from etcd_client.testing import EtcdServer, FlagValue
from tests.support import gateway

ROOT = "root"
ROOT_PASSWORD = "root's own"  # noqa: S105 - of servers that live for a test

# With the lowest cost, authenticating takes milliseconds instead of a tenth of a second.
QUICK_PASSWORDS: dict[str, FlagValue] = {"bcrypt-cost": 4}


@contextmanager
def auth_server(flags: dict[str, FlagValue] | None = None) -> Iterator[EtcdServer]:
    """Run a server with the user `root` and with authentication enabled."""
    with EtcdServer(flags=QUICK_PASSWORDS | (flags or {})) as server:
        enable(server)
        yield server


def enable(server: EtcdServer) -> None:
    """Add the user `root`, who may do everything, and enable authentication."""
    add_user(server, ROOT, ROOT_PASSWORD, role=ROOT)
    gateway.call(server.endpoint, "auth/enable")


def add_user(server: EtcdServer, name: str, password: str, *, role: str) -> None:
    """Add a user with its own role, as `root` if authentication is enabled."""
    call_as_root(server, "auth/role/add", {"name": role})
    call_as_root(server, "auth/user/add", {"name": name, "password": password})
    call_as_root(server, "auth/user/grant", {"user": name, "role": role})


def call_as_root(server: EtcdServer, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call a method without the client under test."""
    try:
        credentials = {"name": ROOT, "password": ROOT_PASSWORD}
        token = gateway.call(server.endpoint, "auth/authenticate", credentials)["token"]
    except gateway.GatewayError as error:
        if "not enabled" not in str(error):
            raise
        token = None
    return gateway.call(server.endpoint, method, body, token=token)
