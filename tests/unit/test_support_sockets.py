"""Who has a connection, as the kernel says."""

import socket
from pathlib import Path

from etcd_client.testing._sockets import connected, descriptors


def descriptor(end: socket.socket) -> str:
    """Return what a socket is called in the table of descriptors."""
    return str(Path(f"/proc/self/fd/{end.fileno()}").readlink())


def test_the_ends_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            accepted, source = listener.accept()
            with accepted:
                assert connected(source, address) == descriptor(client)
                assert connected(address, source) == descriptor(accepted)
                assert descriptor(client) in descriptors()
        assert connected(source, ("127.0.0.1", 1)) is None
