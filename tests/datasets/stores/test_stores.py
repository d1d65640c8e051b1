"""A dataset in a store is read as one in a folder, and a store is refused where two publishers could destroy what it holds."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from click.testing import CliRunner
from faultproxy import Fault, Proxy
from fsspec.implementations.memory import MemoryFileSystem
from stored import SECRET, content, hidden, md5, whole

from copydesk.cli import cli
from copydesk.datasets.events import add_event
from copydesk.datasets.gc import collect
from copydesk.datasets.load import find_version, load, verify
from copydesk.datasets.retract import retract
from copydesk.datasets.stores import allow_single_writer, store_of
from copydesk.datasets.stores.local import probe
from copydesk.datasets.version import Version
from copydesk.errors import MissingExtraError, StoreError, UnknownError, UsageError
from copydesk.remote import place_at
from copydesk.workspace import Workspace

# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.mark.parametrize(
    ("kind", "published"), [("s3", ("first", "relabelled")), ("memory", ("first", "first", "relabelled", "relabelled"))]
)
def test_a_store_holds_the_same_bytes_as_a_folder_and_is_read_as_one(kind, published, request, home, newsroom):
    folder = request.getfixturevalue(kind)
    for edition in published:
        there, here = (newsroom.put_out(place, edition) for place in (folder, home))
        assert (there.version, there.created, there.reasons) == (here.version, here.created, here.reasons)
    local = {path.relative_to(home).as_posix(): md5(path.read_bytes()) for path in home.rglob("*") if path.is_file()}
    assert content(folder) | {"latest.json": md5((folder / "latest.json").read_bytes())} == local
    assert verify(there.path) == ()
    assert whole(folder) == ["1.0.0", "1.1.0"]
    assert hidden(folder) == []
    for table in ("default", "spans"):
        frame = load(newsroom.NAME, table=table, split="all", folder=str(folder.parent))
        assert frame.equals(load(newsroom.NAME, table=table, split="all", folder=home.parent))
    unaided = pd.read_parquet(f"{there.path}/train.parquet")
    assert unaided.equals(pd.read_parquet(here.path / "train.parquet"))


def test_what_is_changed_or_missing_in_a_store_is_found(memory, newsroom):
    path = newsroom.put_out(memory).path
    store = fsspec.filesystem("memory")
    store.pipe_file(str(path / "spans/train.parquet"), b"PAR1")
    store.rm_file(str(path / "README.md"))
    store.pipe_file(str(path / "more.txt"), b"")
    assert verify(path) == (
        "README.md is missing",
        "more.txt does not belong here",
        "spans/train.parquet is not what SHA256SUMS says",
        "spans/train.parquet is not what manifest.json says",
    )
    with pytest.raises(StoreError, match=r"cannot read memory://.*/spans/train\.parquet"):
        load(newsroom.NAME, table="spans", folder="memory://news")


def test_a_version_without_a_manifest_is_none(memory, newsroom):
    newsroom.put_out(memory)
    path = newsroom.put_out(memory, "relabelled").path
    fsspec.filesystem("memory").rm_file(str(path / "manifest.json"))
    assert find_version(newsroom.NAME, folder="memory://news").name == "1.0.0"


def test_a_file_address_is_the_folder(home, newsroom):
    newsroom.put_out(home)
    assert find_version(newsroom.NAME, folder=home.parent.as_uri()) == home / "1.0.0"


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("nowhere://news", UnknownError, "nowhere:// is not an address of a store"),
        ("gs://news", MissingExtraError, r"pip install 'copydesk\[gcs\]'"),
        ("az://news", MissingExtraError, r"pip install 'copydesk\[azure\]'"),
    ],
)
def test_what_is_no_store_or_needs_a_package_is_said_at_once(url, error, said):
    with pytest.raises(error, match=said):
        place_at(url)


class Refusing(fsspec.AbstractFileSystem):
    """A store whose package wants something before it opens anything."""

    def __init__(self, **_: object) -> None:
        raise ValueError("an account is needed")


def test_a_store_that_is_known_and_cannot_be_opened_says_why():
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    with pytest.raises(StoreError, match="refusing://news cannot be opened: an account is needed"):
        place_at("refusing://news")


@pytest.fixture
def command(memory, newsroom):
    """A function that runs a command on the datasets in a store, outside of every workspace."""
    newsroom.put_out(memory)
    newsroom.put_out(memory, "relabelled")
    return lambda *words: CliRunner().invoke(cli, [*words, "--at", "memory://news"])


def test_commands_read_and_yank_in_the_store_that_is_named(command, memory, newsroom):
    assert "harbour-news 1.1.0, default (train): 3 rows in memory://" in command("load", newsroom.NAME).output
    assert command("verify", newsroom.NAME).output == "harbour-news 1.1.0: every file is what its digests say\n"
    assert command("alias", newsroom.NAME, "stable", "1.0.0").output == "harbour-news: stable is 1.0.0\n"
    assert "relabelled" in command("diff", newsroom.NAME, "1.0.0", "1.1.0").output
    assert "1.1.0" in command("log", newsroom.NAME).output
    assert command("yank", newsroom.NAME, "1.1.0", "--reason", "wrong").exit_code == 0
    assert "harbour-news 1.0.0" in command("load", newsroom.NAME).output
    assert "there are: harbour-news" in str(command("load", "elsewhere").exception)


def test_an_article_is_taken_back_in_a_store(memory, newsroom):
    newsroom.put_out(memory)
    retract(memory, ["doc-a"], reason="withdrawn", progress=newsroom.silent)
    assert find_version(newsroom.NAME, folder="memory://news").name == "1.1.0"
    assert "doc-a" not in list(load(newsroom.NAME, split="all", folder="memory://news")["doc_id"])
    assert whole(memory) == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize("store", ["memory", "s3"])
def test_a_yanked_version_in_a_store_is_removed_when_somebody_says_so(store, newsroom, request):
    folder = request.getfixturevalue(store)
    newsroom.put_out(folder)
    newsroom.put_out(folder, "relabelled")
    add_event(folder, "yank", version="1.1.0", reason="wrong", successor="1.0.0")
    later = datetime.now(UTC) + timedelta(days=31)
    before = folder.sizes()
    assert collect(folder, days=30, now=later, apply=False).condemned == ("1.1.0",)
    assert folder.sizes() == before, "nothing is done unasked"
    collect(folder, days=30, now=later, apply=True)
    there = folder.sizes()
    gone = collect(folder, days=30, now=later + timedelta(days=31), apply=True)
    assert gone.removed == ("1.1.0",)
    left = folder.sizes()
    assert sorted(name for name in left if name.startswith("1.1.0/")) == ["1.1.0/REMOVED.json", "1.1.0/manifest.json"]
    assert gone.bytes == sum(there[name] for name in there.keys() - left.keys())
    assert verify(folder / "1.0.0") == ()
    assert newsroom.put_out(folder, "about-else").version == "1.1.1"  # 1.1.0 is never given again


def test_collecting_in_a_store_leaves_a_publisher_at_work_alone(memory, newsroom, home, monkeypatch):
    newsroom.put_out(memory)
    newsroom.put_out(home)
    place = newsroom.put_out(home, "relabelled").path
    store = store_of(memory)
    upload = type(store)._upload

    def collected_meanwhile(self, *arguments):
        upload(self, *arguments)
        collect(memory, days=0, now=datetime.now(UTC), apply=True)

    monkeypatch.setattr(type(store), "_upload", collected_meanwhile)
    assert store.commit(place, "1.1.0", after=Version.read("1.0.0")) is True
    assert whole(memory) == ["1.0.0", "1.1.0"]


def test_an_export_is_made_of_the_store_that_is_named(command, newsroom, tmp_path):
    done = command("export", newsroom.NAME, "--format", "csv", "--to", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert list((tmp_path / "out").rglob("*.csv"))


def test_a_read_that_meets_a_fault_of_the_server_is_made_again(s3, newsroom, asked, monkeypatch):
    newsroom.put_out(s3)
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")  # as often as the client does by itself
    met = set()

    def once(_, request):
        kind = (request.method, "list-type" in request.path)
        if kind in met:
            return None
        met.add(kind)
        return Fault("refuse" if request.method == "HEAD" else "bad-gateway")

    with asked(once):
        assert verify(s3 / "1.0.0") == ()
    assert met == {("GET", True), ("GET", False), ("HEAD", False)}


def test_the_settings_say_where_datasets_lie(tmp_path, memory, newsroom):
    newsroom.put_out(memory)
    settings = 'name = "harbour-news"\nschema = "none"\n[publish]\nstore = "memory://news"\n'
    (tmp_path / "copydesk.toml").write_text(settings)
    assert Workspace.find(tmp_path).datasets == memory.parent
    done = CliRunner().invoke(cli, ["--workspace", str(tmp_path), "verify", newsroom.NAME])
    assert done.output == "harbour-news 1.0.0: every file is what its digests say\n"


# Conditional writes, and stores without them.


class Deaf(Proxy):
    """Before a server that knows nothing of conditional writes: the header does not reach it."""

    def ask(self, raw, *, method):
        return super().ask(re.sub(rb"(?i)if-none-match:[^\r]*\r\n", b"", raw), method=method)


@pytest.fixture
def deaf(port, reach):
    with Deaf(port, lambda request: None) as proxy:
        reach(int(proxy.url.rpartition(":")[2]))
        yield


def test_a_store_that_ignores_if_none_match_is_refused_and_nothing_is_written(s3, deaf, newsroom):
    with pytest.raises(StoreError, match="does not honour conditional writes") as refused:
        newsroom.put_out(s3)
    assert "--single-writer" in str(refused.value)
    assert s3.sizes() == {}
    with pytest.raises(StoreError, match="does not honour conditional writes"):
        add_event(s3, "yank", version="1.0.0", reason="x", successor="")
    assert s3.sizes() == {}


class Racy(MemoryFileSystem):
    """A client that looks first and writes then."""

    protocol = "racy"


@pytest.fixture
def racy(memory, newsroom):
    fsspec.register_implementation("racy", Racy, clobber=True)
    return place_at(f"racy://news/{newsroom.NAME}")


def test_a_client_that_looks_first_and_writes_then_is_refused(racy, newsroom):
    with pytest.raises(StoreError, match="racy://news/harbour-news does not honour conditional writes"):
        newsroom.put_out(racy)
    assert racy.sizes() == {}


def test_a_single_writer_publishes_there_under_a_lease_that_another_meets(racy, newsroom):
    store = store_of(racy)
    allow_single_writer(racy)
    assert newsroom.put_out(racy).version == "1.0.0"
    with store.writing(), pytest.raises(StoreError, match="another publisher is writing in racy://"):
        newsroom.put_out(racy, "relabelled")
    assert newsroom.put_out(racy, "relabelled").version == "1.1.0"
    assert whole(racy) == ["1.0.0", "1.1.0"]
    assert hidden(racy) == [".single-writer"]


def test_a_folder_of_this_machine_needs_no_single_writer(home):
    with pytest.raises(UsageError, match="is no store"):
        allow_single_writer(home)


def test_a_lease_that_a_killed_publisher_left_is_taken_over_by_the_clock_of_the_store(racy, newsroom):
    allow_single_writer(racy)
    store_of(racy).replace(".lease.json", b"{}")
    with pytest.raises(StoreError, match="another publisher is writing"):
        newsroom.put_out(racy)
    [lease] = [file for name, file in MemoryFileSystem.store.items() if name.endswith(".lease.json")]
    lease.modified -= timedelta(minutes=11)
    assert newsroom.put_out(racy).version == "1.0.0"
    assert hidden(racy) == [".single-writer"]


@pytest.mark.parametrize("who", ["publish", "gc"])
def test_old_staging_is_swept_by_the_clock_of_the_store_and_what_a_claim_names_stays(memory, newsroom, who):
    newsroom.put_out(memory)
    store = fsspec.filesystem("memory")
    for name, claimed in (("old", False), ("new", False), ("claimed", True)):
        store.pipe_file(str(memory / f".staging/{name}/train.parquet"), b"half")
        if name != "new":
            file = store.store[f"/news/{newsroom.NAME}/.staging/{name}/train.parquet"]
            file.modified -= timedelta(days=8)
        if claimed:
            said = json.dumps({"version": "1.0.0", "staging": f".staging/{name}"}).encode()
            store.pipe_file(str(memory / ".claims/00000002.json"), said)
    if who == "publish":
        newsroom.put_out(memory)
    else:
        collect(memory, days=0, now=datetime.now(UTC), apply=False)
        assert len(hidden(memory)) == 3
        collect(memory, days=0, now=datetime.now(UTC), apply=True)
    assert hidden(memory) == [".staging/claimed/train.parquet", ".staging/new/train.parquet"]


@pytest.mark.parametrize("said", [b"", b"[]", b'{"version": "1.0.0"}'])
def test_a_damaged_claim_is_named_and_nothing_is_guessed(memory, newsroom, said):
    newsroom.put_out(memory)
    fsspec.filesystem("memory").pipe_file(str(memory / ".claims/00000001.json"), said)
    with pytest.raises(StoreError, match=r"\.claims/00000001\.json is damaged"):
        newsroom.put_out(memory, "relabelled")


def test_without_credentials_or_a_server_it_is_said_so_and_no_secret_is_repeated(
    s3, reach, newsroom, monkeypatch, tmp_path
):
    reach(9)
    with pytest.raises(StoreError, match="connect") as refused:
        newsroom.put_out(s3)
    assert SECRET not in str(refused.value)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    reach(9)
    with pytest.raises(StoreError, match="credentials"):
        newsroom.put_out(s3)


def test_a_bucket_that_is_not_there_is_said_so(s3, newsroom):
    with pytest.raises(StoreError, match="bucket does not exist"):
        newsroom.put_out(place_at(f"s3://nobody/{newsroom.NAME}"))


def test_nothing_of_a_store_is_handed_to_the_operating_system(memory):
    for use in (open, os.stat, os.fspath):
        with pytest.raises(TypeError, match="is in a store"):
            use(memory)
    with pytest.raises(OSError, match="can only be read"):
        memory.open("wb")


# Folders of this machine.


@pytest.mark.parametrize(
    ("operation", "lacking"),
    [
        ("hardlink_to", "link a file to a second name"),
        ("rename", "rename a folder"),
    ],
)
def test_a_file_system_without_what_publishing_rests_on_is_refused(home, newsroom, monkeypatch, operation, lacking):
    def lacks(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, operation, lacks)
    with pytest.raises(StoreError, match=f"its file system does not .*{lacking}"):
        newsroom.put_out(home)
    assert list(home.rglob("*")) == []


def test_a_file_system_that_keeps_it_all_passes(tmp_path):
    place = tmp_path / "dataset" / ".staging" / "place"
    place.mkdir(parents=True)
    probe(place)
