"""What tests put between clients and members.

`Front` forwards bytes, one TCP proxy a member; `Http2Front` forwards the frames of HTTP/2 and has
its own say in them, as nginx, envoy and the servers of gRPC do.
"""

from tests.support.front.http2_front import Flood, Http2Front
from tests.support.front.members import Front

__all__ = ["Flood", "Front", "Http2Front"]
