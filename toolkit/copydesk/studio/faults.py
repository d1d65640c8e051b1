"""An exception of httpx goes in, the one of Copydesk's errors that it means comes out, as a sentence with the fix."""

from __future__ import annotations

import json as jsonlib
import re
import ssl
from typing import NoReturn

import httpx

from copydesk.errors import (
    StudioBroken,
    StudioError,
    StudioRefused,
    StudioTimeout,
    StudioUnauthorized,
    StudioUnreachable,
)

_SHOWN = 300  # characters of a foreign text in an error; a refused import answers with whole articles
FIX_TOKEN = "copy the token again from Account & Settings in Label Studio"
FIX_LEGACY = (
    "use a personal access token (Account & Settings > Personal Access Token), or let an owner of the organisation switch"
    " legacy tokens on (Organization > API Tokens Settings)"
)
FIX_PERSONAL = (
    "make a new one in Label Studio (Account & Settings > Personal Access Token); each person may have one, whose text is shown only"
    " once: where Label Studio says that there is one already, revoke it there first"
)
FIX_WRITE = "look on the server whether it arrived before writing it again"

# What never reached the server; every other failure leaves open whether a write happened.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
_TORN = (httpx.NetworkError, httpx.RemoteProtocolError)
FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
"""The roots of every exception that httpx raises."""


def status_of(error: BaseException) -> int | None:
    """Give the HTTP status that an error was translated from, or None where no answer came."""
    cause = error.__cause__
    return cause.response.status_code if isinstance(cause, httpx.HTTPStatusError) else None


def fail(error: Exception, *, base: str, method: str, path: str, secrets: tuple[str, ...] = ()) -> NoReturn:
    """Raise the one of Copydesk's errors that an exception of httpx means."""
    if isinstance(error, httpx.HTTPStatusError):
        kind, message, fix = _meaning_of_status(error.response, method=method)
    else:
        kind, message, fix = _meaning(error, method=method)
    text = f"{method} {base}{path.lstrip('/')}: {message}"
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    raise kind(text, fix=fix) from error


def raise_for_status(response: httpx.Response) -> None:
    """Raise httpx's own error for every answer that is not a success."""
    if not response.is_success:
        raise httpx.HTTPStatusError(f"status {response.status_code}", request=response.request, response=response)


def excerpt(response: httpx.Response) -> str:
    """Give the beginning of an answer, for a sentence."""
    text = response.text.strip()
    if "<html" in text[:500].lower():
        title = re.search(r"<title>([^<]*)", text, re.IGNORECASE)
        return f"a web page, {' '.join(title[1].split())!r}" if title else "a web page"
    try:
        answer = jsonlib.loads(text)
    except ValueError:
        return shortened(text) or "an empty answer"
    if isinstance(answer, dict):
        # id, version and exc_info are about the failed request, not about its reason
        told = {key: answer[key] for key in ("detail", "validation_errors", "non_field_errors") if answer.get(key)}
        answer = told or answer
    return shortened(jsonlib.dumps(answer, ensure_ascii=False))


def shortened(text: str) -> str:
    """Give the beginning of a foreign text, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _meaning(error: Exception, *, method: str) -> tuple[type[StudioError], str, str]:
    detail = shortened(str(error)) or type(error).__name__
    if isinstance(error, httpx.ProxyError):
        return StudioUnreachable, f"the proxy does not let it through ({detail})", _FIX_PROXY
    if isinstance(error, _NOT_SENT):
        return StudioUnreachable, f"nothing answers ({detail})", _fix_of_connecting(error)
    if isinstance(error, httpx.TimeoutException):
        fix = "raise [studio] timeout, or ask for less at once" if method == "GET" else FIX_WRITE
        return StudioTimeout, "no answer in time", fix
    if isinstance(error, _TORN):
        if method == "GET":
            return StudioUnreachable, f"the connection broke ({detail})", "check that the server runs"
        return StudioTimeout, f"the connection broke before an answer came ({detail})", FIX_WRITE
    return StudioBroken, f"the answer cannot be read ({detail})", "check that the address is Label Studio's own"


_FIX_PROXY = 'set [studio] proxy or COPYDESK_STUDIO_PROXY to the right one, or to "none"'
_FIX_CERTIFICATE = "name the certificate of who signed it as [studio] ca_bundle (a PEM file), or use the name that the certificate is for"


def _fix_of_connecting(error: BaseException) -> str:
    """Tell a refused certificate, and the wrong one of http and https, from a server that is not there."""
    tls = _cause(error, ssl.SSLError)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return _FIX_CERTIFICATE
    if tls is not None:
        return "check whether the server speaks https at this port; write http:// where it does not"
    return "check the address and that the server runs; where a proxy stands between, set [studio] proxy"


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _meaning_of_status(response: httpx.Response, *, method: str) -> tuple[type[StudioError], str, str]:
    status = response.status_code
    message = f"{status} {response.reason_phrase}: {excerpt(response)}"
    if status == httpx.codes.UNAUTHORIZED:
        return StudioUnauthorized, message, _fix_of_token(response)
    if status == httpx.codes.GATEWAY_TIMEOUT:
        return StudioTimeout, message, "try again later" if method == "GET" else FIX_WRITE
    if status >= 500:
        return StudioBroken, message, "look into the server's log" if method == "GET" else FIX_WRITE
    if status >= 400:
        return StudioRefused, message, _fix_of_refusal(response)
    where = response.headers.get("location", "nowhere")
    return StudioBroken, f"{status}, sent on to {shortened(where)}", "use the address that the server itself uses"


def _fix_of_token(response: httpx.Response) -> str:
    if response.request.url.path.endswith("/api/token/refresh/"):
        return FIX_PERSONAL
    return FIX_LEGACY if "legacy token" in response.text else FIX_TOKEN


def _fix_of_refusal(response: httpx.Response) -> str:
    if response.status_code == httpx.codes.CONFLICT and response.request.url.path.endswith("/api/token/"):
        return FIX_PERSONAL
    return {
        403: "ask the owner of the project for the right to do this",
        404: "check that it still exists on the server, and the server's address",
        407: _FIX_PROXY,
        413: "send fewer tasks at once, or raise the limit of the proxy before the server",
        429: "wait a little; the server asks for fewer requests",
    }.get(response.status_code, "correct what the server names")
