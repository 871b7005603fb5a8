"""Where the members are, and how to connect to them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from etcd_client import ConnectOptions

GrpcOptions: TypeAlias = Mapping[str, Any] | Iterable[tuple[str, Any]]

# Where the package's options for the same are called differently, and have other units.
_IN_BYTES = {"grpc.max_receive_message_length": "max_response_size"}
_IN_MILLISECONDS = {
    "grpc.keepalive_time_ms": "keep_alive_interval",
    "grpc.keepalive_timeout_ms": "keep_alive_timeout",
}
_NAMES = {"grpc.ssl_target_name_override": "server_name"}


class TlsCredentials(NamedTuple):
    """Certificates, as `get_secure_creds` returns them."""

    ca: bytes
    """The certificate authorities to trust."""
    key: bytes | None
    """The private key of the client's certificate."""
    cert: bytes | None
    """The client's certificate."""


def get_secure_creds(
    ca_cert: str | PathLike[str],
    cert_key: str | PathLike[str] | None = None,
    cert_cert: str | PathLike[str] | None = None,
) -> TlsCredentials:
    """Read certificates.

    Args:
        ca_cert: The file with the certificate authorities to trust.
        cert_key: The file with the client's private key.
        cert_cert: The file with the client's certificate.

    Raises:
        OSError: A file could not be read.
    """
    key = None if cert_key is None else Path(cert_key).read_bytes()
    cert = None if cert_cert is None else Path(cert_cert).read_bytes()
    return TlsCredentials(Path(ca_cert).read_bytes(), key, cert)


class Endpoint:
    """The address of a member.

    Args:
        host: The host.
        port: The port.
        secure: Whether to use TLS.
        creds: What `get_secure_creds` returned; needed with `secure`.
        time_retry: No effect: the client decides when to try a member again.
        opts: Options of gRPC. Those for the size of responses, keep-alive and the expected name
            have the same effect here; others have none, which a `RuntimeWarning` says.

    Raises:
        TypeError: `creds` is something else, such as credentials of grpc.
        ValueError: `secure` is true, and there are no `creds`.
    """

    host: str
    """The host."""
    netloc: str
    """Host and port."""
    secure: bool
    """Whether TLS is used."""
    protocol: str
    """`https` or `http`."""
    credentials: TlsCredentials | None
    """The certificates."""
    time_retry: float
    """As given."""

    def __init__(
        self,
        host: str,
        port: int,
        secure: bool = True,
        creds: TlsCredentials | None = None,
        time_retry: float = 300.0,
        opts: GrpcOptions | None = None,
    ) -> None:
        if secure and creds is None:
            message = "creds must be given for a secure endpoint"
            raise ValueError(message)
        if creds is not None and not isinstance(creds, TlsCredentials):
            message = f"creds must come from Etcd3Client.get_secure_creds, not be {creds!r}"
            raise TypeError(message)
        self.host = host
        self.netloc = f"[{host}]:{port}" if ":" in host.strip("[") else f"{host}:{port}"
        self.secure = secure
        self.protocol = "https" if secure else "http"
        self.credentials = creds
        self.time_retry = time_retry
        self._options = _read(opts)

    def __str__(self) -> str:
        return f"Endpoint({self.protocol}://{self.netloc})"

    @property
    def url(self) -> str:
        """The address, as the package takes it."""
        return f"{self.protocol}://{self.netloc}"

    def connect_options(
        self, timeout: float | None, user: str | None, password: str | None
    ) -> ConnectOptions:
        """Return the options to connect with.

        Args:
            timeout: The deadline of calls, in seconds.
            user: The name of the user.
            password: The password of the user.
        """
        ca, key, cert = self.credentials or (None, None, None)
        connect_timeout = None if timeout is None else min(timeout, 5)
        return ConnectOptions(
            user=user,
            password=password,
            ca=ca,
            cert=cert,
            key=key,
            connect_timeout=connect_timeout,
            require_connection=True,
            **self._options,
        )


def _read(options: GrpcOptions | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pairs = options.items() if isinstance(options, Mapping) else options or ()
    for name, value in pairs:
        if name in _IN_MILLISECONDS:
            found[_IN_MILLISECONDS[name]] = float(value) / 1000
        elif name in _IN_BYTES:
            # -1 is gRPC's word for no limit.
            found |= {_IN_BYTES[name]: int(value)} if int(value) >= 0 else {}
        elif name in _NAMES:
            found[_NAMES[name]] = str(value)
        else:
            message = f"the gRPC option {name!r} has no effect: this client does not use gRPC's own"
            warnings.warn(message, RuntimeWarning, stacklevel=4)
    return found
