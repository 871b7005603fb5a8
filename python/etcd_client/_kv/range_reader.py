"""`RangeReader`: the ways to read a range a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from etcd_client._etcd_client import Call, Communicator, KeyValue, RangeResponse, Stream
    from etcd_client._types import BytesLike


class RangeReader(NamedTuple):
    """Reads what is left of a range, with the options that all its parts share."""

    communicator: Communicator
    range_end: BytesLike
    keys_only: bool = False
    serializable: bool = False
    timeout: float | None = None
    wait_for_ready: bool | None = None

    def page(self, start: BytesLike, limit: int, revision: int) -> Call[RangeResponse]:
        """Read a page.

        Args:
            start: The first key.
            limit: The most keys.
            revision: The revision to read at; 0 for the latest.
        """
        return self.communicator.range(
            start,
            range_end=self.range_end,
            limit=limit,
            revision=revision,
            keys_only=self.keys_only,
            serializable=self.serializable,
            timeout=self.timeout,
            wait_for_ready=self.wait_for_ready,
        )

    def stream(self, start: BytesLike, revision: int) -> Stream[list[KeyValue]] | None:
        """Stream all that is left; None if the server is known not to stream ranges.

        Args:
            start: The first key.
            revision: The revision to read at.
        """
        return self.communicator._range_stream(  # noqa: SLF001 - for this
            start,
            self.range_end,
            revision,
            keys_only=self.keys_only,
            serializable=self.serializable,
            timeout=self.timeout,
            wait_for_ready=self.wait_for_ready,
        )
