"""Finding the endpoints of a cluster by the SRV records of its domain."""

from __future__ import annotations

from . import _etcd_client
from ._etcd_client import ConnectOptions


class Discovery:
    """Whom to ask for the endpoints of which cluster; see `Client.from_srv`.

    Args:
        domain: Such as `example.com`.
        service_name: Tells clusters of one domain apart.
        nameserver: Whom to ask instead of the system's name servers.
    """

    __slots__ = ("_domain", "_nameserver", "_service_name")

    def __init__(
        self, domain: str, service_name: str | None = None, nameserver: str | None = None
    ) -> None:
        _etcd_client.check_discovery(domain, service_name, nameserver)
        self._domain = domain
        self._service_name = service_name
        self._nameserver = nameserver

    async def resolve(self, options: ConnectOptions) -> tuple[list[str], ConnectOptions]:
        """Ask DNS; return the endpoints, and the options for connecting to them.

        Args:
            options: Those of the client. Its connect timeout bounds the lookup as well.
        """
        return await _etcd_client.discover(
            options, self._domain, self._service_name, self._nameserver
        )

    def __repr__(self) -> str:
        return f"<Discovery {self._domain}>"
