"""`Client`: where the members are, and how to connect to them."""

from __future__ import annotations

from . import _etcd_client
from ._etcd_client import ConnectOptions
from .communicator import Communicator


class Client:
    """The endpoints and options of a cluster; opens contexts with `async with`."""

    __slots__ = ("_connect_options", "_endpoints", "_lock_options", "_open")

    def __init__(self, endpoints, connect_options=None, lock_options=None) -> None:
        self._endpoints = [endpoints] if isinstance(endpoints, str) else list(endpoints)
        self._connect_options = ConnectOptions() if connect_options is None else connect_options
        self._lock_options = lock_options
        self._open: list[Communicator] = []
        _etcd_client.check_endpoints(self._endpoints, self._connect_options)

    def connect(self, connect_options=None) -> Client:
        return Client(self._endpoints, connect_options or self._connect_options)

    async def __aenter__(self) -> Communicator:
        connected = await _etcd_client.connect(self._endpoints, self._connect_options)
        communicator = Communicator(connected)
        self._open.append(communicator)
        return communicator

    async def __aexit__(self, *exception) -> None:
        self._open.pop().close()


EtcdClient = Client
