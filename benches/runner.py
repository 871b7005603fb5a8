"""Measures one row: the same etcd and the same work for all clients, in turn, round after round."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from benches.peers import FLOOR, IN_THREADS, ROOT, AnyPeer, Peer
from benches.plan import Kind, Row
from benches.process import WorkerError, WorkerProcess
from benches.sample import Sample
from benches.works import Work
from etcd_client.testing import EtcdServer, FlagValue, LocalLauncher
from etcd_client.testing._launch.binaries import find_etcd

# A row writes more than the default quota of 2 GiB has room for, with the history that etcd keeps.
_ETCD_FLAGS: dict[str, FlagValue] = {"quota-backend-bytes": 8 * 2**30, "log-level": "error"}
_MEMORY_DISK = Path("/dev/shm")
# Resident memory is noted after this share of the operations and after all of them.
_SETTLED = 10


@dataclass
class Measured:
    """What a client did in a row: one sample per round, or why it has none.

    In a row about memory there are three samples: after the import, early, at the end.
    """

    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None


Results = dict[str, Measured]


class Workers:
    """The clients' processes beside one etcd, each started when it is first asked for.

    The floor has a second one, the `helper`: it prepares and feeds, for itself too.
    """

    def __init__(self, endpoint: str) -> None:
        """Start the helper alone."""
        self.endpoint = endpoint
        self._started: dict[str, WorkerProcess] = {}
        self.helper = WorkerProcess(FLOOR.worker())

    def of(self, peer: AnyPeer) -> WorkerProcess:
        """Return the process of a peer."""
        if peer.name not in self._started:
            worker = self._started[peer.name] = WorkerProcess(peer.worker())
            worker.open(self.endpoint)
        return self._started[peer.name]

    def close(self) -> None:
        """End all processes."""
        for worker in (self.helper, *self._started.values()):
            worker.close()


@contextmanager
def laboratory() -> Iterator[Workers]:
    """Start an etcd, and yield the processes of its clients."""
    with EtcdServer(flags=_ETCD_FLAGS, launcher=LocalLauncher(find_etcd())) as etcd:
        if not etcd.directory.is_relative_to(_MEMORY_DISK):
            print(f"etcd's data is not in memory but in {etcd.directory}", file=sys.stderr)
        with closing(Workers(etcd.endpoint)) as workers:
            workers.helper.open(etcd.endpoint)
            yield workers


def measure(row: Row, peers: Sequence[AnyPeer], rounds: int) -> Results:
    """Measure a row for all the peers that can do it."""
    peers = [peer for peer in peers if _has(row, peer)]
    pythons = [peer for peer in peers if isinstance(peer, Peer)]
    if row.kind is Kind.IMPORT:
        return _in_rounds(pythons, rounds, lambda peer: [_import(peer)])
    with laboratory() as workers:
        if row.needs is not None:
            workers.helper.run(row.needs)
        if row.kind is Kind.MEMORY:
            return _in_rounds(pythons, 1, lambda peer: _memory(row, peer, workers), warm_ups=0)
        if row.kind is Kind.OPEN:
            return _in_rounds(pythons, 1, lambda peer: _open(row, workers.of(peer)), warm_ups=0)
        if row.kind is Kind.RECEIVE:
            return _in_rounds(
                peers, rounds, lambda peer: [receive(row.work, workers.of(peer), workers.helper)]
            )
        return _in_rounds(peers, rounds, lambda peer: [workers.of(peer).run(row.work)])


def _has(row: Row, peer: AnyPeer) -> bool:
    if row.only:
        return peer in row.only
    return peer not in IN_THREADS and (row.has_floor or peer is not FLOOR)


_P = TypeVar("_P", bound=AnyPeer)


def _in_rounds(
    peers: Sequence[_P],
    rounds: int,
    take: Callable[[_P], list[Sample]],
    *,
    warm_ups: int = 1,
) -> Results:
    """Take samples from all peers in each round, every round from another peer on.

    What the warm-ups measure is forgotten. A peer that fails is left out from then on.
    """
    results = {peer.name: Measured() for peer in peers}
    for index in range(rounds + warm_ups):
        first = index % len(peers)
        for peer in [*peers[first:], *peers[:first]]:
            measured = results[peer.name]
            if measured.failure is not None:
                continue
            try:
                samples = take(peer)
            except WorkerError as error:
                print(f"{peer.name}: {error}", file=sys.stderr)
                measured.failure = str(error).splitlines()[-1]
            else:
                measured.samples += samples if index >= warm_ups else []
    return results


def receive(work: Work, watcher: WorkerProcess, writer: WorkerProcess) -> Sample:
    """Have a client watch while the floor writes, once the watch stands."""
    feed = replace(work, kind="feed")
    return watcher.run(work, begun=lambda: writer.run(feed))


def _memory(row: Row, peer: Peer, workers: Workers) -> list[Sample]:
    work, worker = row.work, workers.of(peer)
    early = work.operations // _SETTLED
    samples = [_import(peer)]
    for operations in (early, work.operations - early):
        half = replace(work, operations=operations // 2)
        worker.run(replace(half, kind="put"))
        samples.append(worker.run(half))
    return samples


def _open(row: Row, worker: WorkerProcess) -> list[Sample]:
    # The first of all opens the connection and loads what is needed.
    worker.run(replace(row.work, operations=1))
    before = worker.run(replace(row.work, operations=1))
    after = worker.run(row.work)
    return [replace(after, resident=after.resident - before.resident)]


def _import(peer: Peer) -> Sample:
    command = peer.importing()
    finished = subprocess.run(
        command.line,
        cwd=ROOT,
        env=command.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise WorkerError(finished.stderr.strip().splitlines()[-1])
    return Sample(**json.loads(finished.stdout))
