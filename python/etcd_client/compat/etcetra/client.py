"""`EtcdClient`: where a cluster is, and its contexts."""

from __future__ import annotations

from types import TracebackType

from etcd_client import Client, Communicator, ConnectOptions, EtcdLockOption, Lock

from ._communicator import EtcdCommunicator
from ._text import encode
from ._transactions import EtcdTransactionAction
from .errors import translated
from .types import EtcdCredential, HostPortPair

__all__ = [
    "EtcdClient",
    "EtcdCommunicator",
    "EtcdConnectionManager",
    "EtcdLockManager",
    "EtcdTransactionAction",
]


class EtcdClient:
    """Where a cluster is, and how to connect to it.

    Args:
        addr: The address of a member.
        credentials: The user; None without authentication.
        secure: Whether to use TLS, with the system's certificate authorities.
        encoding: The encoding of keys and values.

    Raises:
        EtcdInvalidArgumentError: The address is malformed, or the encoding is unknown.

    Examples:
        >>> from etcd_client.compat.etcetra import EtcdClient, HostPortPair
        >>> etcd = EtcdClient(HostPortPair.parse(endpoint.removeprefix("http://")))
        >>> async with etcd.with_lock("deploy", timeout=5) as communicator:
        ...     await communicator.get("missing") is None
        True
    """

    addr: HostPortPair
    """The address of the member."""
    secure: bool
    """Whether TLS is used."""
    encoding: str
    """The encoding of keys and values."""

    def __init__(
        self,
        addr: HostPortPair,
        credentials: EtcdCredential | None = None,
        secure: bool = False,
        encoding: str = "utf-8",
    ) -> None:
        encode("", "encoding", encoding)
        self.addr = addr
        self.secure = secure
        self.encoding = encoding
        options = ConnectOptions()
        with translated():
            if credentials is not None:
                options = options.with_user(credentials.username, credentials.password)
            self._client = Client(f"{'https' if secure else 'http'}://{addr}", options)

    def connect(self) -> EtcdConnectionManager:
        """Return a context that gives an `EtcdCommunicator`.

        Connecting again while a connection is open is cheap: contexts share it.
        """
        return EtcdConnectionManager(self._client, self.encoding)

    def with_lock(
        self, lock_name: str, timeout: float | None = None, ttl: int | None = None
    ) -> EtcdConnectionManager:
        """Return a context that holds a lock while it is open, and gives an `EtcdCommunicator`.

        Without a `ttl`, the lock is held for as long as the context is open.

        Args:
            lock_name: The name of the lock.
            timeout: Maximum wait in seconds; None to wait without limit.
            ttl: Maximum time to hold it, in seconds from its acquisition.

        Raises:
            asyncio.TimeoutError: On entering: it was not acquired in time. It is an
                `EtcdDeadlineExceededError` too.
            EtcdNotFoundError: On leaving: the lock was lost, or its `ttl` is over.
            EtcdInvalidArgumentError: An argument has a wrong value.
        """
        with translated():
            option = EtcdLockOption(encode(lock_name, "lock_name", self.encoding), timeout, ttl)
            return EtcdConnectionManager(self._client.with_lock(option), self.encoding)


class EtcdConnectionManager:
    """The context that `EtcdClient.connect` and `EtcdClient.with_lock` return.

    Args:
        client: The package's own client.
        encoding: The encoding of keys and values.
    """

    def __init__(self, client: Client, encoding: str = "utf-8") -> None:
        self._client = client
        self._encoding = encoding

    async def __aenter__(self) -> EtcdCommunicator:
        with translated():
            return EtcdCommunicator(await self._client.__aenter__(), self._encoding)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with translated():
            await self._client.__aexit__(kind, error, traceback)


class EtcdLockManager:
    """A context that holds a lock while it is open, on a connection that is open already.

    Args:
        name: The name of the lock.
        channel: The `channel` of an `EtcdCommunicator`.
        encoding: The encoding of the name.
        ttl: Maximum time to hold it, in seconds; None for as long as the context is open.
        timeout_seconds: Maximum wait in seconds; None to wait without limit.

    Raises:
        asyncio.TimeoutError: On entering: it was not acquired in time.
        EtcdNotFoundError: On leaving: the lock was lost.

    Examples:
        >>> from etcd_client.compat.etcetra import EtcdCommunicator, EtcdLockManager
        >>> etcetra = EtcdCommunicator(communicator)
        >>> async with EtcdLockManager("deploy", etcetra.channel, ttl=10):
        ...     await etcetra.put("deployed", "7")
    """

    def __init__(
        self,
        name: str,
        channel: Communicator,
        encoding: str = "utf-8",
        ttl: int | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        with translated():
            self._lock = Lock(channel, encode(name, "name", encoding), ttl)
        self._timeout = timeout_seconds

    async def __aenter__(self) -> None:
        with translated():
            await self._lock.acquire(timeout=self._timeout)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with translated():
            await self._lock.__aexit__(kind, error, traceback)
