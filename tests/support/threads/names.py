"""What tests import from `etcd_client` with `--loop threads`."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from types import ModuleType

import etcd_client
from tests.support.threads.adapters import ADAPTERS

# Modules whose imports are changed.
_IMPORTERS = ("tests.integration.", "tests.conftest", "tests.support.replay")


class _Names(ModuleType):
    """The package, but for the classes that are adapters."""

    def __getattr__(self, name: str) -> object:
        return getattr(etcd_client, name)


def install() -> None:
    """Let `import etcd_client` and `from etcd_client import` in tests find the adapters."""
    names = _Names("etcd_client")
    vars(names).update(ADAPTERS)
    before = builtins.__import__

    def import_(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - as it is called
        locals: Mapping[str, object] | None = None,  # noqa: A002 - as it is called
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name == "etcd_client" and str((globals or {}).get("__name__")).startswith(_IMPORTERS):
            return names
        return before(name, globals, locals, fromlist or (), level)

    builtins.__import__ = import_
