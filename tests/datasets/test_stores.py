"""A version in a store of objects is there whole or not at all, whoever comes at the same time and wherever the network breaks."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from faultproxy import Fault, Proxy
from fsspec.implementations.memory import MemoryFileSystem

from copydesk.datasets.events import add_event, events_in, state_of
from copydesk.datasets.load import find_version, load, verify
from copydesk.datasets.stores import store_of
from copydesk.datasets.stores.local import probe
from copydesk.datasets.version import Version, open_release, versions_in
from copydesk.errors import MissingExtraError, StoreError, UnknownError
from copydesk.remote import place_at, reaching

if not os.environ.get("CI"):  # where it has to be there
    pytest.importorskip("s3fs", reason="make s3 installs it")
    pytest.importorskip("moto.server", reason="make s3 installs it")
# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
SECRET = "wJalrXUtnFEMI-not-a-key"


@pytest.fixture(autouse=True)
def built_in_memory(monkeypatch):
    """What is built aside, to be sent to a store, need not wait for a disk here."""
    if os.access("/dev/shm", os.W_OK):
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")


@pytest.fixture(scope="module")
def port():
    """The port of an S3 server of these tests' own, with a bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="a",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="news")
    yield port
    made.stop()


@pytest.fixture
def reach(monkeypatch):
    """A function that has s3:// answered at a port; a fault of the network is met once, not tried again and again."""
    import s3fs

    def at(port):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        s3fs.S3FileSystem.clear_instance_cache()

    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    yield at
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(port, reach, request, newsroom):
    """The folder in the bucket of a dataset that nothing is published in yet."""
    reach(port)
    return place_at(f"s3://news/{re.sub('[^a-z0-9]+', '-', request.node.name)}/{newsroom.NAME}")


@pytest.fixture
def memory(request, newsroom):
    MemoryFileSystem.store.clear()
    return place_at(f"memory://news/{newsroom.NAME}")


@pytest.fixture
def asked(port, reach):
    """A function that gives a proxy before the server; ``choose`` says for each request, by its number, what it meets."""

    @contextmanager
    def opened(choose=lambda number, request: None):
        seen = []

        def meet(request):
            seen.append(f"{request.method} {request.path.partition('?')[0]}")
            return choose(len(seen), request)

        with Proxy(port, meet) as proxy:
            reach(int(proxy.url.rpartition(":")[2]))
            yield seen
        reach(port)

    return opened


class Deaf(Proxy):
    """Before a server that knows nothing of conditional writes: the header does not reach it."""

    def ask(self, raw, *, method):
        return super().ask(re.sub(rb"(?i)if-none-match:[^\r]*\r\n", b"", raw), method=method)


@pytest.fixture
def deaf(port, reach):
    with Deaf(port, lambda request: None) as proxy:
        reach(int(proxy.url.rpartition(":")[2]))
        yield


def md5(body):
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def content(folder):
    """Every object that readers look at, with its MD5, which S3 tells; the pointer to the newest version may lag."""
    with reaching(folder) as store:
        told = {
            place_at(f"s3://{name}"): entry.get("ETag", "")
            for name, entry in store.find(str(folder), detail=True).items()
        }
    names = [name for name in folder.sizes() if name[0] != "." and name != "latest.json"]
    return {name: told.get(folder / name, "").strip('"') or md5((folder / name).read_bytes()) for name in names}


def hidden(folder):
    """What lies beside the versions, but for the claims that were carried out."""
    return [name for name in folder.sizes() if name.startswith(".") and not name.startswith(".claims/")]


def whole(folder):
    """The versions, each of which has just the files that its manifest names, and the one before it for its parent."""
    found = versions_in(folder)
    parent = None
    for version in found:
        manifest = open_release(folder / str(version)).manifest
        named = {entry["path"]: entry["bytes"] for entry in manifest["files"]}
        there = (folder / str(version)).sizes()
        assert {name: there[name] for name in there if name not in ("manifest.json", "SHA256SUMS")} == named
        assert (manifest["parent"] and manifest["parent"]["version"]) == (parent and str(parent))
        parent = version
    return [str(version) for version in found]


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


# Conditional writes, and stores without them.


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
    store.allow_single_writer()
    assert newsroom.put_out(racy).version == "1.0.0"
    with store.writing(), pytest.raises(StoreError, match="another publisher is writing in racy://"):
        newsroom.put_out(racy, "relabelled")
    assert newsroom.put_out(racy, "relabelled").version == "1.1.0"
    assert whole(racy) == ["1.0.0", "1.1.0"]
    assert hidden(racy) == [".single-writer"]


def test_a_lease_that_a_killed_publisher_left_is_taken_over_by_the_clock_of_the_store(racy, newsroom):
    store = store_of(racy)
    store.allow_single_writer()
    store.replace(".lease.json", b"{}")
    with pytest.raises(StoreError, match="another publisher is writing"):
        newsroom.put_out(racy)
    [lease] = [file for name, file in MemoryFileSystem.store.items() if name.endswith(".lease.json")]
    lease.modified -= timedelta(minutes=11)
    assert newsroom.put_out(racy).version == "1.0.0"
    assert hidden(racy) == [".single-writer"]


# Faults: the store breaks for good at an operation, before or after it is done, which is all that a killed publisher leaves.


class Breaking(MemoryFileSystem):
    """A store that breaks at one of its operations: ``kind`` is before or after it is done; what follows is not done, either."""

    cachable = False
    at, kind, met = 0, "before", 0


def _breaking(name):
    def operation(self, *args, **options):
        Breaking.met += 1
        number = Breaking.met
        if 0 < Breaking.at < number or (number, "before") == (Breaking.at, Breaking.kind):
            raise ConnectionResetError(104, "the store broke")
        done = getattr(MemoryFileSystem, name)(self, *args, **options)
        if number == Breaking.at:
            raise ConnectionResetError(104, "the store broke")
        return done

    return operation


for _name in ("pipe_file", "put_file", "cp_file", "rm_file", "cat_file", "find", "info", "_open"):
    setattr(Breaking, _name, _breaking(_name))


@contextmanager
def breaking(at, kind):
    Breaking.at, Breaking.kind, Breaking.met = at, kind, 0
    fsspec.register_implementation("memory", Breaking, clobber=True)
    try:
        yield
    finally:
        fsspec.register_implementation("memory", MemoryFileSystem, clobber=True)


@pytest.fixture
def editions(home, newsroom):
    """The MD5 of each file of a folder after each edition that is published in it, one upon the other."""
    found = {}
    for edition in ("first", "relabelled", "about-else"):
        newsroom.put_out(home, edition)
        files = [path for path in home.rglob("*") if path.is_file() and path.name != "latest.json"]
        found[edition] = {path.relative_to(home).as_posix(): md5(path.read_bytes()) for path in files}
    return found


def hold_when_broken(folder, newsroom, editions, broken):
    """Break a publish; then there is the old version or the new one, and whatever is published next stands upon the new one.

    Give whether the version was there at once, and whether the publisher said so.
    """
    with broken:
        try:
            newsroom.put_out(folder, "relabelled")
            told = True
        except StoreError:
            told = False
    manifests = [str(version) for version in versions_in(folder)]
    there = {name: digest for name, digest in content(folder).items() if name.partition("/")[0] in manifests}
    assert there in (editions["first"], editions["relabelled"])
    made = there == editions["relabelled"]
    assert made or not told
    assert newsroom.put_out(folder, "relabelled").version == "1.1.0"
    assert content(folder) == editions["relabelled"]
    return made, told


def tried(total, step):
    """Every so many of the operations, and the last ones, where the version is made."""
    return sorted({*range(1, total + 1, step), *range(max(1, total - 11), total + 1)})


def break_each(memory, newsroom, editions, step):
    newsroom.put_out(memory)
    old = dict(MemoryFileSystem.store)
    with breaking(0, "before"):
        newsroom.put_out(memory, "relabelled")
    total, seen = Breaking.met, set()
    for kind in ("before", "after"):
        for at in tried(total, step):
            MemoryFileSystem.store.clear()
            MemoryFileSystem.store.update(old)
            seen.add(hold_when_broken(memory, newsroom, editions, breaking(at, kind)))
    assert seen >= {(False, False), (True, False)}  # killed before the commit, and after it
    return 2 * len(tried(total, step))


def test_wherever_a_store_breaks_there_is_the_old_version_or_the_new_one_and_a_retry_finishes(
    memory, newsroom, editions
):
    assert break_each(memory, newsroom, editions, 41) > 30


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_wherever_a_store_breaks_at_all_a_retry_finishes(memory, newsroom, editions, record_property):
    count = break_each(memory, newsroom, editions, 1)
    record_property("tried", f"a store broken at {count} points: 0 bad versions, each retry finished")


def broken_network(breaks, kind):
    """What each request meets where the network breaks for good at one: that meets a fault, and what follows does not arrive."""
    over = []

    def meet(number, request):
        if over:
            return Fault("refuse")
        if not breaks(number, f"{request.method} {request.path.partition('?')[0]}"):
            return None
        over.append(number)
        return Fault(kind)

    return meet


@pytest.mark.parametrize(
    ("target", "kind"), [(r".*/\.claims/\d+\.json", "cut-answer"), (r".*/manifest\.json", "refuse")]
)
def test_where_the_network_breaks_at_the_claim_or_the_manifest_a_retry_finishes(
    s3, newsroom, editions, asked, target, kind
):
    newsroom.put_out(s3)
    network = asked(broken_network(lambda _, request: re.fullmatch(f"PUT {target}", request), kind))
    made, told = hold_when_broken(s3, newsroom, editions, network)
    assert (made, told) == (False, False)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_wherever_the_network_breaks_a_retry_finishes(s3, newsroom, editions, asked, record_property):
    newsroom.put_out(s3 / "whole" / newsroom.NAME)
    with asked() as seen:
        newsroom.put_out(s3 / "whole" / newsroom.NAME, "relabelled")
    for kind in ("refuse", "cut-answer"):
        for at in range(1, len(seen) + 1):
            folder = s3 / f"{kind}-{at}" / newsroom.NAME
            newsroom.put_out(folder)
            network = asked(broken_network(lambda number, _, at=at: number == at, kind))
            hold_when_broken(folder, newsroom, editions, network)
    record_property("tried", f"the network broken at {2 * len(seen)} points of S3: 0 bad versions, each retry finished")


def test_an_acknowledgement_that_is_lost_is_no_failure(s3, newsroom, asked):
    targets = {r"/probe-\w+", r"/\.claims/\d+\.json", r"/1\.0\.0/manifest\.json"}

    def choose(_, request):
        for target in targets:
            if request.method == "PUT" and re.search(target + "$", request.path.partition("?")[0]):
                targets.remove(target)
                return Fault("cut-answer")
        return None

    with asked(choose):
        made = newsroom.put_out(s3)
    assert targets == set()
    assert (made.version, made.created) == ("1.0.0", True)
    assert whole(s3) == ["1.0.0"]
    assert hidden(s3) == []


def test_what_a_killed_publisher_claimed_is_carried_out_by_whoever_publishes_next(
    memory, newsroom, editions, monkeypatch
):
    def killed(*_):
        raise ConnectionResetError(104, "killed")

    newsroom.put_out(memory)
    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "cp_file", killed)
        with pytest.raises(StoreError, match="killed"):
            newsroom.put_out(memory, "relabelled")
    assert whole(memory) == ["1.0.0"]
    newsroom.put_out(memory, "about-else")
    assert content(memory) == editions["about-else"]
    assert hidden(memory) == []


# Races.


def test_who_comes_second_makes_nothing_and_takes_its_own_away(memory, newsroom, home):
    first = newsroom.put_out(memory).path
    newsroom.put_out(home)
    place = newsroom.put_out(home, "relabelled").path
    newsroom.put_out(memory, "about-else")
    before = memory.sizes()
    store = store_of(memory)
    for number in ("1.0.1", "1.1.0", "2.0.0"):
        assert store.commit(place, number, after=Version.read(first.name)) is False
    assert memory.sizes() == before


def test_a_folder_takes_no_version_after_one_that_is_not_the_newest_any_more(home, tmp_path, newsroom):
    newsroom.put_out(home)
    newsroom.put_out(home, "relabelled")
    place = tmp_path / "place"
    place.mkdir()
    assert store_of(home).commit(place, "2.0.0", after=Version(1, 0, 0)) is False
    assert versions_in(home) == (Version(1, 0, 0), Version(1, 1, 0))


def publish_at_once(s3, newsroom, publishers, each):
    code = (
        "import runpy, sys; newsroom = runpy.run_path(sys.argv[1], run_name='newsroom')\n"
        "from copydesk.remote import place_at\n"
        "for n in range(int(sys.argv[4])):\n"
        "    print(newsroom['put_out'](place_at(sys.argv[2]), f'about-{sys.argv[3]}-{n}').version)"
    )
    commands = [
        [sys.executable, "-c", code, newsroom.__file__, str(s3), str(who), str(each)] for who in range(publishers)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    told = [version for one in running for version in one.communicate()[0].split()]
    assert [one.returncode for one in running] == [0] * publishers
    assert sorted(map(Version.read, told)) == list(versions_in(s3))
    assert len(told) == publishers * each
    assert whole(s3) == [f"1.0.{n}" for n in range(publishers * each)]
    descriptions = {open_release(s3 / one).manifest["description"] for one in told}
    assert len(descriptions) == publishers * each
    assert hidden(s3) == []


def test_processes_that_publish_at_once_make_versions_without_a_gap_and_none_is_lost(s3, newsroom):
    publish_at_once(s3, newsroom, 2, 2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_processes_that_publish_at_once_lose_no_version(s3, newsroom, record_property):
    publish_at_once(s3, newsroom, 6, 10)
    assert [verify(s3 / str(version)) for version in versions_in(s3)] == [()] * 60
    record_property("made", "60 versions by 6 processes at once on S3: unique, contiguous, none lost")


def test_events_said_at_once_get_numbers_of_their_own(s3, newsroom):
    newsroom.put_out(s3)

    def say(who):
        for n in range(2):
            add_event(s3, "alias", alias=f"a{who}-{n}", version="1.0.0")

    running = [threading.Thread(target=say, args=(who,)) for who in range(3)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    events = events_in(s3)
    assert [event.seq for event in events] == list(range(1, 7))
    assert len(state_of(events).aliases) == 6


def test_a_yanked_version_is_not_the_newest_in_a_store(memory, newsroom):
    newsroom.put_out(memory)
    newsroom.put_out(memory, "relabelled")
    add_event(memory, "yank", version="1.1.0", reason="wrong", successor="1.0.0")
    assert find_version(newsroom.NAME, folder="memory://news").name == "1.0.0"
    assert json.loads((memory / "latest.json").read_bytes())["version"] == "1.0.0"


# What is left, and what is not there.


def test_old_staging_is_swept_by_the_clock_of_the_store_and_what_a_claim_names_stays(memory, newsroom):
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
    newsroom.put_out(memory)
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
