"""Which certificates and keys are accepted, when they are read, and that TLS is never left."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdConnectionError,
    InvalidArgsError,
    InvalidUriError,
)
from etcd_client.testing import EtcdServer, KeyPair, ServerTls, free_port
from tests.support.tls import Certificates, self_signed, version_1

MakeServer = Callable[..., EtcdServer]


@pytest.fixture(scope="module")
def p521(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority all of whose keys are on the curve that `etcd --auto-tls` takes."""
    return Certificates(tmp_path_factory.mktemp("p521"), ec.SECP521R1())


async def works(endpoint: str, options: ConnectOptions) -> bool:
    """Connect, and make a call."""
    async with Client(endpoint, options).connect() as communicator:
        await communicator.put("key", "value")
        return await communicator.get("key") == b"value"


def install(pair: KeyPair, place: KeyPair) -> None:
    """Put a certificate where a server or a client finds its own."""
    shutil.copy(pair.certificate, place.certificate)
    shutil.copy(pair.key, place.key)


async def test_keys_of_p521(make_server: MakeServer, p521: Certificates) -> None:
    server = make_server(tls=ServerTls(p521.server(), p521.authority))
    pair = p521.client()
    options = ConnectOptions(ca=p521.authority, cert=pair.certificate, key=pair.key)
    assert await works(server.endpoint, options)
    options = ConnectOptions(verify=False, cert=pair.certificate, key=pair.key)
    assert await works(server.endpoint, options)


async def test_a_server_that_makes_its_own_certificate(make_server: MakeServer) -> None:
    endpoint = f"https://127.0.0.1:{free_port()}"
    urls = {"listen-client-urls": endpoint, "advertise-client-urls": endpoint}
    make_server(flags={"auto-tls": True, **urls})
    assert await works(endpoint, ConnectOptions(verify=False))


async def test_a_self_signed_certificate_is_its_own_authority(
    make_server: MakeServer, tmp_path: Path
) -> None:
    pair = self_signed(tmp_path, "127.0.0.1")
    server = make_server(tls=ServerTls(pair))
    assert await works(server.endpoint, ConnectOptions(ca=pair.certificate))
    with pytest.raises(EtcdConnectionError, match="certificate is refused"):
        await works(server.endpoint, ConnectOptions(ca=self_signed(tmp_path, "other").certificate))


@pytest.mark.parametrize(
    ("name", "expired", "message"),
    [("10.0.0.1", False, "not valid for name"), ("127.0.0.1", True, "expired")],
)
async def test_a_self_signed_certificate_has_to_be_right(
    make_server: MakeServer, tmp_path: Path, name: str, message: str, *, expired: bool
) -> None:
    pair = self_signed(tmp_path, name, expired=expired)
    server = make_server(tls=ServerTls(pair))
    with pytest.raises(EtcdConnectionError, match=message):
        await works(server.endpoint, ConnectOptions(ca=pair.certificate))


async def test_certificates_of_version_1(
    make_server: MakeServer, certificates: Certificates, tmp_path: Path
) -> None:
    client, own = version_1(tmp_path, "client"), version_1(tmp_path, "127.0.0.1")
    server = make_server(tls=ServerTls(certificates.server(), client.certificate))
    options = ConnectOptions(ca=certificates.authority, cert=client.certificate, key=client.key)
    assert await works(server.endpoint, options)
    assert await works(make_server(tls=ServerTls(own)).endpoint, ConnectOptions(verify=False))


def test_a_key_that_does_not_fit_a_certificate_of_version_1(tmp_path: Path) -> None:
    one, other = version_1(tmp_path, "one"), version_1(tmp_path, "other")
    with pytest.raises(InvalidArgsError, match="cert and key do not fit"):
        ConnectOptions(cert=one.certificate, key=other.key)


async def test_files_are_read_again_for_each_handshake(
    make_server: MakeServer, certificates: Certificates, tmp_path: Path
) -> None:
    """A program that runs for months outlives its certificates."""
    renewed = Certificates(tmp_path)
    at_server = KeyPair(tmp_path / "installed.pem", tmp_path / "installed.key")
    at_client = KeyPair(tmp_path / "shown.pem", tmp_path / "shown.key")
    authority = tmp_path / "trusted.pem"
    shutil.copy(certificates.authority, authority)
    install(certificates.server(), at_server)
    install(certificates.client(), at_client)
    options = ConnectOptions(ca=authority, cert=at_client.certificate, key=at_client.key)
    # etcd, too, reads its certificate again, but not the authority of its clients.
    server = make_server(tls=ServerTls(at_server, authority))
    async with Client(server.endpoint, options).connect() as communicator:
        await communicator.put("key", "value")
        shutil.copy(renewed.authority, authority)
        install(renewed.server(), at_server)
        install(renewed.client(), at_client)
        server.restart()
        assert await communicator.get("key") == b"value"


@pytest.mark.parametrize("argument", ["ca", "cert", "key"])
async def test_a_text_of_pem_is_taken(certificates: Certificates, argument: str) -> None:
    pair = certificates.client()
    files = {"ca": certificates.authority, "cert": pair.certificate, "key": pair.key}
    texts = {name: path.read_text() if name == argument else path for name, path in files.items()}
    with EtcdServer(tls=ServerTls(certificates.server(), certificates.authority)) as server:
        assert await works(server.endpoint, ConnectOptions(**texts))  # type: ignore[arg-type]


def test_no_error_shows_a_secret(certificates: Certificates) -> None:
    pair = certificates.client()
    key = pair.key.read_text()
    secret = key.splitlines()[1]
    for wrong in (key.replace("-----END", "-----"), key[:80], key.replace("M", "N")):
        with pytest.raises(InvalidArgsError, match="key") as refused:
            ConnectOptions(cert=pair.certificate, key=wrong)
        assert secret[:20] not in str(refused.value)
    with pytest.raises(InvalidUriError, match=r"user=\.\.\., password=\.\.\.") as refused_endpoint:
        Client("http://user:secret@127.0.0.1:2379")
    assert "secret" not in str(refused_endpoint.value)
    assert "secret" not in repr(ConnectOptions(user="user", password="secret"))  # noqa: S106 - no secret


def test_one_endpoint_with_tls_demands_it_of_all() -> None:
    with pytest.raises(InvalidUriError, match="expected https"):
        Client(["https://127.0.0.1:2379", "http://127.0.0.1:2379"])


def test_tls_is_never_left(make_server: MakeServer, certificates: Certificates) -> None:
    """Not by the options but by the endpoint's scheme it was asked for here."""
    flags = {"advertise-client-urls": "http://127.0.0.1:1"}
    server = make_server(tls=ServerTls(certificates.server()), flags=flags)
    program = f"""
import asyncio
from etcd_client import Client, EtcdConnectionError, EtcdError, InvalidUriError

async def main():
    async with Client("{server.endpoint}").connect() as communicator:
        try:
            await communicator.sync_endpoints()
        except EtcdConnectionError as error:
            print("sync:", error)
        try:
            communicator.set_endpoints(["http://127.0.0.1:1"])
        except InvalidUriError as error:
            print("set:", error)
        print(communicator.endpoints)

asyncio.run(main())
"""
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificates.authority)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=trusting, check=True, capture_output=True, text=True
    )
    assert ran.stdout.splitlines() == [
        "sync: no member serves clients at an endpoint that can be used",
        'set: endpoint "http://127.0.0.1:1": expected https, because TLS is asked for',
        f"['{server.endpoint}']",
    ]
