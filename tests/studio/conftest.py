"""A web server that answers what a test tells it to, for what a healthy Label Studio never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass(slots=True)
class Scripted:
    """What is answered, in turn and the last one for ever, and what was asked: (method, path, authorization, body).

    An answer may say: status, body (bytes), headers, after (seconds), torn (the connection is closed without a word).
    """

    url: str
    port: int
    answers: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.script.seen.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        answers = self.script.answers
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        time.sleep(told.get("after", 0.0))
        if told.get("torn"):
            self.close_connection = True
            return
        content = told.get("body", b"{}")
        self.send_response(told.get("status", 200))
        for name, value in {"Content-Length": str(len(content)), **told.get("headers", {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    Handler.script = Scripted(url=f"http://127.0.0.1:{port}", port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Handler.script
    server.shutdown()
    server.server_close()
    thread.join()
