"""The order of the rooms: which may import which.

A room is a folder or a file. Each may import those of the lines above its own, and those of its own
line as long as that makes no circle. Whoever adds a room gives it a line.
"""

from __future__ import annotations

from dataclasses import dataclass

# More files than that in one folder, and nobody sees any more what is there.
MOST_FILES = 18

Line = tuple[str, ...]


@dataclass(frozen=True)
class Rooms:
    """The rooms of a tree of sources, from the ground up."""

    top: str
    """The folder of all of them."""
    lines: tuple[Line, ...]
    apart: tuple[tuple[str, str], ...] = ()
    """Pairs of folders that know nothing of each other, whatever their lines say."""


RUST = Rooms(
    top="src",
    lines=(
        # tokio and Python, nothing of etcd.
        ("bridge",),
        # etcd, nothing of Python.
        ("rpc/error", "rpc/keys"),
        ("rpc/wire",),
        ("rpc/telemetry",),
        ("rpc/connection",),
        ("rpc/transport",),
        ("rpc/kv", "rpc/range_stream", "rpc/discovery", "rpc/lease", "rpc/watch", "rpc/admin"),
        ("rpc/coordination",),
        ("rpc",),
        # The Python classes, thin.
        ("py",),
        ("lib",),
    ),
    apart=(("bridge", "rpc"),),
)

PYTHON = Rooms(
    top="python/etcd_client",
    lines=(
        # The native module, whose stub alone names classes from above.
        ("_etcd_client", "_status_code"),
        ("enums",),
        ("errors", "_types"),
        # What the native module passes to the hooks of programs.
        ("telemetry",),
        (
            "_concurrency",
            "_pickles",
            "_started",
            "_operation",
            "_discovery",
            "_lazy",
            "_arguments",
            "_backoff",
            "_leaving",
            "_async_only",
            "_deadline",
        ),
        ("_environment",),
        ("_kv", "_lease", "_watch", "_admin"),
        ("_coordination", "_cache"),
        ("_once", "_stm"),
        ("_changes",),
        ("_recipes", "_queues", "_groups"),
        ("_session",),
        ("_communicator",),
        ("_client",),
        # What programs import.
        ("__init__",),
        # The same for programs without an event loop.
        ("sync",),
        # What programs import that were written for other clients.
        ("compat",),
        # What programs start, and what their tests import.
        ("testing", "_cli"),
        ("__main__",),
    ),
)
