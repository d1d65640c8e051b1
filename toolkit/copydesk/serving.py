"""A web application goes in, a port of this machine that answers for it comes out, as long as it is served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from copydesk.errors import SystemFault

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_GRACE_SECONDS = 5


@contextmanager
def serving(app: ASGIApp, *, host: str, port: int) -> Iterator[int]:
    """Serve the application in a thread of its own; gives the port, which is a free one where ``port`` is 0.

    Raises SystemFault where it cannot be listened there.
    """
    import uvicorn

    listener = _listener(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",  # what goes wrong is said in one sentence, and a request is nobody's business
        access_log=False,
        lifespan="off",
        server_header=False,
        http="h11",
        ws="none",
        loop="asyncio",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def address(host: str, port: int) -> str:
    """Give the address of a server on this machine as a browser takes it."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SystemFault(
            f"{host} port {port} cannot be listened at: {reason}", fix="name an address of this machine and a free port"
        ) from error
    return listener
