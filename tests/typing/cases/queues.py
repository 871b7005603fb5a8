"""Queues and the jobs that they give out."""

from __future__ import annotations

from typing import Any

from etcd_client import Job, PriorityQueue, Queue
from tests.typing.cases.sessions import opened
from tests.typing.world import Cases, World, method_of

NAME = "queue"


async def queue(world: World) -> Queue:
    """A queue with an item."""
    made = (await opened(world)).queue(NAME)
    await made.put("value")
    return made


async def priority_queue(world: World) -> PriorityQueue:
    """A queue with an item that has a priority."""
    made = (await opened(world)).priority_queue(NAME)
    await made.put("value", priority=-5)
    return made


async def entered(world: World) -> Any:
    """Waits for an item."""
    return (await queue(world)).get(timeout=5).__aenter__()


async def entered_by_priority(world: World) -> Any:
    """Waits for an item that has a priority."""
    return (await priority_queue(world)).get(timeout=5).__aenter__()


async def job(world: World) -> Job:
    """An item that is claimed, until the test ends."""
    return await world.contexts.enter_async_context((await queue(world)).get())


CASES: Cases = {
    "Job.__aenter__": (entered, entered_by_priority),
    "Job.commit": (method_of(job, "commit", timeout=5),),
    "PriorityQueue.put": (method_of(priority_queue, "put", "value", priority=5),),
    "PriorityQueue.put_many": (method_of(priority_queue, "put_many", ["a", "b"], priority=5),),
    "Queue.get": (job,),  # the same object, entered
    "Queue.peek": (method_of(queue, "peek", 5),),
    "Queue.put": (method_of(queue, "put", "value"),),
    "Queue.put_many": (method_of(queue, "put_many", ["a", "b"]),),
    "Queue.size": (method_of(queue, "size"),),
    "Session.priority_queue": (priority_queue,),
    "Session.queue": (queue,),
}
