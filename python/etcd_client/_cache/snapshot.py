"""`CacheSnapshot`: an immutable copy of a cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from etcd_client._arguments import as_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etcd_client._types import BytesLike

_V = TypeVar("_V")


class CacheSnapshot(Mapping[bytes, _V]):
    """A copy of a cache at one revision: an immutable mapping that can be pickled.

    Attributes:
        revision: The revision at which it is what the server had.

    Examples:
        >>> async with communicator.cache("limits/") as view:
        ...     put = await communicator.put("limits/cpu", "4")
        ...     revision = await view.wait_for(revision=put.header.revision)
        ...     before = view.snapshot()
        ...     put = await communicator.put("limits/cpu", "8")
        ...     revision = await view.wait_for(revision=put.header.revision)
        ...     before["limits/cpu"], view["limits/cpu"]
        (b'4', b'8')
    """

    __module__ = "etcd_client"

    __slots__ = ("_values", "revision")

    revision: int
    _values: dict[bytes, _V]

    def __init__(self, values: dict[bytes, _V], revision: int) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "revision", revision)

    def __getitem__(self, key: BytesLike) -> _V:
        return self._values[key if key.__class__ is bytes else as_bytes(key)]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __setattr__(self, name: str, _value: object) -> None:
        message = f"a snapshot does not change: {name}"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[CacheSnapshot[_V]], tuple[dict[bytes, _V], int]]:
        return type(self), (self._values, self.revision)

    def __repr__(self) -> str:
        return f"CacheSnapshot({self._values!r}, revision={self.revision})"
