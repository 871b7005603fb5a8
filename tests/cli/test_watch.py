"""`watch` prints changes."""

from __future__ import annotations

import json
import signal
from typing import IO

from etcd_client import Communicator
from tests.cli.conftest import Start


def lines(stream: IO[str] | None, count: int) -> list[str]:
    """Read lines of a running command."""
    assert stream is not None
    return [stream.readline().rstrip("\n") for _ in range(count)]


async def test_changes_of_a_prefix(start: Start, endpoint: str, communicator: Communicator) -> None:
    first = await communicator.put("other", "x")
    lease = await communicator.lease_grant(60)
    await communicator.put("a/1", "one", lease=lease.id)
    await communicator.put("a/2", b"\x1b[2J\xff\n")
    last = await communicator.delete("a/1")
    revision = first.header.revision
    options = ("--endpoints", endpoint, "--prefix", "--revision", str(revision))
    command = start("watch", "a/", *options)
    assert lines(command.stdout, 3) == [
        f"{revision + 1}  PUT     a/1 = one  (lease {lease.id:x})",
        f"{revision + 2}  PUT     a/2 = \\x1b[2J\\xff\\n",
        f"{revision + 3}  DELETE  a/1",
    ]
    assert last.header.revision == revision + 3
    command.send_signal(signal.SIGINT)
    _, complaint = command.communicate(timeout=20)
    assert (command.returncode, complaint) == (130, "")

    command = start("watch", "a/", *options, "--json")
    put, binary, deleted = map(json.loads, lines(command.stdout, 3))
    assert put == {
        "revision": revision + 1,
        "event": "PUT",
        "key": "a/1",
        "value": "one",
        "lease": f"{lease.id:x}",
    }
    assert binary["value_base64"] == "G1sySv8K"
    assert deleted == {"revision": revision + 3, "event": "DELETE", "key": "a/1"}


async def test_of_one_key_until_nobody_reads(
    start: Start, endpoint: str, communicator: Communicator
) -> None:
    first = await communicator.put("key", "1")
    await communicator.put("key2", "2")
    revision = str(first.header.revision)
    command = start("watch", "key", "--endpoints", endpoint, "--revision", revision)
    assert lines(command.stdout, 1) == [f"{revision}  PUT     key = 1"]
    assert command.stdout is not None
    command.stdout.close()
    await communicator.put("key", "3")
    assert command.wait(20) == 141
    assert command.stderr is not None
    assert command.stderr.read() == ""


async def test_a_history_that_is_gone(
    start: Start, endpoint: str, communicator: Communicator
) -> None:
    await communicator.put("key", "1")
    last = await communicator.put("key", "2")
    await communicator.compact(last.header.revision)
    command = start("watch", "key", "--endpoints", endpoint, "--revision", "1")
    shown, complaint = command.communicate(timeout=20)
    assert (command.returncode, shown) == (1, "")
    assert complaint.startswith("error: ")
    assert "compacted" in complaint
