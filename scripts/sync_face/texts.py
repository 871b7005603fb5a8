"""Turns the docstrings of the asyncio face into those of the one for threads."""

from __future__ import annotations

import re

# In this order; what is said about tasks holds for threads.
_CHANGES = (
    (r"; to be awaited or entered", ""),
    (r"A `LeaseGrant`; awaiting or entering it returns a `Lease`\.", "The lease."),
    (r"Takes an `STM` if it is async, otherwise a `SyncSTM`\.", "Takes an `STM`."),
    (r", without being awaited\.", "."),
    (r" It may be async\.", ""),
    (r" Several reads may be awaited concurrently\.", ""),
    (
        r"They start from what `snapshot` returns just before or after this call, .*?between\.",
        "Call `snapshot` after it, and skip the changes up to the revision of the snapshot.",
    ),
    (r"\ban async context manager", "a context manager"),
    (r"\basync (with|for|def)\b", r"\1"),
    (r"\bfrom etcd_client import\b", "from etcd_client.sync import"),
    (r"\bcreate, await and\b", "create, wait for and"),
    (r"\banext\(", "next("),
    (r">>> import asyncio\n", ">>> from concurrent.futures import ThreadPoolExecutor\n"),
    (
        r'asyncio\.gather\((\w+)\("(\w+)"\), \1\("(\w+)"\)\)',
        r'list(ThreadPoolExecutor().map(\1, ["\2", "\3"]))',
    ),
    (r"\basyncio\.(Event|sleep)\b", r"threading.\1"),
    (r"`__aiter__`", "`__iter__`"),
    (r"\bAn async (iterator|function)\b", r"A \1"),
    (r"\ban async (iterator|function)\b", r"a \1"),
    (r"\basync (iterator|function)", r"\1"),
    (r"\b([Aa]) iterator\b", r"\1n iterator"),
    (r"Cancelling a step, as `asyncio\.wait_for` does,", "A step that is interrupted"),
    (r"\bthe running task\b", "the running thread"),
    (r"\btask(s?)\b", r"thread\1"),
    (r", bound to the event loop that opened it", ", for any number of threads"),
    (r"\bon the event loop\b", "in a thread of its own"),
    (r"after the event loop was blocked", "while the thread does other work"),
)


_LINE_LENGTH = 100


def sync(text: str, indent: int) -> str:
    """Return what stands for a docstring without an event loop.

    Args:
        text: The docstring, not indented.
        indent: How far it will be indented.
    """
    for pattern, replacement in _CHANGES:
        text = re.sub(pattern.replace(" ", r"\s+"), replacement, text, flags=re.DOTALL)
    return _fitted(_without_loops(_without_await(text)), _LINE_LENGTH - indent)


def _without_await(text: str) -> str:
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.lstrip().startswith((">>> ", "... ")):
            lines[index] = line.replace("await ", "")
    return "\n".join(lines)


def _without_loops(text: str) -> str:
    """Leave out the error of a communicator that is used on another loop."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("WrongLoopError:")]
    return "\n".join(lines)


def _fitted(text: str, width: int) -> str:
    """Move words that have no room any more to the next line."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if len(line) <= width or line.lstrip().startswith(">>>"):
            continue
        room = line.rindex(" ", 0, width + 1)
        lines[index], rest = line[:room], line[room + 1 :]
        space = " " * (len(line) - len(line.lstrip()))
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if following.strip() and following.startswith(space):
            deeper = " " * (len(following) - len(following.lstrip()))
            lines[index + 1] = f"{deeper}{rest} {following.lstrip()}"
        else:
            lines.insert(index + 1, space + rest)
    return "\n".join(lines)
