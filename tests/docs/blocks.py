"""Reading the examples out of Markdown files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What the examples connect to, for the tests to put their own server in its place.
DEFAULT_ADDRESS = "127.0.0.1:2379"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A block of code and what it prints: the `text` block right after it, or nothing."""

    name: str
    code: str
    output: str


def examples(path: Path, language: str = "python") -> list[Example]:
    """Return the blocks of a Markdown file that are marked with a language, in order."""
    text = path.read_text()
    found: list[Example] = []
    fences = list(_FENCE.finditer(text))
    for index, fence in enumerate(fences):
        if fence[1] != language:
            continue
        following = fences[index + 1] if index + 1 < len(fences) else None
        adjacent = following is not None and not text[fence.end() : following.start()].strip()
        output = following[2] if adjacent and following and following[1] == "text" else ""
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Example(f"{path.relative_to(ROOT)}:{line}", fence[2], output))
    return found
