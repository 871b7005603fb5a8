"""Nodes of API v2, made of keys and values."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ._leases import rounded_up
from ._paths import decode, is_hidden, parent, path_of_key, shown
from ._result import lifetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etcd_client import Communicator, KeyValue
    from etcd_client._deadline import Deadline

    MutableNode = dict[str, Any]


def node_of(kv: KeyValue, ttl: int | None = None) -> MutableNode:
    """Return the node of a file, or of a directory without its children.

    Args:
        kv: The key and its value, or the marker.
        ttl: The seconds that are left to it.
    """
    path, is_directory = path_of_key(kv.key)
    node: MutableNode = {"key": shown(path)}
    if is_directory:
        # Markers are rewritten for reasons of their own.
        node |= {"dir": True, "modifiedIndex": kv.create_revision}
    else:
        node |= {"value": decode(kv.value), "modifiedIndex": kv.mod_revision}
    node["createdIndex"] = kv.create_revision
    if ttl is not None:
        node |= lifetime(ttl)
    return node


async def times_left(
    communicator: Communicator, kvs: Iterable[KeyValue], deadline: Deadline
) -> dict[int, int]:
    """Return the seconds that are left to each lease of some keys; none for those that are over.

    Args:
        communicator: The communicator to use.
        kvs: The keys.
        deadline: The deadline of the call.
    """
    leases = {kv.lease for kv in kvs} - {0}
    # All are asked at once: a call is on its way before it is awaited.
    calls = [
        (lease, communicator.lease_time_to_live(lease, timeout=deadline.left())) for lease in leases
    ]
    left = {}
    for lease, call in calls:
        seconds = rounded_up(await call)
        if seconds >= 0:
            left[lease] = seconds
    return left


def listed(directory: str, kvs: Iterable[KeyValue], *, recursive: bool) -> list[KeyValue]:
    """Return the keys that have a node of their own in the listing of a directory.

    Args:
        directory: The path of the directory.
        kvs: All keys that begin with its own.
        recursive: Whether what is in the directories in it is listed too.
    """
    found = []
    for kv in kvs:
        path, _ = path_of_key(kv.key)
        is_near = recursive or parent(path) == directory or path == directory
        if is_near and not is_hidden(path, directory):
            found.append(kv)
    return found


def listing(
    directory: str, kvs: Sequence[KeyValue], left: Mapping[int, int], *, recursive: bool
) -> MutableNode:
    """Return the node of a directory with its children.

    Args:
        directory: The path of the directory.
        kvs: All keys that begin with its own, in order.
        left: The seconds that are left to each lease.
        recursive: Whether the directories in it have their children too.
    """
    directories = _Directories(directory, kvs[0])
    for kv in kvs:
        path, is_directory = path_of_key(kv.key)
        if is_hidden(path, directory):
            continue
        if not recursive and parent(path) != directory != path:
            # Of what is deeper, a listing shows the directory that it is in.
            name = path[len(directory) + 1 :].partition("/")[0]
            directories.node(f"{directory}/{name}", kv)
        elif is_directory:
            directories.node(path, kv).update(node_of(kv, left.get(kv.lease)))
        else:
            directories.add(directories.node(parent(path), kv), node_of(kv, left.get(kv.lease)))
    return directories.root()


class _Directories:
    """The directories of a listing, with and without markers."""

    def __init__(self, top: str, kv: KeyValue) -> None:
        self._top = top
        self._nodes = {top: self._without_marker(top, kv)}

    def node(self, path: str, kv: KeyValue) -> MutableNode:
        """Return the node of a directory, in which a key is."""
        node = self._nodes.get(path)
        if node is None:
            node = self._nodes[path] = self._without_marker(path, kv)
            self.add(self.node(parent(path), kv), node)
        return node

    def add(self, directory: MutableNode, child: MutableNode) -> None:
        """Put a node into a directory."""
        directory.setdefault("nodes", []).append(child)

    def root(self) -> MutableNode:
        """Return the directory that is listed; children are in the order of their names."""
        for node in self._nodes.values():
            if "nodes" in node:
                # The order of keys is another one: `/a-b` comes before `/a/b`.
                node["nodes"].sort(key=itemgetter("key"))
        return self._nodes[self._top]

    def _without_marker(self, path: str, kv: KeyValue) -> MutableNode:
        index = kv.create_revision
        return {"key": shown(path), "dir": True, "modifiedIndex": index, "createdIndex": index}
