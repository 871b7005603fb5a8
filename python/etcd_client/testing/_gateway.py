"""etcd's JSON gateway: the test tools use it, so that they do not share defects of the client."""

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

_EVERY_KEY = base64.b64encode(b"\0").decode()


class GatewayError(RuntimeError):
    """etcd answered with an error; the message is etcd's own."""


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
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=within)
    try:
        headers = {} if token is None else {"Authorization": token}
        connection.request("POST", f"/v3/{method}", json.dumps(body or {}), headers)
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != http.client.OK:
        # 3.7 says "message" where the older servers say "error", or both.
        raise GatewayError(answer.get("message") or answer.get("error"))
    return answer


def wipe(endpoint: str) -> None:
    """Delete every key and revoke every lease, so that one test never sees another's."""
    call(endpoint, "kv/deleterange", {"key": _EVERY_KEY, "range_end": _EVERY_KEY})
    for lease in lease_ids(endpoint):
        _revoke(endpoint, lease)


def _revoke(endpoint: str, lease: int) -> None:
    try:
        call(endpoint, "lease/revoke", {"ID": str(lease)})
    except GatewayError as error:
        # It has ended meanwhile: expired, or revoked by a client that was closing.
        if "lease not found" not in str(error):
            raise


def revision(endpoint: str) -> int:
    """Return the revision that this server has reached; others may be ahead of it."""
    answer = call(endpoint, "kv/range", {"key": _EVERY_KEY, "serializable": True})
    return int(answer["header"]["revision"])


def lease_ids(endpoint: str) -> list[int]:
    """Return the ids of all leases that live on the server."""
    return [int(lease["ID"]) for lease in call(endpoint, "lease/leases").get("leases", [])]
