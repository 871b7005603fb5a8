"""`Communicator`: the native calls, and what is built of them."""

from __future__ import annotations

from . import _etcd_client


class Communicator(_etcd_client.Communicator):
    """An open way to a cluster, bound to the event loop that opened it."""


EtcdCommunicator = Communicator
