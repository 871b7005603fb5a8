"""What the cases of the conformance test work with, and how they are registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from etcd_client import Client, Communicator
from tests.support.cluster import EtcdCluster
from tests.support.server import EtcdServer

KEY = b"conformance/key"
VALUE = b"value"
PREFIX = b"conformance/"


@dataclass(frozen=True)
class World:
    """An etcd that holds `KEY`, with `VALUE`, and ways to it."""

    endpoint: str
    client: Client
    communicator: Communicator
    make_server: Callable[..., EtcdServer]
    make_cluster: Callable[..., EtcdCluster]


# Returns what the method returns, before it is awaited. An async case prepares something first.
Case = Callable[[World], Any]
# By the qualified name of a method. Several cases show several of the types that it may return.
Cases = dict[str, tuple[Case, ...]]
