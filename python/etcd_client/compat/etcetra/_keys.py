"""`KeyValueCalls`: what reads and writes keys."""

from __future__ import annotations

from collections.abc import Mapping

from etcd_client import Communicator, SortOrder, SortTarget

from ._bounds import bounds
from ._text import decode_pairs, encode
from .errors import translating


class KeyValueCalls:
    """What `EtcdCommunicator` has for reading and writing keys."""

    channel: Communicator
    """The package's own communicator, for all that etcetra does not have."""
    encoding: str
    """The encoding of keys and values."""

    @translating
    async def put(
        self,
        key: str,
        value: str | None,
        lease: int | None = None,
        prev_kv: bool = False,
        encoding: str | None = None,
    ) -> str | None:
        """Write a key.

        Args:
            key: The key.
            value: The value; None to keep the present one.
            lease: The id of the lease to attach the key to.
            prev_kv: Whether to return the previous value.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The previous value, if `prev_kv` is set and there was one.

        Raises:
            EtcdInvalidArgumentError: The key is empty, the request is too large, or there is no
                value to keep.
            EtcdNotFoundError: The lease does not exist.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        response = await self.channel.put(
            encode(key, "key", encoding),
            b"" if value is None else encode(value, "value", encoding),
            lease=lease,
            prev_kv=prev_kv,
            ignore_value=value is None,
        )
        return None if response.prev_kv is None else response.prev_kv.value.decode(encoding)

    @translating
    async def get(
        self,
        key: str,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        encoding: str | None = None,
    ) -> str | None:
        """Read the value of a key.

        Args:
            key: The key.
            max_create_revision: Leave out what was created after this revision.
            max_mod_revision: Leave out what was last modified after this revision.
            min_create_revision: Leave out what was created before this revision.
            min_mod_revision: Leave out what was last modified before this revision.
            revision: The revision to read at; None for the latest.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The value; None if the key does not exist.

        Raises:
            EtcdOutOfRangeError: The revision is compacted, or in the future.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        value = await self.channel.get(encode(key, "key", encoding), **which)
        return None if value is None else value.decode(encoding)

    @translating
    async def get_prefix(
        self,
        key: str,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        encoding: str | None = None,
    ) -> Mapping[str, str]:
        """Read the keys that begin with a prefix, with their values.

        Args:
            key: The prefix; empty for all keys.
            max_create_revision: Leave out what was created after this revision.
            max_mod_revision: Leave out what was last modified after this revision.
            min_create_revision: Leave out what was created before this revision.
            min_mod_revision: Leave out what was last modified before this revision.
            revision: The revision to read at; None for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The values by their keys, in order.

        Raises:
            EtcdOutOfRangeError: The revision is compacted, or in the future.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        pairs = await self.channel.get_prefix(
            encode(key, "key", encoding),
            sort_order=sort_order,
            sort_target=sort_target,
            **which,
        )
        return decode_pairs(pairs, encoding)

    @translating
    async def get_range(
        self,
        key: str,
        range_end: str,
        limit: int | None = None,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        encoding: str | None = None,
    ) -> Mapping[str, str]:
        """Read the keys and values from `key` up to, but not including, `range_end`.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys; None for no limit.
            max_create_revision: Leave out what was created after this revision.
            max_mod_revision: Leave out what was last modified after this revision.
            min_create_revision: Leave out what was created before this revision.
            min_mod_revision: Leave out what was last modified before this revision.
            revision: The revision to read at; None for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The values by their keys, in order.

        Raises:
            EtcdOutOfRangeError: The revision is compacted, or in the future.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        pairs = await self.channel.get_range(
            encode(key, "key", encoding),
            encode(range_end, "range_end", encoding),
            limit=limit or 0,
            sort_order=sort_order,
            sort_target=sort_target,
            **which,
        )
        return decode_pairs(pairs, encoding)

    @translating
    async def keys_prefix(
        self,
        key: str,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        encoding: str | None = None,
    ) -> list[str]:
        """Read the keys that begin with a prefix, without their values.

        Args:
            key: The prefix; empty for all keys.
            max_create_revision: Leave out what was created after this revision.
            max_mod_revision: Leave out what was last modified after this revision.
            min_create_revision: Leave out what was created before this revision.
            min_mod_revision: Leave out what was last modified before this revision.
            revision: The revision to read at; None for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The keys.

        Raises:
            EtcdOutOfRangeError: The revision is compacted, or in the future.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        keys = await self.channel.keys_prefix(
            encode(key, "key", encoding),
            sort_order=sort_order,
            sort_target=sort_target,
            **which,
        )
        return [found.decode(encoding) for found in keys]

    @translating
    async def keys_range(
        self,
        key: str,
        range_end: str,
        limit: int | None = None,
        max_create_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        min_mod_revision: int | None = None,
        revision: int | None = None,
        serializable: bool = False,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        encoding: str | None = None,
    ) -> list[str]:
        """Read the keys, without their values, from `key` up to, but not including, `range_end`.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys; None for no limit.
            max_create_revision: Leave out what was created after this revision.
            max_mod_revision: Leave out what was last modified after this revision.
            min_create_revision: Leave out what was created before this revision.
            min_mod_revision: Leave out what was last modified before this revision.
            revision: The revision to read at; None for the latest.
            serializable: Whether a member may answer that is behind the leader.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The keys.

        Raises:
            EtcdOutOfRangeError: The revision is compacted, or in the future.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        which = bounds(
            max_create_revision, max_mod_revision, min_create_revision, min_mod_revision, revision
        )
        keys = await self.channel.keys_range(
            encode(key, "key", encoding),
            encode(range_end, "range_end", encoding),
            limit=limit or 0,
            serializable=serializable,
            sort_order=sort_order,
            sort_target=sort_target,
            **which,
        )
        return [found.decode(encoding) for found in keys]

    @translating
    async def delete(
        self,
        key: str,
        prev_kv: bool = False,
        encoding: str | None = None,
    ) -> str | None:
        """Delete a key.

        Args:
            key: The key.
            prev_kv: Whether to return the value that it had.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The value that it had, if `prev_kv` is set and it existed.

        Raises:
            EtcdInvalidArgumentError: The key is empty.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        response = await self.channel.delete(encode(key, "key", encoding), prev_kv=prev_kv)
        return next((kv.value.decode(encoding) for kv in response.prev_kvs), None)

    @translating
    async def delete_prefix(
        self,
        key: str,
        prev_kv: bool = False,
        encoding: str | None = None,
    ) -> list[str] | None:
        """Delete the keys that begin with a prefix.

        Args:
            key: The prefix; empty for all keys.
            prev_kv: Whether to return the values that they had.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The values that they had, if `prev_kv` is set.

        Raises:
            EtcdUnknownError: The call failed.
        """
        encoding = self.encoding if encoding is None else encoding
        response = await self.channel.delete_prefix(encode(key, "key", encoding), prev_kv=prev_kv)
        return [kv.value.decode(encoding) for kv in response.prev_kvs] if prev_kv else None

    @translating
    async def delete_range(
        self,
        key: str,
        range_end: str,
        prev_kv: bool = False,
        encoding: str | None = None,
    ) -> list[str] | None:
        """Delete the keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            prev_kv: Whether to return the values that they had.
            encoding: The encoding of keys and values; None for that of the communicator.

        Returns:
            The values that they had, if `prev_kv` is set.

        Raises:
            EtcdInvalidArgumentError: `range_end` is empty.
            EtcdUnknownError: The call failed for another reason.
        """
        encoding = self.encoding if encoding is None else encoding
        response = await self.channel.delete_range(
            encode(key, "key", encoding), encode(range_end, "range_end", encoding), prev_kv=prev_kv
        )
        return [kv.value.decode(encoding) for kv in response.prev_kvs] if prev_kv else None
