"""Finding the endpoints of a cluster by the SRV records of its domain."""

from __future__ import annotations

from . import _etcd_client
from ._etcd_client import ConnectOptions


class Discovery:
    """The domain whose SRV records name the endpoints of a cluster; see `Client.from_srv`.

    Args:
        domain: Such as `example.com`.
        service_name: Tells clusters of one domain apart.
        nameserver: The address of a name server to ask instead of the system's.

    Raises:
        InvalidArgsError: The domain or the address is malformed.

    Examples:
        >>> from etcd_client import Client, Discovery
        >>> Client(Discovery("example.com"))
        <Client <Discovery example.com>>
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
        """Look the records up.

        Args:
            options: The options of the client. Its connect timeout bounds the lookup as well.

        Returns:
            The endpoints, and the options to connect to them with: TLS where the records are those
            of TLS, with the domain as the name that the certificate has to carry.

        Raises:
            EtcdConnectionError: There are no such records, or no name server answered.
        """
        return await _etcd_client.discover(
            options, self._domain, self._service_name, self._nameserver
        )

    def __repr__(self) -> str:
        return f"<Discovery {self._domain}>"
