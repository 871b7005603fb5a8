"""The native module: types and documentation of what is written in Rust.

Programs import these names from `etcd_client`. These rules hold for all of them:

- Keys, values and names may be any bytes-like object or a `str`, which is encoded as UTF-8; they
  are always returned as `bytes`.
- Times are seconds, as `int` or `float`, and greater than 0.
- An argument of the wrong type raises `TypeError`; a wrong value raises `InvalidArgsError`, which
  is a `ValueError`. Both name the argument and are raised before anything is sent.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable, Sequence
from types import GenericAlias, TracebackType
from typing import (
    Any,
    Generic,
    Literal,
    NoReturn,
    ParamSpec,
    TypeVar,
    final,
    overload,
)

from typing_extensions import Self, disjoint_base

from ._coordination.open_session import Session
from ._types import BytesLike, EventLike, LeaseId, OpResponse, PemSource
from ._watch.batch import WatchBatch
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
from .telemetry._dispatcher import Dispatcher

_Exit = TypeVar("_Exit", bound=Callable[..., object])
_P = ParamSpec("_P")
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

# The runtime

__version__: str
"""The version of this package."""

def active_context_count() -> int:
    """Return the number of open contexts in this process.

    Each `async with` on a `Client` is one. The shared runtime runs while any is open.

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

    Calls in flight have five seconds to finish; then they fail with `EtcdConnectionError` or, if
    they may have changed something, with `OutcomeUnknownError`. Held leases are revoked, locks
    released and leaderships resigned, and their holders are told of the loss. The next call starts
    the runtime again, even on a communicator that is already open. Programs seldom need this: the
    runtime stops by itself soon after the last context has exited, and at interpreter exit.

    Blocks until the runtime has stopped, for at most seven seconds.

    Examples:
        >>> from etcd_client import cleanup_runtime
        >>> cleanup_runtime()
        >>> await communicator.get("works-again") is None
        True
    """

def connect(endpoints: Sequence[str], options: ConnectOptions) -> Call[Connected]:
    """Open a context and connect to a member within the connect timeout; used by `Client`."""

def read_endpoints(endpoints: str | Iterable[str], connect_options: ConnectOptions) -> list[str]:
    """Validate one or several endpoints as `connect` does; used by `Client`."""

def check_discovery(
    domain: str, service_name: str | None = None, nameserver: str | None = None
) -> None:
    """Validate the arguments of `discover` without calling it; used by `Client`."""

def discover(
    options: ConnectOptions,
    domain: str,
    service_name: str | None = None,
    nameserver: str | None = None,
) -> Call[tuple[list[str], ConnectOptions]]:
    """Look up a domain's endpoints and the options to connect to them; used by `Client`."""

def prefix_range(prefix: BytesLike) -> tuple[bytes, bytes]:
    """Return the range of the keys that begin with a prefix: first key and exclusive end."""

def _at_exit() -> None: ...
def _after_fork_in_child() -> None: ...

# Calls

@final
class Call(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """A call in flight: what every method that talks to etcd returns.

    The call starts at once, not when it is awaited. It can be awaited directly, or passed to
    anything that takes a coroutine: `asyncio.create_task`, `TaskGroup.create_task`,
    `asyncio.gather`, `asyncio.shield`, `asyncio.wait_for`. When the task that awaits it is
    cancelled, the call is cancelled on the server too. A result that is never awaited is dropped
    without a warning.

    Examples:
        >>> import asyncio
        >>> first = communicator.put("a", "1")  # in flight from here on
        >>> second = asyncio.create_task(communicator.put("b", "2"))
        >>> responses = await asyncio.gather(first, second)
        >>> await asyncio.wait_for(communicator.get("b"), timeout=5)
        b'2'
    """

    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Generator[Any, Any, _T_co]: ...
    def __next__(self) -> asyncio.Future[Any]: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def _wait(self) -> _T_co:
        """Wait for the result in this thread; for the calls of `etcd_client.sync`."""

    def send(self, value: None) -> asyncio.Future[Any]:
        """Advance the call, as the coroutine protocol requires; not meant for programs.

        Args:
            value: None.

        Returns:
            The future that the call waits for.

        Raises:
            StopIteration: The call has finished; its `value` is the result.
        """

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """Cancel the call and raise an exception, as happens when its task is cancelled.

        Args:
            kind: The exception or its class.
            value: If `kind` is a class: an instance of it, or the argument to make one.
            traceback: Not used.

        Raises:
            BaseException: The given exception.
        """

    def close(self) -> None:
        """Cancel the call, on the server too."""

@final
class Next(Coroutine[Any, Any, _T_co], Generic[_T_co]):
    """One step of an async iterator; no item is lost when it is cancelled while it waits."""

    def __await__(self) -> Generator[Any, Any, _T_co]: ...
    def __iter__(self) -> Generator[Any, Any, _T_co]: ...
    def __next__(self) -> asyncio.Future[Any]: ...
    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def _wait(self, seconds: float | None = None) -> _T_co:
        """Wait for the item in this thread; for the streams of `etcd_client.sync`."""

    def send(self, value: None) -> asyncio.Future[Any]:
        """Advance the step, as the coroutine protocol requires."""

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> NoReturn:
        """Cancel the step and raise an exception, as happens when its task is cancelled."""

    def close(self) -> None:
        """Cancel the step."""

@final
class LoopBridge:
    """The connection between an event loop and the runtime: calls go out, results come back."""

# Threads without an event loop

@final
class ThreadFuture:
    """What a coroutine awaits that a thread drives: a call, or a moment that is set."""

    def __new__(cls) -> ThreadFuture: ...
    def set(self) -> None:
        """End the waits of all threads; for a future of no call."""

    def done(self) -> bool:
        """Return whether waiting for it ends at once."""

@final
class ThreadHandle:
    """The thread that makes it, for others to interrupt its waits."""

    def __new__(cls) -> ThreadHandle: ...
    def interrupt(self) -> None:
        """Interrupt the wait of the thread, or its next one."""

    def interrupt_after(self, seconds: float | None) -> None:
        """Interrupt a wait of the thread when that many seconds have passed; None for never."""

@overload
def run(
    function: Callable[_P, Coroutine[Any, Any, _T]], *arguments: _P.args, **keywords: _P.kwargs
) -> _T:
    """Call a function as a step, and wait in this thread for what it returns.

    Steps run one at a time in the whole process; waiting is no step.
    """

@overload
def run(function: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T: ...
def in_step() -> bool:
    """Return whether the running code is such a step."""

def call_outside(function: Callable[..., _T], *arguments: object) -> _T:
    """Call a function of the program as no part of the step that calls it."""

def on_interrupt(hook: Callable[[], object]) -> None:
    """Say what an interrupted thread calls; what it raises ends the thread's wait."""

@final
class Shield:
    """Within its context nothing ends the waits of the thread that entered it."""

    def __new__(cls) -> Shield: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *_exception: object) -> None:
        """Raise what would have ended a wait."""

def leaving(exit: _Exit) -> _Exit:
    """Let an `__exit__` be done again, with what was raised, if a signal handler interrupted it.

    It also is if the handler was called before the first instruction of the function.
    """

@final
class Connected:
    """The result of `connect`, from which a `Communicator` is made."""

@final
class StatsSource:
    """Where to ask what a communicator has open."""

    def read(self) -> tuple[int, Stats] | None:
        """Return a number of its connections, and their counters; None if it is closed."""

# Connecting

@final
class ConnectOptions:
    """How to connect; immutable, comparable and hashable.

    Each `with_...` method returns a copy with one thing changed.

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
        wait_for_ready: bool = True,
        keep_alive_interval: float | None = None,
        keep_alive_timeout: float | None = None,
        keep_alive_while_idle: bool = False,
        tcp_keepalive: float | None = None,
        max_response_size: int | None = None,
        require_connection: bool = False,
        sync_interval: float | None = None,
        hooks: object | None = None,
    ) -> ConnectOptions:
        """Create options; what is not given has a default that suits most programs.

        Args:
            user: The user name for a cluster with authentication; requires `password`.
            password: The user's password.
            ca: The certificate authorities to trust, instead of the system's.
            cert: The client's certificate chain, for members that ask for one; requires `key`.
            key: The private key of `cert`.
            server_name: The name to expect in the members' certificates, instead of the host of
                the endpoint.
            verify: False to accept any certificate. Anyone in between can then read and change all
                traffic.
            connect_timeout: Maximum time in seconds to open a context; 5 by default.
            timeout: The default deadline of calls, in seconds; 10 by default. For no deadline, see
                `with_timeout`.
            wait_for_ready: Whether calls wait for a member until their deadline, if none can be
                reached. See `with_wait_for_ready`.
            keep_alive_interval: Seconds between HTTP/2 pings; 6 by default. Members disconnect
                clients that ping more often than every 5 seconds.
            keep_alive_timeout: Seconds to wait for the response to a ping before the connection is
                closed; 3 by default.
            keep_alive_while_idle: Whether to ping while no call is in flight.
            tcp_keepalive: Seconds between TCP keep-alive probes; 30 by default.
            max_response_size: The largest response to accept, in bytes; 2 GiB by default.
            require_connection: Whether opening a context raises `EtcdConnectionError` if no member
                can be reached within the connect timeout. By default the context opens anyway, and
                the first call raises. `Client.with_lock` always requires a connection.
            sync_interval: How often the endpoints are taken from the member list, in seconds; never
                by default. See `with_sync_interval`.
            hooks: An object that is told of calls, connections, watches and leases: one with any
                of the methods of `telemetry.Hooks`. Contexts share connections only if they have
                the same one.

        Raises:
            InvalidArgsError: Only one of a pair is given, a time is not above 0, or something that
                should be PEM is not.
            OSError: A file could not be read.
        """

    def with_user(self, name: str, password: str) -> ConnectOptions:
        """Return a copy with a user to authenticate as.

        A token that has expired or is outdated is replaced, and the call is retried once. On a
        cluster without authentication the user is ignored.

        Args:
            name: The user's name.
            password: The user's password.
        """

    def with_keep_alive(self, interval: float, timeout: float) -> ConnectOptions:
        """Return a copy with other HTTP/2 pings, which detect frozen members.

        Args:
            interval: Seconds between pings. Members disconnect clients that ping more often than
                every 5 seconds.
            timeout: Seconds to wait for a response before the connection is closed.
        """

    def with_keep_alive_while_idle(self, enabled: bool) -> ConnectOptions:
        """Return a copy that pings, or does not ping, while no call is in flight.

        Args:
            enabled: Whether to ping while idle.
        """

    def with_connect_timeout(self, connect_timeout: float) -> ConnectOptions:
        """Return a copy with another maximum time to open a context.

        Args:
            connect_timeout: Seconds.
        """

    def with_timeout(self, timeout: float | None) -> ConnectOptions:
        """Return a copy with another default deadline of calls.

        Args:
            timeout: Seconds; None for no deadline.
        """

    def with_wait_for_ready(self, wait_for_ready: bool) -> ConnectOptions:
        """Return a copy whose calls wait, or do not wait, until a member can be reached.

        If not, a call raises `EtcdConnectionError` once it has failed to connect to every endpoint,
        instead of trying again until its deadline. As long as one member can be reached, calls go
        there. Watches, leases that are kept alive, locks and elections wait in any case.

        Args:
            wait_for_ready: Whether to wait.
        """

    def with_tcp_keepalive(self, tcp_keepalive: float) -> ConnectOptions:
        """Return a copy with another interval between TCP keep-alive probes.

        Args:
            tcp_keepalive: Seconds.
        """

    def with_max_response_size(self, max_response_size: int) -> ConnectOptions:
        """Return a copy with another limit for the size of a response.

        Args:
            max_response_size: Bytes.
        """

    def with_require_connection(self, required: bool) -> ConnectOptions:
        """Return a copy that requires, or does not require, a connection to open a context.

        Args:
            required: Whether opening raises `EtcdConnectionError` if no member can be reached.
        """

    def with_sync_interval(self, sync_interval: float | None) -> ConnectOptions:
        """Return a copy that follows changes of the membership, or does not.

        The endpoints are taken from the cluster's member list when the context opens, at this
        interval, and soon after a member was lost. Learners, members that have not been started
        and, with TLS, URLs without it are left out. The endpoints that the program gave are kept as
        a last resort, in case the members advertise URLs that cannot be reached from here.

        Args:
            sync_interval: Seconds; None to use the given endpoints only.
        """

    def with_hooks(self, hooks: object | None) -> ConnectOptions:
        """Return a copy with other hooks, or with none.

        Args:
            hooks: An object with any of the methods of `telemetry.Hooks`; None for no hooks.
        """

    def _with_hooks_of(self, other: ConnectOptions) -> ConnectOptions: ...
    def with_tls(
        self,
        *,
        ca: PemSource | None = None,
        cert: PemSource | None = None,
        key: PemSource | None = None,
        server_name: str | None = None,
        verify: bool = True,
    ) -> ConnectOptions:
        """Return a copy that uses TLS, for endpoints without a scheme too.

        Endpoints that begin with `https://` use TLS in any case; without this, they trust the
        system's certificate authorities.

        Args:
            ca: The certificate authorities to trust, instead of the system's.
            cert: The client's certificate chain, for members that ask for one; requires `key`.
            key: The private key of `cert`.
            server_name: The name to expect in the members' certificates, instead of the host of
                the endpoint.
            verify: False to accept any certificate.

        Raises:
            InvalidArgsError: Only one of `cert` and `key` is given, or something that should be
                PEM is not.
            OSError: A file could not be read.
        """

@disjoint_base
class Communicator:
    """The native base class of `etcd_client.Communicator`; see there."""

    def __new__(cls, connected: Connected) -> Communicator: ...
    @property
    def _dispatcher(self) -> Dispatcher | None:
        """What passes to the hooks what they are told; None if there are none."""

    @property
    def _prefix(self) -> bytes:
        """The prefix of the namespace."""

    @property
    def closed(self) -> bool:
        """Whether the communicator is closed."""

    @property
    def endpoints(self) -> list[str]:
        """The endpoints in use, as given."""

    def close(self) -> None:
        """Close the communicator, as leaving its `async with` does.

        Open watches end, and further calls raise `ClosedError`. Closing again does nothing.
        Closing a communicator that `namespace` returned affects nothing but that one.
        """

    def set_endpoints(self, endpoints: Iterable[str]) -> None:
        """Switch to other endpoints; calls and watches in flight move to them.

        Other communicators that were opened with the same endpoints and options keep their
        endpoints. While there are any, watches and leases of this one that are open stay where they
        are, too; calls that begin from now on go to the new endpoints.

        Args:
            endpoints: The members' client addresses; at least one.

        Raises:
            InvalidUriError: An endpoint is malformed, or has no TLS although TLS is configured.
            InvalidArgsError: No endpoint is given.
        """

    def sync_endpoints(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[list[str]]:
        """Switch to the client URLs that the members advertise.

        Learners and members that have not been started are left out.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The endpoints.
        """

    def stats(self) -> Stats:
        """Return counters of what has happened on the connections.

        Communicators with the same endpoints and options share their connections, and so these
        counters. The logger `etcd_client` says more: it logs a warning for each failover, lost
        connection and resumed watch.

        Returns:
            The counters as of now, since the connections were first used.
        """

    def namespace(self, prefix: BytesLike) -> Self:
        """Return a communicator whose keys are all prefixed.

        The prefix is added to every key that is sent and removed from every key that is returned,
        for ranges, transactions, watches, locks and elections too, so that no other key can be
        reached. Everything else is shared with this communicator, and it is closed with it.

        Args:
            prefix: The prefix; it is appended to the prefix of this communicator, if it has one.

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
        wait_for_ready: bool | None = None,
    ) -> Call[bytes | None]:
        """Read the value of a key.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Ignore the key if it was last modified before this revision.
            max_mod_revision: Ignore the key if it was last modified after this revision.
            min_create_revision: Ignore the key if it was created before this revision.
            max_create_revision: Ignore the key if it was created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The value; None if the key does not exist.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[KeyValue | None]:
        """Read a key with its value, revisions and lease.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Ignore the key if it was last modified before this revision.
            max_mod_revision: Ignore the key if it was last modified after this revision.
            min_create_revision: Ignore the key if it was created before this revision.
            max_create_revision: Ignore the key if it was created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The key-value pair; None if the key does not exist.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[list[tuple[bytes, bytes]]]:
        """Read all keys that begin with a prefix.

        The whole response is held in memory; for ranges of any size, use `scan_prefix`.

        Args:
            prefix: The prefix; empty for all keys.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys and their values.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[list[tuple[bytes, bytes]]]:
        """Read all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys and their values.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[list[bytes]]:
        """Read all keys that begin with a prefix, without their values.

        Args:
            key: The prefix; empty for all keys.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[list[bytes]]:
        """Read all keys from `key` up to, but not including, `range_end`; without their values.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[RangeResponse]:
        """Read a key or a range of keys, with every option of etcd's range request.

        Args:
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            keys_only: Whether to leave out the values.
            count_only: Whether to return only the number of keys.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The key-value pairs, their total number, and the response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty and does not begin a range.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
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
        wait_for_ready: bool | None = None,
    ) -> Call[int]:
        """Count the keys that begin with a prefix.

        Args:
            prefix: The prefix; empty for all keys.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: No effect: etcd counts before it filters.
            max_mod_revision: No effect, for the same reason.
            min_create_revision: No effect, for the same reason.
            max_create_revision: No effect, for the same reason.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The number of keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """

    def _range_stream(
        self,
        key: BytesLike,
        range_end: BytesLike,
        revision: int,
        *,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Stream[list[KeyValue]] | None:
        """Stream a range at a revision; None if the members are known not to. Used by `Scan`."""

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
        wait_for_ready: bool | None = None,
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
        wait_for_ready: None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, PutResponse]:
        """Write a key.

        Args:
            key: The key.
            value: The value; empty with `ignore_value`.
            lease: The lease to attach the key to: the key is deleted when the lease expires or is
                revoked. None detaches the key from its present lease.
            prev_kv: Whether to return the previous key-value pair.
            ignore_value: Whether to keep the key's present value.
            ignore_lease: Whether to keep the key attached to its present lease.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The response header and, with `prev_kv`, the previous key-value pair.

        Raises:
            EmptyKeyError: The key is empty.
            KeyNotFoundError: `ignore_value` or `ignore_lease` is set and the key does not exist.
            LeaseNotFoundError: The lease does not exist.
            RequestTooLargeError: The request exceeds the server's limit, by default 1.5 MiB.
            NoSpaceError: The database has exceeded its quota.
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
        wait_for_ready: bool | None = None,
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
        wait_for_ready: None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete a key, or a range of keys.

        Args:
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to delete all keys that begin with `key`.
            from_key: Whether to delete all keys from `key` to the last key of all.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty and does not begin a range.
        """

    @overload
    def delete_prefix(
        self,
        key: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[DeleteResponse]: ...
    @overload
    def delete_prefix(
        self,
        key: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        wait_for_ready: None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete all keys that begin with a prefix.

        Args:
            key: The prefix; empty for all keys.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.
        """

    @overload
    def delete_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[DeleteResponse]: ...
    @overload
    def delete_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        wait_for_ready: None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, DeleteResponse]:
        """Delete all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.

        Raises:
            InvalidArgsError: `range_end` is empty.
        """

    @overload
    def txn(
        self, txn: Txn, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[TxnResponse]: ...
    @overload
    def txn(
        self,
        txn: Txn,
        *,
        timeout: float | None = None,
        wait_for_ready: None = None,
        once: Session | None,
    ) -> Coroutine[Any, Any, TxnResponse]:
        """Run a transaction atomically: all of it takes effect at one revision, or none of it.

        Args:
            txn: The transaction.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            Whether the conditions held, and the response of each operation that ran.

        Raises:
            TooManyOpsError: There are more operations than the server allows, by default 128.
            DuplicateKeyError: A key is written more than once.
            EmptyKeyError: A key is empty.
            LeaseNotFoundError: The lease of a put does not exist.
            RequestTooLargeError: The request exceeds the server's limit, by default 1.5 MiB.
            CompactedError: The revision of a read has been compacted.
        """

    def compact(
        self,
        revision: int,
        *,
        physical: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[CompactResponse]:
        """Discard the history before a revision; the keys as they are at it remain.

        Args:
            revision: The oldest revision that can be read afterwards.
            physical: Whether to wait until the compacted entries are removed from the database.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            CompactedError: The revision has already been compacted.
            FutureRevisionError: The revision is in the future.
        """

    # Leases

    def lease_grant(
        self,
        ttl: int,
        id: int | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[LeaseGrantResponse]:
        """Grant a lease: keys attached to it are deleted when it expires or is revoked.

        It expires unless it is renewed by `lease_keep_alive` or `lease_keep_alive_stream`. For a
        lease that is kept alive in the background, use `lease`.

        Args:
            ttl: Time to live in seconds, at least 1. The server raises it to its own minimum,
                which is about 2.
            id: The id of the lease; None or 0 for a random one.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The id and the granted time to live.

        Raises:
            LeaseExistError: A lease with that id exists already.
            LeaseTTLTooLargeError: The time to live is above 9,000,000,000.
        """

    def lease_revoke(
        self, id: LeaseId, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[LeaseRevokeResponse]:
        """Revoke a lease and delete the keys attached to it.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            LeaseNotFoundError: The lease does not exist.
        """

    def lease_time_to_live(
        self,
        id: LeaseId,
        *,
        keys: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[LeaseTimeToLiveResponse]:
        """Get the remaining time to live of a lease.

        Args:
            id: The lease, or its id.
            keys: Whether to return the attached keys.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The remaining and the granted seconds; -1 remain if the lease does not exist.
        """

    def lease_keep_alive(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> Call[LeaseKeepAliveResponse]:
        """Renew a lease once.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The renewed time to live.

        Raises:
            LeaseNotFoundError: The lease does not exist.
        """

    def lease_keep_alive_stream(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> LeaseKeepAlives:
        """Keep an existing lease alive, whoever granted it.

        The lease is renewed in the background, whether or not the program reads the responses.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the first renewal, in seconds; None for the connection's default.

        Returns:
            An async iterator of `LeaseKeepAliveResponse`, one for each renewal.
        """

    def leases(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[LeasesResponse]:
        """List all leases.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The ids of the leases.
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
        value: BytesLike | None = None,
        wait: Literal[True] = True,
        ttl: float | None = None,
        lease: HeldLease | LeaseId | None = None,
        timeout: float | None = None,
        ahead: BytesLike | None = None,
        holders: int = 1,
    ) -> Call[HeldLease]: ...
    @overload
    def _hold_place(
        self,
        name: BytesLike,
        *,
        value: BytesLike | None = None,
        wait: bool,
        ttl: float | None = None,
        lease: HeldLease | LeaseId | None = None,
        timeout: float | None = None,
        ahead: BytesLike | None = None,
        holders: int = 1,
    ) -> Call[HeldLease | None]: ...
    def _unlock(self, key: BytesLike, *, timeout: float | None = None) -> Call[UnlockResponse]: ...

    # Elections

    def proclaim(
        self,
        leader: LeaderKey,
        value: BytesLike,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[ProclaimResponse]:
        """Proclaim a new value as the leader of an election.

        Args:
            leader: The `leader` of the response of `campaign`.
            value: The value to proclaim.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            ElectionNotLeaderError: The leadership was lost or resigned.
        """

    def leader(
        self, name: BytesLike, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[LeaderResponse]:
        """Get the current leader of an election.

        Args:
            name: The name of the election.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The leader's key and the value that it proclaims.

        Raises:
            ElectionNoLeaderError: There is no leader.
        """

    def observe(self, name: BytesLike) -> Observer:
        """Observe an election: the current leader, its successors, and what they proclaim.

        Args:
            name: The name of the election.

        Returns:
            An async iterator of `LeaderResponse`.
        """

    def resign(
        self, leader: LeaderKey, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[ResignResponse]:
        """Resign the leadership of an election.

        Args:
            leader: The `leader` of the response of `campaign`.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.
        """

    # Administration

    @property
    def auth(self) -> Auth:
        """Users, roles, and authentication."""

    @property
    def cluster(self) -> Cluster:
        """The members of the cluster."""

    # Watching

    def watch(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
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

        The watch starts at once, without being awaited. Errors are raised to whoever reads it.

        Args:
            key: The key.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.
        """

    def watch_prefix(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
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
            key: The prefix; empty for all keys.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.
        """

    def watch_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

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
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        timeout: float | None = None,
    ) -> Watch:
        """Watch several keys, prefixes and ranges with one watch.

        Each of them is reported in order, exactly once and without gaps. Between them there is no
        order: if one revision changes several of them, each has a batch of its own, and later
        events of others may come in between. A key that is in several of them is reported for
        each. `Watch.revision` is the revision that all of them have reached.

        Args:
            keys: Single keys.
            prefixes: Prefixes; an empty one matches all keys.
            ranges: Pairs of the first key of a range and its exclusive end.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed all of it; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an async iterator of `WatchEvent`.

        Raises:
            InvalidArgsError: Nothing to watch is given, or the end of a range is empty.
        """

# Transactions

@final
class Compare:
    """A condition of a transaction, on a stored key.

    For a key that does not exist, version, revisions and lease are 0, and every comparison of its
    value is false. `Key` makes the same conditions with Python operators.

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
    def _restored(encoded: bytes) -> Compare:
        """Return what was pickled."""

    @staticmethod
    def value(key: BytesLike, cmp: CompareOp, value: BytesLike) -> Compare:
        """Compare the value, byte by byte.

        Args:
            key: The key.
            cmp: The comparison; the stored value is on its left.
            value: The value to compare with.
        """

    @staticmethod
    def version(key: BytesLike, cmp: CompareOp, version: int) -> Compare:
        """Compare the version: 1 for a new key, one more with each put, 0 if there is no key.

        Args:
            key: The key.
            cmp: The comparison; the stored version is on its left.
            version: The version to compare with.
        """

    @staticmethod
    def create_revision(key: BytesLike, cmp: CompareOp, revision: int) -> Compare:
        """Compare the revision that created the key; 0 if the key does not exist.

        Args:
            key: The key.
            cmp: The comparison; the stored revision is on its left.
            revision: The revision to compare with.
        """

    @staticmethod
    def mod_revision(key: BytesLike, cmp: CompareOp, revision: int) -> Compare:
        """Compare the revision that last modified the key; 0 if the key does not exist.

        Args:
            key: The key.
            cmp: The comparison; the stored revision is on its left.
            revision: The revision to compare with.
        """

    @staticmethod
    def lease(key: BytesLike, cmp: CompareOp, lease: LeaseId) -> Compare:
        """Compare the lease that the key is attached to; 0 if it is attached to none.

        Args:
            key: The key.
            cmp: The comparison; the stored lease id is on its left.
            lease: The lease to compare with, or its id.
        """

    def with_range(self, end: BytesLike) -> Compare:
        """Return the same condition for all keys from the key up to, but not including, `end`.

        Args:
            end: The end of the range, exclusive.

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
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for that of the transaction, which includes what
                its earlier operations wrote.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data. A read-only transaction
                is serializable if all of its reads are.
            keys_only: Whether to leave out the values.
            count_only: Whether to return only the number of keys.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
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
            lease: The lease to attach the key to; None detaches it from its present lease.
            prev_kv: Whether to return the previous key-value pair.
            ignore_value: Whether to keep the key's present value.
            ignore_lease: Whether to keep the key attached to its present lease.
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
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to delete all keys that begin with `key`.
            from_key: Whether to delete all keys from `key` to the last key of all.
            prev_kv: Whether to return the deleted key-value pairs.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
        """

    @staticmethod
    def txn(txn: Txn) -> TxnOp:
        """Run a transaction inside the transaction; its response is a `TxnResponse`.

        Args:
            txn: The inner transaction.

        Raises:
            InvalidArgsError: It would make more than 32 levels.
        """

    @staticmethod
    def _restored(encoded: bytes) -> TxnOp:
        """Return what was pickled."""

    def _parts(self) -> tuple[str, bytes, bytes]:
        """Return the kind, the key and the range end; used for `once=`."""

    def _read_at(self, revision: int) -> TxnOp | None:
        """Return the read that repeats its response at a revision; None for writes."""

@final
class Txn:
    """A transaction: conditions, operations for when all of them hold, and others for when not.

    It is immutable: each method returns another transaction, and can be used once in a chain.

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
        """Set the conditions; without any, the transaction succeeds.

        Args:
            compares: The conditions, all of which must hold.

        Raises:
            InvalidArgsError: The conditions have been set before.
        """

    def and_then(self, operations: Sequence[TxnOp]) -> Txn:
        """Set the operations to run if all conditions hold.

        Args:
            operations: The operations, in order.

        Raises:
            InvalidArgsError: The operations have been set before.
        """

    def or_else(self, operations: Sequence[TxnOp]) -> Txn:
        """Set the operations to run if a condition does not hold.

        Args:
            operations: The operations, in order.

        Raises:
            InvalidArgsError: The operations have been set before.
        """

    @staticmethod
    def _restored(encoded: bytes) -> Txn:
        """Return what was pickled."""

    def _parts(self) -> tuple[list[Compare], list[TxnOp], list[TxnOp]]:
        """Return the conditions and both branches; used for `once=`."""

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
        """The response header; its revision is that of the transaction."""

    @property
    def responses(self) -> tuple[Any, ...]:
        """The responses of the operations that ran, in order.

        The class of each follows from its operation. They are typed as `Any`, because only the
        program knows which operations it passed.
        """

    def succeeded(self) -> bool:
        """Return whether the conditions held, so that the operations of `and_then` ran."""

# Responses

@final
class ResponseHeader:
    """The header of every response: which member answered, and at which revision.

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
        """The revision of the key-value store when the request was applied."""

    @property
    def raft_term(self) -> int:
        """The raft term; of two responses, the one with the lower term may be stale."""

@final
class KeyValue:
    """A key with its value, revisions, version and lease.

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
        """The value; empty if only keys were requested."""

    @property
    def create_revision(self) -> int:
        """The revision that created the key."""

    @property
    def mod_revision(self) -> int:
        """The revision that last modified the key."""

    @property
    def version(self) -> int:
        """The number of puts since the key was created; 1 for a new key."""

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
        """The response header; read further pages at its revision."""

    @property
    def kvs(self) -> tuple[KeyValue, ...]:
        """The key-value pairs."""

    @property
    def more(self) -> bool:
        """Whether the range has more keys than `limit` allowed to return."""

    @property
    def count(self) -> int:
        """The number of keys in the range, regardless of the limit."""

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
        """The response header; its revision is that of the put."""

    @property
    def prev_kv(self) -> KeyValue | None:
        """The previous key-value pair; None if it was not requested or the key is new."""

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
        """The response header; its revision is that of the deletion."""

    @property
    def deleted(self) -> int:
        """The number of deleted keys."""

    @property
    def prev_kvs(self) -> tuple[KeyValue, ...]:
        """The deleted key-value pairs, if they were requested."""

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
        """The response header: which member answered, and at which revision."""

# Streams

@disjoint_base
class Stream(AsyncIterator[_T_co]):
    """An open stream from the server: an async iterator that can be cancelled."""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Coroutine[Any, Any, _T_co]: ...
    def cancel(self) -> None:
        """Cancel the stream, on the server too; unread items are dropped."""

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
        """The value; empty if the key was deleted."""

    @property
    def event(self) -> WatchEventType:
        """The kind of change."""

    @property
    def prev_value(self) -> bytes | None:
        """The previous value; None if it was not requested or there was none."""

    @property
    def kv(self) -> KeyValue | None:
        """The key-value pair after the change; for a deletion only key and mod_revision are set.

        None only if a program constructed the event without it.
        """

    @property
    def prev_kv(self) -> KeyValue | None:
        """The previous key-value pair; None if it was not requested or there was none."""

@final
class Watch(Stream[WatchEvent]):
    """An open watch: an async iterator of events, and an async context manager.

    Events are ordered, unique and complete: after a disconnect or a failover, the watch resumes
    where it left off. Cancelling a step, as `asyncio.wait_for` does, loses no event. Memory is
    bounded: a program that reads slowly slows down the server's stream.

    Entering the context waits until the server has confirmed the watch; leaving it cancels the
    watch. Dropping the last reference cancels it too.

    Reading it raises:

    Raises:
        CompactedError: The history that the watch needs has been compacted; a new watch can start
            at `compact_revision`.
        FutureRevisionError: The cluster was restored from a backup or set up anew, and has not
            reached the revision of the watch.
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
        """Iterate over lists of events, one list for each revision, instead of single events.

        Returns:
            An async iterator of `WatchBatch`, a list of `WatchEvent`. All events of a list have the
            same revision: a transaction that changes several keys is one list.
        """

    def _updates(self) -> Stream[list[tuple[int, list[tuple[bytes, KeyValue | None]]]]]:
        """Iterate over all revisions that have come, with their changes; used by caches.

        A list has each revision with its keys and pairs, None where a key was deleted. It is empty
        where the server has told how far it is.
        """

    def request_progress(self) -> None:
        """Request a progress report, which advances `revision` once it has been read.

        Ignored for servers before 3.4.25 and 3.5.8: their reports may be ahead of events that are
        still on the way. A server that is still catching up from an earlier `start_revision` does
        not report either.
        """

    @property
    def revision(self) -> int:
        """The last revision that was read completely, or up to which nothing changed.

        A new watch with `start_revision=revision + 1` resumes where this one is. Before the watch
        is confirmed, it is 0; before anything is read, it is the one before `start_revision` or,
        without that, the revision at which the watch was created.
        """

    def ready(self) -> Call[None]:
        """Wait until the server has confirmed the watch, or it has been cancelled.

        Raises:
            EtcdError: The watch failed before it was confirmed; the same errors as for reading it.
        """

@final
class WatchBatches(Stream[WatchBatch]):
    """An async iterator over a watch's events, one list for each revision."""

    def __aiter__(self) -> WatchBatches: ...
    def __anext__(self) -> Coroutine[Any, Any, WatchBatch]: ...

# Counts

@final
class Stats:
    """Counters of what has happened on the connections of a communicator.

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
        "leases_kept",
        "keep_alive_streams",
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
        leases_kept: int,
        keep_alive_streams: int,
    ) -> Stats: ...
    @property
    def requests(self) -> int:
        """Calls that were started, watches excluded."""

    @property
    def in_flight(self) -> int:
        """Calls that are in flight."""

    @property
    def retries(self) -> int:
        """Attempts of calls after the first one."""

    @property
    def connects(self) -> int:
        """Connections that were opened."""

    @property
    def reconnects(self) -> int:
        """Connections that were opened to a member that had been connected to before."""

    @property
    def failovers(self) -> int:
        """How often calls moved to another member."""

    @property
    def resumes(self) -> int:
        """Streams that were resumed: of watches, of which one may carry many, and the like."""

    @property
    def watches(self) -> int:
        """Open watches, those of locks and elections included."""

    @property
    def watch_streams(self) -> int:
        """Open streams that carry watches."""

    @property
    def connections(self) -> int:
        """Open connections, including those that close after their last call."""

    @property
    def streams(self) -> int:
        """Open streams on the connections: calls in flight, watches and the like."""

    @property
    def leases_kept(self) -> int:
        """Leases that are kept alive now, those of locks included."""

    @property
    def keep_alive_streams(self) -> int:
        """Streams that renewals share now: one, and others while a member is slow to answer."""

# Authentication

@final
class Auth:
    """Users, roles and authentication: `communicator.auth`.

    Permissions are for the full keys, whatever the namespace of the communicator. Once
    authentication is enabled, changes require a user with the role `root`.

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
        """Enable authentication.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RootUserNotExistError: The user `root` does not exist.
            RootRoleNotExistError: The user `root` does not have the role `root`.
        """

    def disable(self, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Disable authentication: every client may do everything.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.
        """

    def status(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AuthStatusResponse]:
        """Get whether authentication is enabled.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            Whether it is enabled, and the revision of users and roles.

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
            no_password: Whether the user has no password and authenticates with a certificate.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: Neither `password` nor `no_password` is given, or both are.
            UserAlreadyExistError: A user with that name exists already.
            UserEmptyError: The name is empty.
        """

    def user_get(
        self, name: str, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AuthUserGetResponse]:
        """Get the roles of a user.

        Args:
            name: The user's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names of the roles.

        Raises:
            UserNotFoundError: The user does not exist.
        """

    def user_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AuthUserListResponse]:
        """List all users.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names.
        """

    def user_delete(self, name: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Delete a user.

        Args:
            name: The user's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            InvalidAuthMgmtError: It is `root` and authentication is enabled.
        """

    def user_change_password(
        self, name: str, password: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Change the password of a user.

        Args:
            name: The user's name.
            password: The new password.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
        """

    def user_grant_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Grant a role to a user.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            RoleNotFoundError: The role does not exist.
        """

    def user_revoke_role(
        self, name: str, role: str, *, timeout: float | None = None
    ) -> Call[AuthResponse]:
        """Revoke a role from a user.

        Args:
            name: The user's name.
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            UserNotFoundError: The user does not exist.
            RoleNotGrantedError: The user does not have the role.
            InvalidAuthMgmtError: It is the role `root` of `root` and authentication is enabled.
        """

    def role_add(self, role: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Add a role, without permissions at first.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RoleAlreadyExistError: A role with that name exists already.
            RoleEmptyError: The name is empty.
        """

    def role_get(
        self, role: str, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AuthRoleGetResponse]:
        """Get the permissions of a role.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The permissions.

        Raises:
            RoleNotFoundError: The role does not exist.
        """

    def role_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AuthRoleListResponse]:
        """List all roles.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The names.
        """

    def role_delete(self, role: str, *, timeout: float | None = None) -> Call[AuthResponse]:
        """Delete a role, and revoke it from all users.

        Args:
            role: The role's name.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            RoleNotFoundError: The role does not exist.
            InvalidAuthMgmtError: It is `root` and authentication is enabled.
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
        """Grant a role a permission on a key or a range of keys.

        Args:
            role: The role's name.
            permission: Reading, writing, or both.
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether it covers all keys that begin with `key`.
            from_key: Whether it covers all keys from `key` to the last key of all.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: The role does not exist.
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
        """Revoke a permission from a role; the range must be the one that was granted.

        Args:
            role: The role's name.
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether it covers all keys that begin with `key`.
            from_key: Whether it covers all keys from `key` to the last key of all.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            RoleNotFoundError: The role does not exist.
            PermissionNotGrantedError: The role does not have this permission.
        """

@final
class AuthResponse:
    """The outcome of a change to users, roles or authentication."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> AuthResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class AuthStatusResponse:
    """Whether authentication is enabled."""

    __match_args__ = ("header", "enabled", "auth_revision")

    def __new__(
        cls, header: ResponseHeader, enabled: bool, auth_revision: int
    ) -> AuthStatusResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def enabled(self) -> bool:
        """Whether authentication is enabled."""

    @property
    def auth_revision(self) -> int:
        """The revision of users and roles, which each change increases."""

@final
class AuthUserGetResponse:
    """The roles of a user."""

    __match_args__ = ("header", "roles")

    def __new__(cls, header: ResponseHeader, roles: tuple[str, ...]) -> AuthUserGetResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

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
        """What is permitted; a number if this client does not know the kind."""

    @property
    def key(self) -> bytes:
        """The key, or the first key of a range."""

    @property
    def range_end(self) -> bytes:
        """The end of the range, exclusive; empty for a single key, a zero byte for no end."""

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
        self,
        *,
        linearizable: bool = True,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[MemberListResponse]:
        """List the members.

        Args:
            linearizable: Whether the list must be up to date. If not, the member answers from its
                own data, which works without a quorum too.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

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
        """Add a member to the cluster; start it afterwards.

        Args:
            peer_urls: The URLs at which it listens for the other members; at least one.
            is_learner: Whether it joins as a learner, which receives all changes but does not vote
                until it is promoted.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The new member, and all members.

        Raises:
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: A member with one of these URLs exists already.
            MemberExistError: A member with the id of the new one exists already.
            UnhealthyError: Too many members are unhealthy.
            MemberNotEnoughStartedError: Too few members have been started.
            TooManyLearnersError: The cluster has the maximum number of learners.
        """

    def member_remove(
        self, member_id: int, *, timeout: float | None = None
    ) -> Call[MemberRemoveResponse]:
        """Remove a member from the cluster; it stops.

        Args:
            member_id: The member's id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The remaining members.

        Raises:
            MemberNotFoundError: The member does not exist.
            UnhealthyError: Too many members are unhealthy.
            MemberNotEnoughStartedError: Too few members have been started.
        """

    def member_update(
        self, member_id: int, peer_urls: Iterable[str], *, timeout: float | None = None
    ) -> Call[MemberUpdateResponse]:
        """Change the peer URLs of a member.

        Args:
            member_id: The member's id.
            peer_urls: The URLs; at least one.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: The member does not exist.
            MemberBadURLsError: A URL is malformed.
            PeerURLExistError: Another member has one of these URLs.
        """

    def member_promote(
        self, member_id: int, *, timeout: float | None = None
    ) -> Call[MemberPromoteResponse]:
        """Promote a learner to a voting member.

        Args:
            member_id: The member's id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The members.

        Raises:
            MemberNotFoundError: The member does not exist.
            MemberNotLearnerError: The member is not a learner.
            LearnerNotReadyError: It has not caught up with the leader yet; retry later.
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
        """The member's name; empty before it has been started."""

    @property
    def peer_urls(self) -> tuple[str, ...]:
        """The URLs at which it listens for the other members."""

    @property
    def client_urls(self) -> tuple[str, ...]:
        """The URLs that it advertises to clients; empty before it has been started."""

    @property
    def is_learner(self) -> bool:
        """Whether it is a learner, which receives all changes but does not vote."""

@final
class MemberListResponse:
    """The members of the cluster."""

    __match_args__ = ("header", "members")

    def __new__(cls, header: ResponseHeader, members: tuple[Member, ...]) -> MemberListResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

    @property
    def member(self) -> Member:
        """The new member."""

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, including the new one."""

@final
class MemberRemoveResponse:
    """The members after one was removed."""

    __match_args__ = ("header", "members")

    def __new__(
        cls, header: ResponseHeader, members: tuple[Member, ...]
    ) -> MemberRemoveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The remaining members."""

@final
class MemberUpdateResponse:
    """The members after one was changed."""

    __match_args__ = ("header", "members")

    def __new__(
        cls, header: ResponseHeader, members: tuple[Member, ...]
    ) -> MemberUpdateResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The members."""

# Maintenance

@disjoint_base
class Maintenance:
    """The native base class of `etcd_client.Maintenance`; see there."""

    def __new__(cls, communicator: Communicator) -> Maintenance: ...
    def alarm_list(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> Call[AlarmResponse]:
        """List the active alarms.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The alarms.
        """

    def alarm_activate(
        self, member_id: int, alarm: AlarmType, *, timeout: float | None = None
    ) -> Call[AlarmResponse]:
        """Activate an alarm for a member.

        Args:
            member_id: The member's id.
            alarm: The alarm.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The activated alarm.
        """

    def alarm_disarm(
        self,
        member_id: int | None = None,
        alarm: AlarmType | None = None,
        *,
        timeout: float | None = None,
    ) -> Call[AlarmResponse]:
        """Disarm alarms.

        Args:
            member_id: The member whose alarms to disarm; None for all members.
            alarm: The kind of alarm; None for all kinds.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The disarmed alarms.
        """

    def status(
        self,
        endpoint: str | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[StatusResponse]:
        """Get the status of a member.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The member's version, database size, raft state and errors.
        """

    def defragment(
        self, endpoint: str | None = None, *, timeout: float | None = None
    ) -> Call[DefragmentResponse]:
        """Defragment a member's database, which gives unused space back to the disk.

        This can take long, and the member serves no requests meanwhile.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for no deadline.

        Returns:
            The response header.
        """

    def hash(
        self,
        endpoint: str | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[HashResponse]:
        """Compute a checksum of a member's whole database; for tests of etcd itself.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The checksum.
        """

    def hash_kv(
        self,
        endpoint: str | None = None,
        revision: int | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Call[HashKVResponse]:
        """Compute a checksum of a member's keys, to be compared between members.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            revision: The last revision to include; None for the latest.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The checksum, and the revisions that it covers.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """

    def snapshot(self, endpoint: str | None = None, *, timeout: float | None = None) -> Snapshot:
        """Stream a member's database; `snapshot_save` writes it to a file and verifies it.

        The stream starts at once. Errors are raised to whoever reads it.

        Args:
            endpoint: The endpoint of the member; None for the one in use.
            timeout: Deadline for the whole stream, in seconds. If None, the connection's default
                applies until its first part, and the rest has no deadline.

        Returns:
            An async iterator of `bytes`, the parts of the database in order.
        """

    def move_leader(
        self, target_id: int, *, timeout: float | None = None
    ) -> Call[MoveLeaderResponse]:
        """Transfer the leadership of the cluster to another member.

        Only the leader can do this, so the request goes to the leader, even if it is not among the
        endpoints.

        Args:
            target_id: The id of the member that becomes the leader.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            BadLeaderTransfereeError: The member does not exist or is a learner.
            NoLeaderError: The cluster has no leader.
        """

    def downgrade(
        self, action: DowngradeAction, version: str, *, timeout: float | None = None
    ) -> Call[DowngradeResponse]:
        """Validate, start or cancel a downgrade of the cluster to a lower version of etcd.

        Args:
            action: Whether to validate, start or cancel it.
            version: The target version, such as `3.5.0`.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The version of the cluster.

        Raises:
            InvalidDowngradeTargetVersionError: The cluster cannot be downgraded to that version.
            DowngradeInProcessError: A downgrade is already in progress.
            NoInflightDowngradeError: No downgrade is in progress that could be cancelled.
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
        """The alarm; a number if this client does not know the kind."""

@final
class AlarmResponse:
    """Alarms: the active ones, or those that the call activated or disarmed."""

    __match_args__ = ("header", "alarms")

    def __new__(cls, header: ResponseHeader, alarms: tuple[AlarmMember, ...]) -> AlarmResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def alarms(self) -> tuple[AlarmMember, ...]:
        """The alarms."""

@final
class DowngradeInfo:
    """Whether a downgrade is in progress."""

    __match_args__ = ("enabled", "target_version")

    def __new__(cls, enabled: bool, target_version: str) -> DowngradeInfo: ...
    @property
    def enabled(self) -> bool:
        """Whether a downgrade is in progress."""

    @property
    def target_version(self) -> str:
        """The target version of the downgrade."""

@final
class StatusResponse:
    """The status of a member."""

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
        """The response header: which member answered, and at which revision."""

    @property
    def version(self) -> str:
        """The version of etcd that it runs."""

    @property
    def db_size(self) -> int:
        """The size of its database, in bytes."""

    @property
    def db_size_in_use(self) -> int:
        """How much of that is in use, in bytes; `defragment` gives the rest back."""

    @property
    def leader(self) -> int:
        """The id of the leader; 0 if the member knows of none."""

    @property
    def raft_index(self) -> int:
        """The index of the last committed entry of its raft log."""

    @property
    def raft_term(self) -> int:
        """The raft term."""

    @property
    def raft_applied_index(self) -> int:
        """The index of the last applied entry of its raft log."""

    @property
    def errors(self) -> tuple[str, ...]:
        """What is wrong with the member, such as active alarms."""

    @property
    def is_learner(self) -> bool:
        """Whether it is a learner, which receives all changes but does not vote."""

    @property
    def storage_version(self) -> str | None:
        """The version of the database's format; None before etcd 3.6."""

    @property
    def db_size_quota(self) -> int | None:
        """The quota of its database, in bytes; None before etcd 3.6."""

    @property
    def downgrade_info(self) -> DowngradeInfo | None:
        """The state of a downgrade; None before etcd 3.6."""

@final
class DefragmentResponse:
    """The outcome of a defragmentation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> DefragmentResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class HashResponse:
    """A checksum of a member's whole database."""

    __match_args__ = ("header", "hash")

    def __new__(cls, header: ResponseHeader, hash: int) -> HashResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

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
        """The response header: which member answered, and at which revision."""

    @property
    def hash(self) -> int:
        """The checksum."""

    @property
    def compact_revision(self) -> int:
        """The revision at which the checksum starts; -1 if nothing has been compacted."""

    @property
    def hash_revision(self) -> int | None:
        """The last revision that it includes; None before etcd 3.6."""

@final
class MoveLeaderResponse:
    """The outcome of a leadership transfer."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> MoveLeaderResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class DowngradeResponse:
    """The outcome of a downgrade action."""

    __match_args__ = ("header", "version")

    def __new__(cls, header: ResponseHeader, version: str) -> DowngradeResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def version(self) -> str:
        """The version of the cluster."""

@final
class Snapshot(Stream[bytes]):
    """A stream of a member's database: an async iterator of its parts, as `bytes`.

    A stream that breaks raises. It cannot be resumed, because another member, or the same member
    later, would send a different database.

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
        """The number of bytes that come after the last part; None before the first part."""

    @property
    def version(self) -> str | None:
        """The version of the database's format; None before the first part or before etcd 3.6."""

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
        """The response header: which member answered, and at which revision."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""

@final
class LeaseRevokeResponse:
    """The outcome of a revocation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> LeaseRevokeResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class LeaseKeepAliveResponse:
    """A lease that was renewed."""

    __match_args__ = ("header", "id", "ttl")

    def __new__(cls, header: ResponseHeader, id: int, ttl: int) -> LeaseKeepAliveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """The time to live in seconds, counted from this renewal."""

@final
class LeaseKeepAlives(Stream[LeaseKeepAliveResponse]):
    """The renewals of a lease, as an async iterator and an async context manager.

    The lease is renewed in the background, at once and then whenever a third of its time to live
    has passed, failing over between members. This happens whether or not the program reads: of the
    unread responses, the latest 16 are kept. Cancelling a step, as `asyncio.wait_for` does, loses
    nothing.

    Entering the context waits for the first renewal; leaving it stops renewing. So do `cancel`,
    closing the communicator, and dropping the last reference. None of them revokes the lease: it
    expires when its remaining time has passed.

    Entering and reading it raise:

    Raises:
        LeaseNotFoundError: The lease does not exist.
        LeaseLostError: After a renewal, the lease expired or was revoked, or no member answered
            until it had to be considered expired. It is a `LeaseNotFoundError` too.
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

@final
class LeaseTimeToLiveResponse:
    """The remaining time to live of a lease."""

    __match_args__ = ("header", "id", "ttl", "granted_ttl", "keys")

    def __new__(
        cls, header: ResponseHeader, id: int, ttl: int, granted_ttl: int, keys: tuple[bytes, ...]
    ) -> LeaseTimeToLiveResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def id(self) -> int:
        """The lease's id."""

    @property
    def ttl(self) -> int:
        """The remaining seconds; -1 if the lease does not exist."""

    @property
    def granted_ttl(self) -> int:
        """The granted time to live, in seconds; 0 if the lease does not exist."""

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The attached keys, if they were requested."""

@final
class LeasesResponse:
    """All leases."""

    __match_args__ = ("header", "leases")

    def __new__(cls, header: ResponseHeader, leases: tuple[int, ...]) -> LeasesResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def leases(self) -> tuple[int, ...]:
        """The ids of the leases."""

@final
class HeldLease:
    """A lease that the engine keeps alive, perhaps with a place in a waiting line; internal.

    It is released when this object is dropped, unless it was adopted. A place that was taken with a
    lease that is held already (`lease=` another object of this class) is released alone, and lost
    with that lease; one that was taken with the id of a lease is for `let_go`.
    """

    @property
    def id(self) -> int:
        """The id of the lease."""

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""

    @property
    def header(self) -> ResponseHeader:
        """The header of the response that granted it."""

    @property
    def key(self) -> bytes:
        """The key in the waiting line; empty for a lease alone."""

    @property
    def revision(self) -> int:
        """The create revision of the key; 0 for a lease alone."""

    @property
    def loss(self) -> str | None:
        """Why it was lost; None while it is held, and after it was released.

        It goes by the clock at the moment of asking, which counts also while the process is stopped
        and while the machine is suspended.
        """

    @property
    def remaining(self) -> float | None:
        """Seconds until it counts as lost unless it is renewed; 0 when it is over.

        None for a place that was taken with the id of a lease, of which nothing is known here.
        """

    @property
    def since_renewal(self) -> float | None:
        """Seconds since the grant, or the last confirmed renewal, was sent."""

    def adopt(self) -> None:
        """Hold it until the communicator is closed, instead of until this object is dropped."""

    def let_go(self) -> str | None:
        """Leave it on the server, for the caller to end; returns why, if it was lost before."""

    def renew(self, seconds: float, timeout: float | None = None) -> Call[None]:
        """Hold it for so many seconds from now; the server confirms that it is still there."""

    def until_over(self) -> Call[str | None]:
        """Wait until it is no longer held; returns why it was lost, None if it was released."""

    def release(self, timeout: float | None = None) -> Call[ResponseHeader | None]:
        """Revoke the lease, or delete the key of a place; returns None if it was lost before."""

# Locks

@final
class LockResponse:
    """A lock that was acquired."""

    __match_args__ = ("header", "key")

    def __new__(cls, header: ResponseHeader, key: bytes) -> LockResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def key(self) -> bytes:
        """The key that exists while the lock is held."""

@final
class UnlockResponse:
    """The outcome of releasing a lock."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> UnlockResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

# Elections

@final
class LeaderKey:
    """The key of a leadership, which `proclaim` and `resign` need."""

    __match_args__ = ("name", "key", "rev", "lease")

    def __new__(cls, name: bytes, key: bytes, rev: int, lease: int) -> LeaderKey: ...
    @property
    def name(self) -> bytes:
        """The name of the election."""

    @property
    def key(self) -> bytes:
        """The key that exists while the leadership lasts."""

    @property
    def rev(self) -> int:
        """The create revision of the key, which increases from leader to leader."""

    @property
    def lease(self) -> int:
        """The id of the lease that the leadership is tied to."""

@final
class CampaignResponse:
    """A won election."""

    __match_args__ = ("header", "leader")

    def __new__(cls, header: ResponseHeader, leader: LeaderKey) -> CampaignResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def leader(self) -> LeaderKey:
        """The key of the leadership."""

@final
class ProclaimResponse:
    """The outcome of a proclamation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> ProclaimResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class LeaderResponse:
    """The leader of an election."""

    __match_args__ = ("header", "kv")

    def __new__(cls, header: ResponseHeader, kv: KeyValue) -> LeaderResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

    @property
    def kv(self) -> KeyValue:
        """The leader's key; its value is what the leader proclaims."""

@final
class ResignResponse:
    """The outcome of a resignation."""

    __match_args__ = ("header",)

    def __new__(cls, header: ResponseHeader) -> ResignResponse: ...
    @property
    def header(self) -> ResponseHeader:
        """The response header: which member answered, and at which revision."""

@final
class Observer(Stream[LeaderResponse]):
    """The leaders of an election, in order: an async iterator of `LeaderResponse`.

    It resumes after a disconnect. A program that reads slowly may miss intermediate values, but
    never the latest.

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
