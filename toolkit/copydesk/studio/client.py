"""One door to Label Studio: a path and JSON go in, parsed JSON or one of Copydesk's own errors comes out.

httpx speaks here, not Label Studio's SDK: importing the SDK's client costs 2.5 s of CPU, and it sends a write again after an
error, which doubles an import that had in fact arrived. The SDK's ``LabelInterface`` is used elsewhere in this folder.
"""

from __future__ import annotations

import base64
import binascii
import json as jsonlib
import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import httpx

from copydesk.errors import (
    DataError,
    StudioBroken,
    StudioError,
    StudioRefused,
    StudioUnauthorized,
    StudioUnreachable,
)
from copydesk.studio.connection import Connection, base_url, open_http
from copydesk.studio.faults import FIX_TOKEN, FOREIGN, excerpt, fail, raise_for_status, shortened, status_of

_PAUSES = (0.3, 1.0, 3.0)  # seconds before the second, third and fourth try of a read
_LONGEST_PAUSE = 30.0
_LEEWAY = 30.0  # seconds before its end at which an access token is renewed
_ACCESS_SECONDS = 300.0  # Label Studio's default life of an access token
_PASSING = frozenset({408, 429})


class Studio:
    """A connection to one Label Studio server as one person.

    ``url`` is the server's address, which may have a path (``https://example.org/label-studio``). ``token`` is a legacy
    token, or a personal access token, which is exchanged for short-lived access tokens as they are needed. ``connection`` says
    how the server is reached; ``timeout`` (seconds) stands for the one in it. Use it as a context manager.

    ``get`` and ``find`` are tried up to four times; writes are sent exactly once. After a StudioTimeout or StudioBroken of a
    write, look on the server before writing again.
    """

    def __init__(
        self, url: str, token: str, *, connection: Connection | None = None, timeout: float | None = None
    ) -> None:
        self.url = base_url(url)
        connection = connection or Connection()
        self.connection = connection if timeout is None else replace(connection, timeout=timeout)
        self._token = _checked_token(token)
        self._is_personal = self._token.startswith("eyJ")
        self._access = ""
        self._access_ends = 0.0
        self._lock = threading.Lock()
        self._http = open_http(self.url, self.connection)

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

    def as_person(self, token: str) -> Studio:
        """Open another connection to the same server, reached the same way, as whom ``token`` belongs to."""
        return Studio(self.url, token, connection=self.connection)

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

    def about(self) -> dict[str, Any]:
        """Give what the server says of itself: has at least ``release``, such as ``1.23.2``."""
        return self._expect("api/version/", "release")

    def version(self) -> str:
        """Give the release of the server, such as ``1.23.2``."""
        return str(self.about()["release"])

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
            raise_for_status(response)
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
                f" {excerpt(response)}",
                fix="check that the address is Label Studio's own, and not that of a login page or proxy before it",
            ) from error


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
        raise DataError(
            f"{place}: the value cannot be sent as JSON: {shortened(str(error))}",
            fix="take out what JSON cannot hold, such as NaN",
        ) from error


def _checked_token(token: str) -> str:
    token = token.strip()
    if not token:
        raise StudioUnauthorized("there is no token", fix=FIX_TOKEN)
    if not re.fullmatch(r"[!-~]+", token) or (token.startswith("eyJ") and token.count(".") != 2):
        raise StudioUnauthorized("the token is not whole, or holds characters that no token has", fix=FIX_TOKEN)
    return token


def _life(access: str) -> float:
    """Give the seconds that an access token lives, from its own two times, since clocks differ between machines."""
    try:
        payload = access.split(".")[1]
        claims = jsonlib.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"] - claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return _ACCESS_SECONDS
