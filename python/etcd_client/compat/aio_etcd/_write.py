"""Writing a file or making a directory: the change and its conditions in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client import Key, LeaseNotFoundError, Txn, TxnOp
from etcd_client._backoff import Backoff

from ._directories import change_ttl
from ._errors import answer
from ._leases import Grant, time_left
from ._nodes import node_of
from ._paths import ROOT, decode, directory_key, file_key, shown
from ._result import EtcdResult, lifetime
from ._situation import Parents, Situation, is_no_directory, reads, situation

if TYPE_CHECKING:
    from etcd_client import Communicator, Compare, KeyValue, TxnResponse
    from etcd_client._deadline import Deadline

    from ._arguments import Change


async def write(
    communicator: Communicator, path: str, change: Change, deadline: Deadline
) -> EtcdResult:
    """Change a path.

    Args:
        communicator: The communicator to use.
        path: The path.
        change: What to do.
        deadline: The deadline of the call.
    """
    if path == ROOT:
        raise answer(107, "/")
    async with Grant(communicator, change.ttl, deadline) as grant:
        return await _Write(communicator, path, change, deadline, grant).run()


class _Write:
    """The attempts of one write. The first one expects the usual, the next ones what was found."""

    def __init__(
        self,
        communicator: Communicator,
        path: str,
        change: Change,
        deadline: Deadline,
        grant: Grant,
    ) -> None:
        self._communicator = communicator
        self._path = path
        self._change = change
        self._deadline = deadline
        self._grant = grant

    async def run(self) -> EtcdResult:
        found: Situation | None = None
        backoff = Backoff()
        if self._change.refresh:
            found = await self._look()
            self._refuse(found)
            renewed = await self._renewed(found)
            if renewed is not None:
                return renewed
        while True:
            done: EtcdResult | Situation | None
            if found is not None and found.is_directory:
                done = await change_ttl(
                    self._communicator,
                    found,
                    self._grant,
                    self._deadline,
                    refresh=self._change.refresh,
                )
            else:
                done = await self._attempt(found)
            if isinstance(done, EtcdResult):
                return done
            found = done or await self._look()
            self._refuse(found)
            await self._deadline.bound(backoff.pause())

    async def _look(self) -> Situation:
        txn = Txn().and_then(reads(self._path))
        response = await self._communicator.txn(txn, timeout=self._deadline.left())
        return situation(self._path, response.responses, response.header.revision)

    async def _attempt(self, found: Situation | None) -> EtcdResult | Situation | None:
        parents = Parents(self._path, found)
        lease, ttl = await self._grant.below(parents.lease)
        txn = (
            Txn()
            .when([*parents.conditions(), *self._conditions(found)])
            .and_then([*self._operations(lease), *parents.operations(touch=self._change.refresh)])
            .or_else(reads(self._path))
        )
        response = await self._grant.commit(txn, lease)
        if response is None:
            return None
        if not response.succeeded():
            return situation(self._path, response.responses, response.header.revision)
        return self._result(response, ttl)

    def _conditions(self, found: Situation | None) -> list[Compare]:
        change = self._change
        file = Key(file_key(self._path))
        if change.action == "set" and not change.refresh:
            # Programs for API v3 may make a key both; it is a file then.
            is_file = found is not None and found.file is not None
            return [file.version > 0 if is_file else is_no_directory(self._path)]
        if change.action == "create":
            return [file.version == 0, is_no_directory(self._path)]
        conditions = [file.version > 0]
        if change.prev_value is not None:
            conditions.append(file.value == change.prev_value)
        if change.prev_index is not None:
            conditions.append(file.mod_revision == change.prev_index)
        return conditions

    def _operations(self, lease: int) -> list[TxnOp]:
        change = self._change
        key = file_key(self._path)
        if self._makes_directory:
            # A file of that name makes room for the directory, as in v2.
            marker = TxnOp.put(directory_key(self._path), b"", lease=lease or None)
            return [TxnOp.delete(key, prev_kv=True), marker]
        return [
            TxnOp.put(
                key,
                change.value,
                lease=lease or None,
                prev_kv=True,
                ignore_value=change.refresh,
            )
        ]

    @property
    def _makes_directory(self) -> bool:
        return self._change.dir and self._change.action in {"set", "create"}

    def _refuse(self, found: Situation) -> None:
        """Raise the error of API v2 if the change cannot be made as things stand."""
        change, path, index = self._change, shown(self._path), found.index
        below_a_file = found.is_below_a_file()
        if below_a_file is not None:
            raise below_a_file
        if change.action == "create":
            if found.file is not None or found.is_directory:
                raise answer(105, path, index)
            return
        if change.action == "set" and not change.refresh:
            if found.is_directory:
                raise answer(102, path, index)
            return
        if found.file is None and not found.is_directory:
            raise found.not_found()
        if found.is_directory and (change.action == "compareAndSwap" or change.value):
            raise answer(102, path, index)
        if found.file is not None:
            check_swap(change.prev_value, change.prev_index, found.file, index)

    async def _renewed(self, found: Situation) -> EtcdResult | None:
        """Renew the lease of what is there, if it has the wanted TTL and no other key has it."""
        kv, parents = found.node, Parents(self._path, found)
        if kv is None or kv.lease in {0, parents.lease}:
            return None
        known = await time_left(self._communicator, kv.lease, self._deadline)
        if known.granted_ttl != self._change.ttl:
            return None
        try:
            await self._communicator.lease_keep_alive(kv.lease, timeout=self._deadline.left())
        except LeaseNotFoundError:
            return None
        node = node_of(kv, known.granted_ttl)
        return EtcdResult(self._change.action, node, node_of(kv), index=found.index)

    def _result(self, response: TxnResponse, ttl: int | None) -> EtcdResult:
        index = response.header.revision
        first = response.responses[0]
        previous: KeyValue | None
        if self._makes_directory:
            previous = first.prev_kvs[0] if first.prev_kvs else None
        else:
            previous = first.prev_kv
        return written(self._path, self._change, previous, ttl, index)


def written(
    path: str, change: Change, previous: KeyValue | None, ttl: int | None, index: int
) -> EtcdResult:
    """Return the result of a write.

    Args:
        path: The path.
        change: What was done.
        previous: What was there before.
        ttl: The seconds that are left.
        index: The revision of the write.
    """
    value = previous.value if change.refresh and previous is not None else change.value
    stays = previous is not None and not change.dir
    node = {
        "key": path,
        "modifiedIndex": index,
        "createdIndex": previous.create_revision if stays and previous is not None else index,
        "newKey": change.action == "create" or (change.action == "set" and previous is None),
        **({"dir": True} if change.dir else {"value": decode(value)}),
        **({} if ttl is None else lifetime(ttl)),
    }
    before = None if previous is None or change.action == "create" else node_of(previous)
    return EtcdResult(change.action, node, before, index=index)


def check_swap(prev_value: bytes | None, prev_index: int | None, kv: KeyValue, index: int) -> None:
    """Raise `EtcdCompareFailed` unless a file is as expected.

    Args:
        prev_value: The value that it shall have; None for any.
        prev_index: The index that it shall have; None for any.
        kv: The file.
        index: The revision at which it was read.
    """
    causes = []
    if prev_value is not None and kv.value != prev_value:
        causes.append(f"[{decode(prev_value)} != {decode(kv.value)}]")
    if prev_index is not None and kv.mod_revision != prev_index:
        causes.append(f"[{prev_index} != {kv.mod_revision}]")
    if causes:
        raise answer(101, " ".join(causes), index)
