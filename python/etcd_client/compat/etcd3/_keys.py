"""Reading and writing keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, overload

from etcd_client import (
    BytesLike,
    DeleteResponse,
    LeaseId,
    PutResponse,
    RangeResponse,
    SortOrder,
    SortTarget,
)

from ._connection import Connection
from ._errors import translating
from ._results import Found, KVMetadata, found, outcomes, with_prev_kv
from .transactions import BaseCompare, Operation, Transactions, build
from .utils import lease_to_id

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class Which(TypedDict, total=False):
        """What to read of a key or a range; None is like leaving it out."""

        limit: int | None
        revision: int | None
        sort_order: str | None
        sort_target: str | None
        serializable: bool
        keys_only: bool
        count_only: bool
        min_mod_revision: int | None
        max_mod_revision: int | None
        min_create_revision: int | None
        max_create_revision: int | None


_ORDERS = {None: SortOrder.NONE, "ascend": SortOrder.ASCEND, "descend": SortOrder.DESCEND}
_TARGETS = {
    None: SortTarget.KEY,
    "key": SortTarget.KEY,
    "version": SortTarget.VERSION,
    "create": SortTarget.CREATE,
    "mod": SortTarget.MOD,
    "value": SortTarget.VALUE,
}


class KeyCalls(Connection):
    """The calls for keys.

    Those that read take `limit`, `revision`, `sort_order` (`ascend` or `descend`), `sort_target`
    (`key`, `version`, `create`, `mod` or `value`), `serializable`, `keys_only`, `count_only`,
    `min_mod_revision`, `max_mod_revision`, `min_create_revision` and `max_create_revision`. All of
    them read at once; in python-etcd3, some did so only when their result was read.
    """

    transactions = Transactions()
    """Makes the conditions and operations of transactions."""

    def _range(
        self,
        key: BytesLike,
        range_end: BytesLike | None = None,
        *,
        prefix: bool = False,
        from_key: bool = False,
        sort_order: str | None = None,
        sort_target: str | None = "key",
        serializable: bool = False,
        keys_only: bool = False,
        count_only: bool = False,
        limit: int | None = None,
        revision: int | None = None,
        min_mod_revision: int | None = None,
        max_mod_revision: int | None = None,
        min_create_revision: int | None = None,
        max_create_revision: int | None = None,
    ) -> RangeResponse:
        return self.communicator.range(
            key,
            range_end=range_end,
            prefix=prefix,
            from_key=from_key,
            sort_order=_named("sort_order", sort_order, _ORDERS),
            sort_target=_named("sort_target", sort_target, _TARGETS),
            serializable=serializable,
            keys_only=keys_only,
            count_only=count_only,
            limit=limit or 0,
            revision=revision or 0,
            min_mod_revision=min_mod_revision or 0,
            max_mod_revision=max_mod_revision or 0,
            min_create_revision=min_create_revision or 0,
            max_create_revision=max_create_revision or 0,
            timeout=self.timeout,
        )

    @translating
    def get_response(
        self, key: BytesLike, range_end: BytesLike | None = None, **which: Unpack[Which]
    ) -> RangeResponse:
        """Read a key.

        Args:
            key: The key, or the first key of a range.
            range_end: The end of the range, exclusive.
            **which: What to read; see the class.

        Returns:
            The response with its header.
        """
        return self._range(key, range_end, **which)

    def get(
        self, key: BytesLike, range_end: BytesLike | None = None, **which: Unpack[Which]
    ) -> Found | tuple[None, None]:
        """Read the value of a key.

        Args:
            key: The key, or the first key of a range, of which the last one is returned.
            range_end: The end of the range, exclusive.
            **which: What to read; see the class.

        Returns:
            The value and its metadata; a pair of None if the key does not exist.
        """
        response = self.get_response(key, range_end, **which)
        if not response.kvs:
            return None, None
        kv = response.kvs[-1]
        return kv.value, KVMetadata(kv, response.header)

    @translating
    def get_prefix_response(self, key_prefix: BytesLike, **which: Unpack[Which]) -> RangeResponse:
        """Read all keys with a prefix.

        Args:
            key_prefix: The prefix; if it is empty, all keys are read.
            **which: What to read; see the class.

        Returns:
            The response with its header.
        """
        if "key" in which or "range_end" in which:
            message = "Don't use key or range_end with prefix"
            raise TypeError(message)
        return self._range(key_prefix, prefix=True, **which)

    def get_prefix(self, key_prefix: BytesLike, **which: Unpack[Which]) -> Iterator[Found]:
        """Read all keys with a prefix.

        Args:
            key_prefix: The prefix; if it is empty, all keys are read.
            **which: What to read; see the class.

        Returns:
            An iterator of values with their metadata.
        """
        response = self.get_prefix_response(key_prefix, **which)
        return iter(found(response, response.header))

    @translating
    def get_range_response(
        self, range_start: BytesLike, range_end: BytesLike, **which: Unpack[Which]
    ) -> RangeResponse:
        """Read a range of keys.

        Args:
            range_start: The first key.
            range_end: The end of the range, exclusive.
            **which: What to read; see the class.

        Returns:
            The response with its header.
        """
        return self._range(range_start, range_end, **which)

    def get_range(
        self, range_start: BytesLike, range_end: BytesLike, **which: Unpack[Which]
    ) -> Iterator[Found]:
        """Read a range of keys.

        Args:
            range_start: The first key.
            range_end: The end of the range, exclusive.
            **which: What to read; see the class.

        Returns:
            An iterator of values with their metadata.
        """
        response = self.get_range_response(range_start, range_end, **which)
        return iter(found(response, response.header))

    @translating
    def get_all_response(
        self,
        sort_order: str | None = None,
        sort_target: str | None = "key",
        keys_only: bool = False,
    ) -> RangeResponse:
        """Read all keys.

        Args:
            sort_order: The sort order.
            sort_target: What to sort by.
            keys_only: Whether to leave out the values.

        Returns:
            The response with its header.
        """
        return self._range(
            b"",
            from_key=True,
            sort_order=sort_order,
            sort_target=sort_target,
            keys_only=keys_only,
        )

    def get_all(
        self,
        sort_order: str | None = None,
        sort_target: str | None = "key",
        keys_only: bool = False,
    ) -> Iterator[Found]:
        """Read all keys.

        Args:
            sort_order: The sort order.
            sort_target: What to sort by.
            keys_only: Whether to leave out the values.

        Returns:
            An iterator of values with their metadata.
        """
        response = self.get_all_response(sort_order, sort_target, keys_only)
        return iter(found(response, response.header))

    @translating
    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
    ) -> PutResponse:
        """Write a key.

        Args:
            key: The key.
            value: The value.
            lease: The lease to attach the key to, or its id.
            prev_kv: Whether to return the previous key-value pair.

        Returns:
            The response; its `prev_kv` is empty if there was none.
        """
        attached = lease_to_id(lease) or None
        return with_prev_kv(
            self.communicator.put(key, value, lease=attached, prev_kv=prev_kv, timeout=self.timeout)
        )

    def put_if_not_exists(
        self, key: BytesLike, value: BytesLike, lease: LeaseId | None = None
    ) -> bool:
        """Write a key if it does not exist.

        Args:
            key: The key.
            value: The value.
            lease: The lease to attach the key to, or its id.

        Returns:
            Whether it was written.
        """
        make = self.transactions
        absent = make.create(key) == 0
        return self.transaction([absent], [make.put(key, value, lease=lease)])[0]

    def replace(self, key: BytesLike, initial_value: BytesLike, new_value: BytesLike) -> bool:
        """Replace the value of a key, if it is the expected one.

        Args:
            key: The key.
            initial_value: The expected value.
            new_value: The new value.

        Returns:
            Whether it was replaced.
        """
        make = self.transactions
        expected = make.value(key) == initial_value
        return self.transaction([expected], [make.put(key, new_value)])[0]

    @overload
    def delete(
        self, key: BytesLike, prev_kv: bool = False, return_response: Literal[False] = False
    ) -> bool: ...
    @overload
    def delete(
        self, key: BytesLike, prev_kv: bool = False, *, return_response: Literal[True]
    ) -> DeleteResponse: ...
    @translating
    def delete(
        self, key: BytesLike, prev_kv: bool = False, return_response: bool = False
    ) -> bool | DeleteResponse:
        """Delete a key.

        Args:
            key: The key.
            prev_kv: Whether the response has the deleted key-value pair.
            return_response: Whether to return the response.

        Returns:
            Whether the key existed, or the response.
        """
        response = self.communicator.delete(key, prev_kv=prev_kv, timeout=self.timeout)
        return response if return_response else response.deleted > 0

    @translating
    def delete_prefix(self, prefix: BytesLike) -> DeleteResponse:
        """Delete all keys with a prefix.

        Args:
            prefix: The prefix; if it is empty, all keys are deleted.

        Returns:
            The response.
        """
        return self.communicator.delete_prefix(prefix, timeout=self.timeout)

    @translating
    def transaction(
        self,
        compare: Iterable[BaseCompare],
        success: Iterable[Operation] | None = None,
        failure: Iterable[Operation] | None = None,
    ) -> tuple[bool, list[Any]]:
        """Run a transaction.

        Args:
            compare: The conditions.
            success: The operations for when all of them hold.
            failure: The operations for when not.

        Returns:
            Whether the conditions held, and what the operations gave: for a get a list of values
            with their metadata, for others a `ResponseOp`.
        """
        transaction = build(compare, success, failure)
        response = self.communicator.txn(transaction, timeout=self.timeout)
        return response.succeeded(), outcomes(response)


def _named(argument: str, name: str | None, values: dict[str | None, Any]) -> Any:  # noqa: ANN401
    if name not in values:
        named = ", ".join(repr(known) for known in values)
        message = f"{argument} must be one of {named}, not {name!r}"
        raise ValueError(message)
    return values[name]
