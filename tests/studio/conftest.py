"""A web server that answers what a test tells it to, for what a healthy Label Studio never does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0  # seconds
    torn: bool = False  # close the connection without an answer


@dataclass(slots=True)
class Scripted:
    """``answers`` are given in turn, the last one for ever; ``seen`` holds (method, path, authorization, body) of each request."""

    url: str
    port: int
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.script.seen.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        answers = self.script.answers
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        time.sleep(told.after)
        if told.torn:
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told.body)

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
