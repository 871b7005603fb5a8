"""Connecting with TLS: what is trusted, what is shown, and what is said when it does not fit."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etcd_client import (
    Client,
    ConnectOptions,
    EtcdConnectionError,
    InvalidArgsError,
    InvalidUriError,
    IoError,
)
from etcd_client.testing import EtcdServer, KeyPair, ServerTls
from tests.support.tls import OTHER_NAME, Certificates

# A handshake that fails is told at once, not when the time for connecting is up.
# What hangs up is tried again for a second: it may be a proxy whose server restarts.
AT_ONCE = 8.0


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[EtcdServer]:
    """Yield a server that speaks TLS on its port and on its socket."""
    with EtcdServer(tls=ServerTls(certificates.server()), unix_socket=True) as running:
        yield running


@pytest.fixture(scope="module")
def demanding_server(certificates: Certificates) -> Iterator[EtcdServer]:
    """Yield a server that demands a certificate of its clients."""
    with EtcdServer(tls=ServerTls(certificates.server(), certificates.authority)) as running:
        yield running


@pytest.fixture(scope="module")
def other_name_server(certificates: Certificates) -> Iterator[EtcdServer]:
    """Yield a server whose certificate is for another name than its address."""
    with EtcdServer(tls=ServerTls(certificates.server_of_other_name())) as running:
        yield running


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return an authority that nobody trusts."""
    return Certificates(tmp_path_factory.mktemp("strangers"))


def install(pair: KeyPair, place: KeyPair) -> None:
    """Put a certificate where a server finds its own."""
    shutil.copy(pair.certificate, place.certificate)
    shutil.copy(pair.key, place.key)


async def works(endpoint: str, options: ConnectOptions) -> bool:
    """Connect, and make a call."""
    async with Client(endpoint, options).connect() as communicator:
        await communicator.put("key", "value")
        return await communicator.get("key") == b"value"


async def refusal(endpoint: str, options: ConnectOptions) -> str:
    """Fail to connect, at once; return what the error says."""
    started = time.monotonic()
    with pytest.raises(EtcdConnectionError) as failed:
        await works(endpoint, options.with_require_connection(True).with_connect_timeout(30))
    assert time.monotonic() - started < AT_ONCE
    message = str(failed.value)
    assert message.startswith(f"{endpoint}: ")
    return message


async def test_trusts_an_authority_by_path_and_by_bytes(
    server: EtcdServer, certificates: Certificates
) -> None:
    authority = certificates.authority
    for ca in (authority, str(authority), authority.read_bytes()):
        assert await works(server.endpoint, ConnectOptions(ca=ca))
    assert await works(server.endpoint, ConnectOptions().with_tls(ca=authority))


async def test_options_for_tls_make_tls_the_default_scheme(
    server: EtcdServer, certificates: Certificates
) -> None:
    host, port = server.address
    assert await works(f"{host}:{port}", ConnectOptions(ca=certificates.authority))


def test_trusts_the_system_by_default(server: EtcdServer, certificates: Certificates) -> None:
    program = f"""
import asyncio
from etcd_client import Client

async def main():
    async with Client("{server.endpoint}").connect() as communicator:
        await communicator.put("key", "value")

asyncio.run(main())
"""
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificates.authority)}
    subprocess.run([sys.executable, "-c", program], env=trusting, check=True)


async def test_the_system_does_not_trust_an_authority_of_the_tests(
    strangers: Certificates,
) -> None:
    with EtcdServer(tls=ServerTls(strangers.server())) as server:
        message = await refusal(server.endpoint, ConnectOptions())
    assert "the server's certificate is refused" in message


async def test_refuses_another_authority(server: EtcdServer, strangers: Certificates) -> None:
    message = await refusal(server.endpoint, ConnectOptions(ca=strangers.authority))
    assert "the server's certificate is refused" in message


async def test_refuses_an_expired_certificate(certificates: Certificates) -> None:
    with EtcdServer(tls=ServerTls(certificates.expired_server())) as server:
        message = await refusal(server.endpoint, ConnectOptions(ca=certificates.authority))
    assert "expired" in message


async def test_refuses_a_certificate_for_another_name(
    other_name_server: EtcdServer, certificates: Certificates
) -> None:
    options = ConnectOptions(ca=certificates.authority)
    message = await refusal(other_name_server.endpoint, options)
    assert "not valid for name" in message
    assert OTHER_NAME in message


async def test_server_name_says_what_the_certificate_carries(
    other_name_server: EtcdServer, certificates: Certificates
) -> None:
    options = ConnectOptions(ca=certificates.authority, server_name=OTHER_NAME)
    assert await works(other_name_server.endpoint, options)


async def test_verify_false_accepts_any_certificate(
    other_name_server: EtcdServer, strangers: Certificates
) -> None:
    assert await works(other_name_server.endpoint, ConnectOptions(verify=False))
    options = ConnectOptions(ca=strangers.authority, verify=False)
    assert await works(other_name_server.endpoint, options)
    await refusal(other_name_server.endpoint, ConnectOptions(verify=True))


async def test_shows_a_certificate(
    demanding_server: EtcdServer, certificates: Certificates
) -> None:
    pair = certificates.client()
    by_path = ConnectOptions(ca=certificates.authority, cert=pair.certificate, key=pair.key)
    assert await works(demanding_server.endpoint, by_path)
    cert, key = pair.certificate.read_bytes(), pair.key.read_bytes()
    by_bytes = ConnectOptions().with_tls(ca=certificates.authority, cert=cert, key=key)
    assert await works(demanding_server.endpoint, by_bytes)


async def test_a_demanded_certificate_is_missing(
    demanding_server: EtcdServer, certificates: Certificates
) -> None:
    message = await refusal(demanding_server.endpoint, ConnectOptions(ca=certificates.authority))
    assert "certificate" in message


async def test_a_strangers_certificate_is_refused(
    demanding_server: EtcdServer, certificates: Certificates, strangers: Certificates
) -> None:
    pair = strangers.client()
    options = ConnectOptions(ca=certificates.authority, cert=pair.certificate, key=pair.key)
    message = await refusal(demanding_server.endpoint, options)
    assert "certificate" in message


async def test_plain_text_on_a_port_for_tls(server: EtcdServer) -> None:
    endpoint = server.endpoint.replace("https:", "http:")
    message = await refusal(endpoint, ConnectOptions())
    assert "is the port one for https?" in message


async def test_tls_on_a_port_for_plain_text(etcd: EtcdServer) -> None:
    endpoint = etcd.endpoint.replace("http:", "https:")
    message = await refusal(endpoint, ConnectOptions(verify=False))
    assert "is the port one for http?" in message


async def test_tls_on_a_port_where_nothing_speaks() -> None:
    with EtcdServer() as server:
        server.freeze()
        endpoint = server.endpoint.replace("http:", "https:")
        options = ConnectOptions(verify=False, connect_timeout=0.5, require_connection=True)
        started = time.monotonic()
        with pytest.raises(EtcdConnectionError, match="within"):
            await works(endpoint, options)
        assert time.monotonic() - started < AT_ONCE


async def test_a_socket_with_tls(server: EtcdServer, certificates: Certificates) -> None:
    options = ConnectOptions(ca=certificates.authority)
    assert await works(server.unix_endpoint.replace("unix:", "unixs:"), options)
    assert await works(server.unix_endpoint, options)


async def test_an_open_connection_comes_back_to_a_wrong_certificate(
    certificates: Certificates, tmp_path: Path
) -> None:
    """A call does not wait for its deadline where no member's certificate can be trusted."""
    installed = KeyPair(tmp_path / "server.pem", tmp_path / "server.key")
    install(certificates.server(), installed)
    options = ConnectOptions(ca=certificates.authority)
    with EtcdServer(tls=ServerTls(installed)) as server:
        async with Client(server.endpoint, options).connect() as communicator:
            await communicator.get("key")
            install(certificates.server_of_other_name(), installed)
            server.restart()
            started = time.monotonic()
            with pytest.raises(EtcdConnectionError, match="not valid for name"):
                await communicator.get("key")
            assert time.monotonic() - started < AT_ONCE
            install(certificates.server(), installed)
            server.restart()
            assert await communicator.get("key") is None


def test_plain_text_is_never_used_with_options_for_tls(certificates: Certificates) -> None:
    options = ConnectOptions(ca=certificates.authority)
    with pytest.raises(InvalidUriError, match="expected https"):
        Client("http://127.0.0.1:2379", options)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.pem"
    with pytest.raises(IoError, match="ca: ") as failed:
        ConnectOptions(ca=missing)
    assert failed.value.filename == str(missing)


@pytest.mark.parametrize("argument", ["ca", "cert", "key"])
def test_what_is_no_pem_is_named(certificates: Certificates, argument: str) -> None:
    pair = certificates.client()
    good: dict[str, Any] = {"ca": certificates.authority, "cert": pair.certificate, "key": pair.key}
    with pytest.raises(InvalidArgsError, match=f"^{argument}: expected"):
        ConnectOptions(**{**good, argument: b"no PEM"})
    with pytest.raises(TypeError, match=f"^{argument}: expected"):
        ConnectOptions(**{**good, argument: 1})


def test_a_key_that_does_not_fit_is_refused(certificates: Certificates) -> None:
    one, other = certificates.client("one"), certificates.client("other")
    with pytest.raises(InvalidArgsError, match="cert and key do not fit"):
        ConnectOptions(cert=one.certificate, key=other.key)


def test_a_certificate_needs_its_key(certificates: Certificates) -> None:
    pair = certificates.client()
    with pytest.raises(InvalidArgsError, match="cert and key together"):
        ConnectOptions(cert=pair.certificate)
    with pytest.raises(InvalidArgsError, match="cert and key together"):
        ConnectOptions(key=pair.key)


def test_a_malformed_server_name_is_refused() -> None:
    with pytest.raises(InvalidArgsError, match="server_name"):
        ConnectOptions(server_name="no name")
