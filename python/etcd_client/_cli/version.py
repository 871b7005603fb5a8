"""`version`: what runs here."""

from __future__ import annotations

import argparse
import platform

from etcd_client import _etcd_client

from .commands import Commands
from .output import Output


def add_parser(commands: Commands, *, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "version", parents=[common], help="print the versions of this client and of Python"
    )
    parser.set_defaults(run=_run)


async def _run(_arguments: argparse.Namespace, output: Output) -> int:
    versions = {
        "etcd-client-py": _etcd_client.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
    }
    if output.as_json:
        output.document(versions)
    else:
        for name, version in versions.items():
            output.line(f"{name}: {version}")
    return 0
