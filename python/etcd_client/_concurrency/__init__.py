"""What the code above the calls needs of an event loop: time, events, cancellation, tasks.

`_interface.py` has the names, `_running.py` finds out what runs, and there is a backend for each
kind of event loop, and one for threads without any. This folder imports nothing else of the
package but the native module.

Sessions, recipes, caches and STM use these few names and never asyncio itself, so that the same
code runs on every backend. Its rules are those that all of them can follow:

1. A task belongs to a `Background`, which its parent task enters and leaves. It ends there: no task
   outlives the block.
2. A function in the background handles the errors that it expects. Any other error cancels the
   body, and is raised when the `Background` is left.
3. A cancellation is raised at an `await`, once or (trio) at every one until its scope is left. Only
   the `CancelScope` that requested it catches it; all other code lets it pass, and awaits its
   clean-up with `finish`.
4. Scopes and backgrounds are left in the reverse order, by the task that entered them.
5. An `Event` is set and awaited on one loop. The engine's `Call`s are awaited like any coroutine.
6. Without an event loop (threads), a body cannot be interrupted at any point, but only at the next
   call, `sleep`, `Event.wait` or `checkpoint`. Loops that use none of these call `checkpoint`.
"""

from ._interface import (
    Background,
    CancelScope,
    Event,
    Mutex,
    checkpoint,
    current_loop,
    current_task,
    current_time,
    finish,
    join,
    sleep,
)

__all__ = [
    "Background",
    "CancelScope",
    "Event",
    "Mutex",
    "checkpoint",
    "current_loop",
    "current_task",
    "current_time",
    "finish",
    "join",
    "sleep",
]
