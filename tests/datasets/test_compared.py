"""Two versions beside each other: every changed label with its cause, in its text; and whether scores may be compared."""

import json
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from copydesk.datasets.causes import CAUSED, CAUSES
from copydesk.datasets.compared import comparability, compared
from copydesk.datasets.events import add_event
from copydesk.datasets.publish import Plan, publish
from copydesk.datasets.shown import page
from copydesk.datasets.splits import Shares
from copydesk.model.schema import LabelSchema


def put_out(home, newsroom, tables=None, about=None):
    return newsroom.publish(home, tables=tables or newsroom.newsroom(), about=about or newsroom.ABOUT)


def told(path):
    rows = pq.read_table(path / "changes" / "labels.parquet", partitioning=None)
    assert rows.schema.equals(CAUSED)
    return [(row["kind"], row["old_label"], row["new_label"], row["surface"], row["cause"]) for row in rows.to_pylist()]


def test_the_first_version_has_no_changes_and_a_later_one_keeps_them(home, newsroom):
    first = put_out(home, newsroom).path
    assert not (first / "changes").exists()
    spans = newsroom.SPANS | {"s5": ("doc-b", "Ida Roe", 0, "PLACE", ("A1", "A2"))}
    second = put_out(home, newsroom, newsroom.newsroom(spans=spans)).path
    assert told(second) == [("relabelled", "PERSON", "PLACE", "Ida Roe", "decision")]


def _without(newsroom, doc_id):
    return newsroom.newsroom(texts={one: text for one, text in newsroom.TEXTS.items() if one != doc_id})


CASES = {
    "new article": (lambda n: _without(n, "doc-b"), lambda n: n.newsroom(), {"new article"}),
    "withdrawn article": (lambda n: n.newsroom(), lambda n: _without(n, "doc-b"), {"withdrawn article"}),
    "revision": (
        lambda n: n.newsroom(),
        lambda n: n.newsroom(texts=n.TEXTS | {"doc-b": n.TEXTS["doc-b"] + " She left."}),
        {"revision"},
    ),
    "decision": (
        lambda n: n.newsroom(),
        lambda n: n.newsroom(spans={key: span for key, span in n.SPANS.items() if key != "s4"}),
        {"decision"},
    ),
}


@pytest.mark.parametrize(("before", "after", "causes"), CASES.values(), ids=CASES.keys())
def test_each_change_has_its_cause(home, newsroom, before, after, causes):
    put_out(home, newsroom, before(newsroom))
    found = {row[-1] for row in told(put_out(home, newsroom, after(newsroom)).path)}
    assert found == causes <= set(CAUSES)


def test_a_retracted_article_is_told_from_one_that_left(home, newsroom):
    put_out(home, newsroom)
    add_event(home, "retract", doc_ids=["doc-b"], reason="the paper withdrew it")
    assert {row[-1] for row in told(put_out(home, newsroom, _without(newsroom, "doc-b")).path)} == {"retraction"}


def test_adjudicated_labels_new_readers_and_corrected_annotations_are_told_apart(home, newsroom, monkeypatch):
    put_out(home, newsroom)
    monkeypatch.setitem(newsroom.READERS, "doc-b", ("A1", "A2", "A3"))
    spans = {key: span for key, span in newsroom.SPANS.items() if key != "s4"}
    read = put_out(home, newsroom, newsroom.newsroom(spans=spans))
    assert told(read.path) == [("removed", "PLACE", None, "Ilo", "new annotator")]
    tables = newsroom.newsroom()
    at = tables["agreed_spans"]["span_id"].to_pylist().index("s4")
    rows = tables["agreed_spans"].to_pylist()
    rows[at]["decided"] = "adjudicated"
    tables["agreed_spans"] = type(tables["agreed_spans"]).from_pylist(rows, schema=tables["agreed_spans"].schema)
    assert told(put_out(home, newsroom, tables).path) == [("added", None, "PLACE", "Ilo", "adjudication")]


def test_a_label_that_the_other_schema_does_not_know_is_a_migration(home, newsroom):
    put_out(home, newsroom)
    schema = newsroom.SCHEMA
    labels = tuple(replace(one, name="SITE") if one.name == "PLACE" else one for one in schema.labels)
    relations = tuple(replace(one, tails=("SITE",)) for one in schema.relations)
    spans = {
        k: (d, s, n, "SITE" if label == "PLACE" else label, w) for k, (d, s, n, label, w) in newsroom.SPANS.items()
    }
    about = replace(newsroom.ABOUT, schema=replace(schema, labels=labels, relations=relations))
    made = put_out(home, newsroom, newsroom.newsroom(spans=spans), about)
    assert {row[-1] for row in told(made.path)} == {"migration"}
    assert isinstance(about.schema, LabelSchema)


@pytest.fixture
def two(home, newsroom):
    """Two versions, one label between them, in a workspace."""
    put_out(home, newsroom)
    hostile = newsroom.TEXTS | {"doc-b": "Ships 🚢🚢 waited off Ilo.\n\n<script>alert(1)</script>\u202e Ida Roe spoke."}
    put_out(home, newsroom, newsroom.newsroom(texts=hostile))
    spans = newsroom.SPANS | {"s5": ("doc-b", "Ida Roe", 0, "PLACE", ("A1", "A2"))}
    put_out(home, newsroom, newsroom.newsroom(texts=hostile, spans=spans))
    (home.parents[1] / "copydesk.toml").write_text('name = "harbour-news"\nschema = "none"\n')
    return home


@pytest.fixture
def command(two):
    """A function that runs a command of Copydesk there."""

    def run(*words):
        program = [sys.executable, "-c", "from copydesk.cli import main; main()", "--workspace", str(two.parents[1])]
        return subprocess.run([*program, *words], capture_output=True, text=True, check=False)

    return run


def test_the_difference_is_printed_with_its_text_and_a_program_gets_every_row(command, newsroom):
    shown = command("diff", newsroom.NAME, "2.0.0", "2.1.0")
    assert shown.returncode == 0, shown.stderr
    assert "spans PLACE: 1 relabelled\n" in shown.stdout
    assert "doc-b (train) span relabelled, decision: PERSON" in shown.stdout
    assert "[Ida Roe] spoke." in shown.stdout
    assert "\\u202e" in shown.stdout, "what a terminal would obey is escaped"
    rows = json.loads(command("diff", newsroom.NAME, "2.0.0", "2.1.0", "--json").stdout)
    assert [row["new_label"] for row in rows["labels"]] == ["PLACE"]
    assert rows["causes"] == {"decision": 1}
    back = json.loads(command("diff", newsroom.NAME, "2.1.0", "2.0.0", "--json").stdout)
    assert [row["new_label"] for row in back["labels"]] == ["PERSON"]


def test_the_page_shows_what_came_from_outside_as_text(two, command, tmp_path, newsroom):
    done = command("diff", newsroom.NAME, "1.0.0", "2.1.0", "--html", str(tmp_path / "diff.html"))
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "diff.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<ins>Ida Roe</ins>" in html
    assert "default-src 'none'" in html
    assert page(compared(two, "1.0.0", "2.1.0"), limit=1).count("<del>") <= 1


def test_the_log_lists_versions_with_reasons_and_what_was_said_of_them(two, command, newsroom):
    add_event(two, "alias", alias="stable", version="1.0.0")
    add_event(two, "yank", version="2.0.0", reason="labels are missing", successor="2.1.0")
    shown = command("log", newsroom.NAME).stdout
    assert shown.startswith("2.1.0: labels of known documents were corrected: 1 relabelled; ")
    assert "\n2.0.0: the text of 1 document (doc-b) changed\n" in shown
    assert "  version 2.0.0 is yanked: labels are missing; use 2.1.0\n" in shown
    assert "1.0.0 (stable): this is the first version\n" in shown
    told = json.loads(command("log", newsroom.NAME, "--json").stdout)
    assert [one["version"] for one in told["versions"]] == ["2.1.0", "2.0.0", "1.0.0"]
    assert [one["event"] for one in told["events"]] == ["alias", "yank"]


def test_scores_may_be_compared_on_the_same_test_set_and_else_on_the_mask(home, newsroom, tmp_path, command):
    texts = {f"doc-{n:02d}": f"Ida Roe spoke {n} times." for n in range(30)}
    newsroom.READERS.update(dict.fromkeys(texts, ("A1", "A2")))
    plan = Plan(shares=Shares(validation=0, test=0.5))
    place = tmp_path / "other" / newsroom.NAME

    def made(labels):
        spans = {f"x{doc}": (doc, "Ida Roe", 0, labels.get(doc, "PERSON"), ("A1", "A2")) for doc in texts}
        tables = newsroom.newsroom(texts=texts, spans=spans)
        return publish(place, tables=tables, about=newsroom.ABOUT, plan=plan, progress=newsroom.silent).path

    first = made({})
    tested, trained = (pd.read_parquet(first / f"{split}.parquet")["doc_id"].tolist() for split in ("test", "train"))
    second = made({trained[0]: "PLACE"})
    same = comparability(first, second)
    assert (same.comparable, same.mask["doc_id"].to_pylist(), same.alone) == (True, sorted(tested), (0, 0))
    third = made({trained[0]: "PLACE", tested[0]: "PLACE"})
    other = comparability(second, third)
    assert (other.comparable, other.mask["doc_id"].to_pylist(), other.alone) == (False, sorted(tested)[1:], (1, 1))
    done = command("compare", newsroom.NAME, "1.0.0", "2.0.0", "--mask", str(tmp_path / "mask.parquet"))
    assert done.returncode == 1, "there is no test set in these"
    assert "0 test documents are the same" in done.stdout
    assert pq.read_table(tmp_path / "mask.parquet").num_rows == 0
