"""Which revisions to read."""

from __future__ import annotations

from typing import TypedDict


class Bounds(TypedDict):
    """The arguments of a native call that select revisions."""

    max_create_revision: int
    max_mod_revision: int
    min_create_revision: int
    min_mod_revision: int
    revision: int


def bounds(
    max_create_revision: int | None,
    max_mod_revision: int | None,
    min_create_revision: int | None,
    min_mod_revision: int | None,
    revision: int | None,
) -> Bounds:
    """Return the arguments of a native call; its default is 0 where that of etcetra is None.

    Args:
        max_create_revision: As for `KeyValueCalls.get`.
        max_mod_revision: As for `KeyValueCalls.get`.
        min_create_revision: As for `KeyValueCalls.get`.
        min_mod_revision: As for `KeyValueCalls.get`.
        revision: As for `KeyValueCalls.get`.
    """
    return Bounds(
        max_create_revision=max_create_revision or 0,
        max_mod_revision=max_mod_revision or 0,
        min_create_revision=min_create_revision or 0,
        min_mod_revision=min_mod_revision or 0,
        revision=revision or 0,
    )
