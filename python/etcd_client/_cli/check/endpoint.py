"""The steps that one endpoint takes, from its name to a read that needs a quorum."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from etcd_client._client import Client
from etcd_client._communicator import Communicator
from etcd_client._etcd_client import ConnectOptions, StatusResponse
from etcd_client.errors import (
    AuthFailedError,
    EtcdConnectionError,
    EtcdError,
    EtcdTimeoutError,
    NoLeaderError,
    PermissionDeniedError,
    RpcError,
    UnimplementedError,
    UserEmptyError,
)

from ..output import identifier, size
from . import http
from .findings import Findings
from .network import reaches

_READS = 5
_SLOW = 0.1
_FULL = 0.8
_MOST_CLOCK_ERROR = 5.0
_KEY = "etcd-client-check"

# What the client says of a connection that fails, and what to do then.
_ADVICE = {
    "certificate is refused: UnknownIssuer": "pass the certificate of its authority by --cacert",
    "certificate is refused: BadSignature": "--cacert is another authority of the same name",
    "certificate is refused: certificate expired": "renew the certificate of the member",
    "certificate is refused: certificate not valid for name": "use a name that it is valid for",
    "refuses the client's certificate": "pass a certificate by --cert and --key",
    "is the port one for https?": "try https://, and check that the port is one for clients",
    "is the port one for http?": "try http://",
}


@dataclass(frozen=True)
class Access:
    """How endpoints are reached."""

    options: ConnectOptions
    environment: Mapping[str, str]
    """The variables of etcdctl."""
    within: float
    """The longest time for what is no call of the client, in seconds."""

    def is_tls(self, endpoint: str) -> bool:
        """Return whether the client speaks TLS there; options may ask for it too."""
        asked_for = any(self.environment.get(f"ETCDCTL_{name}") for name in ("CACERT", "CERT"))
        return endpoint.startswith("https:") or ("://" not in endpoint and asked_for)


@dataclass(frozen=True)
class Checked:
    """An endpoint, and what was found."""

    findings: Findings
    status: StatusResponse | None
    """None if it is not a usable member of etcd."""
    reads: bool
    """Whether a read that needs a quorum was answered."""


async def check(endpoint: str, access: Access) -> Checked:
    """Check an endpoint, as far as it works.

    Args:
        endpoint: The endpoint.
        access: How to reach it.
    """
    findings = Findings(endpoint)
    status, reads = None, False
    if await reaches(endpoint, access.within, findings):
        try:
            async with Client(endpoint, access.options).connect() as communicator:
                status = await _identity(communicator, endpoint, access, findings)
                reads = status is not None and await _quorum(communicator, access, findings)
        except AuthFailedError as error:
            findings.problem("auth", str(error), "check --user and --password")
        except EtcdConnectionError as error:
            _connection(error, endpoint, findings)
        except EtcdError as error:
            findings.problem("etcd", str(error))
    if status is not None:
        told = http.Told()
        if not endpoint.startswith("unix:"):
            told = await asyncio.to_thread(
                http.ask, endpoint, access.environment, access.within, tls=access.is_tls(endpoint)
            )
        _space(status, told, findings)
        check_clock(told, findings)
    return Checked(findings, status, reads)


def _connection(error: EtcdError, endpoint: str, findings: Findings) -> None:
    message = str(error)
    advice = next((advice for part, advice in _ADVICE.items() if part in message), "")
    step = "tls" if "certificate" in message or "TLS" in message else "connect"
    findings.problem(step, message.rpartition(f"{endpoint}: ")[2], advice)


async def _identity(
    communicator: Communicator, endpoint: str, access: Access, findings: Findings
) -> StatusResponse | None:
    try:
        status = await communicator.maintenance.status(endpoint)
    except UnimplementedError:
        findings.problem("etcd", "a gRPC server that is not etcd v3", "is this the right port?")
        return None
    except EtcdTimeoutError as error:
        advice = "it accepts connections, but does not answer: is it frozen or overloaded?"
        findings.problem("etcd", str(error), advice)
        return None
    if access.is_tls(endpoint):
        findings.ok("tls", "the certificate is accepted")
    learner = ", a learner" if status.is_learner else ""
    identity = f"{status.version}, member {identifier(status.header.member_id)}{learner}"
    findings.ok("etcd", identity)
    return status


async def _quorum(communicator: Communicator, access: Access, findings: Findings) -> bool:
    """Read in a way that needs a leader and a quorum, after authentication."""
    clock = asyncio.get_running_loop().time
    times = []
    try:
        for _ in range(_READS):
            began = clock()
            # It is as good as an answer: the user is known.
            with contextlib.suppress(PermissionDeniedError):
                await communicator.get(_KEY)
            times.append(clock() - began)
    except UserEmptyError:
        findings.problem("auth", "the cluster requires a user", "pass --user NAME:PASSWORD")
        return False
    except (NoLeaderError, EtcdTimeoutError, RpcError) as error:
        advice = "most members must be up and reach each other: see the status of the others"
        findings.problem("quorum", f"a read fails: {error}", advice)
        return False
    await _user(communicator, access, findings)
    typical = statistics.median(times)
    detail = f"a read takes {1000 * typical:.1f} ms"
    if typical > _SLOW:
        findings.warn("quorum", detail, "look at the disks of the members and the network")
    else:
        findings.ok("quorum", detail)
    return True


async def _user(communicator: Communicator, access: Access, findings: Findings) -> None:
    user = access.environment.get("ETCDCTL_USER", "").partition(":")[0]
    if not user:
        findings.ok("auth", "no user is required")
        return
    # Servers may refuse to tell, or be too old to know.
    with contextlib.suppress(RpcError):
        if not (await communicator.auth.status()).enabled:
            findings.warn("auth", f"off: user {user} is not needed", "`etcdctl auth enable`")
            return
    findings.ok("auth", f"user {user}")


def _space(status: StatusResponse, told: http.Told, findings: Findings) -> None:
    quota = status.db_size_quota or told.quota
    used = size(status.db_size)
    if not quota:
        findings.ok("space", f"{used}, of an unknown quota")
        return
    share = status.db_size / quota
    detail = f"{used} of {size(quota)} ({share:.0%})"
    if share > _FULL:
        advice = "compact and defragment, or raise --quota-backend-bytes"
        findings.warn("space", detail, advice)
    else:
        findings.ok("space", detail)


def check_clock(told: http.Told, findings: Findings) -> None:
    """Compare the clock of a member with that of this machine.

    Args:
        told: What the member has told.
        findings: Takes what is found.
    """
    if told.clock_ahead is None or abs(told.clock_ahead) <= _MOST_CLOCK_ERROR:
        return
    direction = "ahead of" if told.clock_ahead > 0 else "behind"
    detail = f"{abs(told.clock_ahead):.0f} s {direction} the clock of this machine"
    findings.warn("clock", detail, "certificates and tokens need right clocks: synchronize them")
