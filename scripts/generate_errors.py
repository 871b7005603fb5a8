"""Writes the Python classes of etcd's errors from the engine's table of them: `make generate`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = "src/rpc/error/server_error_table.rs"
CLASSES = "python/etcd_client/errors/_server.py"

HEADER = f'''"""One exception for each of etcd's errors that a program acts on.

Made by `make generate` from `{TABLE}`; change that.

A class is called by etcd's name with ``Error`` after it; where it stands for several, or the name
is taken, ``reasons`` says for which. All other errors of the server are a plain ``RpcError``.
"""

from __future__ import annotations

from typing import ClassVar

from etcd_client._status_code import GRPCStatusCode

from ._base import (
    AnyTimeoutError,
    ElectError,
    GRPCStatus,
    LockError,
    Reasons,
    RpcError,
    WatchError,
)
from ._connection import EtcdTimeoutError
'''

# The codes of errors that are told by them, or that are made without an answer of the server's.
CODES = {"LeaseNotFoundError": "NotFound", "UnimplementedError": "Unimplemented"}

# What a class has beside what all of them have.
BODIES = {
    "CompactedError": '''
    compact_revision: int | None
    """The first revision that a watch can start at; the server tells it to watches only."""

    def __init__(
        self,
        status: GRPCStatus | str = "",
        *,
        reason: str | None = None,
        compact_revision: int | None = None,
    ) -> None:
        super().__init__(status, reason=reason)
        self.compact_revision = compact_revision
''',
}

_LINE_LENGTH = 100
_BLOCK = re.compile(
    r"""
    ^\ {4}//\ (?P<section>[^\n]+)$
    | (?P<doc>(?:^\ {4}///[^\n]*\n)*)
      ^\ {4}(?P<name>\w+Error)(?P<bases>[\w\ +]*)\ \{(?P<entries>[^}]*)\}
    """,
    re.VERBOSE | re.MULTILINE,
)
_REASON = re.compile(r'^\s+(\w+):\s+"', re.MULTILINE)


@dataclass(frozen=True)
class ErrorClass:
    """A block of the table: a class, and etcd's names of the errors that it stands for."""

    name: str
    bases: tuple[str, ...]
    doc: tuple[str, ...]
    reasons: tuple[str, ...]

    def source(self) -> str:
        """Return the class as Python has it."""
        lines = [f"class {self.name}({', '.join(('RpcError', *self.bases))}):"]
        first, *rest = self.doc
        lines += [f'    """{first}', *(f"    {line}".rstrip() for line in rest)]
        lines[-1] += '\n    """' if rest else '"""'
        lines.append("")
        if self.name in CODES:
            code = f"GRPCStatusCode.{CODES[self.name]}"
            lines.append(f"    own_code: ClassVar[GRPCStatusCode] = {code}")
        if self.reasons:
            lines.append(_reasons(self.reasons))
        return "\n".join(lines) + "\n" + BODIES.get(self.name, "")


def _reasons(reasons: tuple[str, ...]) -> str:
    quoted = [f'"{reason}"' for reason in reasons]
    start = "    reasons: ClassVar[Reasons] = "
    line = f"{start}({', '.join(quoted)}{',' * (len(quoted) == 1)})"
    if len(line) <= _LINE_LENGTH:
        return line
    return start + "(\n" + "".join(f"        {item},\n" for item in quoted) + "    )"


def blocks(table: str) -> Iterator[str | ErrorClass]:
    """Yield the titles of sections and the classes of a table, in its order.

    Args:
        table: The source of the table.
    """
    for found in _BLOCK.finditer(table[table.index("\nserver_errors! {") :]):
        if found["section"]:
            yield found["section"]
            continue
        yield ErrorClass(
            name=found["name"],
            bases=tuple(base.strip() for base in found["bases"].split("+")[1:]),
            doc=tuple(
                line.strip().removeprefix("///").strip() for line in found["doc"].splitlines()
            ),
            # Several messages may have one name.
            reasons=tuple(dict.fromkeys(_REASON.findall(found["entries"]))),
        )


def python_source(table: str) -> str:
    """Return the Python module for a table.

    Args:
        table: The source of the table.
    """
    parts = [HEADER]
    section = ""
    for block in blocks(table):
        if isinstance(block, str):
            section = f"# {block}\n\n\n"
        elif block.name != "RpcError":
            # A comment stands one line below the imports and two below a class.
            parts.append(
                ("\n" if section and len(parts) == 1 else "\n\n") + section + block.source()
            )
            section = ""
    return "".join(parts)


def main() -> None:
    """Write the module of this repository."""
    root = Path(__file__).parents[1]
    (root / CLASSES).write_text(python_source((root / TABLE).read_text()))


if __name__ == "__main__":
    main()
