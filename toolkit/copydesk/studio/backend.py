"""Tasks that Label Studio asks about go in, results that it shows at once come out: the web server of an ML backend.

Label Studio calls ``/health`` and ``/setup`` before each prediction, ``/predict`` with tasks, and ``/webhook`` after each change. With
``/setup`` it posts the access token of who made the project: that body is thrown away unread.
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from copydesk.errors import CopydeskError
from copydesk.model.progress import Say
from copydesk.studio.projects import MODEL_VERSION

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MOST_BYTES = 64 * 2**20  # of a request's body

Answer = Callable[[Sequence[Mapping[str, Any]]], list[dict[str, Any]]]
_Endpoint = Callable[["Request"], Awaitable["Response"]]


@dataclass(frozen=True, slots=True)
class Login:
    """What Label Studio shows the backend, by HTTP Basic authentication."""

    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> bytes:
        """The value of the header ``Authorization``."""
        return b"Basic " + base64.b64encode(f"{self.user}:{self.password}".encode())


def application(answer: Answer, *, login: Login, say: Say, most: int = MOST_BYTES) -> Starlette:
    """Make the ASGI application.

    ``answer`` gives of tasks, as Label Studio has them, a prediction each (``result``, ``score``, ``model_version``); it is called in
    one thread at a time. ``most`` is how many bytes a request may have. Whatever goes wrong is answered with one sentence, which
    ``say`` is told as well where it is no fault of who asked.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    one_at_a_time = threading.Lock()

    def answered(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        with one_at_a_time:
            return answer(tasks)

    def guarded(endpoint: _Endpoint) -> _Endpoint:
        async def guard(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, login.header):
                raise HTTPException(401, "the user or the password is wrong", {"WWW-Authenticate": "Basic"})
            return await endpoint(request)

        return guard

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "UP", "model_class": "copydesk"})

    async def setup(request: Request) -> Response:
        await _read(request, most, keep=False)
        return JSONResponse({"model_version": MODEL_VERSION})

    async def predict(request: Request) -> Response:
        tasks = _tasks(await _read(request, most))
        return JSONResponse({"results": await run_in_threadpool(answered, tasks)})

    async def webhook(_request: Request) -> Response:
        return JSONResponse({})

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    async def failed(_request: Request, error: Exception) -> Response:
        sentence = str(error) if isinstance(error, CopydeskError) else f"{type(error).__name__}: {error}"
        say(f"no suggestions: {sentence}")
        return JSONResponse({"error": sentence}, 500)

    return Starlette(
        routes=[
            Route("/health", guarded(health)),
            Route("/setup", guarded(setup), methods=["POST"]),
            Route("/predict", guarded(predict), methods=["POST"]),
            Route("/webhook", webhook, methods=["POST"]),
        ],
        exception_handlers={HTTPException: refused, CopydeskError: failed, Exception: failed},
    )


async def _read(request: Request, most: int, *, keep: bool = True) -> bytes:
    from starlette.exceptions import HTTPException

    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise HTTPException(413, f"the request has more than {most} bytes")
        if keep:
            body += chunk
    return bytes(body)


def _tasks(body: bytes) -> list[Mapping[str, Any]]:
    from starlette.exceptions import HTTPException

    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the request is no JSON") from error
    tasks = asked.get("tasks") if isinstance(asked, dict) else None
    if not isinstance(tasks, list) or not all(
        isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks
    ):
        raise HTTPException(400, "the request names no tasks with data")
    return tasks
