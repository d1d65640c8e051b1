"""https:// is read over real TLS: only from a server whose certificate an authority that this machine trusts has signed for its name."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copydesk.articles import Entry, Input, Limits, ReadOptions, read_input

LINES = b'{"text": "One"}\n{"text": "Two"}\n'
AUTHORITY = "SSL_CERT_FILE"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LINES)))
        self.end_headers()
        self.wfile.write(LINES)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that turn away from the certificate."""


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of the test's own, and the certificate that it gave to localhost."""
    if shutil.which("openssl") is None:
        lacking = "openssl makes the certificates (fix: apt-get install openssl)"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("tls")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(
        folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2"
    )
    _openssl(folder, "req", *key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    _openssl(folder, "x509", "-req", "-in", "own.csr", "-out", "own.pem", *signed)
    return folder


@pytest.fixture(scope="module")
def port(authority: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "own.pem", authority / "own.key")
    with _Server(("127.0.0.1", 0), _Handler) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_address[1]
        made.shutdown()


def read(url: str, *, loopback: bool = True) -> list[Entry]:
    options = ReadOptions(Limits(max_bytes=1000, max_chars=1000), loopback=loopback)
    return list(read_input(Input(url, url=url), options=options))


def test_a_server_of_a_trusted_authority_is_read(authority: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AUTHORITY, str(authority / "ca.pem"))
    assert [one.raw for one in read(f"https://localhost:{port}/lines.jsonl")] == [b"One", b"Two"]


def test_a_server_of_an_unknown_authority_is_refused(port: int) -> None:
    [entry] = read(f"https://localhost:{port}/lines.jsonl")
    assert (entry.reason, "certificate verify failed" in entry.detail) == ("unreadable", True)


def test_a_certificate_of_another_name_is_refused(authority: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AUTHORITY, str(authority / "ca.pem"))
    [entry] = read(f"https://127.0.0.1:{port}/lines.jsonl")
    assert (entry.reason, "certificate" in entry.detail) == ("unreadable", True)


def test_a_trusted_certificate_does_not_open_private_addresses(
    authority: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUTHORITY, str(authority / "ca.pem"))
    [entry] = read(f"https://localhost:{port}/lines.jsonl", loopback=False)
    assert entry.reason == "forbidden-address"
