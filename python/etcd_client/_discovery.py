"""DNS discovery: the endpoints of a cluster from the SRV records of its domain."""

from __future__ import annotations

from . import _etcd_client
from ._etcd_client import ConnectOptions


class Discovery:
    """A domain whose SRV records name the endpoints of a cluster; see `Client.from_srv`.

    Args:
        domain: The domain, such as `example.com`.
        service_name: Selects one of several clusters of a domain.
        nameserver: The address of a name server to use instead of the system's.

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
            options: The options of the client; its connect timeout limits the lookup too.

        Returns:
            The endpoints, and the options to connect to them. For records of endpoints with TLS,
            these ask for TLS and expect the domain in the certificate.

        Raises:
            EtcdConnectionError: There are no usable records, or no name server answered.
        """
        endpoints, found = await _etcd_client.discover(
            options, self._domain, self._service_name, self._nameserver
        )
        return endpoints, found._with_hooks_of(options)  # noqa: SLF001 - ours

    def __repr__(self) -> str:
        return f"<Discovery {self._domain}>"
