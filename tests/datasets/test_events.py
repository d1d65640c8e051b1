"""What is said of versions after they were published: it is kept in order, once, whole, whoever comes at the same time."""

import json
import subprocess
import sys
import warnings

import pytest

from copydesk.datasets.events import add_event, events_in, latest_in, state_of
from copydesk.datasets.load import find_version, load
from copydesk.errors import StoreError, UnknownError


@pytest.fixture
def two(home, newsroom):
    """A dataset of two versions."""
    newsroom.put_out(home)
    newsroom.put_out(home, "relabelled")
    return home


@pytest.fixture
def command(two):
    """A function that runs a command of Copydesk in a workspace whose dataset this is."""
    root = two.parents[1]
    (root / "copydesk.toml").write_text('name = "harbour-news"\nschema = "none"\n')

    def run(*words):
        program = [sys.executable, "-c", "from copydesk.cli import main; main()", "--workspace", str(root), *words]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    return run


def pointed(home):
    return json.loads((home / "latest.json").read_text())["version"]


def test_a_yanked_version_is_not_the_newest_and_whoever_names_it_is_warned(two, command, newsroom):
    assert pointed(two) == "1.1.0"
    done = command("yank", newsroom.NAME, "1.1.0", "--reason", "labels of a test annotator", "--successor", "1.0.0")
    assert done.stdout == "harbour-news: version 1.1.0 is yanked: labels of a test annotator; use 1.0.0\n"
    assert find_version(newsroom.NAME, folder=two.parent).name == pointed(two) == "1.0.0"
    with pytest.warns(UserWarning, match=r"1\.1\.0 is yanked: labels of a test annotator; use 1\.0\.0"):
        load(newsroom.NAME, "1.1.0", folder=two.parent)
    assert "is yanked: labels of a test annotator" in command("load", newsroom.NAME, "1.1.0").stderr
    assert command("yank", newsroom.NAME, "1.1.0", "--undo").returncode == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_version(newsroom.NAME, "1.1.0", folder=two.parent).name == pointed(two) == "1.1.0"


def test_where_every_version_is_yanked_none_is_loaded_unasked(two, newsroom):
    for version in ("1.0.0", "1.1.0"):
        add_event(two, "yank", version=version, reason="all wrong", successor="")
    assert latest_in(two) is None
    assert not (two / "latest.json").exists()
    with pytest.raises(UnknownError, match="every version of harbour-news is yanked"):
        load(newsroom.NAME, folder=two.parent)


def test_an_alias_stands_for_a_number_and_moves(two, command, newsroom):
    assert command("alias", newsroom.NAME, "stable", "1.0.0").stdout == "harbour-news: stable is 1.0.0\n"
    assert find_version(newsroom.NAME, "stable", folder=two.parent).name == "1.0.0"
    assert json.loads(command("alias", newsroom.NAME, "stable", "1.1.0", "--json").stdout)["version"] == "1.1.0"
    assert find_version(newsroom.NAME, "stable", folder=two.parent).name == "1.1.0"
    assert command("alias", newsroom.NAME, "stable", "--remove").returncode == 0
    missing = command("load", newsroom.NAME, "stable")
    assert (missing.returncode, "no version 'stable' of harbour-news; there are: 1.0.0, 1.1.0" in missing.stderr) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("yank", "harbour-news", "9.0.0", "--reason", "x"), "no version '9.0.0' of harbour-news"),
        (("yank", "harbour-news", "1.0.0"), "give --reason, or --undo"),
        (("yank", "elsewhere", "1.0.0", "--reason", "x"), "no dataset 'elsewhere'"),
        (("yank", "harbour-news", "../1.0.0", "--reason", "x"), "no version '../1.0.0'"),
        (("alias", "harbour-news", "a/b", "1.0.0"), "'a/b' cannot be an alias"),
        (("alias", "harbour-news", "2.0.0", "1.0.0"), "'2.0.0' cannot be an alias"),
        (("alias", "harbour-news", "stable", "--remove"), "no version of harbour-news is called 'stable'"),
        (("alias", "harbour-news", "stable"), "name a version, or --remove"),
    ],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(two, command, words, said):
    done = command(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (two / "log").exists()


def test_processes_that_write_at_once_get_numbers_of_their_own(two):
    code = (
        "import sys; from pathlib import Path; from copydesk.datasets.events import add_event\n"
        "for n in range(10): add_event(Path(sys.argv[1]), 'alias', alias=f'a{sys.argv[2]}-{n}', version='1.0.0')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(two), str(who)]) for who in range(4)]
    assert [one.wait() for one in running] == [0] * 4
    events = events_in(two)
    assert [event.seq for event in events] == list(range(1, 41))
    assert len(state_of(events).aliases) == 40
    assert sorted(file.name for file in (two / "log").iterdir()) == [f"{number:08d}.json" for number in range(1, 41)]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"event": "yank"}', b'{"event": "fly", "at": ""}'])
def test_a_damaged_event_is_named_and_nothing_is_guessed(two, content):
    add_event(two, "yank", version="1.1.0", reason="x", successor="")
    file = two / "log" / "00000001.json"
    file.chmod(0o644)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"log/00000001\.json"):
        latest_in(two)
