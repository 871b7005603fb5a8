"""What holds of a cluster as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from etcd_client._communicator import Communicator
from etcd_client._etcd_client import StatusResponse
from etcd_client.enums import AlarmType
from etcd_client.errors import EtcdError

from ..members import MemberState, member_states
from ..output import identifier
from .findings import Findings

_ADVICE = {
    AlarmType.NOSPACE: "writes are refused: compact, defragment, then disarm the alarm",
    AlarmType.CORRUPT: "the data of a member differs from the others': replace that member",
}


def compare(answers: Sequence[StatusResponse], findings: Findings) -> None:
    """Compare what the endpoints say of their cluster.

    Args:
        answers: The status of each endpoint that has one.
        findings: Takes what is found.
    """
    clusters = {identifier(answer.header.cluster_id) for answer in answers}
    if len(clusters) > 1:
        detail = f"the endpoints lead to {len(clusters)} clusters: {', '.join(sorted(clusters))}"
        findings.problem("identity", detail, "use the endpoints of one cluster only")
        return
    findings.ok("identity", f"cluster {clusters.pop()}")
    leaders = {answer.leader for answer in answers}
    if 0 in leaders:
        advice = "most members must be up and reach each other"
        findings.problem("leader", "a member knows no leader", advice)
    elif len(leaders) > 1:
        named = ", ".join(sorted(identifier(leader) for leader in leaders))
        findings.warn("leader", f"the members name different ones: {named}", "check again")
    else:
        findings.ok("leader", f"member {identifier(leaders.pop())}")


async def check_members(communicator: Communicator, findings: Findings) -> None:
    """Look at all members, those without an endpoint among them, and at the alarms.

    Args:
        communicator: A connection to the cluster.
        findings: Takes what is found.
    """
    try:
        states = await member_states(communicator)
        alarms = (await communicator.maintenance.alarm_list()).alarms
    except EtcdError as error:
        findings.warn("members", f"cannot be listed: {error}")
        return
    _members(states, findings)
    _versions(states, findings)
    names = {state.member.id: state.member.name for state in states}
    for alarm in alarms:
        kind = AlarmType(alarm.alarm)
        name = names.get(alarm.member_id) or identifier(alarm.member_id)
        findings.problem("alarm", f"{kind.name} of member {name}", _ADVICE.get(kind, ""))
    if not alarms:
        findings.ok("alarm", "none")


def _members(states: Sequence[MemberState], findings: Findings) -> None:
    missing = [state for state in states if state.status is None]
    detail = f"{len(states) - len(missing)} of {len(states)} answer"
    if not missing:
        findings.ok("members", detail)
        return
    named = "; ".join(f"{state.member.name or 'a new one'}: {state.error}" for state in missing)
    advice = "start them, or remove those that will not come back"
    findings.warn("members", f"{detail}; {named}", advice)


def _versions(states: Sequence[MemberState], findings: Findings) -> None:
    versions = sorted({state.status.version for state in states if state.status is not None})
    if len(versions) > 1:
        findings.warn("version", ", ".join(versions), "finish the upgrade of the members")
    elif versions:
        findings.ok("version", f"{versions[0]}, of all that answer")
