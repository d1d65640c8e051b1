"""What is taken back goes out of the next version, marks every version that holds it, and does not come again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

from copydesk.datasets.events import add_event, events_in, latest_in, state_of
from copydesk.datasets.gc import collect
from copydesk.datasets.load import find_version, load, verify
from copydesk.datasets.publish import Plan, publish
from copydesk.datasets.retract import retract
from copydesk.datasets.splits import Shares
from copydesk.datasets.version import open_release
from copydesk.errors import StoreError, UnknownError


@pytest.fixture
def two(home, newsroom):
    """A dataset of two versions that hold the same three documents."""
    newsroom.put_out(home)
    newsroom.put_out(home, "relabelled")
    return home


def taken_back(home, newsroom, *doc_ids):
    return retract(home, doc_ids, reason="the paper withdrew it", progress=newsroom.silent)


def test_the_successor_is_the_newest_version_without_the_document_and_those_with_it_are_yanked(two, newsroom):
    done = taken_back(two, newsroom, "doc-b")
    assert (done.successor, done.yanked, done.doc_ids) == ("1.2.0", ("1.0.0", "1.1.0"), ("doc-b",))
    assert verify(two / "1.2.0") == ()
    before, after = (pd.read_parquet(two / version / "train.parquet") for version in ("1.1.0", "1.2.0"))
    pd.testing.assert_frame_equal(after, before[before.doc_id != "doc-b"].reset_index(drop=True))
    for name in ("spans", "annotations", "reads", "sources", "zones"):
        assert "doc-b" not in set(pd.read_parquet(two / "1.2.0" / name)["doc_id"])
    changes = pq.read_table(two / "1.2.0" / "changes" / "labels.parquet", partitioning=None)
    assert set(changes["cause"].to_pylist()) == {"retraction"}
    told = open_release(two / "1.2.0").manifest
    assert told["semver"]["reasons"][0] == "1 document (doc-b) went out"
    assert find_version(newsroom.NAME, folder=two.parent).name == "1.2.0"
    with pytest.warns(UserWarning, match="1 articles were retracted: the paper withdrew it; use 1.2.0"):
        load(newsroom.NAME, "1.0.0", folder=two.parent)


def test_said_again_it_changes_nothing_and_what_was_cut_off_is_finished(two, newsroom, tree):
    taken_back(two, newsroom, "doc-b")
    before = tree(two)
    again = taken_back(two, newsroom, "doc-b")
    assert (again.successor, again.yanked, again.doc_ids) == ("1.2.0", (), ())
    assert tree(two) == before


def test_a_cut_off_retraction_is_finished_by_saying_it_again(two, newsroom):
    add_event(two, "retract", doc_ids=["doc-b"], reason="the paper withdrew it")  # and then the process was killed
    done = taken_back(two, newsroom, "doc-b")
    assert (done.successor, done.yanked) == ("1.2.0", ("1.0.0", "1.1.0"))
    assert [event.kind for event in events_in(two)] == ["retract", "yank", "yank"]


def test_what_is_taken_back_is_never_published_again(two, newsroom):
    taken_back(two, newsroom, "doc-b")
    assert not newsroom.put_out(two, "relabelled").created
    made = newsroom.put_out(two)
    assert "doc-b" not in set(pd.read_parquet(made.path / "documents")["doc_id"])


def test_where_nothing_is_left_nothing_is_published(home, newsroom):
    newsroom.put_out(home)
    done = taken_back(home, newsroom, "doc-a", "doc-b", "doc-c")
    assert (done.successor, done.yanked) == ("", ("1.0.0",))
    assert latest_in(home) is None


def test_what_no_version_holds_is_refused_and_nothing_is_written(two, newsroom):
    with pytest.raises(UnknownError, match="no version of harbour-news holds doc-z"):
        taken_back(two, newsroom, "doc-z")
    assert not (two / "log").exists()


def test_a_test_document_that_is_taken_back_asks_for_a_major_version_and_leaves_a_mask(home, newsroom, monkeypatch):
    texts = {f"doc-{n:02d}": f"Ida Roe spoke {n} times." for n in range(30)}
    monkeypatch.setattr(newsroom, "READERS", dict.fromkeys(texts, ("A1", "A2")))
    spans = {f"x{doc}": (doc, "Ida Roe", 0, "PERSON", ("A1", "A2")) for doc in texts}
    plan = Plan(shares=Shares(validation=0, test=0.4))
    tables = newsroom.newsroom(texts=texts, spans=spans)
    first = publish(home, tables=tables, about=newsroom.ABOUT, plan=plan, progress=newsroom.silent).path
    tested = sorted(pd.read_parquet(first / "test.parquet")["doc_id"])
    assert taken_back(home, newsroom, tested[0]).successor == "2.0.0"
    mask = pq.read_table(home / "2.0.0" / "changes" / "test_mask.parquet", partitioning=None)
    assert mask["doc_id"].to_pylist() == tested[1:]
    after = publish(home, tables=tables, about=newsroom.ABOUT, plan=replace(plan, bump=""), progress=newsroom.silent)
    assert not after.created
    assert not (first / "changes").exists()


# --- removing --------------------------------------------------------------------------------------------------------


def now(days=0):
    return datetime.now(UTC) + timedelta(days=days)


def test_a_yanked_version_is_condemned_first_and_removed_later_and_never_a_good_or_a_named_one(two, newsroom, tree):
    taken_back(two, newsroom, "doc-b")
    add_event(two, "alias", alias="paper", version="1.0.0")
    before = tree(two)
    assert collect(two, days=30, now=now(), apply=False).condemned == ("1.1.0",)
    assert tree(two) == before, "nothing is done unasked"
    assert collect(two, days=30, now=now(), apply=True).removed == ()
    assert collect(two, days=30, now=now(29), apply=True).waiting == ("1.1.0",)
    assert verify(two / "1.1.0") == ()
    gone = collect(two, days=30, now=now(31), apply=True)
    assert (gone.removed, gone.bytes > 10_000) == (("1.1.0",), True)
    assert sorted(path.name for path in (two / "1.1.0").iterdir()) == ["REMOVED.json", "manifest.json"]
    assert collect(two, days=30, now=now(31), apply=True).removed == ()
    with (
        pytest.raises(
            StoreError,
            match=r"1\.1\.0 was removed on .*: 1 articles were retracted: the paper withdrew it \(fix: use 1\.2\.0\)",
        ),
        pytest.warns(UserWarning, match="is yanked"),
    ):
        load(newsroom.NAME, "1.1.0", folder=two.parent)
    assert verify(two / "1.0.0") == verify(two / "1.2.0") == ()


def test_a_version_that_is_unyanked_in_time_stays(two):
    add_event(two, "yank", version="1.1.0", reason="x", successor="")
    collect(two, days=0, now=now(-1), apply=True)
    add_event(two, "unyank", version="1.1.0")
    add_event(two, "yank", version="1.1.0", reason="y", successor="")
    assert collect(two, days=30, now=now(31), apply=True).condemned == ("1.1.0",)
    assert state_of(events_in(two)).yanked.keys() == {"1.1.0"}


def test_the_number_of_a_removed_version_stays_taken(two, newsroom):
    add_event(two, "yank", version="1.1.0", reason="x", successor="1.0.0")
    collect(two, days=0, now=now(), apply=True)
    collect(two, days=0, now=now(1), apply=True)
    made = newsroom.put_out(two, "relabelled")
    assert (made.version, made.created) == ("1.2.0", True)
    assert open_release(made.path).manifest["parent"]["version"] == "1.0.0"


def test_a_removal_that_was_cut_off_goes_on(two, newsroom):
    add_event(two, "yank", version="1.1.0", reason="x", successor="1.0.0")
    collect(two, days=0, now=now(), apply=True)
    (two / "1.1.0" / "REMOVED.json").write_text('{"reason": "x", "successor": "1.0.0", "removed_at": "2024-01-01"}')
    (two / "1.1.0" / "train.parquet").unlink()
    assert find_version(newsroom.NAME, folder=two.parent).name == "1.0.0"
    collect(two, days=0, now=now(1), apply=True)
    assert sorted(path.name for path in (two / "1.1.0").iterdir()) == ["REMOVED.json", "manifest.json"]
