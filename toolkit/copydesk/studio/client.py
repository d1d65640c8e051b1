"""One door to Label Studio: a path and JSON go in, parsed JSON or one of Copydesk's own errors comes out.

httpx speaks here, not Label Studio's SDK: importing the SDK's client costs 2.5 s of CPU, and it sends a write again after an
error, which doubles an import that had in fact arrived. The SDK's ``LabelInterface`` is used elsewhere in this folder.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json as jsonlib
import random
import re
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx

from copydesk.errors import (
    ConfigError,
    DataError,
    StudioBroken,
    StudioError,
    StudioRefused,
    StudioTimeout,
    StudioUnauthorized,
    StudioUnreachable,
)

_PAUSES = (0.3, 1.0, 3.0)  # seconds before the second, third and fourth try of a read
_LONGEST_PAUSE = 30.0
_SHOWN = 300  # characters of a foreign text in an error; a refused import answers with whole articles
_LEEWAY = 30.0  # seconds before its end at which an access token is renewed
_ACCESS_SECONDS = 300.0  # Label Studio's default life of an access token
_PASSING = frozenset({408, 429})
_FIX_TOKEN = "copy the token again from Account & Settings in Label Studio"
_FIX_LEGACY = (
    "use a personal access token (Account & Settings > Personal Access Token), or let an owner of the organisation switch"
    " legacy tokens on (Organization > API Tokens Settings)"
)
_FIX_WRITE = "look on the server whether it arrived before writing it again"

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


class Studio:
    """A connection to one Label Studio server as one person.

    ``url`` is the server's address, which may have a path (``https://example.org/label-studio``). ``token`` is a legacy
    token, or a personal access token, which is exchanged for short-lived access tokens as they are needed. ``timeout`` is in
    seconds; Label Studio does all work inside the request, so it is long. Use it as a context manager.

    ``get`` and ``find`` are tried up to four times; writes are sent exactly once. After a StudioTimeout or StudioBroken of a
    write, look on the server before writing again.
    """

    def __init__(self, url: str, token: str, *, timeout: int = 300) -> None:
        self.url = base_url(url)
        self._token = _checked_token(token)
        self._is_personal = self._token.startswith("eyJ")
        self._access = ""
        self._access_ends = 0.0
        self._lock = threading.Lock()
        self._http = open_http(self.url, timeout=timeout)

    def __repr__(self) -> str:
        return f"Studio({self.url!r})"  # never the token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
        """Read ``path``; connection errors, 5xx and 429 are tried again, at most three times.

        Raises one of the ``errors.Studio*``.
        """
        return self._json("GET", path, self._read("GET", path, params=params, json=json))

    def find(self, path: str, *, params: Mapping[str, Any] | None = None) -> Any | None:
        """Read ``path`` as ``get`` does, and give None where the server says 404."""
        try:
            return self.get(path, params=params)
        except StudioRefused as error:
            if status_of(error) == httpx.codes.NOT_FOUND:
                return None
            raise

    def post(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
        """Send ``json`` to ``path``, once; gives the parsed answer, or None where it is empty.

        ``json`` is what JSON can say, or bytes that ``encoded`` made of it.
        """
        return self._write("POST", path, params=params, json=json)

    def patch(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
        """Change what is at ``path``, once."""
        return self._write("PATCH", path, params=params, json=json)

    def put(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
        """Replace what is at ``path``, once."""
        return self._write("PUT", path, params=params, json=json)

    def delete(self, path: str, *, params: Mapping[str, Any] | None = None, json: object = None) -> Any:
        """Delete what is at ``path``, once."""
        return self._write("DELETE", path, params=params, json=json)

    def whoami(self) -> dict[str, Any]:
        """Give the user whom the token belongs to; has at least ``id`` and ``email``."""
        return self._expect("api/current-user/whoami", "email")

    def version(self) -> str:
        """Give the release of the server, such as ``1.23.2``."""
        return str(self._expect("api/version/", "release")["release"])

    def _expect(self, path: str, key: str) -> dict[str, Any]:
        answer = self.get(path)
        if isinstance(answer, dict) and key in answer:
            return answer
        raise StudioBroken(
            f"{self.url} answers GET {path} without {key!r}: it is no Label Studio", fix="check the server's address"
        )

    def _write(self, method: str, path: str, *, params: Mapping[str, Any] | None, json: object) -> Any:
        response = self._authorized(method, path, params=params, json=json)
        return self._json(method, path, response) if response.content.strip() else None

    def _read(self, method: str, path: str, *, params: Mapping[str, Any] | None, json: object) -> httpx.Response:
        for pause in _PAUSES:
            try:
                return self._authorized(method, path, params=params, json=json)
            except StudioError as error:
                if not _may_pass(error):
                    raise
                time.sleep(_pause(error, pause))
        return self._authorized(method, path, params=params, json=json)

    def _authorized(self, method: str, path: str, *, params: Mapping[str, Any] | None, json: object) -> httpx.Response:
        """Send once; a personal token's access token that the server no longer takes is renewed and the request repeated.

        That repeats no write: a 401 says that the first was not let in.
        """
        authorization = self._authorization()
        try:
            return self._send(method, path, params=params, json=json, authorization=authorization)
        except StudioUnauthorized:
            if not self._is_personal:
                raise
            self._forget_access(authorization)
        return self._send(method, path, params=params, json=json, authorization=self._authorization())

    def _send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None, json: object, authorization: str
    ) -> httpx.Response:
        headers = {"Authorization": authorization} if authorization else {}
        content = json if json is None or isinstance(json, bytes) else encoded(json, place=f"{method} {path}")
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = self.url + path.lstrip("/")
        try:
            response = self._http.request(method, url, params=params, content=content, headers=headers)
            _raise_for_status(response)
        except FOREIGN as error:
            fail(error, base=self.url, method=method, path=path, secrets=(self._token, self._access))
        return response

    def _authorization(self) -> str:
        if not self._is_personal:
            return f"Token {self._token}"
        with self._lock:
            if time.monotonic() >= self._access_ends:
                self._renew()
            return f"Bearer {self._access}"

    def _forget_access(self, authorization: str) -> None:
        with self._lock:
            if authorization == f"Bearer {self._access}":  # otherwise another thread has renewed it meanwhile
                self._access_ends = 0.0

    def _renew(self) -> None:
        path = "api/token/refresh/"
        answer = self._json(
            "POST", path, self._send("POST", path, params=None, json={"refresh": self._token}, authorization="")
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("access"), str):
            raise StudioBroken(
                f"{self.url} answers POST {path} without an access token", fix="check the server's address"
            )
        self._access = answer["access"]
        self._access_ends = time.monotonic() + max(_life(self._access) - _LEEWAY, 1.0)

    def _json(self, method: str, path: str, response: httpx.Response) -> Any:
        try:
            return jsonlib.loads(response.content)
        except ValueError as error:
            raise StudioBroken(
                f"{self.url} answers {method} {path} with {response.status_code} and something that is not JSON:"
                f" {_excerpt(response)}",
                fix="check that the address is Label Studio's own, and not that of a login page or proxy before it",
            ) from error


def base_url(url: str) -> str:
    """Give an address with its trailing slash, so that a server below a path keeps that path.

    Raises ConfigError where it is none that Label Studio could have.
    """
    fix = "write it as http://127.0.0.1:8080 or https://example.org/label-studio"
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigError(f"{url!r} is not an address", fix=fix) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigError(f"{url!r} is not the address of a web server", fix=fix)
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ConfigError(f"the address of {parsed.host} holds a password, a query or a fragment", fix=fix)
    return str(parsed).rstrip("/") + "/"


def open_http(url: str, *, timeout: float) -> httpx.Client:
    """Open connections to a server; what is on this machine is never asked through a proxy."""
    return httpx.Client(timeout=httpx.Timeout(timeout, connect=10.0), trust_env=not _is_local(httpx.URL(url).host))


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


def _meaning(error: Exception, *, method: str) -> tuple[type[StudioError], str, str]:
    detail = _shortened(str(error)) or type(error).__name__
    if isinstance(error, _NOT_SENT):
        return StudioUnreachable, f"nothing answers ({detail})", "check the address and that the server runs"
    if isinstance(error, httpx.TimeoutException):
        fix = "give it more time, or ask for less at once" if method == "GET" else _FIX_WRITE
        return StudioTimeout, "no answer in time", fix
    if isinstance(error, _TORN):
        if method == "GET":
            return StudioUnreachable, f"the connection broke ({detail})", "check that the server runs"
        return StudioTimeout, f"the connection broke before an answer came ({detail})", _FIX_WRITE
    return StudioBroken, f"the answer cannot be read ({detail})", "check that the address is Label Studio's own"


def _meaning_of_status(response: httpx.Response, *, method: str) -> tuple[type[StudioError], str, str]:
    status = response.status_code
    message = f"{status} {response.reason_phrase}: {_excerpt(response)}"
    if status == httpx.codes.UNAUTHORIZED:
        return StudioUnauthorized, message, _FIX_LEGACY if "legacy token" in response.text else _FIX_TOKEN
    if status == httpx.codes.GATEWAY_TIMEOUT:
        return StudioTimeout, message, "try again later" if method == "GET" else _FIX_WRITE
    if status >= 500:
        return StudioBroken, message, "look into the server's log" if method == "GET" else _FIX_WRITE
    if status >= 400:
        return StudioRefused, message, _fix_of_refusal(status)
    where = response.headers.get("location", "nowhere")
    return StudioBroken, f"{status}, sent on to {_shortened(where)}", "use the address that the server itself uses"


def _fix_of_refusal(status: int) -> str:
    return {
        403: "ask the owner of the project for the right to do this",
        404: "check that it still exists on the server, and the server's address",
        413: "send fewer tasks at once, or raise the limit of the proxy before the server",
        429: "wait a little; the server asks for fewer requests",
    }.get(status, "correct what the server names")


def _raise_for_status(response: httpx.Response) -> None:
    if not response.is_success:
        raise httpx.HTTPStatusError(f"status {response.status_code}", request=response.request, response=response)


def _may_pass(error: StudioError) -> bool:
    """Say whether the same read may succeed a moment later; what took the whole timeout is not waited for again."""
    status = status_of(error)
    if status is not None:
        return status in _PASSING or status >= 500
    return isinstance(error, StudioUnreachable) and isinstance(error.__cause__, httpx.TransportError)


def _pause(error: StudioError, pause: float) -> float:
    cause = error.__cause__
    asked = cause.response.headers.get("retry-after", "") if isinstance(cause, httpx.HTTPStatusError) else ""
    seconds = float(asked) if asked.isdecimal() else pause
    return min(max(seconds, pause), _LONGEST_PAUSE) * random.uniform(1.0, 1.2)


def encoded(value: object, *, place: str) -> bytes:
    """Write a value as the JSON that is sent; raises DataError that names ``place`` where it cannot be."""
    try:
        # not escaped, so that a lone surrogate fails here: one on the server spoils every later list and export
        return jsonlib.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError) as error:
        raise DataError(f"{place}: the value cannot be sent as JSON: {_shortened(str(error))}") from error


def _excerpt(response: httpx.Response) -> str:
    text = response.text.strip()
    if "<html" in text[:500].lower():
        title = re.search(r"<title>([^<]*)", text, re.IGNORECASE)
        return f"a web page, {' '.join(title[1].split())!r}" if title else "a web page"
    try:
        answer = jsonlib.loads(text)
    except ValueError:
        return _shortened(text) or "an empty answer"
    if isinstance(answer, dict):
        # id, version and exc_info are about the failed request, not about its reason
        told = {key: answer[key] for key in ("detail", "validation_errors", "non_field_errors") if answer.get(key)}
        answer = told or answer
    return _shortened(jsonlib.dumps(answer, ensure_ascii=False))


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _checked_token(token: str) -> str:
    token = token.strip()
    if not token:
        raise StudioUnauthorized("there is no token", fix=_FIX_TOKEN)
    if not re.fullmatch(r"[!-~]+", token) or (token.startswith("eyJ") and token.count(".") != 2):
        raise StudioUnauthorized("the token is not whole, or holds characters that no token has", fix=_FIX_TOKEN)
    return token


def _life(access: str) -> float:
    """Give the seconds that an access token lives, from its own two times, since clocks differ between machines."""
    try:
        payload = access.split(".")[1]
        claims = jsonlib.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"] - claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return _ACCESS_SECONDS


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
