"""`snapshot save`: a member's database in a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import settings
from .commands import Commands
from .output import Output, size


def add_parser(commands: Commands, *, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("snapshot", help="save the database of a member")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    save = actions.add_parser(
        "save",
        parents=[common],
        help="save the database to a file",
        description="Save the database of a member to a file, for `etcdutl snapshot restore`. The "
        "file appears only when it is complete and its checksum is right.",
    )
    text = "the file; an existing one is replaced"
    save.add_argument("file", type=Path, metavar="FILE", help=text)
    settings.add_options(save)
    save.set_defaults(run=_save)


async def _save(arguments: argparse.Namespace, output: Output) -> int:
    async with settings.read(arguments).client() as communicator:
        with output.progress(arguments.file.name) as progress:
            saved = await communicator.maintenance.snapshot_save(arguments.file, progress=progress)
    if output.as_json:
        output.document({"file": str(saved.path), "size": saved.size, "version": saved.version})
    else:
        output.line(f"saved {size(saved.size)} to {saved.path}")
    return 0
