"""The network between the members of a cluster, with members that can be cut off from it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.proxy import Proxy
from tests.support.server import EtcdServer

_TCP_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"
_ATTEMPTS = 5


class PeerNetwork:
    """A proxy in front of each member's peer port; each knows which member a connection is from.

    That knowledge is what makes a partition: to cut off one member, its own connections to the
    others have to be cut, and no one else's. It is read from /proc, so this needs Linux.
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
        """Cut a member off from all others; its clients still reach it."""
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

    def _origin(self, source_port: int) -> str:
        # The tables may change while they are read, and then leave entries out.
        for _ in range(_ATTEMPTS):
            inode = _socket_inode(source_port)
            for name, pid in self._running().items():
                if inode is not None and _has_socket(pid, inode):
                    return name
        return ""


def _socket_inode(port: int) -> str | None:
    """Return the inode of the socket that is connected from a local port."""
    for line in _TCP_TABLE.read_text().splitlines()[1:]:
        fields = line.split()
        local_port = int(fields[1].partition(":")[2], 16)
        if local_port == port and fields[3] == _ESTABLISHED:
            return fields[9]
    return None


def _has_socket(pid: int, inode: str) -> bool:
    wanted = f"socket:[{inode}]"
    try:
        return any(
            _target(descriptor) == wanted for descriptor in Path(f"/proc/{pid}/fd").iterdir()
        )
    except FileNotFoundError:  # the process has ended meanwhile
        return False


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""
