"""Reading the tables of `docs/coming-from/`, and running what stands in them."""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import re
import types
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import etcd_client
from etcd_client import Client, Communicator
from etcd_client.testing import EtcdServer
from tests.docs.blocks import DEFAULT_ADDRESS, ROOT

PAGES = ROOT / "docs" / "coming-from"
_ROW = re.compile(r"^\| (.+) \| (.+) \|$")
_CODE_SPAN = re.compile(r"`([^`]+)`")
_RESULT = "_result"

# The keys that are there before each row is run.
STORED = {"key": "value", "dir/1": "one", "dir/2": "two"}


@dataclass(frozen=True)
class Row:
    """A call of another client, and the code that does the same here."""

    client: str
    there: str
    here: str

    @property
    def name(self) -> str:
        """What tells the row from all others."""
        return f"{self.client}: {self.there}"


def rows() -> list[Row]:
    """Return all rows of the pages about one client each, in order."""
    return [
        Row(page.stem, row[1].replace("`", ""), here)
        for page in sorted(PAGES.glob("*.md"))
        for line in page.read_text().splitlines()
        if (row := _ROW.match(line)) and (here := "\n".join(_CODE_SPAN.findall(row[2])))
    ]


@dataclass
class Here:
    """A row that can be run, and an etcd that holds `STORED` to run it on."""

    row: Row
    etcd: EtcdServer
    client: Client
    communicator: Communicator
    names: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give the code the names that the page says it has."""
        self.names |= {name: getattr(etcd_client, name) for name in etcd_client.__all__}
        self.names |= {
            "__builtins__": builtins,
            "asyncio": asyncio,
            "client": self.client,
            "communicator": self.communicator,
        }

    async def run(self, **names: Any) -> Any:
        """Run the code with further names; return what its last line is worth, if it is anything.

        What the code assigns is in `names` afterwards.
        """
        self.names |= names
        return await execute(self.row.here.replace(DEFAULT_ADDRESS, self.address), self.names)

    @property
    def address(self) -> str:
        """Host and port of the server."""
        return "{}:{}".format(*self.etcd.address)

    async def revision(self) -> int:
        """Return the revision of the store."""
        return (await self.communicator.range("key")).header.revision


async def execute(code: str, names: dict[str, Any]) -> Any:
    """Run code that may await, as the asyncio prompt would; return what its last line is worth."""
    tree = ast.parse(code)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        assigned = ast.Assign([ast.Name(_RESULT, ast.Store())], last.value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(assigned, last))
    names.pop(_RESULT, None)
    compiled = compile(tree, "<row>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    outcome = types.FunctionType(compiled, names)()
    if inspect.iscoroutine(outcome):
        await outcome
    return names.get(_RESULT)


Check = Callable[[Here], Awaitable[None]]


class Checks(dict[str, Check]):
    """What the rows about one client must do, by the name of the row."""

    def __init__(self, client: str) -> None:
        super().__init__()
        self._client = client

    def row(self, *theres: str) -> Callable[[Check], Check]:
        """Register a function that runs a row and asserts what came of it."""

        def register(check: Check) -> Check:
            for there in theres:
                name = f"{self._client}: {there}"
                assert name not in self, f"two checks of {name}"
                self[name] = check
            return check

        return register

    def results(self, expected: Mapping[str, object]) -> None:
        """Register what rows are worth that need no more than `STORED`."""
        for there, result in expected.items():
            self.row(there)(_is_worth(result))


def _is_worth(expected: object) -> Check:
    async def check(here: Here) -> None:
        assert await here.run() == expected

    return check
