"""Each call that the migration page names runs here as it stands in its left column."""

from __future__ import annotations

import builtins
import io
from typing import Any

import pytest

from etcd_client.compat import etcd3
from tests.docs.coming_from.rows import rows
from tests.support.tls import Certificates

# They change the members, need a server with users, or wait for a change; other tests do that.
ELSEWHERE = (
    "client.add_member",
    "client.remove_member",
    "client.update_member",
    "client.watch_once",
    "etcd3.client(user",
)
PROGRAMS = [
    row.there
    for row in rows()
    if row.client == "python-etcd3" and not row.there.startswith(ELSEWHERE)
]


def test_they_are_read_from_the_page() -> None:
    assert len(PROGRAMS) > 60


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_call_runs(program: str, client: etcd3.Etcd3Client, certificates: Certificates) -> None:
    code = compile(program.replace("...", "pass"), "<cell>", "exec")
    exec(code, prepared(client, certificates))  # noqa: S102 - it is our page


def prepared(client: etcd3.Etcd3Client, certificates: Certificates) -> dict[str, Any]:
    """Return the names that the cells of the page use."""
    own, make = certificates.client(), client.transactions
    client.put("dir/1", "one")
    revision = client.put("key", "value").header.revision
    lock = client.lock("held", ttl=60)
    lock.lease = client.lease(60)
    return {
        "__builtins__": builtins,
        "callback": print,
        "cancel": client.watch("key")[1],
        "client": client,
        "compare": [make.version("key") > 0],
        "error": etcd3.exceptions.RevisionCompactedError(7),
        "etcd3": etcd3,
        "event": client.watch_once("key", start_revision=revision),
        "failure": [make.get("key")],
        "file": io.BytesIO(),
        "lease": client.lease(60),
        "lock": lock,
        "n": revision,
        "revision": revision,
        "success": [make.put("key", "new")],
        "ca": certificates.authority,
        "cert": own.certificate,
        "key": own.key,
        "watch_id": client.add_watch_callback("other", print),
    }
