"""TLS, proxies and slow peers, on real sockets."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.crm.http.calls import Call, CallError
from connectors.crm.http.client import Client, Host
from connectors.crm.http.pace import Clock, Pace

from .scripted import Paper

CALL = Call("GET", "/x", "crm", repeatable=True, signed=False)
SECRET = "proxy-password-13800138000"


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose connections are each handed to `serve`."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    ended = threading.Event()

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    serve(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _head(length: int, encoding: str = "") -> bytes:
    packed = f"Content-Encoding: {encoding}\r\n" if encoding else ""
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{packed}Content-Length: {length}\r\n\r\n".encode()


def _fails(address: str, match: str, clock: Clock | None = None, **host: object) -> CallError:
    client = Client(Host("crm", address, tries=2, **host), Pace("crm", ()), clock=clock or Paper().clock())  # type: ignore[arg-type] # fields by name
    try:
        with pytest.raises(CallError, match=match) as caught:
            client.call(CALL)
        return caught.value
    finally:
        client.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = _self_signed(tmp_path)
    # The environment cannot vouch for it either.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    heard = []

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(100))

    with _listening(serve) as port:
        _fails(f"https://127.0.0.1:{port}", "no connection")
    assert [each for each in heard if each] == []


def test_proxy_is_asked_for_a_tunnel_and_never_sees_the_call() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with _listening(serve) as port:
        found = _fails("https://h.example", "no connection", proxy=f"http://someone:{SECRET}@127.0.0.1:{port}")
    assert heard[0].startswith(b"CONNECT h.example:443 HTTP/1.1")
    assert b"/x" not in heard[0].splitlines()[0]
    assert SECRET not in repr(found) + str(found)


def test_answer_that_drips_runs_into_the_time_out_as_a_whole() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(_head(1000))
        for _ in range(40):
            connection.sendall(b" ")
            time.sleep(0.05)

    began = time.monotonic()
    with _listening(serve) as port:
        _fails(
            f"http://127.0.0.1:{port}",
            "within the time-out",
            Clock(lambda _seconds: None),
            timeout_seconds=0.3,
        )
    assert time.monotonic() - began < 8


def test_what_is_no_http_is_a_broken_connection() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"220 mail.example ESMTP 13800138000\r\n")

    with _listening(serve) as port:
        found = _fails(f"http://127.0.0.1:{port}", "a connection that broke")
    assert "13800138000" not in str(found)
    assert found.__context__ is None


@pytest.mark.parametrize("encoding", ["gzip", "br-unknown, gzip"])
def test_answer_that_cannot_be_unpacked_is_an_error(encoding: str) -> None:
    head = _head(4, encoding)

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head + b"oops")

    with _listening(serve) as port:
        _fails(f"http://127.0.0.1:{port}", "cannot be unpacked")


def test_packed_answer_is_bounded_by_what_it_unpacks_to() -> None:
    import gzip

    packed = gzip.compress(b'"' + b"x" * 20_000_000 + b'"')
    head = _head(len(packed), "gzip")

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head + packed)

    assert len(packed) < 100_000
    with _listening(serve) as port:
        _fails(f"http://127.0.0.1:{port}", "more than 1000000 bytes", most_bytes=1_000_000)
