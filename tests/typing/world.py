"""What the cases of the conformance test work with, and how they are registered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcd_client import Client, Communicator
from etcd_client.testing import EtcdCluster, EtcdServer

KEY = b"conformance/key"
VALUE = b"value"
PREFIX = b"conformance/"


@dataclass(frozen=True)
class World:
    """An etcd that holds `KEY`, with `VALUE`, and ways to it."""

    etcd: EtcdServer
    client: Client
    communicator: Communicator
    make_server: Callable[..., EtcdServer]
    make_cluster: Callable[..., EtcdCluster]
    directory: Path
    contexts: AsyncExitStack

    @property
    def endpoint(self) -> str:
        """Where the etcd serves clients."""
        return self.etcd.endpoint

    async def connect(self, *endpoints: str) -> Communicator:
        """Connect to other servers, for the length of the test."""
        return await self.contexts.enter_async_context(Client(endpoints))

    async def alone(self) -> Communicator:
        """Connect to a server of the case's own, which it may change for good."""
        return await self.connect(self.make_server().endpoint)


# Returns what the method returns, before it is awaited. An async case prepares something first.
Case = Callable[[World], Any]
# By the qualified name of a method. Several cases show several of the types that it may return.
Cases = dict[str, tuple[Case, ...]]


def method_of(prepare: Case, name: str, *arguments: Any, **options: Any) -> Case:
    """Make a case that calls a method of what `prepare` returns."""

    async def case(world: World) -> Any:
        return getattr(await prepare(world), name)(*arguments, **options)

    return case
