"""To what a function belongs: a crate, a layer of this client, the interpreter, the C library."""

from __future__ import annotations

import re
from pathlib import PurePath

from benches.profile.counts import Function

# The beginning of a path, such as that of `h2` in `<h2::client::Connection as core::fmt::Debug>`.
_CRATE = re.compile(r"(?<![\w:>])([a-z_][a-z0-9_]*)::")
_STANDARD = {"core", "alloc", "std", "hashbrown"}
# What runs everything else.
RUNTIME = {"std", "tokio"}
_OURS = "_etcd_client"
_LAYER = re.compile(rf"\b{_OURS}::(bridge|rpc|py)::")
_C_LIBRARY = ("libc.", "libc-", "ld-linux", "libpthread", "libm.")


def is_native(function: Function) -> bool:
    """Whether a function is one of this client's native module."""
    return PurePath(function.file).name.startswith(_OURS)


def crate(function: Function) -> str:
    """Return the name of the group."""
    if is_native(function):
        return _in_rust(function.name)
    file = PurePath(function.file).name
    if file.startswith(_C_LIBRARY):
        return "libc"
    if "python" in file:
        return "interpreter"
    return file or "unknown"


def _in_rust(name: str) -> str:
    if name.startswith(("mi_", "_mi_")):
        return "mimalloc"
    crates = [found for found in _CRATE.findall(name) if found not in _STANDARD]
    if not crates:
        return "std" if "::" in name else "C of the module"
    # What the standard library does for a type belongs to the crate of the type.
    layer = _LAYER.search(name)
    return layer[1] if crates[0] == _OURS and layer else crates[0]
