"""A TCP proxy before Label Studio: what becomes of each request, and of the bytes of its answer, is chosen by who opens it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
_PATIENCE = 120.0  # seconds that the server may take for an answer
_PAGE = b"<html><title>%s</title></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """What one request meets: see ``FAULTS`` for the kinds. ``at`` is a byte, counted anew from the start where it is beyond the end."""

    kind: str
    at: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: ``raw`` is all of it."""

    method: str
    path: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whole."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    to_head: bool = False  # then the length is that of a body which is not sent

    @property
    def raw(self) -> bytes:
        kept = [(name, value) for name, value in self.headers if self.to_head or name.lower() not in _FRAMING]
        framed = [] if self.to_head else [("Content-Length", str(len(self.body)))]
        lines = [f"{name}: {value}" for name, value in [*kept, *framed]]
        return "\r\n".join([f"HTTP/1.1 {self.status} {self.reason}", *lines, "", ""]).encode("latin-1") + self.body

    def shortened(self, length: int) -> Answer:
        return Answer(self.status, self.reason, self.headers, self.body[:length])


_FRAMING = {"content-length", "transfer-encoding", "connection"}
Choose = Callable[[Asked], Fault | None]


class _Gone(Exception):
    """The connection is closed, with nothing more said."""


@dataclass(slots=True)
class Proxy:
    """Passes requests on to a port of this machine; ``choose`` says what each of them meets, None for nothing.

    ``kill`` ends the server, and has it come back sooner or later. Use it as a context manager.
    """

    port: int
    choose: Choose
    kill: Callable[[], None] = lambda: None
    url: str = ""
    _busy: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _server: Any = None

    def __enter__(self) -> Self:
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _serve(proxy, self.connection, self.rfile)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def drain(self) -> None:
        """Wait until every request that was taken is done with: also those that were held back."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._busy, timeout=2 * _PATIENCE)

    def count(self, more: int) -> None:
        with self._changed:
            self._busy += more
            self._changed.notify_all()

    def ask(self, raw: bytes, *, method: str) -> Answer:
        """Send a request to the server and give its whole answer."""
        with socket.create_connection((HOST, self.port), timeout=_PATIENCE) as upstream:
            upstream.sendall(raw)
            got = http.client.HTTPResponse(upstream, method=method)
            got.begin()
            return Answer(got.status, got.reason, tuple(got.getheaders()), got.read(), method == "HEAD")

    def leave(self, raw: bytes) -> None:
        """Send some bytes to the server and hang up."""
        with socket.create_connection((HOST, self.port), timeout=_PATIENCE) as upstream:
            upstream.sendall(raw)


def _serve(proxy: Proxy, client: socket.socket, sent: Any) -> None:
    """Take requests from one connection until it ends."""
    with contextlib.suppress(OSError, _Gone):
        while asked := _read(sent, client):
            proxy.count(1)
            try:
                fault = proxy.choose(asked)
                for piece in FAULTS[fault.kind](proxy, asked, fault) if fault else (_passed(proxy, asked).raw,):
                    client.sendall(piece)
            except http.client.HTTPException as error:  # the server was killed while it answered
                raise _Gone from error
            finally:
                proxy.count(-1)


def _read(sent: Any, client: socket.socket) -> Asked | None:
    lines = []
    while (line := sent.readline()) not in (b"\r\n", b""):
        lines.append(line)
    if not lines:
        return None
    if any(line.lower().startswith(b"expect: 100-continue") for line in lines):
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")]
    body = sent.read(lengths[0]) if lengths else b""
    method, path, _ = lines[0].decode("latin-1").split(" ", 2)
    return Asked(method, path, b"".join(lines) + b"\r\n" + body)


def _passed(proxy: Proxy, asked: Asked) -> Answer:
    return proxy.ask(asked.raw, method=asked.method)


def _page(status: int, reason: str) -> bytes:
    return Answer(status, reason, (("Content-Type", "text/html"),), _PAGE % f"{status} {reason}".encode()).raw


def _refuse(_: Proxy, __: Asked, ___: Fault) -> Any:
    """The request never reaches the server, and nothing is said."""
    raise _Gone


def _cut_request(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The server gets the first bytes of the request."""
    proxy.leave(asked.raw[: fault.at % len(asked.raw)])
    raise _Gone


def _cut_answer(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The client gets the first bytes of the answer, or none."""
    raw = _passed(proxy, asked).raw
    yield raw[: fault.at % len(raw)]
    raise _Gone


def _shorten(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The body of the answer is cut, and its length is told as if that were all."""
    answer = _passed(proxy, asked)
    yield answer.shortened(fault.at % (len(answer.body) or 1)).raw


def _stutter(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """Some bytes of the answer come twice, so that its end lies beyond its length."""
    raw = _passed(proxy, asked).raw
    at = fault.at % len(raw)
    yield raw[:at] + raw[max(0, at - 16) :]
    raise _Gone


def _crumble(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The answer comes in small pieces, with pauses."""
    raw = _passed(proxy, asked).raw
    size = max(1, len(raw) // 8)
    for at in range(0, len(raw), size):
        yield raw[at : at + size]
        time.sleep(fault.seconds / 8)


def _bad_gateway(_: Proxy, __: Asked, ___: Fault) -> Any:
    """The request never reaches the server, and the gateway says so."""
    yield _page(502, "Bad Gateway")


def _lost_502(proxy: Proxy, asked: Asked, _: Fault) -> Any:
    """The server does what it is asked, and the gateway says that it did not answer well."""
    _passed(proxy, asked)
    yield _page(502, "Bad Gateway")


def _lost_504(proxy: Proxy, asked: Asked, _: Fault) -> Any:
    """The server does what it is asked, and the gateway says that it took too long."""
    _passed(proxy, asked)
    yield _page(504, "Gateway Time-out")


def _early_504(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The gateway says that the server took too long, and the request reaches it only then."""
    proxy.count(1)
    threading.Thread(target=_later, args=(proxy, asked, fault.seconds), daemon=True).start()
    yield _page(504, "Gateway Time-out")


def _later(proxy: Proxy, asked: Asked, seconds: float) -> None:
    time.sleep(seconds)
    _suppressed(proxy, asked)
    proxy.count(-1)


def _garble(proxy: Proxy, asked: Asked, _: Fault) -> Any:
    """The server does what it is asked, and something else answers in its place."""
    _passed(proxy, asked)
    yield Answer(200, "OK", (("Content-Type", "text/html"),), b"<html>welcome</html>").raw


def _hold_answer(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The server does what it is asked at once, and the answer comes late."""
    answer = _passed(proxy, asked)
    time.sleep(fault.seconds)
    yield answer.raw


def _hold_request(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The server gets the request late: perhaps when the client has long given up."""
    time.sleep(fault.seconds)
    yield _passed(proxy, asked).raw


def _double(proxy: Proxy, asked: Asked, _: Fault) -> Any:
    """The server gets the request twice, one after the other."""
    _passed(proxy, asked)
    yield _passed(proxy, asked).raw


def _kill(proxy: Proxy, asked: Asked, fault: Fault) -> Any:
    """The server is killed while it works on the request."""
    worker = threading.Thread(target=_suppressed, args=(proxy, asked), daemon=True)
    worker.start()
    time.sleep(fault.seconds)
    proxy.kill()
    worker.join()
    raise _Gone


def _suppressed(proxy: Proxy, asked: Asked) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        _passed(proxy, asked)


FAULTS: dict[str, Callable[[Proxy, Asked, Fault], Any]] = {
    "refuse": _refuse,
    "cut-request": _cut_request,
    "cut-answer": _cut_answer,
    "shorten": _shorten,
    "stutter": _stutter,
    "crumble": _crumble,
    "bad-gateway": _bad_gateway,
    "lost-502": _lost_502,
    "lost-504": _lost_504,
    "early-504": _early_504,
    "garble": _garble,
    "hold-answer": _hold_answer,
    "hold-request": _hold_request,
    "double": _double,
    "kill": _kill,
}
"""What a request may meet, by name; each says what it does."""
