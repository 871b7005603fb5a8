"""`Client`: the endpoints of a cluster, and the options to connect to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _etcd_client
from ._communicator import Communicator
from ._discovery import Discovery
from ._etcd_client import ConnectOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import NoReturn

    from ._coordination.lock import EtcdLockOption


_OPENING = (
    "use `async with client.connect() as communicator`, or `communicator = await client.open()`"
)


class Client:
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
        >>> from etcd_client import Client
        >>> async with Client(endpoint).connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
        ...     await communicator.get("greeting")
        b'hello'
    """

    __slots__ = ("_connect_options", "_endpoints", "_lock_options", "_open")

    def __init__(
        self,
        endpoints: str | Iterable[str] | Discovery,
        connect_options: ConnectOptions | None = None,
        lock_options: EtcdLockOption | None = None,
    ) -> None:
        # Now, as a process without free file descriptors could not load them when it needs them.
        from . import errors  # noqa: F401

        if connect_options is None:
            connect_options = ConnectOptions()
        else:
            from ._arguments import check_options

            check_options(connect_options)
        self._connect_options = connect_options
        if lock_options is not None:
            self._check_lock(lock_options)
        self._lock_options = lock_options
        self._open: list[tuple[object, Communicator]] = []
        self._endpoints: list[str] | Discovery
        if isinstance(endpoints, Discovery):
            self._endpoints = endpoints
            return
        self._endpoints = _etcd_client.read_endpoints(endpoints, self._connect_options)

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
        return cls(Discovery(domain, service_name, nameserver), connect_options)

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
        import os

        from . import _environment

        settings = _environment.read(os.environ if environment is None else environment)
        return cls(settings.endpoints, settings.options)

    def connect(self, connect_options: ConnectOptions | None = None) -> Client:
        """Return a client with the same endpoints, to be entered with `async with`.

        Args:
            connect_options: The options to connect with; the client's own by default.
        """
        return self._with(connect_options, self._lock_options)

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
            >>> from etcd_client import EtcdLockOption
            >>> async with client.with_lock(EtcdLockOption("deploy", timeout=5.0)) as communicator:
            ...     response = await communicator.put("deployed", "7")
        """
        self._check_lock(lock_options)
        return self._with(connect_options, lock_options)

    @staticmethod
    def _check_lock(lock_options: object) -> None:
        from ._coordination.lock import EtcdLockOption

        if not isinstance(lock_options, EtcdLockOption):
            found = type(lock_options).__qualname__
            message = f"lock_options: expected EtcdLockOption, got {found}"
            raise TypeError(message)

    def _with(
        self, connect_options: ConnectOptions | None, lock_options: EtcdLockOption | None
    ) -> Client:
        options = self._connect_options if connect_options is None else connect_options
        return Client(self._endpoints, options, lock_options)

    async def open(self) -> Communicator:
        """Open a communicator without a context; close it with `Communicator.aclose`.

        Returns:
            The communicator. If the client has a lock, as from `with_lock`, it is held, and
            `aclose` releases it.

        Raises:
            EtcdConnectionError: No member could be reached, and the options require a connection.
            LockTimeoutError: The lock was not acquired in time.

        Examples:
            >>> communicator = await client.open()
            >>> await communicator.get("missing") is None
            True
            >>> await communicator.aclose()
        """
        endpoints, options = self._endpoints, self._connect_options
        if self._lock_options is not None:
            # Without a connection, acquiring the lock could wait for ever.
            options = options.with_require_connection(True)  # noqa: FBT003 - as it reads
        if isinstance(endpoints, Discovery):
            endpoints, options = await endpoints.resolve(options)
        connected = await _etcd_client.connect(endpoints, options)
        communicator = Communicator(connected)
        if self._lock_options is not None:
            await self._acquire(communicator, self._lock_options)
        return communicator

    async def __aenter__(self) -> Communicator:
        from ._concurrency import current_task

        communicator = await self.open()
        self._open.append((current_task(), communicator))
        return communicator

    async def _acquire(self, communicator: Communicator, options: EtcdLockOption) -> None:
        from ._coordination.lock import Lock

        lock = Lock(communicator, options.lock_name, options.ttl)
        try:
            await lock.acquire(timeout=options.timeout)
        except BaseException:
            communicator.close()
            raise
        communicator.held_lock = lock

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        communicator = self._take_open()
        try:
            if communicator.held_lock is not None:
                await communicator.held_lock.__aexit__(kind, error, traceback)
        finally:
            communicator.close()

    def _take_open(self) -> Communicator:
        """Return the context that the running task entered last, or else the last one of all."""
        from ._concurrency import current_task

        task = current_task()
        own = [index for index, (opener, _) in enumerate(self._open) if opener is task]
        return self._open.pop(own[-1] if own else -1)[1]

    if not TYPE_CHECKING:
        # For programs that take it for a communicator; type checkers tell them before.

        def __await__(self) -> NoReturn:
            message = f"a client is not awaited: {_OPENING}"
            raise TypeError(message)

        def __enter__(self) -> NoReturn:
            from ._async_only import refuse

            refuse(self)

        def __exit__(self, *_exception: object) -> None: ...

        def __getattr__(self, name: str) -> NoReturn:
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_") and hasattr(Communicator, name):
                message += f": communicators have: {_OPENING}"
            raise AttributeError(message)

    def __reduce__(self) -> tuple[type[Client], tuple[object, ...]]:
        # Contexts that are open stay where they are.
        return Client, (self._endpoints, self._connect_options, self._lock_options)

    def __repr__(self) -> str:
        if not hasattr(self, "_endpoints"):
            # The constructor has refused its arguments.
            return "<Client>"
        if isinstance(self._endpoints, Discovery):
            return f"<Client {self._endpoints!r}>"
        return f"<Client {', '.join(self._endpoints)}>"


EtcdClient = Client
