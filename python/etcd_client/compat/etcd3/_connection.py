"""The connection of a client, which is opened by its first call."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

from typing_extensions import Self

from etcd_client.sync import Client, Communicator
from etcd_client.sync._face import leaving

from ._endpoints import Endpoint
from ._errors import translating
from .exceptions import ClientClosedError

AnyConnection = TypeVar("AnyConnection", bound="Connection")


class Connection:
    """What all calls of a client use.

    Args:
        endpoints: The members.
        timeout: The deadline of calls, in seconds; None for the package's own.
        user: The name of the user.
        password: The password of the user.

    Raises:
        ValueError: There are no endpoints, only one of user and password is given, or the
            endpoints disagree on TLS.
    """

    endpoints: dict[str, Endpoint]
    """The members by host and port."""
    timeout: float | None
    """The deadline of calls, in seconds; None for the package's own, of 10 seconds."""

    @translating
    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        timeout: float | None,
        user: str | None,
        password: str | None,
    ) -> None:
        self.endpoints = {endpoint.netloc: endpoint for endpoint in endpoints}
        self.timeout = timeout
        self._client = _client(list(self.endpoints.values()), timeout, user, password)
        # By process: a forked one opens its own.
        self._opened: dict[int, Communicator] = {}
        self._closed = False
        if user is not None:
            _ = self.communicator

    @property
    def communicator(self) -> Communicator:
        """The package's own communicator, for what python-etcd3 does not have.

        Raises:
            ClientClosedError: The client is closed.
            ConnectionFailedError: No member could be reached.
        """
        opened = self._opened.get(os.getpid())
        return self._open() if opened is None or self._closed else opened

    @translating
    def _open(self) -> Communicator:
        if self._closed:
            message = "the client is closed"
            raise ClientClosedError(message)
        opened = self._client.open()
        # Opening twice costs nearly nothing; another thread may have been faster.
        first = self._opened.setdefault(os.getpid(), opened)
        if first is not opened:
            opened.close()
        return first

    def close(self) -> None:
        """Close the client; its watches end. Closing again does nothing."""
        self._closed = True
        process = os.getpid()
        opened = self._opened.get(process)
        if opened is not None:
            opened.close()
            self._opened.pop(process, None)

    def __enter__(self) -> Self:
        return self

    @leaving
    def __exit__(self, *_exception: object) -> None:
        self.close()


def _client(
    endpoints: list[Endpoint], timeout: float | None, user: str | None, password: str | None
) -> Client:
    if not endpoints:
        message = "endpoints must not be empty"
        raise ValueError(message)
    if (user is None) != (password is None):
        message = "user and password must be given together"
        raise ValueError(message)
    options = {endpoint.connect_options(timeout, user, password) for endpoint in endpoints}
    if len(options) > 1:
        message = "all endpoints must have the same creds and opts"
        raise ValueError(message)
    return Client([endpoint.url for endpoint in endpoints], options.pop())
