"""The command `check`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence

from etcd_client._client import Client
from etcd_client.errors import EtcdError

from .. import settings
from ..commands import Commands
from ..output import Output
from . import cluster, endpoint
from .endpoint import Access, Checked
from .findings import Findings

_WITHIN = 5.0


def add_parser(commands: Commands, *, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check",
        parents=[common],
        help="find out what is wrong with endpoints and their cluster",
        description="Check endpoints and their cluster: names, ports, TLS, whether it is etcd v3, "
        "authentication, quorum, space, clocks, members, alarms. Fails if there is a problem.",
    )
    settings.add_endpoints(parser)
    settings.add_options(parser)
    parser.set_defaults(run=_run)


async def _run(arguments: argparse.Namespace, output: Output) -> int:
    found = settings.read(arguments)
    endpoints, options = await found.resolved()
    access = Access(options, found.environment, _WITHIN)
    checked = await asyncio.gather(*(endpoint.check(known, access) for known in endpoints))
    everything = [one.findings for one in checked]
    if any(one.status is not None for one in checked):
        everything.append(await _cluster(checked, access))
    problems = sum(findings.problems for findings in everything)
    if output.as_json:
        documents = [findings.document() for findings in everything]
        output.document({"problems": problems, "checked": documents})
    else:
        _show(everything, output)
        output.line(_summary(problems))
    return 1 if problems else 0


async def _cluster(checked: Sequence[Checked], access: Access) -> Findings:
    findings = Findings("cluster")
    usable = {one.findings.subject: one.status for one in checked if one.status is not None}
    cluster.compare(list(usable.values()), findings)
    if findings.problems == 0 or any(one.reads for one in checked):
        try:
            async with Client(list(usable), access.options).connect() as communicator:
                await cluster.check_members(communicator, findings)
        except EtcdError as error:
            findings.problem("members", str(error))
    return findings


def _show(everything: Sequence[Findings], output: Output) -> None:
    for findings in everything:
        output.line(findings.subject)
        for one in findings.found:
            output.finding(one.state.value, one.step, one.detail, one.advice)


def _summary(problems: int) -> str:
    if problems == 0:
        return "no problem found"
    return "1 problem" if problems == 1 else f"{problems} problems"
