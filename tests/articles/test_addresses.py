"""Addresses are fetched within limits, and from public machines alone; the test's own server needs ``loopback``."""

from __future__ import annotations

import gc
import gzip
import ipaddress
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fsspec
import pytest

from copydesk.articles import Columns, Entry, Input, Limits, ReadOptions, find_inputs, read_input
from copydesk.articles.web import is_allowed
from copydesk.errors import MissingExtraError, UnknownError

LINES = b'{"text": "One"}\n{"text": "Two"}\n'


class _Handler(BaseHTTPRequestHandler):
    """Answers by the path: what the test asks for."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        kind, _, rest = self.path[1:].partition("/")
        getattr(self, f"_{kind.split('.')[0]}")(rest)

    def _send(self, body: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _lines(self, _: str) -> None:
        self._send(LINES)

    def _gzip(self, _: str) -> None:
        self._send(gzip.compress(LINES), Content_Encoding="gzip")

    def _bomb(self, _: str) -> None:
        self._send(gzip.compress(b"0" * 60_000_000), Content_Encoding="gzip")

    def _gone(self, _: str) -> None:
        self._send(b"", status=404)

    def _circle(self, _: str) -> None:
        self._send(b"", status=302, Location="/circle")

    def _to(self, where: str) -> None:
        self._send(b"", status=302, Location=where)

    def _large(self, _: str) -> None:
        self._send(b"x" * 100_000)

    def _cut(self, _: str) -> None:
        self._send(LINES, length=1000)
        self.close_connection = True

    def _slow(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(200):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def _drip(self, _: str) -> None:
        """Never end the headers."""
        for number in range(200):
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n" if number == 0 else b"X: y\r\n")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as made:
        made.daemon_threads = True
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()


def read(url: str, *, loopback: bool = True, **limits: int) -> list[Entry]:
    options = ReadOptions(Limits(**{"max_bytes": 1000, "max_chars": 1000} | limits), Columns(), loopback)
    return list(read_input(Input(url, url=url), options=options))


def test_an_address_is_read_by_the_suffix_of_its_path_and_names_what_it_holds(server: str) -> None:
    url = f"{server}/lines.jsonl?day=1"
    assert [(one.source, one.raw) for one in read(url)] == [(f"{url}#1", b"One"), (f"{url}#2", b"Two")]


@pytest.mark.filterwarnings("error")
def test_a_connection_that_never_comes_about_leaves_no_socket() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        assert read(f"http://127.0.0.1:{taken.getsockname()[1]}/")[0].reason == "unreadable"
        gc.collect()


def test_compression_that_the_server_puts_on_unasked_is_taken_off(server: str) -> None:
    assert [one.raw for one in read(f"{server}/gzip.jsonl")] == [b"One", b"Two"]


def test_a_redirect_is_followed_and_the_address_keeps_its_name(server: str) -> None:
    url = f"{server}/to.jsonl/{server}/lines.jsonl"
    assert [one.source for one in read(url)] == [f"{url}#1", f"{url}#2"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone", "unreadable"),
        ("circle", "too-many-redirects"),
        ("large", "too-large"),
        ("cut.jsonl", "unreadable"),
        ("slow", "too-slow"),
        ("drip", "too-slow"),
        ("bomb", "expansion-ratio"),
        ("to/http://169.254.169.254/latest/meta-data", "forbidden-address"),
        ("to/https://10.0.0.1/", "forbidden-address"),
        ("to/https://[::ffff:10.0.0.1]/", "forbidden-address"),
        ("to/file:///etc/hostname", "forbidden-address"),
        ("to/ftp://127.0.0.1/", "forbidden-address"),
        ("to/http://user:word@127.0.0.1/", "forbidden-address"),
        ("to/https://127.0.0.1:99999/", "forbidden-address"),
    ],
)
def test_what_is_not_given_or_not_allowed_is_one_entry_with_its_reason(server: str, path: str, reason: str) -> None:
    [entry] = read(f"{server}/{path}", max_download_bytes=99_999, max_download_seconds=1)
    assert (entry.source, entry.reason) == (f"{server}/{path}", reason)
    assert "(fix: " in entry.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "127.1"])
def test_without_the_option_the_machine_itself_is_not_asked(server: str, host: str) -> None:
    port = server.rsplit(":", 1)[1]
    for scheme in ("http", "https"):
        [entry] = read(f"{scheme}://{host}:{port}/lines.jsonl", loopback=False)
        assert entry.reason == "forbidden-address"


def test_the_option_is_for_one_call_and_for_the_machine_itself_alone(server: str) -> None:
    assert len(read(f"{server}/lines.jsonl")) == 2
    assert read(f"{server}/lines.jsonl", loopback=False)[0].reason == "forbidden-address"
    assert not is_allowed(ipaddress.ip_address("10.0.0.1"), loopback=True)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_only_public_addresses_are_asked(address: str, allowed: bool) -> None:
    assert is_allowed(ipaddress.ip_address(address), loopback=False) is allowed


def test_a_store_of_fsspec_is_read_and_its_patterns_are_followed() -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/crawl/may/a.jsonl", LINES)
    store.pipe("/crawl/b.txt", b"Text")
    found = find_inputs(["memory://crawl/**/*.jsonl", "memory://crawl/b.txt"])
    assert [one.source for one in found.inputs] == ["memory://crawl/b.txt", "memory://crawl/may/a.jsonl"]
    assert found.inputs[1].size == len(LINES)
    assert [len(read(one.url or "")) for one in found.inputs] == [1, 2]
    assert read("memory://crawl/none.txt")[0].reason == "unreadable"
    with pytest.raises(UnknownError, match="nothing matches"):
        find_inputs(["memory://crawl/*.csv"])


@pytest.mark.parametrize(
    ("url", "extra", "package"), [("s3://bucket/a.jsonl", "s3", "s3fs"), ("gs://bucket/a.jsonl", "gcs", "gcsfs")]
)
def test_a_missing_package_is_named_by_the_extra_that_brings_it(
    url: str, extra: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # where it is installed, it cannot be imported now
    loaded = sys.modules["fsspec.registry"]._registry  # of earlier uses
    monkeypatch.delitem(loaded, url.partition(":")[0], raising=False)
    with pytest.raises(MissingExtraError, match=rf"copydesk\[{extra}\]"):
        find_inputs([url])
    with pytest.raises(MissingExtraError, match=rf"copydesk\[{extra}\]"):
        read(url)


@pytest.mark.parametrize(
    "url", ["ftp://h/a", "http://h.example/a.txt", "github://x:y@z/a", "reference://a", "data://x"]
)
def test_other_kinds_of_address_are_an_error(url: str) -> None:
    with pytest.raises(UnknownError, match="is not an address that can be read"):
        find_inputs([url])
