"""The owners of TCP connections; asked of the kernel, so this needs Linux.

The table in /proc/net/tcp would take a tenth of a second to read where thousands of connections
have just ended, and the interpreter's lock with it: etcd's members would lose their leader.
"""

import contextlib
import errno
import os
import socket
import struct
from pathlib import Path

from ._link import Address

# <linux/netlink.h>, <linux/sock_diag.h> and <linux/inet_diag.h>
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLMSG_ERROR = 20, 1, 2
_MESSAGE = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBxxI")  # family, protocol, states
_PORTS, _HOSTS = struct.Struct("!HH"), struct.Struct("=4s12x4s12x")  # source, destination
_ANY_SOCKET = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # interface, cookie
_EVERY_STATE = 0xFFFFFFFF
_ERROR, _INODE = struct.Struct("=16xi"), struct.Struct("=84xI")
_ANSWER_SIZE = 4096


def connected(source: Address, destination: Address) -> str | None:
    """Return the descriptor of a connection's socket at its source, as `descriptors` lists it.

    None if there is no such connection on this machine.
    """
    identity = (
        _PORTS.pack(source[1], destination[1])
        + _HOSTS.pack(socket.inet_aton(source[0]), socket.inet_aton(destination[0]))
        + _ANY_SOCKET
    )
    request = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, _EVERY_STATE) + identity
    length = _MESSAGE.size + len(request)
    head = _MESSAGE.pack(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        kernel.sendto(head + request, (0, 0))
        answer = kernel.recv(_ANSWER_SIZE)
    if _MESSAGE.unpack_from(answer)[1] == _NLMSG_ERROR:
        number = -_ERROR.unpack_from(answer)[0]
        if number == errno.ENOENT:
            return None
        raise OSError(number, os.strerror(number))
    return f"socket:[{_INODE.unpack_from(answer)[0]}]"


def descriptors(process: int | str = "self") -> list[str]:
    """Return the open file descriptors of this process, or of the one with that id."""
    found = []
    for path in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the directory, or just closed
            found.append(str(path.readlink()))
    return sorted(found)
