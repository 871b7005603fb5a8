"""The leader of a cluster is killed under a writer, a watch and a lock: what do they notice?

Starts three real etcd members of its own, and ends with an error unless everything is as promised.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from dataclasses import dataclass, field

from etcd_client import Communicator, Lock, Session, Watch, WatchEventType
from etcd_client.testing import EtcdCluster, EtcdServer

KEY = "/demo/number"
LOCK = "/demo/lock"


@dataclass
class Story:
    """What has happened so far."""

    began: float = field(default_factory=time.monotonic)
    writing: bool = True
    written: int = 0
    longest_wait: float = 0.0
    seen: list[int] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Print a line with the time, and how far the writer and the watch are."""
        passed = time.monotonic() - self.began
        print(f"{passed:5.1f} s  {self.written:5} written  {len(self.seen):5} seen   {text}")


async def write(communicator: Communicator, session: Session, story: Story) -> None:
    """Write the numbers from 1 on to one key, each exactly once."""
    while story.writing:
        started = time.monotonic()
        await communicator.put(KEY, str(story.written + 1), once=session)
        story.written += 1
        story.longest_wait = max(story.longest_wait, time.monotonic() - started)
        await asyncio.sleep(0.002)


async def follow(watch: Watch, story: Story) -> None:
    """Note each number that the watch reports, until the key is deleted."""
    async for event in watch:
        if event.event is WatchEventType.DELETE:
            break
        story.seen.append(int(event.value))


async def kill_the_leader(cluster: EtcdCluster, story: Story) -> EtcdServer:
    """Kill it with SIGKILL, and wait until the other two have elected a new one."""
    leader = await asyncio.to_thread(cluster.leader)
    leader.kill()
    story.tell(f"{leader.name}, the leader, is killed")
    successor = await asyncio.to_thread(cluster.leader, other_than=leader)
    story.tell(f"{successor.name} is the leader now")
    return leader


async def compare(communicator: Communicator, following: asyncio.Task[None], story: Story) -> None:
    """Compare what was written with what etcd has, and with what the watch has seen."""
    stored = await communicator.get_kv(KEY)
    # The version of a key counts how often it was written.
    if stored is None or not stored.version == int(stored.value) == story.written:
        sys.exit(f"{story.written} numbers were written, but etcd has {stored}")
    await communicator.delete(KEY)
    await asyncio.wait_for(following, 10)
    if story.seen != list(range(1, story.written + 1)):
        sys.exit("the watch has missed or repeated a number")


async def run(cluster: EtcdCluster, pause: float) -> None:
    """Write, watch and hold a lock while the leader is killed and comes back."""
    story = Story()
    async with (
        cluster.connect() as communicator,
        communicator.session(ttl=10) as session,
        session.lock(LOCK) as lock,
        communicator.watch(KEY) as watch,
    ):
        rival = Lock(communicator, LOCK)
        waiting = asyncio.create_task(rival.acquire())
        following = asyncio.create_task(follow(watch, story))
        writing = asyncio.create_task(write(communicator, session, story))
        await asyncio.sleep(pause)
        story.tell("a lock is held, and a rival waits for it")
        killed = await kill_the_leader(cluster, story)
        await asyncio.sleep(pause)
        await asyncio.to_thread(killed.start)
        story.tell(f"{killed.name} is back")
        await asyncio.sleep(pause)
        story.writing = False
        await writing
        await compare(communicator, following, story)
        story.tell("the end: each number was written once, and seen once, in order")
        if waiting.done() or lock.lost.is_set():
            sys.exit("the lock was lost")
        await lock.release()
        await waiting
        story.tell("the lock was held all the time; now it is released, and the rival has it")
        await rival.release()
    print(f"The longest wait for a write was {story.longest_wait:.1f} s.")


def main() -> None:
    """Start the cluster and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between the steps")
    pause = parser.parse_args().pause
    # What the client itself says of the failover.
    logging.basicConfig(stream=sys.stdout, format="         %(name)s: %(message)s")
    with EtcdCluster(3) as cluster:
        asyncio.run(run(cluster, pause))


if __name__ == "__main__":
    main()
