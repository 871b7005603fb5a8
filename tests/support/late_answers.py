"""Cancels a call whose request the server has, while the answer is on its way."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tests.support import tasks

T = TypeVar("T")


async def cancel_before_the_answer(
    call: Callable[[], Coroutine[Any, Any, T]],
    applied: Callable[[], Awaitable[None]],
    undo: Callable[[T], Awaitable[object]],
) -> None:
    """Make a call, and cancel it as soon as the server has applied it.

    Args:
        call: Makes the call, whose answers have to be slow.
        applied: Waits until the server has applied it.
        undo: Undoes what it has done, so that it can be made again.
    """
    while True:
        attempt = tasks.create_task(call())
        await applied()
        attempt.cancel()
        try:
            answer = await attempt
        except tasks.CancelledError:
            return
        # The machine was held up until it came.
        await undo(answer)
