"""The connections of this process; read from /proc, so this needs Linux."""

from etcd_client.testing._sockets import connections, descriptors


def connections_to(port: int) -> int:
    """Return how many sockets of this process are connected to a port."""
    sockets = {known.descriptor for known in connections() if known.remote_port == port}
    return len(sockets.intersection(descriptors()))
