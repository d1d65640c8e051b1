"""Rules of the way to Label Studio: what goes wrong on it is one sentence with the fix, and leaves the workspace as it was."""

from __future__ import annotations

import ssl
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from copydesk.studio.client import Studio
from copydesk.studio.server import Server

Shell = Callable[..., CompletedProcess[str]]
CASES = Path(__file__).parents[1] / "cases" / "connection" / "faults.toml"
FAULTS = tomllib.loads(CASES.read_text(encoding="utf-8"))["fault"]


@dataclass(slots=True)
class Front:
    """A server before the real one: strips ``prefix``, gives ``answers`` by a part of the path, and counts what it sees."""

    target: str
    url: str = ""
    prefix: str = ""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    expired: int = 0  # how many requests with an access token are told that it has expired

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path
        self.seen.append(f"{handler.command} {path}")
        if path.startswith("http://"):  # asked as a proxy
            path = "/" + path.split("/", 3)[3]
        told = next((answer for part, answer in self.answers.items() if part in path), None)
        if self.expired and handler.headers.get("Authorization", "").startswith("Bearer "):
            self.expired -= 1
            told = {"status": 401, "body": '{"detail": "Given token not valid for any token type"}'}
        if not path.startswith(self.prefix):
            told = {"status": 404, "body": "{}"}
        if told is None:
            self._forward(handler, path.removeprefix(self.prefix), body)
            return
        self._send(handler, told.get("status", 200), told.get("body", "{}").encode(), told)

    def _forward(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> None:
        names = ("Authorization", "Content-Type", "Cookie", "Referer", "X-CSRFToken")
        headers = {name: handler.headers[name] for name in names if name in handler.headers}
        with httpx.Client(trust_env=False, timeout=60) as client:
            found = client.request(handler.command, self.target + path.lstrip("/"), content=body, headers=headers)
        self._send(handler, found.status_code, found.content, {})

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, told: Mapping[str, Any]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if "location" in told:
            handler.send_header("Location", told["location"])
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def make_front(studio_server: Server) -> Iterator[Callable[..., Front]]:
    running = []

    def make(*, prefix: str = "", tls: tuple[Path, Path] | None = None) -> Front:
        front = Front(studio_server.url, prefix=prefix)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                front.answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        running.append(server)
        front.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}{prefix}/"
        return front

    yield make
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def desk(studio_server: Server, tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Path:
    """A workspace whose one document was pushed to the real server, labelled and pulled; one more label waits there."""
    folder = tmp_path_factory.mktemp("connection")
    assert shell("copydesk init desk && cd desk && copydesk ingest", cwd=folder).returncode == 0
    settings = folder / "desk" / "copydesk.toml"
    text = settings.read_text(encoding="utf-8").replace("my-articles", folder.name[:20])
    settings.write_text(text, encoding="utf-8")
    at = f"COPYDESK_STUDIO_URL={studio_server.url} COPYDESK_STUDIO_TOKEN={studio_server.token}"
    assert shell(f"{at} copydesk push", cwd=folder / "desk").returncode == 0
    return folder / "desk"


@pytest.fixture
def unpulled(desk: Path, studio: Studio) -> Path:
    """The same, with a change on the server that was not yet pulled."""
    task = _task(studio, desk)
    studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": [], "ground_truth": False})
    return desk


def _project(studio: Studio, desk: Path) -> dict[str, Any]:
    title = f"{desk.parent.name[:20]}: "
    found = studio.get("api/projects/", params={"title": title[:-2], "page_size": 100})["results"]
    (project,) = [one for one in found if one["title"].startswith(title)]
    return dict(project)


def _task(studio: Studio, desk: Path) -> dict[str, Any]:
    (task,) = studio.get("api/tasks/", params={"project": _project(studio, desk)["id"]})["tasks"]
    return dict(task)


def _files(desk: Path) -> dict[str, str]:
    files = (path for path in sorted((desk / ".copydesk").rglob("*")) if path.is_file() and path.name != "lock")
    return {path.relative_to(desk).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def _token(kind: str, studio: Studio, server: Server) -> str:
    if kind == "real":
        return server.token
    if kind in {"personal", "revoked"}:
        for held in studio.get("api/token/"):
            studio.post("api/token/blacklist/", json={"refresh": held["token"]})
        personal: str = studio.post("api/token/")["token"]
        if kind == "revoked":
            studio.post("api/token/blacklist/", json={"refresh": personal})
        return personal
    return {"wrong": "0" * 40, "none": ""}[kind]


@pytest.mark.parametrize("case", FAULTS, ids=[case["name"] for case in FAULTS])
def test_a_fault_is_one_sentence_with_its_fix_and_leaves_nothing_half_written(
    case: dict[str, Any], unpulled: Path, studio: Studio, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front()
    front.answers = case.get("answers", {})
    token = _token(case.get("token", "real"), studio, studio_server)
    url = case.get("url", "{front}").replace("{front}", front.url)
    environment = (
        f"export COPYDESK_STUDIO_URL={url} COPYDESK_STUDIO_TOKEN={token} COPYDESK_STUDIO_PROXY={case.get('proxy', '')}"
    )
    before = _files(unpulled)
    done = shell(f"{environment}; {case.get('before', 'true')}; copydesk pull", cwd=unpulled)
    assert done.returncode == 3, done.stderr
    for said in case["said"]:
        assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not token or token not in done.stderr
    assert _files(unpulled) == before
    assert shell(f"{_at(studio_server.url, studio_server.token)} copydesk pull", cwd=unpulled).returncode == 0


def _at(url: str, token: str) -> str:
    return f"COPYDESK_STUDIO_URL={url} COPYDESK_STUDIO_TOKEN={token}"


@pytest.mark.parametrize("kind", ["real", "personal"])
def test_a_server_below_a_path_is_reached_with_a_token_of_either_kind(
    kind: str, unpulled: Path, studio: Studio, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front(prefix="/label-studio")
    token = _token(kind, studio, studio_server)
    for url in (front.url, front.url.rstrip("/")):
        done = shell(f"{_at(url, token)} copydesk pull", cwd=unpulled)
        assert done.returncode == 0, done.stderr
    assert all(" /label-studio/api/" in asked for asked in front.seen)


def test_an_access_token_that_expires_in_the_middle_of_a_run_is_renewed(
    unpulled: Path, studio: Studio, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front()
    front.expired = 1
    token = _token("personal", studio, studio_server)
    done = shell(f"{_at(front.url, token)} copydesk pull", cwd=unpulled)
    assert done.returncode == 0, done.stderr
    assert sum("api/token/refresh" in asked for asked in front.seen) == 2


def test_a_certificate_is_verified_and_one_s_own_authority_is_named(
    unpulled: Path, studio_server: Server, certificate: tuple[Path, Path], make_front: Any, shell: Shell
) -> None:
    front = make_front(tls=certificate)
    pull = f"{_at(front.url, studio_server.token)} copydesk pull"
    refused = shell(pull, cwd=unpulled)
    assert (refused.returncode, "ca_bundle" in refused.stderr) == (3, True), refused.stderr
    assert not front.seen, "the token is sent to nobody who is not known"
    taken = shell(f"COPYDESK_STUDIO_CA_BUNDLE={certificate[0]} {pull}", cwd=unpulled)
    assert taken.returncode == 0, taken.stderr
    other = front.url.replace("127.0.0.1", "localhost")
    named = shell(f"COPYDESK_STUDIO_CA_BUNDLE={certificate[0]} {pull.replace(front.url, other)}", cwd=unpulled)
    assert (named.returncode, "ca_bundle" in named.stderr) == (3, True), named.stderr
    missing = shell(f"COPYDESK_STUDIO_CA_BUNDLE=not-there.pem {pull}", cwd=unpulled)
    assert (missing.returncode, "not-there.pem" in missing.stderr) == (2, True), missing.stderr


def test_https_spoken_to_a_server_of_http_says_so(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    url = make_front().url.replace("http:", "https:")
    done = shell(f"{_at(url, studio_server.token)} copydesk pull", cwd=unpulled)
    assert (done.returncode, "write http://" in done.stderr) == (3, True), done.stderr


def test_verification_cannot_be_switched_off(unpulled: Path, studio_server: Server, shell: Shell) -> None:
    settings = unpulled / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[studio]", "[studio]\nverify = false"), encoding="utf-8")
    done = shell(f"{_at(studio_server.url, studio_server.token)} copydesk pull", cwd=unpulled)
    settings.write_text(text, encoding="utf-8")
    assert (done.returncode, "ca_bundle" in done.stderr) == (2, True), done.stderr


def test_a_proxy_is_taken_from_the_settings_and_none_means_none(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front()
    pull = f"{_at(studio_server.url, studio_server.token)} copydesk pull"
    assert shell(f"COPYDESK_STUDIO_PROXY={front.url} {pull}", cwd=unpulled).returncode == 0
    assert front.seen
    assert all(f" {studio_server.url}api/" in asked for asked in front.seen)
    dead = "HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9"
    assert shell(f"{dead} COPYDESK_STUDIO_PROXY=none {pull}", cwd=unpulled).returncode == 0
    wrong = shell(f"COPYDESK_STUDIO_PROXY=nonsense {pull}", cwd=unpulled)
    assert (wrong.returncode, "nonsense" in wrong.stderr) == (2, True), wrong.stderr


def test_an_untested_server_is_taken_where_the_settings_say_so(
    unpulled: Path, studio_server: Server, make_front: Any, shell: Shell
) -> None:
    front = make_front()
    front.answers = {"/api/version": {"body": '{"release": "1.20.0"}'}}
    settings = unpulled / "copydesk.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[studio]", "[studio]\nuntested = true"), encoding="utf-8")
    done = shell(f"{_at(front.url, studio_server.token)} copydesk pull", cwd=unpulled)
    settings.write_text(text, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_a_project_that_is_gone_is_told_and_what_was_pulled_is_kept(
    unpulled: Path, studio: Studio, studio_server: Server, shell: Shell
) -> None:
    pull = f"{_at(studio_server.url, studio_server.token)} copydesk pull"
    assert shell(pull, cwd=unpulled).returncode == 0
    studio.delete(f"api/projects/{_project(studio, unpulled)['id']}/")
    before = _files(unpulled)
    done = shell(pull, cwd=unpulled)
    assert done.returncode == 3, done.stderr
    assert "is not on" in done.stderr
    assert "copydesk push" in done.stderr
    assert _files(unpulled) == before
