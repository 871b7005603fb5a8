"""`_client` for threads; made by `make generate`, change `etcd_client._client`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import etcd_client as aio

from ._communicator import Communicator
from ._face import Face, leaving, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from etcd_client import ConnectOptions, Discovery, EtcdLockOption


class Client(Face):
    """The endpoints of a cluster, and the options to connect with.

    Entering its context connects to a member within the connect timeout and returns a
    `Communicator`; leaving it closes the communicator. `connect` makes a context for each use;
    contexts may overlap. `open` returns a communicator without a context.

    Args:
        endpoints: The members' client addresses, one or several, perhaps separated by commas:
            `host:port`, `http://host:port`, `https://host:port`, or `unix:` and the path of a
            socket. The default port is 2379.
        connect_options: The options to connect with.
        lock_options: The lock to hold, as for `with_lock`.

    Raises:
        InvalidUriError: An endpoint is malformed.
        InvalidArgsError: No endpoint is given.

    Examples:
        >>> from etcd_client.sync import Client
        >>> with Client(endpoint).connect() as communicator:
        ...     response = communicator.put("greeting", "hello")
        ...     communicator.get("greeting")
        b'hello'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Client

    def __init__(
        self,
        endpoints: str | Iterable[str] | Discovery,
        connect_options: ConnectOptions | None = None,
        lock_options: EtcdLockOption | None = None,
    ) -> None:
        self._inner = run(aio.Client, endpoints, connect_options, lock_options)

    @classmethod
    def from_srv(
        cls,
        domain: str,
        connect_options: ConnectOptions | None = None,
        *,
        service_name: str | None = None,
        nameserver: str | None = None,
    ) -> Client:
        """Make a client for the cluster that the SRV records of a domain describe.

        The records are looked up at each connect, as by etcd's own tools: the endpoints of
        `_etcd-client-ssl._tcp.<domain>` use TLS, those of `_etcd-client._tcp.<domain>` do not. The
        latter are used only if there are none of the former, and never if the options ask for TLS.
        The certificate must be valid for the domain, not for the host that DNS names, unless the
        options set a `server_name`.

        Args:
            domain: The domain, such as `example.com`.
            connect_options: The options to connect with; the connect timeout limits the lookup too.
            service_name: Selects one of several clusters of a domain:
                `_etcd-client-ssl-<name>._tcp`.
            nameserver: The address of a name server to use instead of the system's, with an
                optional port.

        Raises:
            InvalidArgsError: The domain or the address is malformed. Entering the client raises
                `EtcdConnectionError` if DNS has no endpoints.
        """
        return cls._of(
            run(
                aio.Client.from_srv,
                domain,
                connect_options,
                service_name=service_name,
                nameserver=nameserver,
            )
        )

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Client:
        """Make a client from the environment variables of `etcdctl`.

        `ETCDCTL_ENDPOINTS` (127.0.0.1:2379 if it is not set) or `ETCDCTL_DISCOVERY_SRV` with
        `ETCDCTL_DISCOVERY_SRV_NAME`; `ETCDCTL_CACERT`, `ETCDCTL_CERT`, `ETCDCTL_KEY`,
        `ETCDCTL_INSECURE_SKIP_TLS_VERIFY` and `ETCDCTL_INSECURE_TRANSPORT`; `ETCDCTL_USER`
        (`name:password`, or with `ETCDCTL_PASSWORD`); `ETCDCTL_DIAL_TIMEOUT`,
        `ETCDCTL_COMMAND_TIMEOUT`, `ETCDCTL_KEEPALIVE_TIME` and `ETCDCTL_KEEPALIVE_TIMEOUT`, such
        as `5s`. For what is not set, the defaults of `ConnectOptions` apply.

        Args:
            environment: Read instead of the environment of the process.

        Raises:
            InvalidArgsError: A variable is malformed; the message names it.
            OSError: A file could not be read.
        """
        return cls._of(run(aio.Client.from_env, environment))

    def connect(self, connect_options: ConnectOptions | None = None) -> Client:
        """Return a client with the same endpoints, to be entered with `with`.

        Args:
            connect_options: The options to connect with; the client's own by default.
        """
        return Client._of(run(self._inner.connect, connect_options))

    def with_lock(
        self, lock_options: EtcdLockOption, connect_options: ConnectOptions | None = None
    ) -> Client:
        """Return a client with the same endpoints whose contexts hold a lock while they are open.

        Entering it connects and acquires the lock; leaving it releases the lock and closes the
        connection. `Communicator.held_lock` is the lock. A failed or cancelled attempt leaves
        nothing on the server.

        Args:
            lock_options: The lock to acquire.
            connect_options: The options to connect with; the client's own by default.

        Raises:
            LockTimeoutError: On entering: the lock was not acquired in time.
            LockLostError: On leaving: the lock was lost meanwhile.

        Examples:
            >>> from etcd_client.sync import EtcdLockOption
            >>> with client.with_lock(EtcdLockOption("deploy", timeout=5.0)) as communicator:
            ...     response = communicator.put("deployed", "7")
        """
        return Client._of(run(self._inner.with_lock, lock_options, connect_options))

    def open(self) -> Communicator:
        """Open a communicator without a context; close it with `Communicator.aclose`.

        Returns:
            The communicator. If the client has a lock, as from `with_lock`, it is held, and
            `aclose` releases it.

        Raises:
            EtcdConnectionError: No member could be reached, and the options require a connection.
            LockTimeoutError: The lock was not acquired in time.

        Examples:
            >>> communicator = client.open()
            >>> communicator.get("missing") is None
            True
            >>> communicator.aclose()
        """
        return Communicator._of(run(self._inner.open))

    def __enter__(self) -> Communicator:
        return Communicator._of(run(self._inner.__aenter__))

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, error, traceback)


EtcdClient = Client
