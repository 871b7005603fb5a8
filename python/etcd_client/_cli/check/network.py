"""The first steps: the name of a host, and a connection to its port."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Coroutine
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .findings import Findings

_UNIX = "unix:"
_DEFAULT_PORT = 2379


class Place(NamedTuple):
    """Where an endpoint is."""

    host: str
    port: int

    @classmethod
    def of(cls, endpoint: str) -> Place:
        """Read an endpoint that the client has accepted."""
        parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
        return cls(parts.hostname or "", parts.port or _DEFAULT_PORT)


async def reaches(endpoint: str, within: float, findings: Findings) -> bool:
    """Find out whether something accepts connections at an endpoint.

    Args:
        endpoint: The endpoint.
        within: The longest time to wait, in seconds.
        findings: Takes what is found.
    """
    if endpoint.startswith(_UNIX):
        return await _reaches_socket(
            endpoint.removeprefix(_UNIX).removeprefix("//"), within, findings
        )
    place = Place.of(endpoint)
    addresses = await _addresses(place, within, findings)
    failures = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    for address in addresses:
        failure = await _failure(asyncio.open_connection(address, place.port), within)
        if not failure:
            findings.ok("reach", f"port {place.port}, in {1000 * (loop.time() - began):.1f} ms")
            return True
        failures.append(f"{address}: {failure}")
    if addresses:
        advice = "is etcd running there, and does its --listen-client-urls have this address?"
        if any("no answer" in failure for failure in failures):
            advice = "look for a firewall between here and there, and whether the host is up"
        findings.problem("reach", f"port {place.port}: {'; '.join(failures)}", advice)
    return False


async def _reaches_socket(path: str, within: float, findings: Findings) -> bool:
    failure = await _failure(asyncio.open_unix_connection(path), within)
    if failure:
        findings.problem("reach", f"{path}: {failure}", "is etcd running, with this socket?")
        return False
    findings.ok("reach", path)
    return True


async def _addresses(place: Place, within: float, findings: Findings) -> list[str]:
    try:
        ipaddress.ip_address(place.host)
    except ValueError:
        pass
    else:
        return [place.host]
    loop = asyncio.get_running_loop()
    lookup = loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(lookup, within)
    except (OSError, asyncio.TimeoutError) as error:
        findings.problem("name", f"{place.host}: {_reason(error)}", "is the name right?")
        return []
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    findings.ok("name", f"{place.host} is {', '.join(addresses)}")
    return addresses


async def _failure(
    connecting: Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    within: float,
) -> str:
    """Connect, and return why that fails; nothing if it does not."""
    try:
        _, writer = await asyncio.wait_for(connecting, within)
    except (OSError, asyncio.TimeoutError) as error:
        return _reason(error)
    writer.close()
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        # asyncio has put its own words around it.
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
