"""`status`: the members of a cluster as a table."""

from __future__ import annotations

import argparse
from typing import Any

from . import settings
from .commands import Commands
from .members import MemberState, member_states
from .output import Output, identifier, size

_HEADINGS = ("ID", "NAME", "ENDPOINT", "VERSION", "SIZE", "IN USE", "ROLE", "TERM", "INDEX")


def add_parser(commands: Commands, *, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "status",
        parents=[common],
        help="list the members with their roles, versions and sizes",
        description="List the members of a cluster. Fails if one of them does not answer.",
    )
    settings.add_endpoints(parser)
    settings.add_options(parser)
    parser.set_defaults(run=_run)


async def _run(arguments: argparse.Namespace, output: Output) -> int:
    async with settings.read(arguments).client() as communicator:
        states = await member_states(communicator)
    if output.as_json:
        output.document({"members": [_document(state) for state in states]})
    else:
        output.table(_HEADINGS, [_row(state) for state in states])
        for state in states:
            name = state.member.name or identifier(state.member.id)
            if state.status is None:
                output.note(f"{name} does not answer: {state.error}")
            for error in () if state.status is None else state.status.errors:
                output.note(f"{name}: {error}")
    return 1 if any(state.status is None for state in states) else 0


def _row(state: MemberState) -> list[str]:
    known = [identifier(state.member.id), state.member.name, state.endpoint]
    if state.status is None:
        return [*known, *("-" * (len(_HEADINGS) - len(known)))]
    status = state.status
    sizes = [size(status.db_size), size(status.db_size_in_use)]
    raft = [str(status.raft_term), str(status.raft_index)]
    return [*known, status.version, *sizes, state.role, *raft]


def _document(state: MemberState) -> dict[str, Any]:
    member = {
        "id": identifier(state.member.id),
        "name": state.member.name,
        "endpoint": state.endpoint,
        "answers": state.status is not None,
    }
    if state.status is None:
        return {**member, "error": state.error}
    status = state.status
    return {
        **member,
        "version": status.version,
        "db_size": status.db_size,
        "db_size_in_use": status.db_size_in_use,
        "role": state.role,
        "leader": identifier(status.leader),
        "raft_term": status.raft_term,
        "raft_index": status.raft_index,
        "raft_applied_index": status.raft_applied_index,
        "errors": list(status.errors),
    }
