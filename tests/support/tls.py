"""Certificates for the tests, made anew by every run."""

import datetime as dt
import ssl
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.server import KeyPair

_HOSTS = ("localhost", "127.0.0.1")
# A name that no test resolves: a certificate for it is right only with a server-name override.
OTHER_NAME = "etcd.test"


class Certificates:
    """A certificate authority and what it has signed, as files in one directory."""

    def __init__(self, directory: Path) -> None:
        """Make the authority; the certificates are made when they are asked for."""
        self._directory = directory
        self._authority = trustme.CA()
        self.authority = directory / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))

    def server(self) -> KeyPair:
        """Return a certificate for localhost and 127.0.0.1."""
        return self._issued("server", *_HOSTS)

    def server_of_other_name(self) -> KeyPair:
        """Return a certificate for `OTHER_NAME` alone, wrong for every address of the tests."""
        return self._issued("other-name", OTHER_NAME)

    def expired_server(self) -> KeyPair:
        """Return a certificate for localhost and 127.0.0.1 whose time has passed."""
        now = dt.datetime.now(dt.timezone.utc)
        return self._issued(
            "expired",
            *_HOSTS,
            not_before=now - dt.timedelta(days=2),
            not_after=now - dt.timedelta(days=1),
        )

    def client(self, common_name: str = "client") -> KeyPair:
        """Return a client certificate; etcd takes the common name for the user's name."""
        return self._issued(f"client-{common_name}", "client.test", common_name=common_name)

    def _issued(
        self,
        file_name: str,
        *identities: str,
        common_name: str | None = None,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
    ) -> KeyPair:
        issued = self._authority.issue_cert(
            *identities, common_name=common_name, not_before=not_before, not_after=not_after
        )
        pair = KeyPair(self._directory / f"{file_name}.pem", self._directory / f"{file_name}.key")
        pair.certificate.unlink(missing_ok=True)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(pair.certificate), append=True)
        issued.private_key_pem.write_to_path(str(pair.key))
        return pair


def client_context(authority: Path, client: KeyPair | None = None) -> ssl.SSLContext:
    """Return a context with which Python's own ssl module can check what a server presents."""
    context = ssl.create_default_context(cafile=str(authority))
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return context


def jwt_auth_token(directory: Path, ttl: int) -> str:
    """Return a value for etcd's `auth-token` flag: JWT tokens that live `ttl` seconds."""
    private_key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private_path, public_path = directory / "jwt.key", directory / "jwt.pub"
    private_path.write_bytes(
        private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    public_path.write_bytes(
        private_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return f"jwt,pub-key={public_path},priv-key={private_path},sign-method=RS256,ttl={ttl}s"
