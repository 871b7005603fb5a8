"""Random changes do the same here as in a small model of etcd's v2 store."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from typing import Any

import pytest

import etcd_client.compat.aio_etcd as etcd

NAMES = ["a", "b", "_h"]


class Store:
    """Files and directories in dictionaries, with the rules of etcd's API v2."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}

    def parent(self, path: str, *, make: bool) -> dict[str, Any]:
        """Return the directory that a path is in."""
        found = self.root
        for name in path.split("/")[1:-1]:
            if make and name not in found:
                found[name] = {}
            if name not in found:
                raise etcd.EtcdKeyNotFound
            if not isinstance(found[name], dict):
                raise etcd.EtcdNotDir
            found = found[name]
        return found

    def blocked(self, path: str) -> bool:
        """Return whether a part of a path is a file."""
        try:
            self.parent(path, make=False)
        except etcd.EtcdNotDir:
            return True
        except etcd.EtcdKeyNotFound:
            pass
        return False

    def get(self, path: str) -> Any:
        """Return what is there: a text or a dictionary."""
        directory = self.parent(path, make=False)
        if path.rpartition("/")[2] not in directory:
            raise etcd.EtcdKeyNotFound
        return directory[path.rpartition("/")[2]]

    def exists(self, path: str) -> bool:
        """Return whether something is there."""
        try:
            self.get(path)
        except etcd.EtcdKeyError:
            return False
        return True

    def set(
        self, path: str, value: Any, *, exist: bool | None = None, previous: str | None = None
    ) -> None:
        """Write a text, or a dictionary to make a directory."""
        if self.blocked(path):
            raise etcd.EtcdNotDir
        if exist is False and self.exists(path):
            raise etcd.EtcdAlreadyExist
        if exist or previous is not None:
            present = self.get(path)
            if isinstance(present, dict):
                raise etcd.EtcdNotFile
            if previous is not None and present != previous:
                raise etcd.EtcdCompareFailed
        elif self.exists(path) and isinstance(self.get(path), dict):
            raise etcd.EtcdNotFile
        self.parent(path, make=True)[path.rpartition("/")[2]] = value

    def delete(self, path: str, *, dir: bool, recursive: bool) -> None:  # noqa: A002 - etcd's name
        """Delete what is there."""
        present = self.get(path)
        if isinstance(present, dict):
            if not dir and not recursive:
                raise etcd.EtcdNotFile
            if present and not recursive:
                raise etcd.EtcdDirNotEmpty
        del self.parent(path, make=False)[path.rpartition("/")[2]]


def leaves(directory: dict[str, Any], path: str = "") -> list[tuple[str, str | None]]:
    """Return what a recursive listing shows of a directory."""
    found: list[tuple[str, str | None]] = []
    visible = [name for name in sorted(directory) if not name.startswith("_")]
    for name in visible:
        inner = directory[name]
        if isinstance(inner, dict):
            found += leaves(inner, f"{path}/{name}")
        else:
            found.append((f"{path}/{name}", inner))
    return found if visible else [(path or "/", None)]


Act = Callable[[], Any]


def calls(
    v2: etcd.Client, store: Store, path: str, value: str, flags: dict[str, bool]
) -> dict[str, tuple[Act, Act]]:
    """Return each kind of change with what does it here and in the model."""
    return {
        "set": (lambda: v2.set(path, value), lambda: store.set(path, value)),
        "create": (
            lambda: v2.write(path, value, prevExist=False),
            lambda: store.set(path, value, exist=False),
        ),
        "update": (
            lambda: v2.write(path, value, prevExist=True),
            lambda: store.set(path, value, exist=True),
        ),
        "swap": (
            lambda: v2.write(path, value, prevValue="1"),
            lambda: store.set(path, value, previous="1"),
        ),
        "mkdir": (lambda: v2.write(path, None, dir=True), lambda: store.set(path, {})),
        "delete": (lambda: v2.delete(path, **flags), lambda: store.delete(path, **flags)),
        "get": (lambda: v2.get(path), lambda: store.get(path)),
    }


async def outcome(act: Act) -> type[etcd.EtcdException] | None:
    """Return the class of the error of something, or None if it succeeds."""
    try:
        done = act()
        if inspect.isawaitable(done):
            await done
    except etcd.EtcdException as error:
        return type(error)
    return None


@pytest.mark.parametrize("seed", range(4))
async def test_random_changes(v2: etcd.Client, seed: int) -> None:
    chance = random.Random(seed)
    store = Store()
    succeeded = 0
    for step in range(250):
        path = "".join(f"/{chance.choice(NAMES)}" for _ in range(chance.randint(1, 3)))
        value = str(chance.randint(0, 2))
        flags = {"dir": chance.random() < 0.5, "recursive": chance.random() < 0.3}
        kinds = calls(v2, store, path, value, flags)
        kind = chance.choice(list(kinds))
        here, there = kinds[kind]
        expected = await outcome(there)
        assert await outcome(here) is expected, f"step {step}: {kind} {path} {value} {flags}"
        succeeded += expected is None
    assert succeeded > 50
    listed = await v2.read("/", recursive=True)
    assert sorted((leaf.key, leaf.value) for leaf in listed.leaves) == sorted(leaves(store.root))
