"""The third-party proxies that are used in front of etcd: nginx, HAProxy and etcd's grpc-proxy.

`make test-proxies` runs the integration suite through each of them.
"""

from tests.support.proxies.fronts import FRONTS, FrontProxy

__all__ = ["FRONTS", "FrontProxy"]
