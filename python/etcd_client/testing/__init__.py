"""Real etcd servers, clusters and network faults for the tests of programs that use etcd.

The pytest plugin has the fixtures `etcd`, `etcd_server` and `etcd_cluster`; the classes serve any
other test runner. Only the plugin imports pytest, and the tools do not use the client, so that they
do not share its defects.

PYTEST_DONT_REWRITE: there are no asserts, and a conftest may import this before it names it.
"""

from __future__ import annotations

import typing as _typing

if _typing.TYPE_CHECKING:
    from ._cluster import EtcdCluster
    from ._launch.binaries import EtcdNotFoundError
    from ._launch.launcher import Launcher
    from ._launch.local import LocalLauncher
    from ._link import Direction
    from ._metrics import Metrics
    from ._ports import free_port
    from ._proxy import Proxy
    from ._server import EtcdServer, EtcdStartError, FlagValue, KeyPair, ServerTls
    from ._waiting import eventually

__all__ = [
    "Direction",
    "EtcdCluster",
    "EtcdNotFoundError",
    "EtcdServer",
    "EtcdStartError",
    "FlagValue",
    "KeyPair",
    "Launcher",
    "LocalLauncher",
    "Metrics",
    "Proxy",
    "ServerTls",
    "eventually",
    "free_port",
]

# For `pytest_plugins = ["etcd_client.testing"]`, and for the entry point.
pytest_plugins = ("etcd_client.testing._plugin",)

# pytest loads this module at each start, also for projects whose tests need no etcd.
_MODULES = {
    "Direction": "_link",
    "EtcdCluster": "_cluster",
    "EtcdNotFoundError": "_launch.binaries",
    "EtcdServer": "_server",
    "EtcdStartError": "_server",
    "FlagValue": "_server",
    "KeyPair": "_server",
    "Launcher": "_launch.launcher",
    "LocalLauncher": "_launch.local",
    "Metrics": "_metrics",
    "Proxy": "_proxy",
    "ServerTls": "_server",
    "eventually": "_waiting",
    "free_port": "_ports",
}

if not _typing.TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a name when it is first used."""
        module = _MODULES.get(name)
        if module is None:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value
