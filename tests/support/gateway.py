"""etcd's JSON gateway, also of the servers behind proxies, which carry gRPC only."""

from typing import Any

from etcd_client.testing import _gateway
from etcd_client.testing._gateway import GatewayError

__all__ = ["GatewayError", "behind", "call", "lease_ids", "wipe"]

# What is asked of one of these endpoints is asked of the server behind it.
behind: dict[str, str] = {}


def call(
    endpoint: str,
    method: str,
    body: dict[str, Any] | None = None,
    *,
    token: str | None = None,
    within: float = 10.0,
) -> dict[str, Any]:
    """Call one v3 method, for example `call(endpoint, "maintenance/status")`.

    Integers of 64 bits come back as strings and bytes in base64: that is how the gateway has them.
    """
    return _gateway.call(_server(endpoint), method, body, token=token, within=within)


def wipe(endpoint: str) -> None:
    """Delete every key and revoke every lease, so that one test never sees another's."""
    _gateway.wipe(_server(endpoint))


def lease_ids(endpoint: str) -> list[int]:
    """Return the ids of all leases that live on the server."""
    return _gateway.lease_ids(_server(endpoint))


def _server(endpoint: str) -> str:
    return behind.get(endpoint, endpoint)
