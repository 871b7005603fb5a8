"""`watch`: changes as they happen, for people."""

from __future__ import annotations

import argparse
from typing import Any

from etcd_client._etcd_client import Watch, WatchEvent
from etcd_client.enums import WatchEventType

from . import settings
from .commands import Commands
from .output import Output, identifier, json_bytes, printable


def add_parser(commands: Commands, *, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "watch",
        parents=[common],
        help="print changes of a key or a prefix as they happen",
        description="Print changes until Ctrl-C. With --json, each is a line of its own.",
    )
    parser.add_argument("watched", metavar="KEY", help="the key, or the prefix; empty for all keys")
    parser.add_argument("--prefix", action="store_true", help="watch all keys that begin with KEY")
    text = "begin with the changes of revision N"
    parser.add_argument("--revision", type=int, default=0, metavar="N", help=text)
    settings.add_options(parser)
    parser.set_defaults(run=_run)


async def _run(arguments: argparse.Namespace, output: Output) -> int:
    async with settings.read(arguments).client() as communicator:
        start = communicator.watch_prefix if arguments.prefix else communicator.watch
        watch: Watch = start(arguments.watched, start_revision=arguments.revision)
        async with watch:
            async for event in watch:
                if output.as_json:
                    output.record(_record(event))
                else:
                    output.line(_line(event))
    return 0


def _line(event: WatchEvent) -> str:
    kind = "PUT" if event.event == WatchEventType.PUT else "DELETE"
    line = f"{_revision(event)}  {kind:6}  {printable(event.key)}"
    if event.event != WatchEventType.PUT:
        return line
    line += f" = {printable(event.value)}"
    lease = event.kv.lease if event.kv is not None else 0
    return f"{line}  (lease {identifier(lease)})" if lease else line


def _record(event: WatchEvent) -> dict[str, Any]:
    record: dict[str, Any] = {"revision": _revision(event)}
    if event.event != WatchEventType.PUT:
        return {**record, "event": "DELETE", **json_bytes("key", event.key)}
    lease = event.kv.lease if event.kv is not None else 0
    pair = {**json_bytes("key", event.key), **json_bytes("value", event.value)}
    return {**record, "event": "PUT", **pair, "lease": identifier(lease) if lease else None}


def _revision(event: WatchEvent) -> int:
    return event.kv.mod_revision if event.kv is not None else 0
