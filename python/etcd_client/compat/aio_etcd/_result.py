"""`EtcdResult`: a node, and what was done to it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Node = Mapping[str, Any]


class EtcdResult:
    """A file or a directory as an answer of API v2 has it.

    Args:
        action: What was done: `get`, `set`, `create`, `update`, `compareAndSwap`, `delete`,
            `compareAndDelete` or `expire`; None for a child of another result.
        node: The node: `key`, `value`, `dir`, `nodes`, `modifiedIndex`, `createdIndex`, `ttl`,
            `expiration`.
        prevNode: The node before it was changed.
        index: The index of the cluster, for `etcd_index` and `raft_index`.

    Examples:
        >>> from etcd_client.compat.aio_etcd import EtcdResult
        >>> EtcdResult("get", {"key": "/nodes/n1", "value": "1"}).value
        '1'
    """

    _node_props: ClassVar[dict[str, object]] = {
        "key": None,
        "value": None,
        "expiration": None,
        "ttl": None,
        "modifiedIndex": None,
        "createdIndex": None,
        "newKey": False,
        "dir": False,
    }

    key: str
    """The whole path."""
    value: Any
    """The value, a `str`; None for a directory. Set it before `Client.update`."""
    expiration: str | None
    """When it expires, in UTC; None for never."""
    ttl: int | None
    """In how many seconds it expires; None for never."""
    modifiedIndex: int  # noqa: N815 - etcd's name
    """The index (etcd v3: revision) of its last change."""
    createdIndex: int  # noqa: N815 - etcd's name
    """The index that created it."""
    newKey: bool  # noqa: N815 - etcd's name
    """Whether this write created it."""
    dir: bool
    """Whether it is a directory."""

    def __init__(
        self,
        action: str | None = None,
        node: Node | None = None,
        prevNode: Node | None = None,  # noqa: N803 - etcd's name
        *,
        index: int = 1,
    ) -> None:
        self.action = action
        node = {} if node is None else node
        for name, default in self._node_props.items():
            setattr(self, name, node.get(name, default))
        self._children: list[Node] = list(node.get("nodes", ())) if self.dir else []
        self.etcd_index = index
        self.raft_index = index
        if prevNode:
            self._prev_node = EtcdResult(None, prevNode, index=index)
            if self._prev_node.dir and not self.dir:
                self.dir = True

    @property
    def prev(self) -> EtcdResult | None:
        """The node before it was changed; None if there was none."""
        return getattr(self, "_prev_node", None)

    def get_subtree(self, leaves_only: bool = False) -> Iterator[EtcdResult]:
        """Iterate over what a listing has, this result first.

        Args:
            leaves_only: Whether to leave out directories that have children here. An empty
                directory is a leaf, even if it is this result.
        """
        if not (self._children and leaves_only):
            yield self
        for node in self._children:
            yield from EtcdResult(None, node, index=self.etcd_index).get_subtree(leaves_only)

    @property
    def leaves(self) -> Iterator[EtcdResult]:
        """The files and the empty directories of a listing; of a file, itself."""
        return self.get_subtree(leaves_only=True)

    @property
    def children(self) -> Iterator[EtcdResult]:
        """The same as `leaves`."""
        return self.leaves

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EtcdResult):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._node_props)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self)}({vars(self)!r})"


def lifetime(ttl: int) -> dict[str, object]:
    """Return the parts of a node that say when it expires.

    Args:
        ttl: The seconds that are left.
    """
    at = datetime.now(timezone.utc) + timedelta(seconds=ttl)
    return {"ttl": ttl, "expiration": at.isoformat().replace("+00:00", "Z")}
