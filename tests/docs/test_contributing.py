"""What CONTRIBUTING.md says of the sources is so: the rooms are there, and a `get` travels so."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest

from tests.docs.blocks import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()

# A file, a function or a class in it, and what that does.
Step = tuple[str, str]

_STEP = re.compile(r"^\| `([\w./]+)` \| `(\w+)` \| .+ \|$")
_NO_CODE = re.compile(r"//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'")


def section(title: str) -> str:
    """Return the text under a heading."""
    (found,) = re.findall(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL
    )
    return str(found)


def ways() -> list[list[Step]]:
    """Return the tables of the page, each of which is a chain of calls."""
    found: list[list[Step]] = []
    for paragraph in section("How a `get` travels").split("\n\n"):
        steps = [step.groups() for line in paragraph.splitlines() if (step := _STEP.match(line))]
        if steps:
            found.append([(file, function) for file, function in steps])
    return found


WAYS = ways()
STEPS = [step for way in WAYS for step in way]
CALLS = [(step, following) for way in WAYS for step, following in pairwise(way)]


def body(step: Step) -> str:
    """Return the source of a function, of all that have the name where there are several."""
    file, name = step
    source = (ROOT / file).read_text()
    if file.endswith(".py"):
        return "\n".join(
            ast.unparse(node)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and node.name == name
        )
    source = _NO_CODE.sub(" ", source)
    found = re.finditer(rf"\bfn {name}\b[^{{;]*\{{", source)
    return "\n".join(source[match.start() : closing(source, match.end())] for match in found)


def calls(step: Step, name: str) -> bool:
    """Tell whether a function's source has a call of a name."""
    source = body(step)
    inside = source.partition("{")[2] if step[0].endswith(".rs") else source
    return re.search(rf"\b{name}(::<[^(]*>)?\(", inside) is not None


def closing(source: str, begin: int) -> int:
    """Return where a block ends that begins there."""
    depth = 1
    for brace in re.compile(r"[{}]").finditer(source, begin):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(source)


def test_the_way_is_described() -> None:
    assert len(WAYS) >= 4
    assert STEPS[0][1] == "get"
    assert len(STEPS) > 20


@pytest.mark.parametrize("step", STEPS, ids=":".join)
def test_step_exists(step: Step) -> None:
    assert body(step), f"{step[0]} has no function {step[1]}"


@pytest.mark.parametrize(("step", "following"), CALLS, ids=":".join)
def test_step_calls_the_next(step: Step, following: Step) -> None:
    assert calls(step, following[1]), f"{step[0]}: {step[1]} does not call {following[1]}"


def test_a_wrong_step_is_noticed() -> None:
    retry = "src/rpc/transport/retry.rs"
    assert not calls((retry, "judge"), "make")
    assert not calls((retry, "judge"), "judge")
    assert not body((retry, "attempted"))


def test_the_folders_that_are_named_are_there() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", section("Where things belong"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_room_is_named() -> None:
    """A new folder of the sources gets a line."""
    text = section("Where things belong")
    folders = {
        path.relative_to(ROOT).as_posix() + "/"
        for top in ("src/bridge", "src/rpc", "src/py", "python/etcd_client")
        for path in (ROOT / top).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    # The Python classes have the rooms of `src/rpc/`.
    folders = {folder for folder in folders if not folder.startswith("src/py/")}
    assert sorted(folder for folder in folders if f"`{folder}`" not in text) == []
