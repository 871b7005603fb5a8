"""Finding the endpoints of a cluster by the SRV records of its domain."""

from __future__ import annotations

from dataclasses import dataclass

from . import _etcd_client
from ._etcd_client import ConnectOptions


@dataclass(frozen=True)
class Discovery:
    """Whom to ask for the endpoints of which cluster; see `Client.from_srv`."""

    domain: str
    service_name: str | None = None
    nameserver: str | None = None

    def __post_init__(self) -> None:
        _etcd_client.check_discovery(self.domain, self.service_name, self.nameserver)

    async def resolve(self, options: ConnectOptions) -> tuple[list[str], ConnectOptions]:
        """Ask DNS; return the endpoints, and the options for connecting to them.

        Args:
            options: Those of the client. Its connect timeout bounds the lookup as well.
        """
        return await _etcd_client.discover(options, self.domain, self.service_name, self.nameserver)
