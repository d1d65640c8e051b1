"""A web server that answers what a test tells it to, for what a healthy Label Studio never does."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.document import text_sha256
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import DOCUMENTS, from_rows
from copydesk.studio.interface import instructions, to_config
from copydesk.studio.projects import ProjectSpec


@dataclass(slots=True)
class Scripted:
    """What is answered, in turn and the last one for ever, and what was asked: (method, path, authorization, body).

    An answer may say: status, body (bytes), headers, after (seconds), torn (the connection is closed without a word).
    """

    url: str
    port: int
    answers: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    seen: list[tuple[str, str, str, bytes]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.script.seen.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        answers = self.script.answers
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        time.sleep(told.get("after", 0.0))
        if told.get("torn"):
            self.close_connection = True
            return
        content = told.get("body", b"{}")
        self.send_response(told.get("status", 200))
        for name, value in {"Content-Length": str(len(content)), **told.get("headers", {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    Handler.script = Scripted(url=f"http://127.0.0.1:{port}", port=port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Handler.script
    server.shutdown()
    server.server_close()
    thread.join()


NEWS_IN_SMALL = {
    "name": "news-in-small",
    "version": "1.0.0",
    "title": "News in small",
    "overlap": "any",
    "labels": [
        {"name": "PERSON", "definition": "A person.", "hotkey": "1", "colour": "#e6194b"},
        {"name": "PLACE", "definition": 'A place, or "locality".', "hotkey": "2", "colour": "#3cb44b"},
        {"name": "DATE", "definition": "A date.", "hotkey": "3", "colour": "#4363d8"},
    ],
    "relations": [
        {"name": "lives_in", "definition": "Where one lives.", "heads": ["PERSON"], "tails": ["PLACE"]},
        {"name": "same_as", "definition": "The same thing.", "symmetric": True},
    ],
    "attributes": [
        {
            "name": "mention",
            "definition": "How it is named.",
            "kind": "choice",
            "choices": [{"name": "NAM", "hotkey": "a"}, {"name": "NOM"}],
        },
        {"name": "timex", "definition": "The date's value.", "kind": "text", "labels": ["DATE"], "pattern": "[0-9P-]+"},
        {"name": "note", "definition": "Anything.", "kind": "text", "placeholder": 'anything, even <b> & "quotes"'},
    ],
    "suggest": {"date": "DATE"},
}


@pytest.fixture(scope="session")
def schema() -> LabelSchema:
    return LabelSchema.read(NEWS_IN_SMALL, place="news-in-small", guidelines="# How\n\n- Mark **all**.")


@pytest.fixture(scope="session")
def documents_of() -> Callable[..., pa.Table]:
    """Make the table ``documents`` of texts by doc_id."""

    def make(texts: Mapping[str, str], *, revision: int = 1) -> pa.Table:
        rows = [
            {
                **dict.fromkeys(DOCUMENTS.names),
                "doc_id": doc_id,
                "revision": revision,
                "text_sha256": text_sha256(text),
                "source": f"articles/{doc_id}.txt",
                "raw_sha256": "0" * 64,
                "recipe": "test/1",
                "text": text,
            }
            for doc_id, text in texts.items()
        ]
        return from_rows("documents", rows)

    return make


@pytest.fixture
def spec(schema: LabelSchema, request: pytest.FixtureRequest) -> ProjectSpec:
    """A project of the test's own."""
    return ProjectSpec(
        title=f"P{zlib.crc32(request.node.nodeid.encode()):08x}",
        marker="copydesk test news-in-small",
        config=to_config(schema),
        instructions=instructions(schema),
        annotators_per_task=2,
    )


@pytest.fixture(scope="session")
def news_in_small() -> dict[str, Any]:
    return NEWS_IN_SMALL
