"""Proxies between clients and members.

`Front` forwards bytes, with a TCP proxy for each member. `Http2Front` forwards HTTP/2 frames and
interferes with them as nginx, envoy and gRPC servers do.
"""

from tests.support.front.http2_front import Flood, Http2Front
from tests.support.front.members import Front

__all__ = ["Flood", "Front", "Http2Front"]
