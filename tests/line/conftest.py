"""The reference workspace, copied, and the command line run in it as a user runs it."""

from __future__ import annotations

import runpy
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from copydesk.flow.connect import TOKEN, URL
from copydesk.studio.client import Studio
from copydesk.studio.server import Server


@dataclass(slots=True)
class Front:
    """A server before the real one: strips ``prefix``, gives ``answers`` by a part of the path, and counts what it sees."""

    target: str
    url: str = ""
    prefix: str = ""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    expired: int = 0  # how many requests with an access token are told that it has expired

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path
        self.seen.append(f"{handler.command} {path}")
        if path.startswith("http://"):  # asked as a proxy
            path = "/" + path.split("/", 3)[3]
        told = next((answer for part, answer in self.answers.items() if part in path), None)
        if self.expired and handler.headers.get("Authorization", "").startswith("Bearer "):
            self.expired -= 1
            told = {"status": 401, "body": '{"detail": "Given token not valid for any token type"}'}
        if not path.startswith(self.prefix):
            told = {"status": 404, "body": "{}"}
        if told is None:
            self._forward(handler, path.removeprefix(self.prefix), body)
            return
        self._send(handler, told.get("status", 200), told.get("body", "{}").encode(), told)

    def _forward(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> None:
        names = ("Authorization", "Content-Type", "Cookie", "Referer", "X-CSRFToken")
        headers = {name: handler.headers[name] for name in names if name in handler.headers}
        with httpx.Client(trust_env=False, timeout=60) as client:
            found = client.request(handler.command, self.target + path.lstrip("/"), content=body, headers=headers)
        self._send(handler, found.status_code, found.content, {})

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, told: Mapping[str, Any]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if "location" in told:
            handler.send_header("Location", told["location"])
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def make_desk(
    studio_server: Server, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Give the function that opens a desk (desk.py) of this name, by default for two annotators, a third and a judge."""
    monkeypatch.setenv(URL, studio_server.url)
    monkeypatch.setenv(TOKEN, studio_server.token)
    open_desk = runpy.run_path(str(Path(__file__).with_name("desk.py")), run_name="desk")["open_desk"]

    def make(name: str, people: Sequence[str] = ("anna", "ben", "cora", "judge")) -> Any:
        return open_desk(tmp_path / name, studio, studio_server.token, people)

    return make


@pytest.fixture(scope="session")
def traced() -> dict[str, Any]:
    """What stands in traced.py beside this file."""
    return runpy.run_path(str(Path(__file__).with_name("traced.py")), run_name="traced")


@pytest.fixture(scope="session")
def published_twice(traced: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of traced.py, which no test may change."""
    folder = tmp_path_factory.mktemp("traced")
    traced["publish_twice"](folder)
    return folder


@pytest.fixture
def twice(published_twice: Path, tmp_path: Path) -> Path:
    """A copy of the workspace of traced.py."""
    return Path(shutil.copytree(published_twice, tmp_path / "twice"))


@pytest.fixture
def make_front() -> Iterator[Callable[..., Front]]:
    running = []

    def make(target: str, *, prefix: str = "", tls: tuple[Path, Path] | None = None) -> Front:
        front = Front(target, prefix=prefix)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do(self) -> None:
                front.answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(server)
        front.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}{prefix}/"
        return front

    yield make
    for server in running:
        server.shutdown()
        server.server_close()
