from __future__ import annotations

import base64
import inspect
import json
import pickle
import socket
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from copydesk import errors
from copydesk.studio import client
from copydesk.studio.client import Studio
from copydesk.studio.connection import base_url
from copydesk.studio.faults import FOREIGN, fail, status_of

LEGACY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSES", (0.01, 0.01, 0.01))


def answer(status: int = 200, body: object = None, **more: Any) -> dict[str, Any]:
    return {"status": status, "body": body if isinstance(body, bytes) else json.dumps(body).encode(), **more}


def all_httpx_exceptions() -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__.startswith("httpx")
    ]


def example(kind: type[Exception]) -> Exception:
    request = httpx.Request("GET", "http://x/")
    if kind is httpx.HTTPStatusError:
        return kind("no", request=request, response=httpx.Response(500, request=request))
    needed = [name for name in inspect.signature(kind).parameters if name != "request"]
    return kind(*["why"] * len(needed)) if kind.__init__ is not Exception.__init__ else kind("why")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", all_httpx_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_caught_and_translated(kind: type[Exception], method: str) -> None:
    foreign = example(kind)
    assert isinstance(foreign, FOREIGN)
    with pytest.raises(errors.StudioError) as caught:
        fail(foreign, base="http://x/", method=method, path="/api/y")
    assert type(caught.value) is not errors.StudioError
    assert f"{method} http://x/api/y" in caught.value.message
    assert caught.value.fix
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_walk_over_httpx_sees_its_whole_tree() -> None:
    names = {kind.__name__ for kind in all_httpx_exceptions()}
    assert {"ConnectError", "ReadTimeout", "InvalidURL", "CookieConflict", "StreamConsumed", "HTTPStatusError"} <= names


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, errors.StudioRefused),
        (401, errors.StudioUnauthorized),
        (403, errors.StudioRefused),
        (404, errors.StudioRefused),
        (409, errors.StudioRefused),
        (413, errors.StudioRefused),
        (429, errors.StudioRefused),
        (302, errors.StudioBroken),
        (500, errors.StudioBroken),
        (502, errors.StudioBroken),
        (504, errors.StudioTimeout),
    ],
)
def test_every_status_has_its_own_error_with_address_and_fix(
    scripted: Any, status: int, expected: type[errors.StudioError]
) -> None:
    scripted.answers = [answer(status, {"detail": "because"})]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(expected) as caught:
        studio.post("api/projects/", json={})
    assert type(caught.value) is expected
    assert status_of(caught.value) == status
    assert f"POST {scripted.url}/api/projects/" in str(caught.value)
    assert str(status) in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_read_is_tried_again_after_what_may_pass(scripted: Any, status: int) -> None:
    scripted.answers = [answer(status), answer(status), answer(200, {"ok": 1})]
    with Studio(scripted.url, LEGACY) as studio:
        assert studio.get("api/x", params={"a": 1}) == {"ok": 1}
    assert [seen[1] for seen in scripted.seen] == ["/api/x?a=1"] * 3


def test_a_read_is_tried_again_after_a_torn_connection(scripted: Any) -> None:
    scripted.answers = [answer(torn=True), answer(200, [])]
    with Studio(scripted.url, LEGACY) as studio:
        assert studio.get("api/x") == []


def test_a_read_gives_up_after_four_tries(scripted: Any) -> None:
    scripted.answers = [answer(500)]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioBroken):
        studio.get("api/x")
    assert len(scripted.seen) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_read_that_was_refused_is_not_tried_again(scripted: Any, status: int) -> None:
    scripted.answers = [answer(status)]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioError):
        studio.get("api/x")
    assert len(scripted.seen) == 1


@pytest.mark.parametrize("method", ["post", "patch", "put", "delete"])
@pytest.mark.parametrize(
    "failure", [{"status": 500}, {"status": 504}, {"status": 429}, {"status": 409}, {"torn": True}]
)
def test_a_write_is_sent_exactly_once_whatever_happens(scripted: Any, method: str, failure: dict[str, Any]) -> None:
    scripted.answers = [answer(**failure)]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioError):
        getattr(studio, method)("api/x", json=[1])
    assert len(scripted.seen) == 1


def test_a_write_without_an_answer_in_time_says_that_it_may_have_happened(scripted: Any) -> None:
    scripted.answers = [answer(after=3.0)]
    with Studio(scripted.url, LEGACY, timeout=1) as studio, pytest.raises(errors.StudioTimeout) as caught:
        studio.post("api/x", json=[1])
    assert "whether it arrived" in caught.value.fix


def test_a_write_over_a_torn_connection_is_as_open_as_a_timeout(scripted: Any) -> None:
    scripted.answers = [answer(torn=True)]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioTimeout):
        studio.post("api/x", json=[1])


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Studio(url, LEGACY) as studio, pytest.raises(errors.StudioUnreachable) as caught:
            studio.get("api/version/")
    assert url in str(caught.value)


def test_an_empty_answer_to_a_write_is_none(scripted: Any) -> None:
    scripted.answers = [answer(204, b"")]
    with Studio(scripted.url, LEGACY) as studio:
        assert studio.delete("api/projects/1/") is None


@pytest.mark.parametrize("body", [b"<!doctype html><html><title>Log in \n here</title>", b"", b"hello", b"\xff\xfe"])
def test_an_answer_that_is_not_json_is_broken(scripted: Any, body: bytes) -> None:
    scripted.answers = [answer(200, body)]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioBroken):
        studio.get("api/x")


def test_another_web_service_is_not_taken_for_label_studio(scripted: Any) -> None:
    scripted.answers = [answer(200, {"hello": "world"})]
    with Studio(scripted.url, LEGACY) as studio:
        with pytest.raises(errors.StudioBroken, match="no Label Studio"):
            studio.version()
        with pytest.raises(errors.StudioBroken, match="no Label Studio"):
            studio.whoami()


def test_an_error_never_holds_a_whole_article(scripted: Any) -> None:
    article = "The army retook the town. " * 4000
    scripted.answers = [answer(400, {"id": "e0a1", "validation_errors": [{"text": article}]})]
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.StudioRefused) as caught:
        studio.post("api/projects/1/import", json=[{"text": article}])
    assert "The army retook" in str(caught.value)
    assert len(str(caught.value)) < 700


def test_the_token_is_never_shown(scripted: Any) -> None:
    scripted.answers = [answer(400, {"detail": f"you sent Token {LEGACY}"})]
    with Studio(scripted.url, LEGACY) as studio:
        assert LEGACY not in repr(studio)
        with pytest.raises(errors.StudioRefused) as caught:
            studio.post("api/x", json={})
    assert LEGACY not in str(caught.value)


@pytest.mark.parametrize("token", ["", "  ", "abc\ndef", "clé", "eyJhbGciOi.eyJ0b2tlbl90eXBl"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(errors.StudioUnauthorized) as caught:
        Studio("http://127.0.0.1:1", token)
    assert not token.strip() or token not in str(caught.value)


def test_blanks_around_a_token_are_not_part_of_it(scripted: Any) -> None:
    with Studio(scripted.url, f"  {LEGACY}\n") as studio:
        studio.get("api/x")
    assert scripted.seen[0][2] == f"Token {LEGACY}"


def test_a_server_below_a_path_keeps_its_path(scripted: Any) -> None:
    with Studio(f"{scripted.url}/label-studio", LEGACY) as studio:
        studio.get("api/x")
        studio.get("/api/x")
    assert [seen[1] for seen in scripted.seen] == ["/label-studio/api/x"] * 2


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "label-studio", "ftp://x", "http://", "http://a:secret@x", "http://x/?a=1"]
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        base_url(url)
    assert "http://127.0.0.1:8080" in caught.value.fix
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), "\ud800", object()])
def test_what_json_cannot_hold_is_not_sent(scripted: Any, value: object) -> None:
    with Studio(scripted.url, LEGACY) as studio, pytest.raises(errors.DataError):
        studio.post("api/x", json={"text": value})
    assert scripted.seen == []


def test_a_proxy_is_never_asked_for_this_machine(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Studio(scripted.url, LEGACY) as studio:
        assert studio.get("api/x") == {}


def test_find_gives_none_for_what_is_not_there(scripted: Any) -> None:
    scripted.answers = [answer(404, {"detail": "not found"})]
    with Studio(scripted.url, LEGACY) as studio:
        assert studio.find("api/projects/9/") is None


def personal(kind: str, **claims: object) -> str:
    parts = ({"alg": "HS256"}, {"token_type": kind, **claims})
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*head, "c2lnbmF0dXJl"])


def access(number: int, *, life: int) -> Any:
    return answer(200, {"access": personal("access", iat=1000, exp=1000 + life, jti=number)})


def test_a_personal_token_is_exchanged_once_for_many_requests(scripted: Any) -> None:
    token = personal("refresh")
    scripted.answers = [access(1, life=300), answer(200, {})]
    with Studio(scripted.url, token) as studio:
        for _ in range(5):
            studio.get("api/x")
    assert [seen[1] for seen in scripted.seen] == ["/api/token/refresh/", *["/api/x"] * 5]
    assert json.loads(scripted.seen[0][3]) == {"refresh": token}
    assert scripted.seen[0][2] == ""
    assert {seen[2] for seen in scripted.seen[1:]} == {"Bearer " + personal("access", iat=1000, exp=1300, jti=1)}


def test_an_access_token_near_its_end_is_renewed_first(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(client.time, "monotonic", lambda: now[0])
    scripted.answers = [access(1, life=300), answer(), access(2, life=300), answer()]
    with Studio(scripted.url, personal("refresh")) as studio:
        studio.get("api/x")
        now[0] += 271.0
        studio.get("api/x")
    assert [seen[1] for seen in scripted.seen] == ["/api/token/refresh/", "/api/x"] * 2


def test_a_personal_token_is_renewed_once_on_a_401_also_for_a_write(scripted: Any) -> None:
    scripted.answers = [access(1, life=300), answer(401), access(2, life=300), answer(200, {"id": 7})]
    with Studio(scripted.url, personal("refresh")) as studio:
        assert studio.post("api/x", json={}) == {"id": 7}
    assert [seen[1] for seen in scripted.seen] == ["/api/token/refresh/", "/api/x"] * 2


def test_a_personal_token_that_stays_refused_ends_in_an_error(scripted: Any) -> None:
    scripted.answers = [access(1, life=300), answer(401), access(2, life=300), answer(401)]
    with Studio(scripted.url, personal("refresh")) as studio, pytest.raises(errors.StudioUnauthorized):
        studio.get("api/x")
    assert len(scripted.seen) == 4


def test_threads_share_one_exchange(scripted: Any) -> None:
    scripted.answers = [access(1, life=300), answer()]
    with Studio(scripted.url, personal("refresh")) as studio:
        threads = [threading.Thread(target=studio.get, args=("api/x",)) for _ in range(8)]
        run_all(threads)
    assert sum(seen[1] == "/api/token/refresh/" for seen in scripted.seen) == 1


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.studio
def test_the_real_server_says_who_we_are_and_its_version(studio: Studio, studio_server: Any) -> None:
    assert studio.whoami()["email"] == studio_server.email
    assert studio.version() == "1.23.2"


@pytest.mark.studio
def test_a_wrong_token_is_unauthorized_on_the_real_server(studio_server: Any) -> None:
    with Studio(studio_server.url, LEGACY) as wrong, pytest.raises(errors.StudioUnauthorized) as caught:
        wrong.whoami()
    assert "Account & Settings" in caught.value.fix


@pytest.mark.studio
def test_a_personal_token_works_on_the_real_server_and_survives_a_lost_access_token(
    studio: Studio, studio_server: Any
) -> None:
    token = _own_personal_token(studio)
    with Studio(studio_server.url, token) as personal_studio:
        assert personal_studio.whoami()["email"] == studio_server.email
        personal_studio._access = personal_studio._access[:-4] + "AAAA"  # as after a new secret key on the server
        assert personal_studio.whoami()["email"] == studio_server.email
    with Studio(studio_server.url, token[:-6] + "AAAAAA") as forged, pytest.raises(errors.StudioUnauthorized):
        forged.whoami()


@pytest.mark.studio
def test_a_legacy_token_that_is_switched_off_says_what_to_do(studio: Studio, studio_server: Any) -> None:
    settings = studio.get("api/jwt/settings")
    with_personal = _own_personal_token(studio)
    with Studio(studio_server.url, with_personal) as owner:
        owner.post("api/jwt/settings", json={**settings, "legacy_api_tokens_enabled": False})
        try:
            with pytest.raises(errors.StudioUnauthorized) as caught:
                studio.whoami()
        finally:
            owner.post("api/jwt/settings", json={**settings, "legacy_api_tokens_enabled": True})
    assert "personal access token" in caught.value.fix
    assert studio.whoami()


def _own_personal_token(studio: Studio) -> str:
    for token in studio.get("api/token/"):
        studio.post("api/token/blacklist/", json={"refresh": token["token"]})
    return str(studio.post("api/token/")["token"])


@pytest.mark.studio
def test_a_project_can_be_made_found_and_deleted(studio: Studio, make_project: Callable[..., dict[str, Any]]) -> None:
    config = '<View><Labels name="l" toName="t"><Label value="ORG"/></Labels><Text name="t" value="$text"/></View>'
    project = make_project("Client", config, maximum_annotations=2)
    assert studio.get(f"api/projects/{project['id']}/")["maximum_annotations"] == 2
    assert studio.delete(f"api/projects/{project['id']}/") is None
    assert studio.find(f"api/projects/{project['id']}/") is None


@pytest.mark.studio
def test_a_refusal_of_the_real_server_names_the_reason(studio: Studio) -> None:
    with pytest.raises(errors.StudioRefused, match="title"):
        studio.post("api/projects/", json={"title": "x"})
