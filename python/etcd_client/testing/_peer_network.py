"""The network between the members of a cluster, which can be partitioned."""

import contextlib
from collections.abc import Callable, Mapping

from ._link import Address
from ._proxy import Proxy
from ._server import EtcdServer
from ._sockets import connected, descriptors


class PeerNetwork:
    """A proxy in front of each member's peer port; each knows which member a connection is from.

    That knowledge is what makes a partition: to cut off one member, its own connections to the
    others have to be cut, and no one else's. It is asked of the kernel, so this needs Linux.
    """

    def __init__(self, running: Callable[[], Mapping[str, int]]) -> None:
        """Begin with no members; `running` tells the process id of each that runs, by name."""
        self._running = running
        self._proxies: dict[str, Proxy] = {}

    def join(self, member: EtcdServer) -> str:
        """Put a proxy in front of `member` and return the peer URL for it to advertise."""
        proxy = Proxy(member.peer_address, self._origin)
        self._proxies[member.name] = proxy
        return proxy.endpoint

    def isolate(self, name: str) -> None:
        """Isolate a member from all others; its clients still reach it."""
        for other, proxy in self._proxies.items():
            if other == name:
                proxy.refuse()
                proxy.drop()
            else:
                proxy.sever(name)

    def heal(self) -> None:
        """Connect all members again."""
        for proxy in self._proxies.values():
            proxy.heal()

    def close(self) -> None:
        """Close the proxies."""
        for proxy in self._proxies.values():
            proxy.close()

    def _origin(self, source: Address, destination: Address) -> str:
        descriptor = connected(source, destination)
        for name, pid in self._running().items():
            with contextlib.suppress(OSError):  # the process has ended, or does so just now
                if descriptor in descriptors(pid):
                    return name
        return ""
