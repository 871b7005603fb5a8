"""Proxies of others that stand in front of etcd in the field: nginx, HAProxy, etcd's own.

`make test-proxies` runs the integration suite through each of them.
"""

from tests.support.proxies.fronts import FRONTS, FrontProxy

__all__ = ["FRONTS", "FrontProxy"]
