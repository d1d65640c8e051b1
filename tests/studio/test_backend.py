"""The web server of the ML backend, asked over HTTP: who is let in, and what becomes of what goes wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest

from copydesk.errors import ConfigError, SystemFault
from copydesk.serving import serving
from copydesk.studio.backend import Login, application
from copydesk.studio.projects import MODEL_VERSION

LOGIN = Login("copydesk", "päss:word")
SECRET = "0123456789abcdef0123456789abcdef01234567"
MOST = 100_000


class Backend:
    """A backend that is served, a way to ask it, and what it said meanwhile."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.wrong: Exception | None = None
        self.url = ""

    def answer(self, tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        if self.wrong:
            raise self.wrong
        return [{"result": [], "score": 0.5, "model_version": task["data"]["text"]} for task in tasks]

    def ask(self, method: str, path: str, *, password: str = LOGIN.password, **more: Any) -> tuple[int, Any]:
        auth = httpx.BasicAuth(LOGIN.user, password)
        with httpx.Client(trust_env=False, auth=auth) as client:
            answer = client.request(method, self.url + path, **more)
        return answer.status_code, answer.json()


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    app = application(made.answer, login=LOGIN, say=made.said.append, most=MOST)
    with serving(app, host="127.0.0.1", port=0) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


def test_it_answers_what_label_studio_asks(backend: Backend) -> None:
    assert backend.ask("GET", "/health")[0] == 200
    assert backend.ask("POST", "/setup", json={"access_token": SECRET}) == (200, {"model_version": MODEL_VERSION})
    tasks = [{"id": number, "data": {"text": str(number)}} for number in range(3)]
    status, answer = backend.ask("POST", "/predict", json={"tasks": tasks, "label_config": "<View/>"})
    assert (status, [one["model_version"] for one in answer["results"]]) == (200, ["0", "1", "2"])
    assert backend.ask("POST", "/webhook", password="", content=b"anything") == (200, {})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health"), ("POST", "/setup"), ("POST", "/predict")], ids=lambda value: value
)
def test_who_has_not_the_password_is_told_nothing_else(backend: Backend, method: str, path: str) -> None:
    wrong = 401, {"error": "the user or the password is wrong"}
    assert backend.ask(method, path, password="another") == wrong
    bare = httpx.request(method, backend.url + path, headers={"Authorization": b"Basic \xff"}, trust_env=False)
    assert (bare.status_code, bare.json()) == wrong
    assert bare.headers["www-authenticate"] == "Basic"


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"{", 400, "the request is no JSON"),
        (b"\xff\xfe", 400, "the request is no JSON"),
        (b"[" * 50_000, 400, "the request is no JSON"),
        (b"[]", 400, "the request names no tasks with data"),
        (b'{"tasks": [7]}', 400, "the request names no tasks with data"),
        (b'{"tasks": [{"data": "text"}]}', 400, "the request names no tasks with data"),
        (b" " * (MOST + 1), 413, f"the request has more than {MOST} bytes"),
    ],
    ids=range(7),
)
def test_what_is_no_question_is_refused_in_one_sentence(
    backend: Backend, content: bytes, status: int, sentence: str
) -> None:
    assert backend.ask("POST", "/predict", content=content) == (status, {"error": sentence})
    assert backend.ask("POST", "/predict", json={"tasks": []}) == (200, {"results": []})
    assert not backend.said


@pytest.mark.parametrize("wrong", [ConfigError("it has no model", fix="get one"), ZeroDivisionError("by zero")])
def test_a_suggester_that_fails_is_one_sentence_and_the_next_question_is_answered(
    backend: Backend, wrong: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    backend.wrong = wrong
    status, answer = backend.ask("POST", "/predict", json={"tasks": [{"data": {"text": "a"}}]})
    assert (status, list(answer)) == (500, ["error"])
    assert backend.said == [f"no suggestions: {answer['error']}"]
    assert str(wrong) in answer["error"]
    backend.wrong = None
    assert backend.ask("POST", "/predict", json={"tasks": [{"data": {"text": "a"}}]})[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_token_that_comes_with_the_set_up_is_said_nowhere(
    backend: Backend, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    backend.ask("POST", "/setup", json={"access_token": SECRET})
    backend.ask("POST", "/setup", content=f'{{"access_token": "{SECRET}"'.encode())
    backend.ask("POST", "/setup", content=f'{{"access_token": "{SECRET}"}}'.encode() + b" " * MOST)
    told = [*backend.said, *capfd.readouterr(), *(record.getMessage() for record in caplog.records)]
    assert not any(SECRET in one for one in told)
    assert LOGIN.password not in repr(LOGIN)


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        app = application(lambda _: [], login=LOGIN, say=print)
        with (
            pytest.raises(SystemFault, match=f"127.0.0.1 port {port} cannot be listened at"),
            serving(app, host="127.0.0.1", port=port),
        ):
            pass
