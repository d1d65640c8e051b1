"""A store or a network breaks for good at an operation, before or after it is done: that is all that a killed publisher leaves.

Then there is the old version or the new one, whole, and publishing again finishes.
"""

import re
from contextlib import contextmanager

import fsspec
import pytest
from faultproxy import Fault
from fsspec.implementations.memory import MemoryFileSystem
from stored import content, hidden, md5, whole

from copydesk.datasets.version import versions_in
from copydesk.errors import StoreError

# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


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
