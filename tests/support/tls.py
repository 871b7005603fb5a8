"""Certificates for the tests, made by each run."""

import datetime as dt
import ipaddress
import ssl
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from etcd_client.testing import KeyPair

_LOCAL_NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
_DAY = dt.timedelta(days=1)
# No address of the tests has this name: its certificate is right only with a name override.
OTHER_NAME = "etcd.test"


class Certificates:
    """A certificate authority and what it has signed, as PEM files in one directory."""

    def __init__(self, directory: Path, curve: ec.EllipticCurve | None = None) -> None:
        """Make the authority; the certificates are made when they are asked for."""
        self._curve = curve or ec.SECP256R1()
        self.authority = directory / "ca.pem"
        self._directory = directory
        self._key = ec.generate_private_key(self._curve)
        self._name = _name("Test Authority")
        self.authority.write_bytes(self._self_signed().public_bytes(Encoding.PEM))

    def server(self) -> KeyPair:
        """Return a certificate for localhost and 127.0.0.1."""
        return self._issue("server", *_LOCAL_NAMES)

    def server_of_other_name(self) -> KeyPair:
        """Return a certificate for `OTHER_NAME` alone."""
        return self._issue("other-name", x509.DNSName(OTHER_NAME))

    def expired_server(self) -> KeyPair:
        """Return an expired certificate for localhost and 127.0.0.1."""
        return self._issue("expired", *_LOCAL_NAMES, expires=_now() - _DAY)

    def client(self, common_name: str = "client") -> KeyPair:
        """Return a client's certificate; etcd takes the common name for the user's name."""
        return self._issue(common_name, x509.DNSName("client.test"))

    def _self_signed(self) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = _certificate(self._name, self._name, self._key.public_key(), _now() + _DAY)
        return (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _issue(
        self, common_name: str, *names: x509.GeneralName, expires: dt.datetime | None = None
    ) -> KeyPair:
        key = ec.generate_private_key(self._curve)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        # etcd connects to itself as a client, with the server's certificate.
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _certificate(_name(common_name), self._name, key.public_key(), expires or _now() + _DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(authority_key, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _write(self._directory, common_name, certificate.public_bytes(Encoding.PEM), key)


def self_signed(directory: Path, address: str, *, expired: bool = False) -> KeyPair:
    """Return a certificate that is its own authority, as `openssl req -x509` makes them."""
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(address)]
    if address[0].isdigit():
        names = [x509.IPAddress(ipaddress.ip_address(address))]
    expires = _now() - _DAY if expired else _now() + _DAY
    certificate = (
        _certificate(_name(address), _name(address), key.public_key(), expires)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _write(directory, address, certificate.public_bytes(Encoding.PEM), key)


def version_1(directory: Path, common_name: str) -> KeyPair:
    """Return a certificate without extensions, as older OpenSSL makes by a plain `x509 -req`."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name))
    signed = request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    pair = _write(directory, common_name, b"", key)
    command = ["openssl", "x509", "-req", "-signkey", str(pair.key), "-days", "1"]
    known = subprocess.run(("openssl", "req", "-help"), capture_output=True, check=True)
    if b"-x509v1" in known.stdout + known.stderr:
        # What its configuration says of extensions would make it version 3.
        command = ["openssl", "req", "-x509v1", "-config", "/dev/null", "-key", str(pair.key)]
        command += ["-subj", f"/CN={common_name}"]
    made = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    assert x509.load_pem_x509_certificate(made).version is x509.Version.v1
    pair.certificate.write_bytes(made)
    return pair


def client_context(authority: Path, client: KeyPair | None = None) -> ssl.SSLContext:
    """Return a context with which Python's own ssl module checks what a server presents."""
    context = ssl.create_default_context(cafile=str(authority))
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    return context


def jwt_auth_token(directory: Path, ttl: int) -> str:
    """Return a value for etcd's `auth-token` flag: JWT tokens that live `ttl` seconds."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private, public = directory / "jwt.key", directory / "jwt.pub"
    private.write_bytes(_private_pem(key))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return f"jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl={ttl}s"


def _write(
    directory: Path, name: str, certificate: bytes, key: ec.EllipticCurvePrivateKey
) -> KeyPair:
    pair = KeyPair(certificate=directory / f"{name}.pem", key=directory / f"{name}.key")
    pair.certificate.write_bytes(certificate)
    pair.key.write_bytes(_private_pem(key))
    return pair


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, expires: dt.datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        # Some days back, so that an expired certificate was valid once.
        not_valid_before=_now() - 7 * _DAY,
        not_valid_after=expires,
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
