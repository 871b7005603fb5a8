"""A coordinator of groups that uses the client as the etcd3 driver of tooz does."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from etcd_client.compat import etcd3
from etcd_client.compat.etcd3 import exceptions
from etcd_client.testing import Proxy
from tests.compat.etcd3.conftest import MakeClient


class GroupError(Exception):
    """The group exists, or does not, or has members."""


class Coordinator:
    """A member: its groups are keys, its membership is a lease, its calls run in an executor."""

    PREFIX = b"groups/"

    def __init__(self, client: etcd3.Etcd3Client, name: str, ttl: int = 30) -> None:
        self.client = client
        self.name = name.encode()
        self.lease = client.lease(ttl)
        self.executor = ThreadPoolExecutor(2)
        self.held: set[etcd3.Lock] = set()

    def stop(self) -> None:
        """End the membership."""
        self.lease.revoke()
        self.executor.shutdown()

    def heartbeat(self) -> None:
        """Refresh the locks and the membership."""
        for lock in self.held.copy():
            lock.refresh()
        self.lease.refresh()

    def acquire(self, name: str, timeout: float | None) -> etcd3.Lock | None:
        """Acquire a lock; None if it was not acquired in time."""
        lock = self.client.lock(name, 30)
        if not lock.acquire(timeout):
            return None
        self.held.add(lock)
        return lock

    def release(self, lock: etcd3.Lock) -> bool:
        """Release a lock."""
        self.held.discard(lock)
        return lock.release()

    def create_group(self, group: bytes) -> Future[None]:
        """Create a group, once."""

        def create() -> None:
            make = self.client.transactions
            key = self.PREFIX + group + b"/"
            status, _ = self.client.transaction(
                compare=[make.version(key) == 0], success=[make.put(key, b"")], failure=[]
            )
            if not status:
                raise GroupError

        return self.executor.submit(create)

    def delete_group(self, group: bytes) -> Future[None]:
        """Delete a group without members."""

        def delete() -> None:
            make = self.client.transactions
            key = self.PREFIX + group + b"/"
            if len(list(self.client.get_prefix(key))) > 1:
                raise GroupError
            status, _ = self.client.transaction(
                compare=[make.version(key) == 0], success=[], failure=[make.delete(key)]
            )
            if status:
                raise GroupError

        return self.executor.submit(delete)

    def join(self, group: bytes, capabilities: bytes) -> Future[None]:
        """Join a group, once."""

        def join() -> None:
            make = self.client.transactions
            key = self.PREFIX + group + b"/"
            known = {metadata.key: metadata for _, metadata in self.client.get_prefix(key)}
            if key not in known or key + self.name in known:
                raise GroupError
            status, _ = self.client.transaction(
                compare=[make.version(key) == known[key].version],
                success=[make.put(key + self.name, capabilities, lease=self.lease)],
                failure=[],
            )
            assert status

        return self.executor.submit(join)

    def leave(self, group: bytes) -> Future[bool]:
        """Leave a group."""
        return self.executor.submit(self.client.delete, self.PREFIX + group + b"/" + self.name)

    def members(self, group: bytes) -> set[bytes]:
        """Return the names of the members."""
        key = self.PREFIX + group + b"/"
        found = [metadata.key for _, metadata in self.client.get_prefix(key)]
        if key not in found:
            raise GroupError
        return {name.removeprefix(key) for name in found} - {b""}


@pytest.fixture
def coordinators(make_client: MakeClient) -> tuple[Coordinator, Coordinator]:
    """Return two members."""
    return Coordinator(make_client(timeout=30), "one"), Coordinator(make_client(timeout=30), "two")


def test_groups(coordinators: tuple[Coordinator, Coordinator]) -> None:
    one, two = coordinators
    made = [each.create_group(b"g") for each in (one, two)]
    assert sorted(isinstance(each.exception(), GroupError) for each in made) == [False, True]
    one.join(b"g", b"1").result()
    two.join(b"g", b"2").result()
    assert isinstance(two.join(b"g", b"3").exception(), GroupError)
    assert one.members(b"g") == {b"one", b"two"}
    assert one.client.get(b"groups/g/two")[0] == b"2"
    assert isinstance(one.delete_group(b"g").exception(), GroupError)
    one.heartbeat()
    assert two.leave(b"g").result() is True
    one.stop()
    assert two.members(b"g") == set()
    two.delete_group(b"g").result()
    with pytest.raises(GroupError):
        two.members(b"g")
    two.stop()


def test_locks(coordinators: tuple[Coordinator, Coordinator]) -> None:
    one, two = coordinators
    lock = one.acquire("l", 0)
    assert lock is not None
    assert two.acquire("l", 0) is None
    one.heartbeat()
    waiting = two.executor.submit(two.acquire, "l", 30)
    assert one.release(lock) is True
    assert waiting.result() is not None
    one.stop()
    two.stop()


def test_errors_are_those_that_it_translates(make_client: MakeClient, proxy: Proxy) -> None:
    client = make_client(port=int(proxy.endpoint.rpartition(":")[2]), timeout=30)
    coordinator = Coordinator(client, "one")
    client.timeout = 1
    proxy.refuse()
    proxy.drop()
    failed = (exceptions.ConnectionFailedError, exceptions.ConnectionTimeoutError)
    with pytest.raises(failed):
        coordinator.heartbeat()
    proxy.heal()
    client.timeout = 30
    coordinator.heartbeat()
    coordinator.stop()
