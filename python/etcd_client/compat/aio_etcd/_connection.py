"""The connection of a client: made when it is first used, one for each event loop."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import etcd_client as v3
from etcd_client._concurrency import Mutex, current_loop

from ._errors import EtcdClusterIdChanged, EtcdConnectionFailed, translated

if TYPE_CHECKING:
    from etcd_client import Communicator, ConnectOptions

_MEMBERS_TIMEOUT = 2.0

_log = logging.getLogger("etcd_client.compat.aio_etcd")


class Connection:
    """What to connect to, and the connections.

    Args:
        client: The endpoints and options.
        cluster_id: The id of the cluster that is expected, in hexadecimal digits; None for any.
        joins: Whether to use also the members that are not among the endpoints.
    """

    def __init__(self, client: v3.Client, cluster_id: str | None, *, joins: bool) -> None:
        self._client = client
        self._cluster_id = cluster_id
        self._joins = joins
        self._closed = False
        self._loops: dict[object, _OfLoop] = {}

    async def communicator(self) -> Communicator:
        """Return the communicator of the running loop.

        Raises:
            EtcdConnectionFailed: The client is closed.
            EtcdClusterIdChanged: The server belongs to another cluster.
        """
        if self._closed:
            message = "the client is closed"
            raise EtcdConnectionFailed(message)
        of_loop = self._loops.get(current_loop())
        if of_loop is None:
            self._forget_closed_loops()
            of_loop = self._loops[current_loop()] = _OfLoop()
        if of_loop.communicator is not None:
            return of_loop.communicator
        async with of_loop.opening:
            if of_loop.communicator is None:
                of_loop.communicator = await self._open()
            return of_loop.communicator

    def _forget_closed_loops(self) -> None:
        """Close the connections of loops that are over, such as that of the last `asyncio.run`."""
        for loop, of_loop in list(self._loops.items()):
            is_closed = getattr(loop, "is_closed", None)
            if is_closed is not None and is_closed():
                of_loop.close()
                self._loops.pop(loop, None)

    async def _open(self) -> Communicator:
        communicator = await self._client.open()
        try:
            await self._check_cluster(communicator)
            if self._joins:
                await _add_members(communicator)
        except BaseException:
            communicator.close()
            raise
        return communicator

    async def _check_cluster(self, communicator: Communicator) -> None:
        expected = self._cluster_id
        if expected is None:
            return
        header = (await communicator.range("/", count_only=True)).header
        if int(expected, 16) != header.cluster_id:
            message = f"The UUID of the cluster changed from {expected} to {header.cluster_id:x}."
            raise EtcdClusterIdChanged(message)

    def close(self) -> None:
        """Close all connections; closing again does nothing."""
        self._closed = True
        for of_loop in list(self._loops.values()):
            of_loop.close()


async def _add_members(communicator: Communicator) -> None:
    """Add the members that a cluster says it has to those that were given."""
    try:
        listed = await communicator.cluster.member_list(timeout=_MEMBERS_TIMEOUT)
        given = communicator.endpoints
        scheme = given[0].partition(":")[0] + ":"
        urls = [url for member in listed.members for url in member.client_urls]
        communicator.set_endpoints([*given, *(url for url in urls if url.startswith(scheme))])
    except v3.EtcdError as error:
        # The given ones may do.
        _log.warning("allow_reconnect: the members of the cluster are unknown: %s", error)


class _OfLoop:
    """The connection of one event loop."""

    def __init__(self) -> None:
        self.opening = Mutex()
        self.communicator: Communicator | None = None

    def close(self) -> None:
        """Close it, if it is open."""
        if self.communicator is not None:
            self.communicator.close()


def _options(
    *,
    protocol: str,
    cert: str | tuple[str, str] | None,
    ca_cert: str | None,
    ssl_verify: int,
    username: str | None,
    password: str | None,
) -> ConnectOptions:
    """Return the options to connect with.

    Args:
        protocol: `http` or `https`.
        cert: The client certificate with its key, in one file or two.
        ca_cert: The authority of the server's certificate.
        ssl_verify: `ssl.CERT_NONE` not to verify that.
        username: The user.
        password: The user's password.
    """
    chosen = v3.ConnectOptions()
    if protocol == "https":
        certificate, key = (cert, cert) if cert is None or isinstance(cert, str) else cert
        verify = ssl_verify != ssl.CERT_NONE
        authority = ca_cert if verify else None
        chosen = chosen.with_tls(ca=authority, cert=certificate, key=key, verify=verify)
    elif cert or ca_cert:
        _log.warning("cert, ca_cert: not used without protocol='https'")
    if username and password:
        return chosen.with_user(username, password)
    if username or password:
        _log.warning("username, password: both are needed to authenticate, and one was given")
    return chosen


class Connected:
    """The part of `Client` that says what it is connected to."""

    def __init__(
        self,
        host: str | tuple[tuple[str, int], ...] = "127.0.0.1",
        port: int = 2379,
        srv_domain: str | None = None,
        version_prefix: str = "/v2",
        allow_redirect: bool = True,
        protocol: str = "http",
        cert: str | tuple[str, str] | None = None,
        ca_cert: str | None = None,
        username: str | None = None,
        password: str | None = None,
        allow_reconnect: bool = False,
        use_proxies: bool = False,
        expected_cluster_id: str | None = None,
        per_host_pool_size: int = 10,  # noqa: ARG002 - as there
        ssl_verify: int = ssl.CERT_REQUIRED,
        loop: object = None,  # noqa: ARG002 - as there
        lock_prefix: str = "/_locks",
    ) -> None:
        hosts = host if isinstance(host, tuple) else ((host, port),)
        uris = [f"{protocol}://{name}:{number:d}" for name, number in hosts]
        self._base_uri = uris[0]
        self._protocol = protocol
        self._allow_redirect = allow_redirect
        self._allow_reconnect = allow_reconnect
        self._lock_prefix = lock_prefix
        self.version_prefix = version_prefix
        self.expected_cluster_id = expected_cluster_id
        self.username = username if password else None
        self.password = password if username else None
        if version_prefix not in {"", "/v2"}:
            _log.warning("version_prefix: %s is not used, API v3 has no path", version_prefix)
        chosen = _options(
            protocol=protocol,
            cert=cert,
            ca_cert=ca_cert,
            ssl_verify=ssl_verify,
            username=username,
            password=password,
        )
        with translated():
            if srv_domain is None:
                client = v3.Client(uris, chosen)
            else:
                client = v3.Client.from_srv(srv_domain, chosen)
        self._connection = Connection(
            client, expected_cluster_id, joins=allow_reconnect and not use_proxies
        )

    async def _communicator(self) -> Communicator:
        """Return the connection of the running loop; `Lock` uses it too."""
        return await self._connection.communicator()

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._connection.close()

    @property
    def base_uri(self) -> str:
        """The URI of the first member that was given."""
        return self._base_uri

    @property
    def host(self) -> str:
        """The host of `base_uri`."""
        return urlsplit(self._base_uri).hostname or ""

    @property
    def port(self) -> int:
        """The port of `base_uri`."""
        return urlsplit(self._base_uri).port or 0

    @property
    def protocol(self) -> str:
        """`http` or `https`."""
        return self._protocol

    @property
    def allow_redirect(self) -> bool:
        """What was given; it has no effect."""
        return self._allow_redirect

    @property
    def lock_prefix(self) -> str:
        """The directory of locks."""
        return self._lock_prefix

    @property
    def key_endpoint(self) -> str:
        """The path of the keys in API v2."""
        return f"{self.version_prefix}/keys"
