"""Who publishes or speaks at the same time as others in one store gets a number of its own, and nothing is lost."""

import json
import os
import subprocess
import sys
import threading

import pytest
from stored import hidden, whole

from copydesk.datasets.events import add_event, events_in, state_of
from copydesk.datasets.load import find_version, verify
from copydesk.datasets.stores import store_of
from copydesk.datasets.version import Version, open_release, versions_in

# Of the server's own libraries, not of ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


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
    # The client's own retries, which the other tests turn off: this server answers 500 to some listings.
    retrying = {name: value for name, value in os.environ.items() if name != "AWS_MAX_ATTEMPTS"}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=retrying) for command in commands]
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
