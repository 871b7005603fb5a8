"""Loads the names of `etcd_client.sync` when they are first used, as the package's `_lazy` does."""

from __future__ import annotations

import sys

PACKAGE = "etcd_client.sync"
# What programs take from the package for asyncio without being among its names.
SUBMODULES = ("enums", "errors")


def load(name: str) -> object:
    """Load a name that the package does not have yet.

    Args:
        name: The name.
    """
    package = sys.modules[PACKAGE]
    if name in SUBMODULES:
        return getattr(sys.modules["etcd_client"], name)
    if name not in package.__all__:
        message = f"module {PACKAGE!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - most names are loaded once

    module = package.MODULES.get(name)
    source = f"{PACKAGE}.{module}" if module else "etcd_client"
    value: object = getattr(import_module(source), name)
    # So that the next access does not call this function.
    setattr(package, name, value)
    return value


def names() -> list[str]:
    """List the names that are loaded and those that can be loaded."""
    package = sys.modules[PACKAGE]
    return sorted({*vars(package), *package.__all__})
