"""A small transit engine of Vault on this machine: speaks the real paths, headers, bodies and errors."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.test-token"


class FakeVault(ThreadingHTTPServer):
    """Keys by name, each with versions; `sealed` makes it answer 503."""

    daemon_threads = True
    token = TOKEN

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.versions = {"governance": [AESGCM(os.urandom(32))]}
        self.sealed = False
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def vault() -> Iterator[FakeVault]:
    """A running one; `address` and `token` reach it."""
    server = FakeVault()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeVault

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code, answer = self._answer(body)
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        if self.server.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if self.headers["X-Vault-Token"] != TOKEN:
            return 403, {"errors": ["permission denied"]}
        _, _, mount, verb, name = self.path.split("/")
        if mount != "transit" or name not in self.server.versions:
            return 404, {"errors": ["no handler for route"]}
        versions, bound = self.server.versions[name], base64.b64decode(body["associated_data"])
        if verb == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + versions[-1].encrypt(nonce, base64.b64decode(body["plaintext"]), bound)
            return 200, {"data": {"ciphertext": f"vault:v{len(versions)}:{base64.b64encode(sealed).decode()}"}}
        _, version, sealed64 = body["ciphertext"].split(":")
        sealed = base64.b64decode(sealed64)
        try:
            clear = versions[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], bound)
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(clear).decode()}}

    def log_message(self, *_: object) -> None:
        """Say nothing."""
