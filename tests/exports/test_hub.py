"""Pushing: what a stand-in for the Hugging Face Hub is sent. Nothing here was tried on the Hub itself."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copydesk.datasets.exports.export import export
from copydesk.datasets.exports.hub import push
from copydesk.errors import SystemFault, UsageError
from copydesk.flow.export import ALL_FORMATS, Wanted


@dataclass(slots=True)
class Hub:
    """What was asked for, and the files of the last commit."""

    url: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 200


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", "hf_token")

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = _body(self)
            known.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            content = json.dumps(_answer(known, self.path, body)).encode()
            self.send_response(known.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding") != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length", 0)))
    parts = []
    while size := int(request.rfile.readline(), 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(parts)


def _answer(hub: Hub, path: str, body: bytes) -> Any:
    if path.endswith("/repos/create"):
        return {"url": f"{hub.url}/datasets/desk/news"}
    if "/tree/" in path:
        return []
    if "/preupload/" in path:
        files = json.loads(body)["files"]
        return {"files": [{"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in files]}
    if "/commit/" in path:
        lines = [json.loads(line) for line in body.splitlines()]
        hub.files = {
            one["value"]["path"]: base64.b64decode(one["value"]["content"]) for one in lines if one["key"] == "file"
        }
        return {"commitUrl": f"{hub.url}/datasets/desk/news/commit/{'0' * 40}", "commitOid": "0" * 40}
    return {}


def test_every_file_is_sent_in_one_commit_and_the_version_is_tagged(corpora: Any, tmp_path: Path, hub: Hub) -> None:
    folder = tmp_path / "out"
    export(corpora.example(), "parquet", ALL_FORMATS["parquet"], folder, any_licence=False, tool="test")
    push(folder, "desk/news", version="1.0.0", endpoint=hub.url)
    here = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert hub.files == here
    assert [path for _, path, _ in hub.asked if "/commit/" in path or "/tag/" in path] == [
        "/api/datasets/desk/news/commit/main",
        "/api/datasets/desk/news/tag/main",
    ]
    assert {token for _, _, token in hub.asked} == {"Bearer hf_token"}


def test_a_hub_that_refuses_or_is_not_there_is_a_fault_of_the_system(tmp_path: Path, hub: Hub) -> None:
    hub.status = 403
    with pytest.raises(SystemFault, match=r"did not take desk/news: .*403"):
        push(tmp_path, "desk/news", version="1.0.0", endpoint=hub.url)
    with pytest.raises(SystemFault, match="did not take desk/news"):
        push(tmp_path, "desk/news", version="1.0.0", endpoint="http://127.0.0.1:9")


def test_what_cannot_be_pushed_is_refused_before_anything_is_sent(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="'desk//news' is no name of a repository"):
        push(tmp_path, "desk//news", version="1.0.0", endpoint=hub.url)
    with pytest.raises(UsageError, match="the Hub does not load brat"):
        Wanted("brat", tmp_path, push="desk/news")
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(UsageError, match="needs a token of the Hugging Face Hub in HF_TOKEN"):
        push(tmp_path, "desk/news", version="1.0.0", endpoint=hub.url)
    assert hub.asked == []
