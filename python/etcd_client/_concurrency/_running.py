"""Which backend the running code needs."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from etcd_client._etcd_client import in_step

_loaded: dict[str, Any] = {}


def backend() -> Any:  # noqa: ANN401 - a module; `_interface.Backend` says what it has
    """Return the module of the backend of what runs; asyncio's where nothing does."""
    if in_step():
        return _module("_threads")
    if "trio" in sys.modules and _module("_trio_loop").is_running():
        return _module("_trio")
    return _module("_asyncio")


def _module(name: str) -> Any:  # noqa: ANN401 - as above
    """Import a backend when it is first needed: the packages below it take long to import.

    By name, because the backends extend the classes of `_interface`, which calls this module.
    """
    module = _loaded.get(name)
    if module is None:
        module = _loaded[name] = import_module(f"{__package__}.{name}")
    return module
