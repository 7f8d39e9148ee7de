"""A loopback server that answers by a script, and a clock that only waits on paper."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connectors.crm.http.pace import Clock


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: int | None = None
    """Only so many bytes are sent before the connection is closed; 0 sends not even the status."""
    wait: threading.Event | None = None
    """Answers once it is set."""


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """The address, what came, and the answers still to give; the last one stays."""

    address: str
    replies: list[Reply | Callable[[Seen], Reply]]
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_reply(self, seen: Seen) -> Reply:
        with self.lock:
            self.seen.append(seen)
            reply = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        return reply(seen) if callable(reply) else reply


class Paper:
    """A clock whose waits pass at once and are kept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(self.sleep, lambda: self.now, lambda: 0.5)


@contextmanager
def scripted(*replies: Reply | Callable[[Seen], Reply]) -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = server.script.next_reply(Seen(self.command, self.path, dict(self.headers.items()), body))
            if reply.wait is not None:
                reply.wait.wait(10)
            raw = reply.raw if reply.raw is not None else b"" if reply.body is None else json.dumps(reply.body).encode()
            if reply.cut == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[: reply.cut])
            self.close_connection = self.close_connection or reply.cut is not None

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 the names of http.server

        def log_message(self, *_words: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        script: Scripted

        def handle_error(self, *_who: object) -> None:
            """A client that went away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    server.script = Scripted(f"http://127.0.0.1:{server.server_address[1]}", list(replies))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.script
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
