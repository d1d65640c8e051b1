"""Somebody's webhook goes in, a wake-up comes out: that something may have happened, and nothing else of what it says.

What a webhook tells is never data: Label Studio sends each once, unsigned, and not for every change. So its body is not even
read. Only a request to the path with the right token wakes; the answer comes at once, since an annotator waits for it.
"""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from copydesk.errors import StudioError, UsageError

_SECONDS = 5.0  # that a caller may take to say what it wants


@contextmanager
def listening(address: str, *, token: str, wake: threading.Event) -> Iterator[str]:
    """Listen at ``HOST:PORT`` and set ``wake`` whenever ``/TOKEN`` is posted to; gives the address that is listened at.

    Raises UsageError for what is no address, StudioError where it cannot be listened at.
    """
    host, port = _parsed(address)

    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS

        def do_POST(self) -> None:
            """Wake where the path is the token's, and say nothing that would tell a stranger more."""
            known = hmac.compare_digest(self.path.strip("/").encode(), token.encode())
            if known:
                wake.set()
            self.send_response(204 if known else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing: the path holds the token."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        server = Server((host, port), Handler)
    except OSError as error:
        raise StudioError(
            f"{address} cannot be listened at: {error.strerror}", fix="name an address of this machine and a free port"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _parsed(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise UsageError(f"{address!r} is no HOST:PORT", fix="write it as 127.0.0.1:8099")
    return host.strip("[]"), int(port)
