"""The native module: the classes that do the work, and their documentation.

Programs import these names from `etcd_client`. Some rules hold for all of them:

- Keys, values and names are taken as any bytes-like object or as `str`, which is encoded as UTF-8;
  they are always returned as `bytes`.
- Times are seconds, as `int` or `float`, and more than 0.
- An argument of a wrong type raises `TypeError`, one with a wrong value `InvalidArgsError`, which
  is a `ValueError`. Either names the argument, and nothing was sent.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator, Iterable, Sequence
from types import GenericAlias, TracebackType
from typing import (
    Any,
    Generic,
    Literal,
    NoReturn,
    TypeVar,
    final,
    overload,
)

from typing_extensions import Self, disjoint_base

from ._coordination.session import Session
from ._types import BytesLike, LeaseId, OpResponse, PemSource
from ._watch.batch import WatchBatch
from ._watch.condvar import CondVar
from .enums import (
    AlarmType,
    CompareOp,
    DowngradeAction,
    PermissionType,
    SortOrder,
    SortTarget,
    WatchEventType,
    WatchFilterType,
)

_T_co = TypeVar("_T_co", covariant=True)

# The runtime

__version__: str
"""The version of this package."""

def active_context_count() -> int:
    """Count the contexts that are open in this process.

    Each `async with` of a `Client` is one. While there are any, the shared runtime is up.

    Returns:
        The number of open contexts.

    Examples:
        >>> from etcd_client import active_context_count
        >>> before = active_context_count()
        >>> async with client.connect():
        ...     active_context_count() - before
        1
    """

def cleanup_runtime() -> None:
    """Stop the shared runtime: its thread, and the connections of all communicators.

    Calls that are under way get five seconds to finish; then they fail with `EtcdConnectionError`
    or, where they may have changed something, with `OutcomeUnknownError`. Leases, locks and leads
    that are held are given back, and their holders told that they are lost. The next call starts
    the runtime again, also of a communicator that is open. Programs seldom need this: the runtime
    stops by itself soon after the last context has exited, and when the interpreter exits.

    Blocks until the runtime has stopped, at most for seven seconds.

    Examples:
        >>> from etcd_client import cleanup_runtime
        >>> cleanup_runtime()
        >>> await communicator.get("works-again") is None
        True
    """

def connect(endpoints: Sequence[str], options: ConnectOptions) -> Call[Connected]:
    """Open a context, connecting to a member within the connect timeout; for `Client`."""

def read_endpoints(endpoints: str | Iterable[str], connect_options: ConnectOptions) -> list[str]:
    """Read one endpoint or several, and refuse what `connect` would refuse; for `Client`."""

def check_discovery(
    domain: str, service_name: str | None = None, nameserver: str | None = None
) -> None:
    """Refuse what `discover` would refuse, before it is called; for `Client`."""

def discover(
    options: ConnectOptions,
    domain: str,
    service_name: str | None = None,
    nameserver: str | None = None,
) -> Call[tuple[list[str], ConnectOptions]]:
    """Find the endpoints of a domain, and the options to connect to them with; for `Client`."""

def prefix_range(prefix: BytesLike) -> tuple[bytes, bytes]:
    """Return the first key of all that begin with a prefix, and the key that ends them."""

def _at_exit() -> None: ...
def _after_fork_in_child() -> None: ...

# Calls

@final
class Call(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """A call that is under way: what every method that talks to etcd returns.

    The call starts at once, not when it is awaited. It can be awaited directly, and handed to
    whatever takes a coroutine: `asyncio.create_task`, `TaskGroup.create_task`, `asyncio.gather`,
    `asyncio.shield`, `asyncio.wait_for`. When the task that awaits it is cancelled, the call is
    cancelled on the server too. A result that is never awaited is dropped without a warning.

    Examples:
        >>> import asyncio
        >>> first = communicator.put("a", "1")  # is under way now
        >>> second = asyncio.create_task(communicator.put("b", "2"))
        >>> responses = await asyncio.gather(first, second)
        >>> await asyncio.wait_for(communicator.get("b"), timeout=5)
        b'2'
    """

    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Generator[Any, Any, _T_co]: ...
    def __next__(self) -> asyncio.Future[Any]: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def send(self, value: None) -> asyncio.Future[Any]:
        """Resume the call, as a task does; not for programs.

        Args:
            value: None.

        Returns:
            The future that the call waits for.

        Raises:
            StopIteration: The call is over; its `value` is the result.
        """

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """Cancel the call with an exception, as the cancellation of its task does.

        Args:
            kind: The exception or its class.
            value: Where `kind` is a class: an instance, or the argument to make one.
            traceback: Not used.

        Raises:
            BaseException: The exception that was given.
        """

    def close(self) -> None:
        """Cancel the call, on the server too."""

@final
class Next(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """A step of an async iterator. One that is cancelled while it waits has taken nothing."""

    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Generator[Any, Any, _T_co]: ...
    def __next__(self) -> asyncio.Future[Any]: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def send(self, value: None) -> asyncio.Future[Any]:
        """Resume the step, as a task does."""

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """Give the step up with an exception, as the cancellation of its task does."""

    def close(self) -> None:
        """Give the step up."""

@final
class LoopBridge:
    """The way of an event loop's calls to the runtime and of their results back."""

@final
class Connected:
    """What `connect` brings back, to make a `Communicator` of."""

# Connecting

@final
class ConnectOptions:
    """How to connect; frozen, so that it can be shared, compared and used as a key.

    Each `with_...` method returns other options, with one thing changed.

    Examples:
        >>> from etcd_client import Client, ConnectOptions
        >>> options = ConnectOptions(connect_timeout=2).with_timeout(5)
        >>> options
        ConnectOptions(user=None, tls=False, connect_timeout=2, timeout=5)
        >>> async with Client(endpoint, options) as communicator:
        ...     await communicator.get("missing") is None
        True
    """

    def __new__(
        cls,
        *,
        user: str | None = None,
        password: str | None = None,
        ca: PemSource | None = None,
        cert: PemSource | None = None,
        key: PemSource | None = None,
        server_name: str | None = None,
        verify: bool = True,
        connect_timeout: float | None = None,
        timeout: float | None = None,
        keep_alive_interval: float | None = None,
        keep_alive_timeout: float | None = None,
        keep_alive_while_idle: bool = False,
        tcp_keepalive: float | None = None,
        max_response_size: int | None = None,
        require_connection: bool = False,
    ) -> ConnectOptions:
        """Set the options that are given; the others have defaults that suit most programs.

        Args:
            user: The user to be, where the cluster has authentication enabled; with `password`.
            password: The password of the user.
            ca: The certificates to trust, instead of the system's.
            cert: The client's certificate chain, where the members ask for one; with `key`.
            key: The private key of `cert`.
            server_name: The name that the members' certificates must carry, instead of the host of
                the endpoint.
            verify: False to accept any certificate. Whoever is in between can then read and change
                everything.
            connect_timeout: Seconds for opening a context; 5 by default.
            timeout: The deadline, in seconds, of calls that name none; 10 by default. For no
                deadline see `with_timeout`.
            keep_alive_interval: Seconds between HTTP/2 pings; 6 by default. Members disconnect
                clients that ping them more often than every 5 seconds.
            keep_alive_timeout: Seconds to wait for the answer to a ping before the connection is
                given up; 3 by default.
            keep_alive_while_idle: Whether to ping while no call is under way.
            tcp_keepalive: Seconds between TCP keep-alive probes; 30 by default.
            max_response_size: The largest response to accept, in bytes; 2 GiB by default.
            require_connection: Whether opening a context raises `EtcdConnectionError` where no
                member can be reached within the connect timeout. By default it is opened then all
                the same, and the first call tells. `Client.with_lock` always requires one.

        Raises:
            InvalidArgsError: Only one of a pair is given, a time is not above 0, or what should be
                PEM is not.
            OSError: A file could not be read.
        """

    def with_user(self, name: str, password: str) -> ConnectOptions:
        """Return the same options with a user, whose token then goes with every request.

        A token that has expired or is outdated is replaced, and the call is tried once more. On a
        cluster without authentication the user is ignored.

        Args:
            name: The user's name.
            password: The user's password.
        """

    def with_keep_alive(self, interval: float, timeout: float) -> ConnectOptions:
        """Return the same options with other HTTP/2 pings, which find out frozen members.

        Args:
            interval: Seconds between pings. Members disconnect clients that ping them more often
                than every 5 seconds.
            timeout: Seconds to wait for an answer before the connection is given up.
        """

    def with_keep_alive_while_idle(self, enabled: bool) -> ConnectOptions:
        """Return the same options, pinging also while no call is under way, or not.

        Args:
            enabled: Whether to ping then.
        """

    def with_connect_timeout(self, connect_timeout: float) -> ConnectOptions:
        """Return the same options with another limit for opening a context.

        Args:
            connect_timeout: Seconds.
        """

    def with_timeout(self, timeout: float | None) -> ConnectOptions:
        """Return the same options with another deadline for calls that name none.

        Args:
            timeout: Seconds; None for no deadline.
        """

    def with_tcp_keepalive(self, tcp_keepalive: float) -> ConnectOptions:
        """Return the same options with another interval of TCP keep-alive probes.

        Args:
            tcp_keepalive: Seconds.
        """

    def with_max_response_size(self, max_response_size: int) -> ConnectOptions:
        """Return the same options with another limit for the size of a response.

        Args:
            max_response_size: Bytes.
        """

    def with_require_connection(self, required: bool) -> ConnectOptions:
        """Return the same options, opening a context only where a member can be reached, or always.

        Args:
            required: Whether opening raises `EtcdConnectionError` where none can be reached.
        """

    def with_tls(
        self,
        *,
        ca: PemSource | None = None,
        cert: PemSource | None = None,
        key: PemSource | None = None,
        server_name: str | None = None,
        verify: bool = True,
    ) -> ConnectOptions:
        """Return the same options with TLS, also for endpoints without a scheme.

        Endpoints that begin with `https://` use TLS in any case, with the system's certificates.

        Args:
            ca: The certificates to trust, instead of the system's.
            cert: The client's certificate chain, where the members ask for one; with `key`.
            key: The private key of `cert`.
            server_name: The name that the members' certificates must carry, instead of the host of
                the endpoint.
            verify: False to accept any certificate.

        Raises:
            InvalidArgsError: `cert` is given without `key` or the other way round, or what should
                be PEM is not.
            OSError: A file could not be read.
        """

@disjoint_base
class Communicator:
    """The native part of `etcd_client.Communicator`, which says what the whole is."""

    def __new__(cls, connected: Connected) -> Communicator: ...
    @property
    def _prefix(self) -> bytes:
        """What is put before the keys."""

    @property
    def closed(self) -> bool:
        """Whether the communicator is closed."""

    @property
    def endpoints(self) -> list[str]:
        """The endpoints in use, as they were given."""

    def close(self) -> None:
        """Close the communicator, as leaving its `async with` does.

        Watches that are open end, further calls raise `ClosedError`. Closing again does nothing.
        Closing what `namespace` returned refuses calls through it and leaves the rest as it is.
        """

    def set_endpoints(self, endpoints: Iterable[str]) -> None:
        """Use other endpoints from now on; calls and watches under way move to them.

        Communicators that were opened with the same endpoints and options share the connections,
        and come along.

        Args:
            endpoints: Where the members listen; at least one.

        Raises:
            InvalidUriError: An endpoint is malformed, or one without TLS where TLS is set up.
            InvalidArgsError: There is no endpoint.
        """

    def sync_endpoints(self, *, timeout: float | None = None) -> Call[list[str]]:
        """Use the endpoints from now on at which the members say that they serve clients.

        Learners and members that were never started are left out.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The endpoints.
        """

    def stats(self) -> Stats:
        """Count what has happened on the connections.

        They are shared with all communicators of the same endpoints and options, and so are the
        counts. The log tells more: each failover, each lost connection and each watch that is
        resumed is a warning of the logger `etcd_client`.

        Returns:
            The counts at this moment, since the connections were first used.
        """

    def namespace(self, prefix: BytesLike) -> Self:
        """View the keys that begin with a prefix, by what follows it.

        Keys, ranges, transactions, watches, locks and elections of what is returned all live under
        the prefix, and nothing that is done through it reaches another key. It shares everything
        else with this communicator, and is closed with it.

        Args:
            prefix: What all keys begin with; after that of this communicator, if it has one.

        Returns:
            A communicator of the same class.

        Examples:
            >>> app = communicator.namespace("/app/")
            >>> response = await app.put("color", "blue")
            >>> await app.get_prefix("")
            [(b'color', b'blue')]
            >>> await communicator.get("/app/color")
            b'blue'
        """

    # Reading

    def get(
        self,
        key: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[bytes | None]:
        """Read the value of a key.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the newest.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Find the key only if it was last changed at this revision or later.
            max_mod_revision: Find it only if it was last changed at this revision or before.
            min_create_revision: Find it only if it was created at this revision or later.
            max_create_revision: Find it only if it was created at this revision or before.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The value; None where there is no such key.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def get_kv(
        self,
        key: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[KeyValue | None]:
        """Read a key with its value, revisions and lease.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the newest.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Find the key only if it was last changed at this revision or later.
            max_mod_revision: Find it only if it was last changed at this revision or before.
            min_create_revision: Find it only if it was created at this revision or later.
            max_create_revision: Find it only if it was created at this revision or before.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The key-value pair; None where there is no such key.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def get_prefix(
        self,
        prefix: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[list[tuple[bytes, bytes]]]:
        """Read all keys that begin with a prefix.

        The whole answer is held in memory; for ranges of any size there is `scan_prefix`.

        Args:
            prefix: The prefix; an empty one means all keys.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for the newest.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The keys and their values.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def get_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[list[tuple[bytes, bytes]]]:
        """Read all keys from one up to, and without, another.

        Args:
            key: The first key of the range; an empty one is before all keys.
            range_end: The key after the last one of the range.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for the newest.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The keys and their values.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def keys_prefix(
        self,
        key: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[list[bytes]]:
        """Read all keys that begin with a prefix, without their values.

        Args:
            key: The prefix; an empty one means all keys.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for the newest.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def keys_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[list[bytes]]:
        """Read all keys from one up to, and without, another, without their values.

        Args:
            key: The first key of the range; an empty one is before all keys.
            range_end: The key after the last one of the range.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for the newest.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The keys.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def range(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        keys_only: bool = False,
        count_only: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[RangeResponse]:
        """Read keys, with every option that etcd has.

        Args:
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` on.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for the newest.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            keys_only: Whether to leave out the values.
            count_only: Whether to count the keys and return none.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The key-value pairs, how many there are, and the header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty, and is not a prefix or the beginning of a range.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def count_prefix(
        self,
        prefix: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
    ) -> Call[int]:
        """Count the keys that begin with a prefix.

        Args:
            prefix: The prefix; an empty one means all keys.
            revision: The revision to read at; 0 for the newest.
            serializable: Whether the member may answer by itself, faster and perhaps with older
                data.
            min_mod_revision: Has no effect: etcd counts before it filters.
            max_mod_revision: Has no effect, likewise.
            min_create_revision: Has no effect, likewise.
            max_create_revision: Has no effect, likewise.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The number of keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    # Writing

    @overload
    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
        ignore_value: bool = False,
        ignore_lease: bool = False,
        timeout: float | None = None,
    ) -> Call[PutResponse]: ...
    @overload
    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
        ignore_value: bool = False,
        ignore_lease: bool = False,
        timeout: float | None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, PutResponse]:
        """Write a key.

        Args:
            key: The key.
            value: The value; empty with `ignore_value`.
            lease: The lease to attach the key to: it is deleted when the lease ends. Without one
                the key is detached from the lease that it has.
            prev_kv: Whether to return what the key was before.
            ignore_value: Whether to keep the value that the key has.
            ignore_lease: Whether to keep the lease that the key has.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life the change is made exactly once, whatever
                breaks: there is no `OutcomeUnknownError` before its loss.

        Returns:
            The header and, if asked for, what the key was before.

        Raises:
            EmptyKeyError: The key is empty.
            KeyNotFoundError: `ignore_value` or `ignore_lease` is set, and there is no such key.
            LeaseNotFoundError: There is no such lease.
            RequestTooLargeError: The request is larger than the server takes, by default 1.5 MiB.
            NoSpaceError: The database has reached its quota.
        """

    @overload
    def delete(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        prev_kv: bool = False,
        timeout: float | None = None,
    ) -> Call[DeleteResponse]: ...
    @overload
    def delete(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete a key, or a range of keys.

        Args:
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether to delete all keys that begin with `key`.
            from_key: Whether to delete all keys from `key` on.
            prev_kv: Whether to return what was deleted.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life the change is made exactly once, whatever
                breaks: there is no `OutcomeUnknownError` before its loss.

        Returns:
            The number of keys that were deleted and, if asked for, what they were.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty, and is not a prefix or the beginning of a range.
        """

    @overload
    def delete_prefix(
        self, key: BytesLike, *, prev_kv: bool = False, timeout: float | None = None
    ) -> Call[DeleteResponse]: ...
    @overload
    def delete_prefix(
        self,
        key: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete all keys that begin with a prefix.

        Args:
            key: The prefix; an empty one means all keys.
            prev_kv: Whether to return what was deleted.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life the change is made exactly once, whatever
                breaks: there is no `OutcomeUnknownError` before its loss.

        Returns:
            The number of keys that were deleted and, if asked for, what they were.
        """

    @overload
    def delete_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
    ) -> Call[DeleteResponse]: ...
    @overload
    def delete_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete all keys from one up to, and without, another.

        Args:
            key: The first key of the range; an empty one is before all keys.
            range_end: The key after the last one of the range.
            prev_kv: Whether to return what was deleted.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life the change is made exactly once, whatever
                breaks: there is no `OutcomeUnknownError` before its loss.

        Returns:
            The number of keys that were deleted and, if asked for, what they were.

        Raises:
            InvalidArgsError: `range_end` is empty.
        """

    @overload
    def txn(self, txn: Txn, *, timeout: float | None = None) -> Call[TxnResponse]: ...
    @overload
    def txn(
        self, txn: Txn, *, timeout: float | None = None, once: Session | None
    ) -> Coroutine[Any, Any, TxnResponse]:
        """Run a transaction: all of it at one revision, or nothing.

        Args:
            txn: The transaction.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life the change is made exactly once, whatever
                breaks: there is no `OutcomeUnknownError` before its loss.

        Returns:
            Which branch ran, and the response of each of its operations.

        Raises:
            TooManyOpsError: There are more operations than the server takes, by default 128.
            DuplicateKeyError: A key is written twice.
            EmptyKeyError: A key is empty.
            LeaseNotFoundError: A put names a lease that there is not.
            RequestTooLargeError: The request is larger than the server takes, by default 1.5 MiB.
            CompactedError: An operation reads at a revision that has been compacted.
        """

    def compact(
        self, revision: int, *, physical: bool = False, timeout: float | None = None
    ) -> Call[CompactResponse]:
        """Forget what was before a revision, but for the newest state of each key at it.

        Args:
            revision: The revision; history before it is gone afterwards.
            physical: Whether to wait until the space is free within the database.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            CompactedError: That revision has been compacted already.
            FutureRevisionError: The revision has not come yet.
        """

    # Leases

    def lease_grant(
        self, ttl: int, id: int | None = None, *, timeout: float | None = None
    ) -> Call[LeaseGrantResponse]:
        """Grant a lease: keys attached to it are deleted when it ends.

        Nothing renews it but `lease_keep_alive` and `lease_keep_alive_stream`; `lease` grants one
        that is kept alive.

        Args:
            ttl: Seconds until it ends unless it is renewed, at least 1. The server grants more
                where this is less than its minimum, which is about 2.
            id: The id that it is to have; None or 0 for a random one.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The id and the time to live that the server granted.

        Raises:
            LeaseExistError: There is a lease of that id.
            LeaseTTLTooLargeError: The time to live is above 9,000,000,000.
        """

    def lease_revoke(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> Call[LeaseRevokeResponse]:
        """End a lease; the keys attached to it are deleted.

        Args:
            id: The lease.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            LeaseNotFoundError: There is no such lease.
        """

    def lease_time_to_live(
        self, id: LeaseId, *, keys: bool = False, timeout: float | None = None
    ) -> Call[LeaseTimeToLiveResponse]:
        """Ask how long a lease still lives.

        Args:
            id: The lease.
            keys: Whether to return the keys that are attached to it.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The seconds that are left, -1 where there is no such lease.
        """

    def lease_keep_alive(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> Call[LeaseKeepAliveResponse]:
        """Renew a lease once.

        Args:
            id: The lease.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The seconds that it lives from now on.

        Raises:
            LeaseNotFoundError: There is no such lease.
        """

    def lease_keep_alive_stream(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> LeaseKeepAlives:
        """Keep a lease alive that was granted before, by this program or another.

        The engine renews it from now on, whether or not the program reads.

        Args:
            id: The lease.
            timeout: Seconds for the first renewal; the connection's default where None.

        Returns:
            An async iterator of `LeaseKeepAliveResponse`, one for each renewal.
        """

    def leases(self, *, timeout: float | None = None) -> Call[LeasesResponse]:
        """List all leases.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            Their ids.
        """

    def _hold_lease(
        self, ttl: int, id: int | None = None, *, timeout: float | None = None
    ) -> Call[HeldLease]: ...

    # Locks

    @overload
    def _hold_place(
        self,
        name: BytesLike,
        *,
        value: BytesLike = b"",
        wait: Literal[True] = True,
        ttl: float | None = None,
        timeout: float | None = None,
    ) -> Call[HeldLease]: ...
    @overload
    def _hold_place(
        self,
        name: BytesLike,
        *,
        value: BytesLike = b"",
        wait: bool,
        ttl: float | None = None,
        timeout: float | None = None,
    ) -> Call[HeldLease | None]: ...
    def _lock(
        self, name: BytesLike, lease: LeaseId, *, timeout: float | None = None
    ) -> Call[LockResponse]: ...
    def _unlock(self, key: BytesLike, *, timeout: float | None = None) -> Call[UnlockResponse]: ...

    # Elections

    def campaign(
        self,
        name: BytesLike,
        value: BytesLike,
        lease: LeaseId,
        *,
        timeout: float | None = None,
    ) -> Call[CampaignResponse]:
        """Wait until an election is won; `Election` does the same with more comfort.

        Args:
            name: The name of the election.
            value: What to proclaim as the leader.
            lease: The lease that the lead lasts with; who keeps it alive keeps the lead.
            timeout: Seconds to wait; None for any time.

        Returns:
            What proves the lead to `proclaim` and `resign`.

        Raises:
            LeaseNotFoundError: There is no such lease.
            SessionExpiredError: The lease ended while waiting.
        """

    def proclaim(
        self, leader: LeaderKey, value: BytesLike, *, timeout: float | None = None
    ) -> Call[ProclaimResponse]:
        """Replace the value that the leader of an election proclaims.

        Args:
            leader: The lead, as `campaign` returned it.
            value: What to proclaim.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            ElectionNotLeaderError: The lead was lost, or given back.
        """

    def leader(self, name: BytesLike, *, timeout: float | None = None) -> Call[LeaderResponse]:
        """Ask for the present leader of an election.

        Args:
            name: The name of the election.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The leader's key and what it proclaims.

        Raises:
            ElectionNoLeaderError: There is none.
        """

    def observe(self, name: BytesLike) -> Observer:
        """Follow an election: the present leader and those after it, and what they proclaim.

        Args:
            name: The name of the election.

        Returns:
            An async iterator of `LeaderResponse`.
        """

    def resign(self, leader: LeaderKey, *, timeout: float | None = None) -> Call[ResignResponse]:
        """Give the lead of an election back.

        Args:
            leader: The lead, as `campaign` returned it.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.
        """

    # Administration

    @property
    def auth(self) -> Auth:
        """Users, roles, and whether the server asks who calls."""

    @property
    def cluster(self) -> Cluster:
        """The members of the cluster."""

    # Watching

    def watch(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: asyncio.Event | CondVar | None = None,
        cleanup_event: asyncio.Event | CondVar | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch a key.

        The watch is under way at once. Errors are raised where it is read.

        Args:
            key: The key.
            once: Whether to end after the first event.
            ready_event: Is set when the server has confirmed the watch: no change after that is
                missed.
            cleanup_event: Is set when the watch has ended.
            start_revision: The first revision to report; 0 for what changes from now on.
            prev_kv: Whether to report what each key was before.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server tells how far it has come when nothing changes; so
                `Watch.revision` moves on.
            fragment: Without effect: the server always may split large revisions, and they are put
                together again.
            watch_id: The id of the watch on the server; 0 for any.
            timeout: Seconds for the server to confirm the watch; as long as it takes where None. A
                confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.
        """

    def watch_prefix(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: asyncio.Event | CondVar | None = None,
        cleanup_event: asyncio.Event | CondVar | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch all keys that begin with a prefix.

        Args:
            key: The prefix; an empty one means all keys.
            once: Whether to end after the first event.
            ready_event: Is set when the server has confirmed the watch: no change after that is
                missed.
            cleanup_event: Is set when the watch has ended.
            start_revision: The first revision to report; 0 for what changes from now on.
            prev_kv: Whether to report what each key was before.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server tells how far it has come when nothing changes; so
                `Watch.revision` moves on.
            fragment: Without effect: the server always may split large revisions, and they are put
                together again.
            watch_id: The id of the watch on the server; 0 for any.
            timeout: Seconds for the server to confirm the watch; as long as it takes where None. A
                confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.
        """

    def watch_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        once: bool | None = None,
        ready_event: asyncio.Event | CondVar | None = None,
        cleanup_event: asyncio.Event | CondVar | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch all keys from one up to, and without, another.

        Args:
            key: The first key of the range; an empty one is before all keys.
            range_end: The key after the last one of the range.
            once: Whether to end after the first event.
            ready_event: Is set when the server has confirmed the watch: no change after that is
                missed.
            cleanup_event: Is set when the watch has ended.
            start_revision: The first revision to report; 0 for what changes from now on.
            prev_kv: Whether to report what each key was before.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server tells how far it has come when nothing changes; so
                `Watch.revision` moves on.
            fragment: Without effect: the server always may split large revisions, and they are put
                together again.
            watch_id: The id of the watch on the server; 0 for any.
            timeout: Seconds for the server to confirm the watch; as long as it takes where None. A
                confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.

        Raises:
            InvalidArgsError: `range_end` is empty.
        """

    def watch_many(
        self,
        *,
        keys: Iterable[BytesLike] | None = None,
        prefixes: Iterable[BytesLike] | None = None,
        ranges: Iterable[tuple[BytesLike, BytesLike]] | None = None,
        once: bool | None = None,
        ready_event: asyncio.Event | CondVar | None = None,
        cleanup_event: asyncio.Event | CondVar | None = None,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        timeout: float | None = None,
    ) -> Watch:
        """Watch several keys, prefixes and ranges as one.

        The events of each of them come in order, once and without a gap. Those of one revision in
        several of them come one after another, a batch for each, perhaps with later events of
        others in between; a key that is in several of them is reported for each. `Watch.revision`
        is what all of them have come to.

        Args:
            keys: Single keys.
            prefixes: Prefixes; an empty one is that of all keys.
            ranges: Pairs of the first key of a range, and the key after its last one.
            once: Whether to end after the first event.
            ready_event: Is set when the server has confirmed all of it: no change after that is
                missed.
            cleanup_event: Is set when the watch has ended.
            start_revision: The first revision to report; 0 for what changes from now on.
            prev_kv: Whether to report what each key was before.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server tells how far it has come when nothing changes; so
                `Watch.revision` moves on.
            fragment: Without effect: the server always may split large revisions, and they are put
                together again.
            timeout: Seconds for the server to confirm the watch; as long as it takes where None. A
                confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.

        Raises:
            InvalidArgsError: There is nothing to watch, or the end of a range is empty.
        """

# Transactions

@final
class Compare:
    """A condition of a transaction, on what is stored about a key.

    A key that does not exist has the version, revisions and lease 0 and, for comparing, no value:
    each comparison of its value is false. `Key` makes the same conditions by operators.

    Examples:
        >>> from etcd_client import Compare, CompareOp, Txn, TxnOp
        >>> absent = Compare.version("leader", CompareOp.EQUAL, 0)
        >>> txn = Txn().when([absent]).and_then([TxnOp.put("leader", "me")])
        >>> (await communicator.txn(txn)).succeeded()
        True
        >>> (await communicator.txn(txn)).succeeded()
        False
    """

    @staticmethod
    def value(key: BytesLike, cmp: CompareOp, value: BytesLike) -> Compare:
        """Compare the value, byte by byte.

        Args:
            key: The key.
            cmp: How to compare what is stored with what is given.
            value: The value to compare with.
        """

    @staticmethod
    def version(key: BytesLike, cmp: CompareOp, version: int) -> Compare:
        """Compare the number of changes since the key was created; 0 where there is no such key.

        Args:
            key: The key.
            cmp: How to compare what is stored with what is given.
            version: The version to compare with.
        """

    @staticmethod
    def create_revision(key: BytesLike, cmp: CompareOp, revision: int) -> Compare:
        """Compare the revision that created the key; 0 where there is no such key.

        Args:
            key: The key.
            cmp: How to compare what is stored with what is given.
            revision: The revision to compare with.
        """

    @staticmethod
    def mod_revision(key: BytesLike, cmp: CompareOp, revision: int) -> Compare:
        """Compare the revision that changed the key last; 0 where there is no such key.

        Args:
            key: The key.
            cmp: How to compare what is stored with what is given.
            revision: The revision to compare with.
        """

    @staticmethod
    def lease(key: BytesLike, cmp: CompareOp, lease: LeaseId) -> Compare:
        """Compare the lease that the key is attached to; 0 where it is attached to none.

        Args:
            key: The key.
            cmp: How to compare what is stored with what is given.
            lease: The lease to compare with.
        """

    def with_range(self, end: BytesLike) -> Compare:
        """Return the same condition for all keys from the key up to, and without, another.

        Args:
            end: The key after the last one of the range.

        Raises:
            InvalidArgsError: `end` is empty.
        """

    def with_prefix(self) -> Compare:
        """Return the same condition for all keys that begin with the key."""

    def __bool__(self) -> NoReturn: ...

@final
class TxnOp:
    """An operation of a transaction, with the options of the direct call.

    Examples:
        >>> from etcd_client import Txn, TxnOp
        >>> move = Txn().and_then([TxnOp.delete("old"), TxnOp.put("new", "value")])
        >>> deleted, put = (await communicator.txn(move)).responses
        >>> deleted.deleted
        0
    """

    @staticmethod
    def get(
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = ...,
        sort_target: SortTarget = ...,
        serializable: bool = False,
        keys_only: bool = False,
        count_only: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
    ) -> TxnOp:
        """Read keys; its response is a `RangeResponse`.

        Args:
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` on.
            limit: The most keys to return; 0 for all.
            revision: The revision to read at; 0 for that of the transaction, with what its earlier
                operations wrote.
            sort_order: The order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer by itself. A transaction that only reads is
                serializable where all of its reads are.
            keys_only: Whether to leave out the values.
            count_only: Whether to count the keys and return none.
            min_mod_revision: Leave out keys last changed before this revision.
            max_mod_revision: Leave out keys last changed after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
        """

    @staticmethod
    def put(
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
        ignore_value: bool = False,
        ignore_lease: bool = False,
    ) -> TxnOp:
        """Write a key; its response is a `PutResponse`.

        Args:
            key: The key.
            value: The value; empty with `ignore_value`.
            lease: The lease to attach the key to.
            prev_kv: Whether to return what the key was before.
            ignore_value: Whether to keep the value that the key has.
            ignore_lease: Whether to keep the lease that the key has.
        """

    @staticmethod
    def delete(
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        prev_kv: bool = False,
    ) -> TxnOp:
        """Delete a key or a range of keys; its response is a `DeleteResponse`.

        Args:
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether to delete all keys that begin with `key`.
            from_key: Whether to delete all keys from `key` on.
            prev_kv: Whether to return what was deleted.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
        """

    @staticmethod
    def txn(txn: Txn) -> TxnOp:
        """Run a transaction inside the transaction; its response is a `TxnResponse`.

        Args:
            txn: The inner transaction.
        """

    def _parts(self) -> tuple[str, bytes, bytes]:
        """Return its kind, key and end of the range; for changes that are made exactly once."""

    def _read_at(self, revision: int) -> TxnOp | None:
        """Return the read that finds at a revision what it answered with; None for none."""

@final
class Txn:
    """A transaction: conditions, what to do where all hold, and what to do where one does not.

    It is frozen: each step returns another one, and each can be taken once.

    Examples:
        >>> from etcd_client import Compare, CompareOp, Txn, TxnOp
        >>> increment = (
        ...     Txn()
        ...     .when([Compare.value("counter", CompareOp.EQUAL, "1")])
        ...     .and_then([TxnOp.put("counter", "2")])
        ...     .or_else([TxnOp.get("counter")])
        ... )
        >>> response = await communicator.txn(increment)
        >>> response.succeeded(), response.responses[0].count
        (False, 0)
    """

    def __new__(cls) -> Txn: ...
    def when(self, compares: Sequence[Compare]) -> Txn:
        """Set the conditions; without any the transaction succeeds.

        Args:
            compares: The conditions, which must all hold.

        Raises:
            InvalidArgsError: The conditions have been set.
        """

    def and_then(self, operations: Sequence[TxnOp]) -> Txn:
        """Set what to do where all conditions hold.

        Args:
            operations: The operations, in order.

        Raises:
            InvalidArgsError: This has been set.
        """

    def or_else(self, operations: Sequence[TxnOp]) -> Txn:
        """Set what to do where a condition does not hold.

        Args:
            operations: The operations, in order.

        Raises:
            InvalidArgsError: This has been set.
        """

    def _parts(self) -> tuple[list[Compare], list[TxnOp], list[TxnOp]]:
        """Return the conditions and both branches; for changes that are made exactly once."""

@final
class TxnResponse:
    """The outcome of a transaction.

    Examples:
        >>> from etcd_client import Txn, TxnOp
        >>> txn = Txn().and_then([TxnOp.put("key", "value"), TxnOp.get("key")])
        >>> response = await communicator.txn(txn)
        >>> put, read = response.responses
        >>> response.succeeded(), read.kvs[0].value
        (True, b'value')
    """

    def __new__(
        cls, header: ResponseHeader, succeeded: bool, responses: tuple[OpResponse | None, ...]
    ) -> TxnResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered, and the revision of the transaction."""

    @property
    def responses(self) -> tuple[Any, ...]:
        """The responses of the operations of the branch that ran, in order.

        Each is of the class that its operation says. The type is `Any`, because only the program
        knows which operations it gave.
        """

    def succeeded(self) -> bool:
        """Tell whether the conditions held, so that the operations of `and_then` ran."""

# Responses

@final
class ResponseHeader:
    """What every response says about the member that sent it, and its cluster.

    Examples:
        >>> put = await communicator.put("key", "value")
        >>> later = await communicator.put("key", "value")
        >>> later.header.revision - put.header.revision
        1
    """

    __match_args__ = ("cluster_id", "member_id", "revision", "raft_term")

    def __new__(
        cls, cluster_id: int, member_id: int, revision: int, raft_term: int
    ) -> ResponseHeader: ...
    @property
    def cluster_id(self) -> int:
        """The cluster's id."""

    @property
    def member_id(self) -> int:
        """The id of the member that answered."""

    @property
    def revision(self) -> int:
        """The revision of the key-value store when the request was done."""

    @property
    def raft_term(self) -> int:
        """The term of the cluster's leader; an answer with an older term than another is stale."""

@final
class KeyValue:
    """A key with its value and history.

    Examples:
        >>> response = await communicator.put("key", "value")
        >>> kv = await communicator.get_kv("key")
        >>> kv.value, kv.version, kv.lease, kv.mod_revision == response.header.revision
        (b'value', 1, 0, True)
    """

    __match_args__ = ("key", "value", "create_revision", "mod_revision", "version", "lease")

    def __new__(
        cls,
        key: bytes,
        value: bytes,
        create_revision: int,
        mod_revision: int,
        version: int,
        lease: int,
    ) -> KeyValue: ...
    @property
    def key(self) -> bytes:
        """The key."""

    @property
    def value(self) -> bytes:
        """The value; empty where it was not asked for."""

    @property
    def create_revision(self) -> int:
        """The revision that created the key."""

    @property
    def mod_revision(self) -> int:
        """The revision that changed the key last."""

    @property
    def version(self) -> int:
        """The number of changes since the key was created, which is 1."""

    @property
    def lease(self) -> int:
        """The id of the lease that the key is attached to; 0 for none."""

@final
class RangeResponse:
    """The key-value pairs of a range.

    Examples:
        >>> for name in ["a", "b", "c"]:
        ...     put = await communicator.put(f"/names/{name}", name)
        >>> response = await communicator.range("/names/", prefix=True, limit=2)
        >>> [kv.value for kv in response.kvs], response.more, response.count
        ([b'a', b'b'], True, 3)
    """

    __match_args__ = ("header", "kvs", "more", "count")

    def __new__(
        cls, header: ResponseHeader, kvs: tuple[KeyValue, ...], more: bool, count: int
    ) -> RangeResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered; its revision is the one to read further pages at."""

    @property
    def kvs(self) -> tuple[KeyValue, ...]:
        """The key-value pairs."""

    @property
    def more(self) -> bool:
        """Whether there are more in the range than `limit` let through."""

    @property
    def count(self) -> int:
        """How many keys there are in the range, whatever the limit."""

@final
class PutResponse:
    """The outcome of a put.

    Examples:
        >>> first = await communicator.put("key", "one")
        >>> second = await communicator.put("key", "two", prev_kv=True)
        >>> first.prev_kv, second.prev_kv.value
        (None, b'one')
    """

    __match_args__ = ("header", "prev_kv")

    def __new__(cls, header: ResponseHeader, prev_kv: KeyValue | None) -> PutResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered, and the revision of the put."""

    @property
    def prev_kv(self) -> KeyValue | None:
        """What the key was before, if that was asked for and there was one."""

@final
class DeleteResponse:
    """The outcome of a deletion.

    Examples:
        >>> put = await communicator.put("key", "value")
        >>> response = await communicator.delete("key", prev_kv=True)
        >>> response.deleted, response.prev_kvs[0].value
        (1, b'value')
    """

    __match_args__ = ("header", "deleted", "prev_kvs")

    def __new__(
        cls, header: ResponseHeader, deleted: int, prev_kvs: tuple[KeyValue, ...]
    ) -> DeleteResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered, and the revision of the deletion."""

    @property
    def deleted(self) -> int:
        """The number of keys that were deleted."""

    @property
    def prev_kvs(self) -> tuple[KeyValue, ...]:
        """What was deleted, if that was asked for."""

@final
class CompactResponse:
    """The outcome of a compaction.

    Examples:
        >>> put = await communicator.put("key", "value")
        >>> response = await communicator.compact(put.header.revision)
        >>> response.header.revision == put.header.revision
        True
    """

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> CompactResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

# Watching

@final
class WatchEvent:
    """A change of one key.

    Examples:
        >>> async with communicator.watch("key", prev_kv=True) as watch:
        ...     put = await communicator.put("key", "value")
        ...     event = await anext(watch)
        >>> event
        WatchEvent(key=b'key', value=b'value', event=WatchEventType.PUT, prev_value=None)
    """

    def __new__(
        cls,
        key: BytesLike,
        value: BytesLike,
        event: WatchEventType,
        prev_value: BytesLike | None = None,
        kv: KeyValue | None = None,
        prev_kv: KeyValue | None = None,
    ) -> WatchEvent: ...
    @property
    def key(self) -> bytes:
        """The key."""

    @property
    def value(self) -> bytes:
        """The value; empty where the key was deleted."""

    @property
    def event(self) -> WatchEventType:
        """What happened."""

    @property
    def prev_value(self) -> bytes | None:
        """The value before; None where that was not asked for, or there was none."""

    @property
    def kv(self) -> KeyValue | None:
        """The key-value pair after the change; of a deleted key only key and mod_revision are set.

        None only in an event that a program made itself without one.
        """

    @property
    def prev_kv(self) -> KeyValue | None:
        """The key-value pair before; None where that was not asked for, or there was none."""

@final
class Watch:
    """An open watch: an async iterator of events, and an async context manager.

    Events come in order, each once, and none is left out: after a disconnect, or when its member
    goes away, the watch goes on where it was. A step that is cancelled, as by `asyncio.wait_for`,
    loses nothing. Memory is bounded: the server is held back while the program does not read.

    Entering the context waits until the server has confirmed the watch; leaving it cancels the
    watch. A watch that is neither cancelled nor referred to any more ends, too.

    Reading it raises:

    Raises:
        CompactedError: History that the watch needs is gone; `compact_revision` says where a new
            one can start.
        FutureRevisionError: The cluster was restored from a backup, or begun anew, and has not come
            to the revision where the watch was.
        PermissionDeniedError: The user may not watch these keys.
        WatchCanceledError: The server refused the watch.
        EtcdTimeoutError: The server did not confirm the watch in time.
        ClosedError: The communicator has been closed.

    Examples:
        >>> async with communicator.watch_prefix("/jobs/") as watch:
        ...     put = await communicator.put("/jobs/1", "running")
        ...     deleted = await communicator.delete("/jobs/1")
        ...     async for event in watch:
        ...         print(event.event, event.key)
        ...         if len(event.value) == 0:
        ...             break
        WatchEventType.PUT b'/jobs/1'
        WatchEventType.DELETE b'/jobs/1'
    """

    def __aiter__(self) -> Watch: ...
    def __anext__(self) -> Coroutine[Any, Any, WatchEvent]: ...
    def __aenter__(self) -> Call[Watch]: ...
    def __aexit__(self, *_exception: object) -> Coroutine[Any, Any, None]: ...
    def batches(self) -> AsyncIterator[list[WatchEvent]]:
        """Iterate over lists of events, one for each revision, instead of single events.

        Returns:
            An async iterator of `WatchBatch`, which are lists of `WatchEvent`. All events of a list
            have the same revision: a transaction that changes several keys is one list.
        """

    def cancel(self) -> None:
        """End the watch, on the server too; what was not read is dropped."""

    def request_progress(self) -> None:
        """Have the server tell how far it has come; `revision` follows when the answer is read.

        Nothing happens on servers before 3.4.25 and 3.5.8: they answer with the newest revision
        although events up to it may still be on their way. Nor does a server answer that is still
        catching up with an earlier `start_revision`.
        """

    @property
    def revision(self) -> int:
        """The last revision that was read to its end, or up to which nothing changed.

        A new watch with `start_revision=revision + 1` goes on where this one is, from its
        confirmation on: before anything is read, it is the one before `start_revision`, or that
        at which the watch was created. Until then it is 0.
        """

    def ready(self) -> Call[None]:
        """Wait until the server has confirmed the watch, or `cancel` has ended it.

        Raises:
            EtcdError: The watch failed before it was confirmed, by what reading it raises.
        """

@final
class WatchBatches(AsyncIterator[WatchBatch]):
    """An async iterator over a watch's events, as one list for each revision."""

    def __aiter__(self) -> WatchBatches: ...
    def __anext__(self) -> Coroutine[Any, Any, WatchBatch]: ...

# Counts

@final
class Stats:
    """What has happened on the connections of a communicator.

    Examples:
        >>> before = communicator.stats()
        >>> value = await communicator.get("key")
        >>> communicator.stats().requests - before.requests
        1
    """

    __match_args__ = (
        "requests",
        "in_flight",
        "retries",
        "connects",
        "reconnects",
        "failovers",
        "resumes",
        "connections",
        "streams",
        "watches",
        "watch_streams",
    )

    def __new__(
        cls,
        requests: int,
        in_flight: int,
        retries: int,
        connects: int,
        reconnects: int,
        failovers: int,
        resumes: int,
        connections: int,
        streams: int,
        watches: int,
        watch_streams: int,
    ) -> Stats: ...
    @property
    def requests(self) -> int:
        """Calls that were begun; watches are none."""

    @property
    def in_flight(self) -> int:
        """Calls that are under way."""

    @property
    def retries(self) -> int:
        """Further attempts of calls."""

    @property
    def connects(self) -> int:
        """Connections that were opened."""

    @property
    def reconnects(self) -> int:
        """Those to a member that there had been one to before."""

    @property
    def failovers(self) -> int:
        """Times that calls moved to another member."""

    @property
    def resumes(self) -> int:
        """Streams, of watches and the like, that were replaced; one may carry many watches."""

    @property
    def watches(self) -> int:
        """Watches that are open, those of locks and elections included."""

    @property
    def watch_streams(self) -> int:
        """Streams that carry them."""

    @property
    def connections(self) -> int:
        """Connections that are open, those that end with their last call included."""

    @property
    def streams(self) -> int:
        """Streams that are open on them: calls under way, watches and the like."""

# Authentication

@final
class Auth:
    """Users, roles, and whether the server asks who calls: `communicator.auth`.

    A permission is for the keys as the server knows them, whatever the namespace of the
    communicator. Changes need a user with the role `root` once authentication is enabled.

    Examples:
        >>> from etcd_client import PermissionType
        >>> auth = communicator.auth
        >>> done = await auth.role_add("reader")
        >>> done = await auth.role_grant_permission(
        ...     "reader", PermissionType.READ, "/public/", prefix=True
        ... )
        >>> (await auth.role_get("reader")).permissions
        (Permission(type=PermissionType.READ, key=b'/public/', range_end=b'/public0'),)
        >>> done = await auth.role_delete("reader")
    """

    def enable(self, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Have the server ask who calls, from now on.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            RootUserNotExistError: There is no user `root`.
            RootRoleNotExistError: The user `root` does not have the role `root`.
        """

    def disable(self, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Let everybody do everything, from now on.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.
        """

    def status(self, *, timeout: float | None = None) -> Call[AuthStatusResponse]:
        """Ask whether authentication is enabled.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            Whether it is, and the revision of users and roles.

        Raises:
            UnimplementedError: The server is older than etcd 3.5.
        """

    def user_add(
        self,
        name: str,
        password: str | None = None,
        no_password: bool = False,
        *,
        timeout: float | None = None,
    ) -> Call[AuthResponse]:
        """Add a user.

        Args:
            name: The user's name.
            password: The password.
            no_password: Whether the user has none, and comes with a certificate instead.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            InvalidArgsError: Neither `password` nor `no_password` is given, or both are.
            UserAlreadyExistError: There is a user of that name.
            UserEmptyError: The name is empty.
        """

    def user_get(self, name: str, *, timeout: float | None = None) -> Call[AuthUserGetResponse]:
        """Ask for the roles of a user.

        Args:
            name: The user's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The names of the roles.

        Raises:
            UserNotFoundError: There is no such user.
        """

    def user_list(self, *, timeout: float | None = None) -> Call[AuthUserListResponse]:
        """List all users.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            Their names.
        """

    def user_delete(self, name: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Delete a user.

        Args:
            name: The user's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            UserNotFoundError: There is no such user.
            InvalidAuthMgmtError: It is `root`, and authentication is enabled.
        """

    def user_change_password(
        self, name: str, password: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Give a user another password.

        Args:
            name: The user's name.
            password: The new password.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            UserNotFoundError: There is no such user.
        """

    def user_grant_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Give a user a role.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            UserNotFoundError: There is no such user.
            RoleNotFoundError: There is no such role.
        """

    def user_revoke_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Take a role from a user.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            UserNotFoundError: There is no such user.
            RoleNotGrantedError: The user does not have the role.
            InvalidAuthMgmtError: It is the role `root` of `root`, and authentication is enabled.
        """

    def role_add(self, role: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Add a role, which has no permission at first.

        Args:
            role: The role's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            RoleAlreadyExistError: There is a role of that name.
            RoleEmptyError: The name is empty.
        """

    def role_get(self, role: str, *, timeout: float | None = None) -> Call[AuthRoleGetResponse]:
        """Ask for the permissions of a role.

        Args:
            role: The role's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The permissions.

        Raises:
            RoleNotFoundError: There is no such role.
        """

    def role_list(self, *, timeout: float | None = None) -> Call[AuthRoleListResponse]:
        """List all roles.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            Their names.
        """

    def role_delete(self, role: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Delete a role, also from the users that have it.

        Args:
            role: The role's name.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            RoleNotFoundError: There is no such role.
            InvalidAuthMgmtError: It is `root`, and authentication is enabled.
        """

    def role_grant_permission(
        self,
        role: str,
        permission: PermissionType,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        timeout: float | None = None,
    ) -> Call[AuthResponse]:
        """Permit a role something on a key or a range of keys.

        Args:
            role: The role's name.
            permission: What to permit.
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether it is for all keys that begin with `key`.
            from_key: Whether it is for all keys from `key` on.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: There is no such role.
        """

    def role_revoke_permission(
        self,
        role: str,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        timeout: float | None = None,
    ) -> Call[AuthResponse]:
        """Take a permission from a role; the range must be the one that was granted.

        Args:
            role: The role's name.
            key: The key; with one of the next three arguments the first of a range.
            range_end: The key after the last one of the range.
            prefix: Whether it is for all keys that begin with `key`.
            from_key: Whether it is for all keys from `key` on.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: There is no such role.
            PermissionNotGrantedError: The role does not have this permission.
        """

@final
class AuthResponse:
    """The outcome of a change to users, roles or authentication."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> AuthResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class AuthStatusResponse:
    """Whether authentication is enabled."""

    __match_args__ = ("header", "enabled", "auth_revision")

    def __new__(
        cls, header: ResponseHeader, enabled: bool, auth_revision: int
    ) -> AuthStatusResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def enabled(self) -> bool:
        """Whether the server asks who calls."""

    @property
    def auth_revision(self) -> int:
        """The revision of users and roles; each change makes it greater."""

@final
class AuthUserGetResponse:
    """The roles of a user."""

    __match_args__ = ("header", "roles")

    def __new__(cls, header: ResponseHeader, roles: tuple[str, ...]) -> AuthUserGetResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles."""

@final
class AuthUserListResponse:
    """All users."""

    __match_args__ = ("header", "users")

    def __new__(cls, header: ResponseHeader, users: tuple[str, ...]) -> AuthUserListResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def users(self) -> tuple[str, ...]:
        """The names of the users."""

@final
class AuthRoleGetResponse:
    """The permissions of a role."""

    __match_args__ = ("header", "permissions")

    def __new__(
        cls, header: ResponseHeader, permissions: tuple[Permission, ...]
    ) -> AuthRoleGetResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """The permissions."""

@final
class AuthRoleListResponse:
    """All roles."""

    __match_args__ = ("header", "roles")

    def __new__(cls, header: ResponseHeader, roles: tuple[str, ...]) -> AuthRoleListResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles."""

@final
class Permission:
    """What a role may do with a range of keys."""

    __match_args__ = ("type", "key", "range_end")

    def __new__(cls, type: PermissionType | int, key: bytes, range_end: bytes) -> Permission: ...
    @property
    def type(self) -> PermissionType | int:
        """What is permitted; a number where this client does not know the kind."""

    @property
    def key(self) -> bytes:
        """The key, or the first of a range."""

    @property
    def range_end(self) -> bytes:
        """The key after the range; empty for one key, a zero byte for no end."""

# Members

@final
class Cluster:
    """The members of the cluster: `communicator.cluster`.

    Examples:
        >>> response = await communicator.cluster.member_list()
        >>> [(member.name, member.is_learner) for member in response.members]
        [('default', False)]
    """

    def member_list(
        self, *, linearizable: bool = True, timeout: float | None = None
    ) -> Call[MemberListResponse]:
        """List the members.

        Args:
            linearizable: Whether the list must be the newest. Otherwise the member that is asked
                answers by itself, which it can without a quorum too.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The members.
        """

    def member_add(
        self,
        peer_urls: Iterable[str],
        is_learner: bool = False,
        *,
        timeout: float | None = None,
    ) -> Call[MemberAddResponse]:
        """Add a member, which is then to be started.

        Args:
            peer_urls: Where it listens for the other members; at least one URL.
            is_learner: Whether it is to receive all changes and not to vote, until it is promoted.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The new member, and all.

        Raises:
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: There is a member with one of these URLs.
            MemberExistError: There is a member with the id of the new one.
            UnhealthyError: Too many members do not answer.
            MemberNotEnoughStartedError: Too few members are running.
            TooManyLearnersError: The cluster has as many learners as it may have.
        """

    def member_remove(
        self, member_id: int, *, timeout: float | None = None
    ) -> Call[MemberRemoveResponse]:
        """Remove a member, which then stops.

        Args:
            member_id: The member's id.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The members that are left.

        Raises:
            MemberNotFoundError: There is no such member.
            UnhealthyError: Too many members do not answer.
            MemberNotEnoughStartedError: Too few members are running.
        """

    def member_update(
        self, member_id: int, peer_urls: Iterable[str], *, timeout: float | None = None
    ) -> Call[MemberUpdateResponse]:
        """Say where a member listens for the others from now on.

        Args:
            member_id: The member's id.
            peer_urls: The URLs; at least one.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: There is no such member.
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: Another member has one of these URLs.
        """

    def member_promote(
        self, member_id: int, *, timeout: float | None = None
    ) -> Call[MemberPromoteResponse]:
        """Let a learner vote.

        Args:
            member_id: The member's id.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: There is no such member.
            MemberNotLearnerError: It votes already.
            LearnerNotReadyError: It has not caught up with the leader yet; try again later.
        """

@final
class Member:
    """A member of the cluster."""

    __match_args__ = ("id", "name", "peer_urls", "client_urls", "is_learner")

    def __new__(
        cls,
        id: int,
        name: str,
        peer_urls: tuple[str, ...],
        client_urls: tuple[str, ...],
        is_learner: bool,
    ) -> Member: ...
    @property
    def id(self) -> int:
        """The member's id."""

    @property
    def name(self) -> str:
        """The member's name; empty until it was started."""

    @property
    def peer_urls(self) -> tuple[str, ...]:
        """Where it listens for the other members."""

    @property
    def client_urls(self) -> tuple[str, ...]:
        """Where it says that it serves clients; empty until it was started."""

    @property
    def is_learner(self) -> bool:
        """Whether it receives all changes and does not vote."""

@final
class MemberListResponse:
    """The members of the cluster."""

    __match_args__ = ("header", "members")

    def __new__(cls, header: ResponseHeader, members: tuple[Member, ...]) -> MemberListResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members."""

@final
class MemberAddResponse:
    """A new member."""

    __match_args__ = ("header", "member", "members")

    def __new__(
        cls, header: ResponseHeader, member: Member, members: tuple[Member, ...]
    ) -> MemberAddResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def member(self) -> Member:
        """The new member."""

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, with the new one."""

@final
class MemberRemoveResponse:
    """The members after one was removed."""

    __match_args__ = ("header", "members")

    def __new__(
        cls, header: ResponseHeader, members: tuple[Member, ...]
    ) -> MemberRemoveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members that are left."""

@final
class MemberUpdateResponse:
    """The members after one was changed."""

    __match_args__ = ("header", "members")

    def __new__(
        cls, header: ResponseHeader, members: tuple[Member, ...]
    ) -> MemberUpdateResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members."""

@final
class MemberPromoteResponse:
    """The members after one was promoted."""

    __match_args__ = ("header", "members")

    def __new__(
        cls, header: ResponseHeader, members: tuple[Member, ...]
    ) -> MemberPromoteResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members."""

# Maintenance

@disjoint_base
class Maintenance:
    """The native part of `etcd_client.Maintenance`, which says what the whole is."""

    def __new__(cls, communicator: Communicator) -> Maintenance: ...
    def alarm_list(self, *, timeout: float | None = None) -> Call[AlarmResponse]:
        """List the alarms that are raised.

        Args:
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The alarms.
        """

    def alarm_activate(
        self, member_id: int, alarm: AlarmType, *, timeout: float | None = None
    ) -> Call[AlarmResponse]:
        """Raise an alarm on behalf of a member.

        Args:
            member_id: The member's id.
            alarm: The alarm.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The alarm that was raised.
        """

    def alarm_disarm(
        self,
        member_id: int | None = None,
        alarm: AlarmType | None = None,
        *,
        timeout: float | None = None,
    ) -> Call[AlarmResponse]:
        """Take alarms back.

        Args:
            member_id: The member whose alarms to take back; None for all members.
            alarm: The kind of alarm; None for all kinds.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The alarms that were taken back.
        """

    def status(
        self, endpoint: str | None = None, *, timeout: float | None = None
    ) -> Call[StatusResponse]:
        """Ask a member for its state.

        Args:
            endpoint: The member; None for the one in use.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The member's version, sizes, place in the raft log, and errors.
        """

    def defragment(
        self, endpoint: str | None = None, *, timeout: float | None = None
    ) -> Call[DefragmentResponse]:
        """Give space that a member does not use any more back to its disk.

        The member serves nothing meanwhile, which can take long.

        Args:
            endpoint: The member; None for the one in use.
            timeout: Seconds for the whole call; None for any time.

        Returns:
            The header.
        """

    def hash(
        self, endpoint: str | None = None, *, timeout: float | None = None
    ) -> Call[HashResponse]:
        """Compute a checksum of a member's whole database; for tests of etcd itself.

        Args:
            endpoint: The member; None for the one in use.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The checksum.
        """

    def hash_kv(
        self,
        endpoint: str | None = None,
        revision: int | None = None,
        *,
        timeout: float | None = None,
    ) -> Call[HashKVResponse]:
        """Compute a checksum of a member's keys, to compare it with that of another.

        Args:
            endpoint: The member; None for the one in use.
            revision: The revision up to which to go; None for the newest.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The checksum, and the revisions that it is for.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision has not come yet.
        """

    def snapshot(self, endpoint: str | None = None, *, timeout: float | None = None) -> Snapshot:
        """Read a member's database; `snapshot_save` writes it into a file and verifies it.

        The stream starts at once. Errors are raised where it is read.

        Args:
            endpoint: The member; None for the one in use.
            timeout: Seconds for the whole stream. Where None, the connection's default is for its
                beginning, and the rest may take any time.

        Returns:
            An async iterator of `bytes`, the parts of the database in order.
        """

    def move_leader(
        self, target_id: int, *, timeout: float | None = None
    ) -> Call[MoveLeaderResponse]:
        """Have the leader of the cluster hand over to another member.

        Only the leader can do it, so it is found and asked, wherever it serves clients.

        Args:
            target_id: The id of the member to lead.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The header.

        Raises:
            BadLeaderTransfereeError: There is no such member, or it is a learner.
            NoLeaderError: The cluster has no leader.
        """

    def downgrade(
        self, action: DowngradeAction, version: str, *, timeout: float | None = None
    ) -> Call[DowngradeResponse]:
        """Prepare the cluster for a lower version of etcd, or look into it.

        Args:
            action: What to do.
            version: The version to go down to, such as `3.5.0`.
            timeout: Seconds for the whole call; the connection's default where None.

        Returns:
            The version of the cluster.

        Raises:
            InvalidDowngradeTargetVersionError: The cluster cannot be downgraded to that version.
            DowngradeInProcessError: A downgrade is under way.
            NoInflightDowngradeError: There is no downgrade to cancel.
            UnimplementedError: The server is older than etcd 3.5.
        """

@final
class AlarmMember:
    """An alarm of a member."""

    __match_args__ = ("member_id", "alarm")

    def __new__(cls, member_id: int, alarm: AlarmType | int) -> AlarmMember: ...
    @property
    def member_id(self) -> int:
        """The member's id."""

    @property
    def alarm(self) -> AlarmType | int:
        """The alarm; a number where this client does not know the kind."""

@final
class AlarmResponse:
    """Alarms: those that are raised, or that the call raised or took back."""

    __match_args__ = ("header", "alarms")

    def __new__(cls, header: ResponseHeader, alarms: tuple[AlarmMember, ...]) -> AlarmResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def alarms(self) -> tuple[AlarmMember, ...]:
        """The alarms."""

@final
class DowngradeInfo:
    """Whether a downgrade is under way."""

    __match_args__ = ("enabled", "target_version")

    def __new__(cls, enabled: bool, target_version: str) -> DowngradeInfo: ...
    @property
    def enabled(self) -> bool:
        """Whether it is."""

    @property
    def target_version(self) -> str:
        """The version that the cluster goes down to."""

@final
class StatusResponse:
    """The state of a member."""

    __match_args__ = (
        "header",
        "version",
        "db_size",
        "db_size_in_use",
        "leader",
        "raft_index",
        "raft_term",
        "raft_applied_index",
        "errors",
        "is_learner",
        "storage_version",
        "db_size_quota",
        "downgrade_info",
    )

    def __new__(
        cls,
        header: ResponseHeader,
        version: str,
        db_size: int,
        db_size_in_use: int,
        leader: int,
        raft_index: int,
        raft_term: int,
        raft_applied_index: int,
        errors: tuple[str, ...],
        is_learner: bool,
        storage_version: str | None,
        db_size_quota: int | None,
        downgrade_info: DowngradeInfo | None,
    ) -> StatusResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def version(self) -> str:
        """The version of etcd that it runs."""

    @property
    def db_size(self) -> int:
        """The size of its database, in bytes."""

    @property
    def db_size_in_use(self) -> int:
        """How much of that is used, in bytes; the rest `defragment` gives back."""

    @property
    def leader(self) -> int:
        """The id of the leader; 0 where it knows none."""

    @property
    def raft_index(self) -> int:
        """The newest entry of its raft log that is committed."""

    @property
    def raft_term(self) -> int:
        """The raft term."""

    @property
    def raft_applied_index(self) -> int:
        """The newest entry of its raft log that is applied."""

    @property
    def errors(self) -> tuple[str, ...]:
        """What is wrong, such as an alarm."""

    @property
    def is_learner(self) -> bool:
        """Whether it receives all changes and does not vote."""

    @property
    def storage_version(self) -> str | None:
        """The version of the database's format; None before etcd 3.6."""

    @property
    def db_size_quota(self) -> int | None:
        """The size that its database may have; None before etcd 3.6."""

    @property
    def downgrade_info(self) -> DowngradeInfo | None:
        """About a downgrade; None before etcd 3.6."""

@final
class DefragmentResponse:
    """The outcome of a defragmentation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> DefragmentResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class HashResponse:
    """A checksum of a member's whole database."""

    __match_args__ = ("header", "hash")

    def __new__(cls, header: ResponseHeader, hash: int) -> HashResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def hash(self) -> int:
        """The checksum."""

@final
class HashKVResponse:
    """A checksum of a member's keys."""

    __match_args__ = ("header", "hash", "compact_revision", "hash_revision")

    def __new__(
        cls, header: ResponseHeader, hash: int, compact_revision: int, hash_revision: int | None
    ) -> HashKVResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def hash(self) -> int:
        """The checksum."""

    @property
    def compact_revision(self) -> int:
        """The revision from which the checksum goes; -1 for the first."""

    @property
    def hash_revision(self) -> int | None:
        """The revision up to which it goes; None before etcd 3.6."""

@final
class MoveLeaderResponse:
    """The outcome of a change of the leader."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> MoveLeaderResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class DowngradeResponse:
    """The outcome of a downgrade's step."""

    __match_args__ = ("header", "version")

    def __new__(cls, header: ResponseHeader, version: str) -> DowngradeResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def version(self) -> str:
        """The version of the cluster."""

@final
class Snapshot:
    """A member's database on its way: an async iterator of its parts, as `bytes`.

    A stream that breaks raises; it cannot be resumed, because another member, or the same one
    later, sends another database.

    Examples:
        >>> snapshot = communicator.maintenance.snapshot()
        >>> size = sum([len(part) async for part in snapshot])
        >>> size > 0, snapshot.remaining_bytes
        (True, 0)
    """

    def __aiter__(self) -> Snapshot: ...
    def __anext__(self) -> Coroutine[Any, Any, bytes]: ...
    @property
    def remaining_bytes(self) -> int | None:
        """How much of the database comes after the last part; None before the first one."""

    @property
    def version(self) -> str | None:
        """The version of the database's format; None before the first part and etcd 3.6."""

    def cancel(self) -> None:
        """End the stream, on the server too."""

# Leases

@final
class LeaseGrantResponse:
    """A lease that was granted.

    Examples:
        >>> lease = await communicator.lease_grant(30)
        >>> response = await communicator.put("session", "alive", lease=lease)
        >>> lease.ttl, (await communicator.get_kv("session")).lease == lease.id
        (30, True)
    """

    __match_args__ = ("header", "id", "ttl")

    def __new__(cls, header: ResponseHeader, id: int, ttl: int) -> LeaseGrantResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """Seconds until it ends unless it is renewed, as the server granted them."""

@final
class LeaseRevokeResponse:
    """The outcome of a revocation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> LeaseRevokeResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class LeaseKeepAliveResponse:
    """A lease that was renewed."""

    __match_args__ = ("header", "id", "ttl")

    def __new__(cls, header: ResponseHeader, id: int, ttl: int) -> LeaseKeepAliveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """Seconds that it lives from now on, unless it is renewed again."""

@final
class LeaseKeepAlives:
    """The renewals of a lease, as an async iterator and an async context manager.

    The engine renews the lease in its own thread, at once and then whenever a third of its time to
    live has passed, on whichever member answers. It does so whether or not the program reads: of
    the answers that were not read the newest 16 are kept. A step that is cancelled, as by
    `asyncio.wait_for`, loses nothing.

    Entering the context waits for the first renewal; leaving it ends the renewing. So do `cancel`,
    closing the communicator, and dropping the last reference. The lease is not revoked by any of
    them: it lives on for what is left of its time.

    Entering and reading it raise:

    Raises:
        LeaseNotFoundError: There is no such lease.
        LeaseLostError: The lease was renewed before, and then it expired or was revoked, or no
            member answered until it had to be taken for expired. It is a `LeaseNotFoundError` too.
        EtcdTimeoutError: The first renewal was not answered in time.
        PermissionDeniedError: The user may not renew the lease.
        ClosedError: The communicator has been closed.

    Examples:
        >>> lease = await communicator.lease_grant(30)
        >>> async with communicator.lease_keep_alive_stream(lease) as renewals:
        ...     async for renewal in renewals:
        ...         print(renewal.id == lease.id, renewal.ttl)
        ...         break
        True 30
    """

    def __aiter__(self) -> LeaseKeepAlives: ...
    def __anext__(self) -> Coroutine[Any, Any, LeaseKeepAliveResponse]: ...
    def __aenter__(self) -> Call[LeaseKeepAlives]: ...
    def __aexit__(self, *_exception: object) -> Coroutine[Any, Any, None]: ...
    def cancel(self) -> None:
        """End the renewing, without revoking the lease; what was not read is dropped."""

@final
class LeaseTimeToLiveResponse:
    """How long a lease still lives."""

    __match_args__ = ("header", "id", "ttl", "granted_ttl", "keys")

    def __new__(
        cls, header: ResponseHeader, id: int, ttl: int, granted_ttl: int, keys: tuple[bytes, ...]
    ) -> LeaseTimeToLiveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """Seconds that are left; -1 where there is no such lease."""

    @property
    def granted_ttl(self) -> int:
        """Seconds that each renewal gives it; 0 where there is no such lease."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that are attached to it, if that was asked for."""

@final
class LeasesResponse:
    """All leases."""

    __match_args__ = ("header", "leases")

    def __new__(cls, header: ResponseHeader, leases: tuple[int, ...]) -> LeasesResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def leases(self) -> tuple[int, ...]:
        """Their ids."""

@final
class HeldLease:
    """A lease, and perhaps a place in a waiting line, that the engine holds; for this package.

    It is given back when this object goes away, unless it was adopted.
    """

    @property
    def id(self) -> int:
        """The id of the lease."""

    @property
    def ttl(self) -> int:
        """Seconds for which the server granted the lease."""

    @property
    def header(self) -> ResponseHeader:
        """Of the answer that brought it."""

    @property
    def key(self) -> bytes:
        """The key in the waiting line; empty for a mere lease."""

    @property
    def revision(self) -> int:
        """The create revision of the key; 0 for a mere lease."""

    @property
    def loss(self) -> str | None:
        """Why it was lost; None while it is held, and after it was given back."""

    def adopt(self) -> None:
        """Have it end with the context of its communicator, and no more with this object."""

    def until_over(self) -> Call[str | None]:
        """Wait until it is over; why it was lost, or None after it was given back."""

    def release(self, timeout: float | None = None) -> Call[ResponseHeader | None]:
        """Give it back; None where it was lost before."""

# Locks

@final
class LockResponse:
    """A lock that was acquired."""

    __match_args__ = ("header", "key")

    def __new__(cls, header: ResponseHeader, key: bytes) -> LockResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def key(self) -> bytes:
        """The key that exists for as long as the lock is held."""

@final
class UnlockResponse:
    """The outcome of giving a lock back."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> UnlockResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

# Elections

@final
class LeaderKey:
    """The lead in an election: what proves it to `proclaim` and `resign`."""

    __match_args__ = ("name", "key", "rev", "lease")

    def __new__(cls, name: bytes, key: bytes, rev: int, lease: int) -> LeaderKey: ...
    @property
    def name(self) -> bytes:
        """The name of the election."""

    @property
    def key(self) -> bytes:
        """The key that exists for as long as the lead is held."""

    @property
    def rev(self) -> int:
        """The create revision of the key, greater for each leader than for the one before."""

    @property
    def lease(self) -> int:
        """The id of the lease that the lead lasts with."""

@final
class CampaignResponse:
    """An election that was won."""

    __match_args__ = ("header", "leader")

    def __new__(cls, header: ResponseHeader, leader: LeaderKey) -> CampaignResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def leader(self) -> LeaderKey:
        """The lead."""

@final
class ProclaimResponse:
    """The outcome of a proclamation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> ProclaimResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class LeaderResponse:
    """The leader of an election."""

    __match_args__ = ("header", "kv")

    def __new__(cls, header: ResponseHeader, kv: KeyValue) -> LeaderResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

    @property
    def kv(self) -> KeyValue:
        """The leader's key, and as its value what the leader proclaims."""

@final
class ResignResponse:
    """The outcome of giving a lead back."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> ResignResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """About the member that answered."""

@final
class Observer:
    """The leaders of an election, one after another, as an async iterator of `LeaderResponse`.

    It goes on where it was after a disconnect. A program that reads late may miss some of the
    values that were proclaimed in between, and never the newest.

    Examples:
        >>> from etcd_client import Election
        >>> async with Election(communicator, "scheduler", "node-7"):
        ...     async for leader in communicator.observe("scheduler"):
        ...         print(leader.kv.value)
        ...         break
        b'node-7'
    """

    def __aiter__(self) -> Observer: ...
    def __anext__(self) -> Coroutine[Any, Any, LeaderResponse]: ...
    def cancel(self) -> None:
        """End the iteration, on the server too; what was not read is dropped."""
