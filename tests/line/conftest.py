"""The reference workspace, copied, and the command line run in it as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from copydesk.cli import cli
from copydesk.errors import StudioRefused
from copydesk.flow.connect import TOKEN, URL
from copydesk.model.schema import GROUP
from copydesk.studio.client import Studio
from copydesk.studio.codec import region_id
from copydesk.studio.interface import TEXT
from copydesk.studio.listing import list_tasks
from copydesk.studio.people import Person, read_known
from copydesk.studio.server import Server
from copydesk.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


def shell(script: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a user does who has the environment's commands on the path; nothing opens a browser."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "BROWSER": "true"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session", name="shell")
def shell_fixture() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give the function that runs a script."""
    return shell


@pytest.fixture(scope="session")
def reference(label_studio_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout's workspace in which the demo ran once; its server is stopped at the end."""
    folder = tmp_path_factory.mktemp("reference")
    for name in ("schemas", "validation", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "copydesk.toml", folder)
    done = shell("copydesk demo", cwd=folder)
    (folder / "first-run.txt").write_text(done.stdout, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    yield folder
    shell("copydesk studio stop", cwd=folder)


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
def make_front() -> Iterator[Callable[..., Front]]:
    running = []

    def make(target: str, *, prefix: str = "", tls: tuple[Path, Path] | None = None) -> Front:
        front = Front(target, prefix=prefix)

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


TEXTS = {
    "ferry": "The ferry sailed from Tarnmouth to Qaim on Friday. The guild watched. Ester took two dogs along.",
    "bridge": 'A <b>bridge</b> & a "road" \u202eedils\u202c near Halden fell. Nobody was hurt. Ester saw it.',
    "quiet": "Nothing happened in Halden.",
}
ANNA = {"ferry": [("Tarnmouth", "GPE"), ("Qaim", "GPE")], "bridge": [("Halden", "GPE")], "quiet": [("Halden", "GPE")]}
BEN = {"ferry": [("Tarnmouth", "LOC"), ("Qaim", "GPE")], "bridge": [("near Halden", "GPE")], "quiet": []}


class Desk:
    """A workspace, the command line in it, and Label Studio; with three articles, and what two people mark in them."""

    anna = ANNA
    ben = BEN

    def __init__(self, folder: Path, studio: Studio) -> None:
        self.texts = dict(TEXTS)
        self.folder = folder
        self.studio = studio
        self.token = ""

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)

    def run(self, *arguments: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["--workspace", str(self.folder), *arguments, "--json"], standalone_mode=False)
        if done.exception:
            raise done.exception
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def person(self, name: str) -> Person:
        return next(
            one for one in read_known(self.workspace.people_file).people if one.name == f"{self.folder.name}-{name}"
        )

    def tasks(self, project: str) -> list[dict[str, Any]]:
        fields = (
            "id",
            "data",
            "annotations",
            "predictions",
            "completed_by",
            "result",
            "was_cancelled",
            "model_version",
        )
        project_id = int(project.rstrip("/").split("/")[-2])
        return [task for page, _ in list_tasks(self.studio, project_id, fields=fields, size=100) for task in page]

    def labelled(self, project: str) -> dict[str, dict[str, Any]]:
        """The tasks of the annotators by the article's name."""
        return {
            name: task for task in self.tasks(project) for name in self.texts if task["data"][TEXT] == self.texts[name]
        }

    def annotate(self, task: Mapping[str, Any], name: str, marks: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
        result = []
        for words, label in marks:
            start = task["data"][TEXT].index(words)
            place = {"start": start, "end": start + len(words)}
            result.append(
                {
                    "id": region_id(*place.values(), label),
                    "from_name": GROUP,
                    "to_name": TEXT,
                    "type": "labels",
                    "value": {**place, "text": words, "labels": [label]},
                }
            )
        return self.submit(task, name, result, **more)

    def submit(self, task: Mapping[str, Any], name: str, result: list[Any], **more: Any) -> dict[str, Any]:
        with self.studio.as_person(self.person(name).token) as own:
            body = {"result": result, "lead_time": 3.0, **more}
            made: dict[str, Any] = own.post(f"api/tasks/{task['id']}/annotations/", json=body)
        return made

    def decide(self, task: Mapping[str, Any], outcome: str, *, cause: str = "", note: str = "") -> None:
        said = [("decision", "choices", {"choices": [outcome]})]
        said += [("cause", "choices", {"choices": [cause]})] if cause else []
        said += [("note", "textarea", {"text": [note]})] if note else []
        items = [
            {"id": f"x{number}", "from_name": name, "to_name": "ctx", "type": kind, "value": value}
            for number, (name, kind, value) in enumerate(said)
        ]
        self.submit(task, "judge", items)

    def served(self, project: str, name: str) -> dict[str, Any] | None:
        """The task that the server gives this person next."""
        number = project.rstrip("/").split("/")[-2]
        with self.studio.as_person(self.person(name).token) as own:
            try:
                task: dict[str, Any] = own.post("api/dm/actions/", params={"id": "next_task", "project": number})
            except StudioRefused:
                return None
        return task

    def agreed(self) -> list[tuple[str, str, str, str]]:
        documents = self.workspace.documents.read("documents", columns=["doc_id", "text"]).to_pylist()
        names = {row["doc_id"]: name for row in documents for name, text in self.texts.items() if row["text"] == text}
        rows = self.workspace.agreed.read("agreed_spans").to_pylist()
        return sorted((names[row["doc_id"]], row["surface"], row["label"], row["decided"]) for row in rows)


@pytest.fixture
def make_desk(
    studio_server: Server, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Desk]:
    monkeypatch.setenv(URL, studio_server.url)
    monkeypatch.setenv(TOKEN, studio_server.token)

    def make(name: str) -> Desk:
        folder = tmp_path / name
        CliRunner().invoke(cli, ["init", str(folder)])
        settings = folder / "copydesk.toml"
        settings.write_text(settings.read_text().replace("my-articles", name))
        for title, text in TEXTS.items():
            (folder / f"{title}.txt").write_text(text)
        desk = Desk(folder, studio)
        desk.token = studio_server.token
        desk.run("ingest", *(str(folder / f"{title}.txt") for title in TEXTS))
        desk.run("people", "add", *(f"{name}-{one}" for one in ("anna", "ben", "cora", "judge")))
        return desk

    return make
