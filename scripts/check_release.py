"""Checks that a release is what its tag says: `python -m scripts.check_release v1.2.3`.

The versions of both packages and the newest entry of the changelog must be those of the tag, and
the entry must have a date.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_ENTRY = re.compile(r"^## (\S+) - (.+)$", re.MULTILINE)
_TAG = re.compile(r"v\d+\.\d+\.\d+((a|b|rc)\d+)?")


def faults(root: Path, tag: str) -> Iterator[str]:
    """Yield what is wrong.

    Args:
        root: The folder of the repository, or of a copy.
        tag: The tag, such as `v1.2.3`.
    """
    if not _TAG.fullmatch(tag):
        yield f"the tag is {tag!r}; expected v1.2.3, or v1.2.3rc1"
        return
    version = tag.removeprefix("v")
    for name in ("pyproject.toml", "Cargo.toml"):
        found = _VERSION.search((root / name).read_text())
        # Cargo writes pre-releases with a hyphen and a dot.
        stated = re.sub(r"-(\w+)\.", r"\1", found[1]) if found else None
        if stated != version:
            yield f"{name} has version {stated}, and the tag is {tag}"
    entry = _ENTRY.search((root / "CHANGELOG.md").read_text())
    if entry is None or entry[1] != version:
        newest = "none" if entry is None else entry[1]
        yield f"the newest entry of CHANGELOG.md is {newest}, and the tag is {tag}"
        return
    yield from _date_faults(entry[2])


def _date_faults(text: str) -> Iterator[str]:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        yield f"the newest entry of CHANGELOG.md has no date, but {text!r}"
        return
    # Somewhere it is tomorrow already.
    if date > dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=1):
        yield f"the newest entry of CHANGELOG.md is of {text}, which is to come"


def main() -> int:
    """Check this repository against the tag on the command line."""
    match sys.argv[1:]:
        case [tag]:
            found = list(faults(ROOT, tag))
        case _:
            print("usage: python -m scripts.check_release TAG", file=sys.stderr)
            return 2
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
