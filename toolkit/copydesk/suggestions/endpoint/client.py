"""A conversation goes to an OpenAI-compatible address, the answer and its tokens come back; what fails is tried again, a few times."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx

from copydesk.suggestions.endpoint.prompt import Message

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LONGEST = 60.0  # seconds to wait for the next try, whatever the server says


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, and the tokens of the question and of the answer as the server counts them."""

    content: str
    asked: int
    answered: int

    @classmethod
    def read(cls, body: Any) -> Answer:
        """Read the server's JSON; raises ValueError where it is no chat completion."""
        try:
            content = body["choices"][0]["message"]["content"]
            usage = body.get("usage") or {}
            tokens = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ValueError("no chat completion") from error
        if not isinstance(content, str):
            raise ValueError("no text in the chat completion")
        return cls(content, *tokens)


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why there is no answer; whether that may pass, and after how many seconds the server says to ask again."""

    what: str
    passing: bool = False
    pause: float | None = None


class Client:
    """An address with a model behind it. ``key`` is sent as a bearer token, and stands in no message and no file."""

    def __init__(self, url: str, key: str, *, timeout: float, tries: int, wait: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url.rstrip("/") + "/", headers=headers, timeout=timeout)
        self._tries = tries
        self._wait = wait

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.close()

    def ask(self, model: str, conversation: Sequence[Message], *, answer: dict[str, Any]) -> Answer | str:
        """Ask for an answer that follows the JSON Schema ``answer``; gives it, or a few words on why there is none."""
        body = {
            "model": model,
            "messages": list(conversation),
            "temperature": 0,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "labels", "strict": True, "schema": answer},
            },
        }
        fault = _Fault("not asked")
        for attempt in range(self._tries):
            if attempt:
                time.sleep(min(self._wait * 2 ** (attempt - 1) if fault.pause is None else fault.pause, _LONGEST))
            got = self._once(body)
            if isinstance(got, Answer):
                return got
            fault = got
            if not fault.passing:
                break
        return fault.what

    def _once(self, body: Mapping[str, Any]) -> Answer | _Fault:
        try:
            response = self._http.post("chat/completions", json=body)
            if response.is_success:
                return Answer.read(response.json())
        except httpx.TimeoutException:
            return _Fault("no answer in time", passing=True)
        except httpx.HTTPError as error:
            return _Fault(f"not reached: {type(error).__name__}", passing=True)
        except (ValueError, RecursionError):
            return _Fault("an answer that is no chat completion")
        told = response.headers.get("Retry-After", "")
        pause = float(told) if told.isdigit() else None
        return _Fault(f"HTTP {response.status_code}", passing=response.status_code in _AGAIN, pause=pause)
