"""Sequential keys: the name of each comes after those of all before it in its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client import Key, KeyValue, Txn, TxnOp
from etcd_client._backoff import Backoff
from etcd_client._kv.waiting_line import Place, line_of

from ._leases import Grant
from ._paths import directory_key, file_key
from ._situation import Parents, Situation, is_no_directory, reads, situation
from ._write import written

if TYPE_CHECKING:
    from etcd_client import Communicator
    from etcd_client._deadline import Deadline

    from ._arguments import Change
    from ._result import EtcdResult

_DIGITS = 20
_ANY_NAME = "0"


async def append(
    communicator: Communicator, directory: str, change: Change, deadline: Deadline, kept: int = 0
) -> EtcdResult:
    """Write a file, or make a directory, with the next number as its name.

    The number is one more than the revision of the directory's marker, which every such write
    increases. So names are in the order of the writes, and none is used twice.

    Args:
        communicator: The communicator to use.
        directory: The path of the directory.
        change: What to write.
        deadline: The deadline of the call.
        kept: The id of a lease that somebody keeps alive, to attach it to; 0 for none.
    """
    place = Place(line_of(communicator, directory_key(directory)))
    await deadline.bound(place.turn())
    try:
        async with Grant(communicator, change.ttl, deadline, kept) as grant:
            appending = _Append(communicator, directory, change, deadline, grant)
            return await appending.run(place)
    finally:
        place.leave()


class _Append:
    """The attempts of one write."""

    def __init__(
        self,
        communicator: Communicator,
        directory: str,
        change: Change,
        deadline: Deadline,
        grant: Grant,
    ) -> None:
        self._communicator = communicator
        self._directory = directory
        self._marker = directory_key(directory)
        self._change = change
        self._deadline = deadline
        self._grant = grant

    async def run(self, place: Place) -> EtcdResult:
        backoff = Backoff()
        known, found = place.kv, None
        passed_over, failed = 0, -1
        while True:
            if known is None:
                found = await self._look()
                known = found.markers[self._directory]
            last = known.mod_revision if known else (found.index if found else 0)
            # A name is passed over only where it may be taken. Where another was faster, the
            # marker has changed: a name beyond the next one would come after those of later writes.
            passed_over = passed_over + 1 if last == failed else 0
            failed = last
            asked = place.asks()
            done = await self._attempt(f"{last + 1 + passed_over:0{_DIGITS}}", known, found)
            if done is not None:
                place.learns(self._touched(known, done), asked, done.modifiedIndex)
                return done
            known = None
            place.forgets()
            await self._deadline.bound(backoff.pause())

    async def _look(self) -> Situation:
        path = f"{self._directory}/{_ANY_NAME}"
        response = await self._communicator.txn(
            Txn().and_then(reads(path)), timeout=self._deadline.left()
        )
        found = situation(path, response.responses, response.header.revision)
        below_a_file = found.is_below_a_file()
        if below_a_file is not None:
            raise below_a_file
        return found

    async def _attempt(
        self, name: str, marker: KeyValue | None, found: Situation | None
    ) -> EtcdResult | None:
        path = f"{self._directory}/{name}"
        parents = Parents(path, found)
        if found is None and marker is not None:
            parents.lease = marker.lease
        lease, ttl = await self._grant.below(parents.lease)
        key = directory_key(path) if self._change.dir else file_key(path)
        conditions = [
            *parents.conditions(),
            Key(self._marker).mod_revision == (marker.mod_revision if marker else 0),
            Key(file_key(path)).version == 0,
            is_no_directory(path),
        ]
        put = TxnOp.put(key, self._change.value, lease=lease or None)
        txn = Txn().when(conditions).and_then([put, *parents.operations(touch=True)])
        response = await self._grant.commit(txn, lease)
        if response is None or not response.succeeded():
            return None
        return written(path, self._change, None, ttl, response.header.revision)

    def _touched(self, marker: KeyValue | None, done: EtcdResult) -> KeyValue:
        """Return the marker as the write has left it."""
        index = done.modifiedIndex
        if marker is None:
            return KeyValue(self._marker, b"", index, index, 1, 0)
        created, version = marker.create_revision, marker.version + 1
        return KeyValue(self._marker, b"", created, index, version, marker.lease)
