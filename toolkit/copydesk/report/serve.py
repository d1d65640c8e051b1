"""Views go in, a web application comes out that shows them to who has its token, changes nothing, and loads nothing from elsewhere.

A view is asked with the values of the path and of the query. The address with ``?token=`` sets a cookie and leads on to the page
without it, so that the token stays out of links; every other request needs the cookie. Requests under another name of this machine
are refused, since a page on the internet can give its name this machine's address.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from copydesk.errors import OWN_FAULT, CopydeskError, UnknownError
from copydesk.model.progress import Say
from copydesk.report.page import SERVED_POLICY, Part, asset, assets, page, part

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

View = Callable[[Mapping[str, str]], Part]

_ASSETS = "/assets/"
_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
_HEADERS = {
    "Content-Security-Policy": SERVED_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Views by path, such as ``/documents/{doc_id:path}``, the workspace's name, and the token that lets somebody in."""

    views: Mapping[str, View]
    workspace: str
    token: str = field(repr=False)


def application(site: Site, *, say: Say) -> Starlette:
    """Make the ASGI application. ``say`` is told of what goes wrong and is no fault of who asked."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.routing import Route

    def shown(one: Part, request: Request, status: int = 200) -> Response:
        if not request.headers.get("x-part"):
            whole = page(one, workspace=site.workspace, path=request.url.path, menu=site.views)
            return _html(whole, status)
        known = request.headers.get("if-none-match") == one.tag  # the page itself asks for what stands in its middle
        return _html("" if known else one.body, 304 if known else status, {"ETag": one.tag})

    def routed(view: View) -> Callable[[Request], Response]:
        return lambda request: shown(view({**request.query_params, **request.path_params}), request)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return shown(_failure(str(error.detail), ""), request, error.status_code)

    def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, UnknownError)
        return shown(_failure(error.message, error.fix), request, 404)

    def failed(request: Request, error: Exception) -> Response:
        told = (
            error
            if isinstance(error, CopydeskError)
            else CopydeskError(f"{type(error).__name__}: {error}", fix=OWN_FAULT)
        )
        say(f"{request.url.path}: {told}")
        return shown(_failure(told.message, told.fix), request, 500)

    return Starlette(
        routes=[
            Route(_ASSETS + "{name}", _asset),
            *(Route(path, routed(view)) for path, view in site.views.items()),
        ],
        middleware=[Middleware(_Gate, token=site.token)],
        exception_handlers={HTTPException: refused, UnknownError: unknown, CopydeskError: failed, Exception: failed},
    )


class _Gate:
    """Turns away who may not see anything, whatever was asked for, but for what is no secret: style and script."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request

        answer = None if scope["path"].startswith(_ASSETS) else _turned_away(Request(scope), self._token)
        await (answer or self._app)(scope, receive, send)


def _turned_away(request: Request, token: str) -> Response | None:
    """Give the answer to who may not see the page, or has still to be let in."""
    from starlette.responses import RedirectResponse

    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _NAMES and host not in _NAMES:
        return _html("This server answers under 127.0.0.1 and localhost alone.", 421)
    if request.method not in {"GET", "HEAD"}:
        return _html("Nothing can be changed here.", 405)
    given = request.query_params.get("token", "")
    cookie = cookie_of(token)
    if _same(given, token):
        entered = RedirectResponse(request.url.remove_query_params("token").path, 303, _HEADERS)
        entered.set_cookie(cookie, token, httponly=True, samesite="lax")
        return entered
    if _same(request.cookies.get(cookie, ""), token):
        return None
    asking = part("token.html", title="Token", wrong=bool(given))
    return _html(page(asking), 401)


def cookie_of(token: str) -> str:
    """Give the name of the cookie that holds a token: browsers send a cookie to every port of a machine, and each server has its own."""
    return f"copydesk-{hashlib.sha256(token.encode()).hexdigest()[:12]}"


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _failure(message: str, fix: str) -> Part:
    return part("failure.html", title="Not shown", message=message, fix=fix)


def _html(content: str, status: int, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(content, status, {**_HEADERS, **headers})


def _asset(request: Request) -> Response:
    from starlette.exceptions import HTTPException
    from starlette.responses import Response

    name = request.path_params["name"]
    if name not in assets():
        raise HTTPException(404, f"there is no {name}")
    return Response(asset(name), 200, _HEADERS, media_type=_TYPES[name.rpartition(".")[2]])
