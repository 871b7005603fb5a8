"""The clients."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

from ._endpoints import Endpoint, GrpcOptions, TlsCredentials, get_secure_creds
from ._results import KVMetadata
from .locks import LockCalls
from .members import Alarm, MemberCalls, Status
from .transactions import Transactions

__all__ = [
    "Alarm",
    "Endpoint",
    "Etcd3Client",
    "KVMetadata",
    "MultiEndpointEtcd3Client",
    "Status",
    "TlsCredentials",
    "Transactions",
    "client",
]


class MultiEndpointEtcd3Client(LockCalls, MemberCalls):
    """A client of a cluster with several endpoints.

    Any number of threads may use it. It connects at its first call.

    Args:
        endpoints: The members. All of them are used, and calls fail over between them.
        timeout: The deadline of calls, in seconds; None for 10 seconds.
        user: The name of the user; it is authenticated at once.
        password: The password of the user.
        failover: No effect: calls always fail over.

    Raises:
        ValueError: There are no endpoints, they disagree on TLS, or only one of user and password
            is given.
        RpcError: The password is wrong.

    Examples:
        >>> from etcd_client.compat import etcd3
        >>> endpoint = etcd3.Endpoint(host="127.0.0.1", port=port, secure=False)
        >>> with etcd3.MultiEndpointEtcd3Client([endpoint]) as client:
        ...     client.put_if_not_exists("color", "red")
        True
    """

    get_secure_creds = staticmethod(get_secure_creds)

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        timeout: float | None = None,
        user: str | None = None,
        password: str | None = None,
        failover: bool = False,
    ) -> None:
        self.failover = failover
        super().__init__(endpoints, timeout, user, password)


class Etcd3Client(MultiEndpointEtcd3Client):
    """A client of a cluster.

    Any number of threads may use it. It connects at its first call.

    Args:
        host: The host of a member.
        port: The port of the member.
        ca_cert: The file with the certificate authorities to trust; with it, TLS is used.
        cert_key: The file with the client's private key.
        cert_cert: The file with the client's certificate.
        timeout: The deadline of calls, in seconds; None for 10 seconds.
        user: The name of the user; it is authenticated at once.
        password: The password of the user.
        grpc_options: Options of gRPC; see `Endpoint`.

    Raises:
        ValueError: Only one of user and password, or of `cert_key` and `cert_cert`, is given, or
            those without `ca_cert`.
        OSError: A file could not be read.
        RpcError: The password is wrong.

    Examples:
        >>> from etcd_client.compat import etcd3
        >>> with etcd3.client(port=port) as client:
        ...     put = client.put("color", "red")
        ...     value, metadata = client.get("color")
        ...     value, metadata.version
        (b'red', 1)
    """

    uses_secure_channel: bool
    """Whether TLS is used."""

    def __init__(
        self,
        host: str = "localhost",
        port: int = 2379,
        ca_cert: str | PathLike[str] | None = None,
        cert_key: str | PathLike[str] | None = None,
        cert_cert: str | PathLike[str] | None = None,
        timeout: float | None = None,
        user: str | None = None,
        password: str | None = None,
        grpc_options: GrpcOptions | None = None,
    ) -> None:
        own = cert_cert is not None
        if own != (cert_key is not None) or (own and ca_cert is None):
            message = "cert_cert and cert_key must be given together, and with ca_cert"
            raise ValueError(message)
        creds = None if ca_cert is None else get_secure_creds(ca_cert, cert_key, cert_cert)
        self.uses_secure_channel = creds is not None
        endpoint = Endpoint(host, port, secure=creds is not None, creds=creds, opts=grpc_options)
        super().__init__([endpoint], timeout, user, password)


def client(
    host: str = "localhost",
    port: int = 2379,
    ca_cert: str | PathLike[str] | None = None,
    cert_key: str | PathLike[str] | None = None,
    cert_cert: str | PathLike[str] | None = None,
    timeout: float | None = None,
    user: str | None = None,
    password: str | None = None,
    grpc_options: GrpcOptions | None = None,
) -> Etcd3Client:
    """Make an `Etcd3Client`; the arguments are the same.

    Args:
        host: The host of a member.
        port: The port of the member.
        ca_cert: The file with the certificate authorities to trust; with it, TLS is used.
        cert_key: The file with the client's private key.
        cert_cert: The file with the client's certificate.
        timeout: The deadline of calls, in seconds; None for 10 seconds.
        user: The name of the user.
        password: The password of the user.
        grpc_options: Options of gRPC; see `Endpoint`.
    """
    return Etcd3Client(
        host, port, ca_cert, cert_key, cert_cert, timeout, user, password, grpc_options
    )
