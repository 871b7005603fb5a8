"""What a command adds itself to."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol


class Commands(Protocol):
    """The commands of a parser, as `ArgumentParser.add_subparsers` makes them."""

    def add_parser(
        self,
        name: str,
        *,
        parents: Sequence[argparse.ArgumentParser] = ...,
        help: str = ...,  # noqa: A002 - as argparse has it
        description: str | None = ...,
    ) -> argparse.ArgumentParser:
        """Add a command, and return the parser of its arguments."""
