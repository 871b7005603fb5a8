"""What has happened on a server, without the client under test."""

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.support import gateway
from tests.support.gateway import GatewayError
from tests.support.invariants import Change

_EVERY_KEY = base64.b64encode(b"\0").decode()


def current_revision(endpoint: str) -> int:
    """Return the latest revision of the cluster; ask again where the leader changes meanwhile."""
    request = {"key": _EVERY_KEY, "count_only": True}
    while True:
        try:
            answer = gateway.call(endpoint, "kv/range", request)
        except GatewayError as error:  # noqa: PERF203 - it is asked again
            if "leader changed" not in str(error):
                raise
        else:
            return int(answer["header"]["revision"])


def history(endpoint: str, start_revision: int = 1) -> list[Change]:
    """Return every change from a revision to the present.

    etcd's JSON gateway streams a watch as one JSON object a line.
    """
    last = current_revision(endpoint)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    request = {
        "create_request": {
            "key": _EVERY_KEY,
            "range_end": _EVERY_KEY,
            "start_revision": str(start_revision),
        }
    }
    changes: list[Change] = []
    try:
        connection.request("POST", "/v3/watch", json.dumps(request))
        response = connection.getresponse()
        while start_revision <= last and (not changes or changes[-1].revision < last):
            result = json.loads(response.readline())["result"]
            assert not result.get("canceled"), result
            changes += map(_change, result.get("events", []))
    finally:
        connection.close()
    return changes


def _change(event: dict[str, Any]) -> Change:
    pair = event["kv"]
    return Change(
        revision=int(pair["mod_revision"]),
        key=base64.b64decode(pair["key"]),
        is_delete=event.get("type") == "DELETE",
        value=base64.b64decode(pair.get("value", "")),
        create_revision=int(pair.get("create_revision", 0)),
        version=int(pair.get("version", 0)),
    )
