"""s3:// is read from a real server of the test's own, within limits, and every refusal says what is wrong."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator

import pytest

from copydesk.articles import Entry, Input, Limits, ReadOptions, find_inputs, read_input
from copydesk.errors import StoreError, UnknownError

if not os.environ.get("CI"):  # where it has to be there
    pytest.importorskip("s3fs", reason="make s3 installs it")
    pytest.importorskip("moto.server", reason="make s3 installs it")
# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
LINES = b'{"text": "One"}\n{"text": "Two"}\n'


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    import boto3
    from moto.server import ThreadedMotoServer

    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    address = f"http://{host}:{port}"
    store = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
    )
    store.create_bucket(Bucket="news")
    for key, body in (("may/a.jsonl", LINES), ("may/b.jsonl.gz", gzip.compress(LINES)), ("large.txt", b"x" * 100_000)):
        store.put_object(Bucket="news", Key=key, Body=body)
    yield address
    made.stop()


@pytest.fixture(autouse=True)
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import s3fs

    values = {"ENDPOINT_URL": server, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": "us-east-1"}
    for name, value in values.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


def read(url: str, **limits: int) -> list[Entry]:
    options = ReadOptions(Limits(**{"max_bytes": 1000, "max_chars": 1000} | limits))
    return list(read_input(Input(url, url=url), options=options))


def test_a_pattern_gives_what_the_bucket_holds_and_each_is_read() -> None:
    found = find_inputs(["s3://news/may/*"]).inputs
    assert (found[0].source, found[0].size) == ("s3://news/may/a.jsonl", len(LINES))
    assert [[one.raw for one in read(one.url or "")] for one in found] == [[b"One", b"Two"]] * 2


@pytest.mark.parametrize(
    ("url", "reason", "said"),
    [
        ("s3://news/none.txt", "unreadable", "none.txt"),
        ("s3://nobody/a.txt", "unreadable", "bucket does not exist"),
        ("s3://news/may", "unreadable", "is a folder"),
        ("s3://news", "unreadable", "news"),
        ("s3://news/large.txt", "too-large", "99,999 bytes"),
    ],
)
def test_what_is_not_given_is_one_entry_with_its_reason(url: str, reason: str, said: str) -> None:
    [entry] = read(url, max_download_bytes=99_999)
    assert entry.reason == reason
    assert said in entry.detail
    assert "(fix: " in entry.detail


def test_what_takes_too_long_is_given_up() -> None:
    [entry] = read("s3://news/large.txt", max_download_seconds=0)
    assert entry.reason == "too-slow"


def test_without_credentials_it_is_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("home") / "none"
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(empty))
    [entry] = read("s3://news/may/a.jsonl")
    assert (entry.reason, "credentials" in entry.detail) == ("unreadable", True)
    with pytest.raises(StoreError, match="credentials"):
        find_inputs(["s3://news/*"])


def test_where_nothing_answers_it_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    [entry] = read("s3://news/may/a.jsonl")
    assert (entry.reason, "connect" in entry.detail) == ("unreadable", True)
    with pytest.raises(StoreError, match="cannot be listed"):
        find_inputs(["s3://news/*"])


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(UnknownError, match="nothing matches"):
        find_inputs(["s3://news/*.csv"])
