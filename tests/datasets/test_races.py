"""Publishers, retractions and readers at the same time; clocks that go wrong; a log or a pointer that is damaged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from copydesk.datasets.events import add_event, events_in, latest_in, state_of
from copydesk.datasets.load import load, verify
from copydesk.datasets.retract import retract
from copydesk.datasets.version import open_release, versions_in
from copydesk.errors import StoreError

# Each process publishes so many contents that nobody else publishes: descriptions (a patch) and labels (a minor version) by turns.
PUBLISHER = """
import importlib.util, json, sys
from dataclasses import replace
from pathlib import Path
spec = importlib.util.spec_from_file_location("newsroom", sys.argv[1])
newsroom = importlib.util.module_from_spec(spec)
sys.modules["newsroom"] = newsroom
spec.loader.exec_module(newsroom)
for number in range(int(sys.argv[4])):
    about = replace(newsroom.ABOUT, description=f"{sys.argv[3]}-{number}")
    tables = newsroom.edition("relabelled" if number % 2 else "first")[0]
    done = newsroom.publish(Path(sys.argv[2]), tables=tables, about=about)
    print(json.dumps([about.description, done.version]), flush=True)
"""


def _publishers(newsroom, home, processes, each):
    command = [sys.executable, "-c", PUBLISHER, newsroom.__file__, str(home)]
    return [
        subprocess.Popen([*command, f"p{who}", str(each)], stdout=subprocess.PIPE, text=True)
        for who in range(processes)
    ]


def _chain(home):
    """The versions in their order; each follows the one before, by a step that its number is made of."""
    numbers = versions_in(home)
    manifests = [open_release(home / str(one)).manifest for one in numbers]
    assert [one["parent"] and one["parent"]["version"] for one in manifests] == [None, *map(str, numbers[:-1])]
    steps = [one["semver"]["bump"] for one in manifests[1:]]
    assert list(numbers[1:]) == [before.next(step) for before, step in zip(numbers, steps, strict=False)]
    assert [fault for one in numbers for fault in verify(home / str(one))] == []
    return manifests


def _at_once(newsroom, home, processes, each):
    newsroom.put_out(home)
    running = _publishers(newsroom, home, processes, each)
    while any(run.poll() is None for run in running):  # a reader never meets a version that is not whole
        assert len(load(newsroom.NAME, folder=home.parent)) == 3
    told = dict(json.loads(line) for run in running for line in run.communicate()[0].splitlines())
    assert [run.returncode for run in running] == [0] * processes
    assert len(told) == len(set(told.values())) == processes * each  # a version for each, and none given twice
    manifests = _chain(home)
    assert {one["description"]: one["version"] for one in manifests[1:]} == told  # and no content lost
    assert {one["semver"]["bump"] for one in manifests} >= {"minor", "patch"}
    assert json.loads((home / "latest.json").read_text())["version"] == manifests[-1]["version"]
    assert sorted(path.name for path in home.iterdir()) == sorted([*map(str, versions_in(home)), "latest.json"])


def test_six_publishers_at_once_make_one_chain_of_versions(home, newsroom):
    _at_once(newsroom, home, 6, 3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_six_publishers_at_once_make_one_long_chain_of_versions(home, newsroom, record_property):
    _at_once(newsroom, home, 6, 15)
    record_property("races", "6 processes x 15 publishes: 90 versions, each after the one before, all whole")


def test_nothing_that_is_retracted_is_published_by_who_was_at_work_meanwhile(home, newsroom):
    newsroom.put_out(home)
    running = _publishers(newsroom, home, 4, 3)
    running[0].stdout.readline()  # they are at it
    retract(home, ["doc-b"], reason="withdrawn", progress=newsroom.silent)
    assert [run.communicate() and run.returncode for run in running] == [0] * 4
    yanked = state_of(events_in(home)).yanked
    for version in map(str, versions_in(home)):
        held = "doc-b" in set(pd.read_parquet(home / version / "train.parquet")["doc_id"])
        assert held == (version in yanked), version
    assert "doc-b" not in set(load(newsroom.NAME, folder=home.parent)["doc_id"])
    _chain(home)


def test_what_holds_already_is_not_said_twice_and_what_held_once_is_said_anew(home, newsroom):
    newsroom.put_out(home)
    yank = {"version": "1.0.0", "reason": "x", "successor": ""}
    for _ in range(2):
        add_event(home, "yank", **yank)
    add_event(home, "unyank", version="1.0.0")
    add_event(home, "yank", **yank)
    add_event(home, "yank", **yank | {"reason": "y"})
    assert [event.kind for event in events_in(home)] == ["yank", "unyank", "yank", "yank"]


# --- clocks ----------------------------------------------------------------------------------------------------------


def test_events_hold_in_the_order_of_their_numbers_whatever_their_times_say(home, newsroom):
    newsroom.put_out(home)
    newsroom.put_out(home, "relabelled")
    add_event(home, "yank", version="1.1.0", reason="x", successor="")
    add_event(home, "unyank", version="1.1.0")
    for year, file in zip((2031, 1999), sorted((home / "log").iterdir()), strict=True):
        said = json.loads(file.read_text()) | {"at": f"{year}-01-01T00:00:00+00:00"}
        file.chmod(0o644)
        file.write_text(json.dumps(said))
    assert [event.at[:4] for event in events_in(home)] == ["2031", "1999"]
    assert str(latest_in(home).version) == "1.1.0"
    assert add_event(home, "yank", version="1.1.0", reason="y", successor="").seq == 3
    assert str(latest_in(home).version) == "1.0.0"


@pytest.mark.parametrize("epochs", [("4000000000", "86400"), ("86400", "4000000000")], ids=["back", "ahead"])
def test_a_clock_that_jumped_changes_neither_the_number_nor_what_is_newest(home, newsroom, monkeypatch, epochs):
    for at, (edition, epoch) in enumerate(zip(("first", "relabelled"), epochs, strict=True)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        made = newsroom.put_out(home, edition)
        for path in (made.path, *made.path.rglob("*")):
            os.utime(path, (int(epoch), int(epoch)))
        assert (made.version, str(latest_in(home).version)) == (f"1.{at}.0", f"1.{at}.0")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epochs[0])
    assert not newsroom.put_out(home, "relabelled").created
    left = home / ".staging" / ".tmp-1-left"
    left.mkdir(parents=True)
    os.utime(left, (4_000_000_000, 4_000_000_000))  # from tomorrow, and swept all the same
    newsroom.put_out(home)
    assert not left.exists()


# --- damage ----------------------------------------------------------------------------------------------------------


def _torn(home):
    file = home / "log" / "00000001.json"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:20])


@pytest.mark.parametrize("command", ["publish", "yank", "retract"])
def test_beside_a_torn_log_nothing_is_written(home, newsroom, tree, command):
    newsroom.put_out(home)
    add_event(home, "alias", alias="stable", version="1.0.0")
    _torn(home)
    before = tree(home)
    commands = {
        "publish": lambda: newsroom.put_out(home, "relabelled"),
        "yank": lambda: add_event(home, "yank", version="1.0.0", reason="x", successor=""),
        "retract": lambda: retract(home, ["doc-b"], reason="x", progress=newsroom.silent),
    }
    with pytest.raises(StoreError, match=r"log/00000001\.json is damaged.*restore it, or remove it and say again"):
        commands[command]()
    assert tree(home) == before


@pytest.mark.parametrize("content", [None, b"", b'{"version": "1.', b'{"version": "7.0.0", "manifest_sha256": ""}'])
def test_a_pointer_that_is_missing_torn_or_wrong_misleads_nobody_and_is_made_anew(home, newsroom, content):
    newsroom.put_out(home)
    newsroom.put_out(home, "relabelled")
    pointer = Path(home / "latest.json")
    right = pointer.read_bytes()
    pointer.unlink()
    if content is not None:
        pointer.write_bytes(content)
    assert str(latest_in(home).version) == "1.1.0"
    assert not newsroom.put_out(home, "relabelled").created
    assert pointer.read_bytes() == right
