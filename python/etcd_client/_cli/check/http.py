"""What a member tells over plain HTTP and to no gRPC client: its quota, and its clock.

Members may be set up to tell none of it, so that all of this may be missing.
"""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from .network import Place

_QUOTA = re.compile(r"^etcd_server_quota_backend_bytes (\S+)$", re.MULTILINE)


class Told(NamedTuple):
    """What a member has told."""

    quota: int | None = None
    """The largest size of its database, in bytes."""
    clock_ahead: float | None = None
    """By how much its clock is ahead of this machine's, in seconds."""


def ask(endpoint: str, environment: Mapping[str, str], within: float, *, tls: bool) -> Told:
    """Ask a member; this blocks.

    Args:
        endpoint: The endpoint.
        environment: The variables of etcdctl, for TLS.
        within: The longest time to wait for a connection or a part of the answer, in seconds.
        tls: Whether it speaks TLS.
    """
    try:
        connection = _connection(endpoint, environment, within, tls=tls)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            now = time.time()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return Told()
    quota = _QUOTA.search(text)
    date = response.headers.get("Date")
    return Told(
        None if quota is None else int(float(quota[1])),
        # The header has whole seconds.
        None if date is None else parsedate_to_datetime(date).timestamp() + 0.5 - now,
    )


def _connection(
    endpoint: str, environment: Mapping[str, str], within: float, *, tls: bool
) -> http.client.HTTPConnection:
    place = Place.of(endpoint)
    if not tls:
        return http.client.HTTPConnection(*place, timeout=within)
    context = ssl.create_default_context(cafile=environment.get("ETCDCTL_CACERT") or None)
    # The client has checked the certificate; nothing secret is sent here.
    context.check_hostname = False
    if environment.get("ETCDCTL_CERT"):
        context.load_cert_chain(environment["ETCDCTL_CERT"], environment.get("ETCDCTL_KEY"))
    return http.client.HTTPSConnection(*place, timeout=within, context=context)
