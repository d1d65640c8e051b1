"""Version numbers: which one follows from what changed."""

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.diff import Difference
from copydesk.datasets.layout import TABLES, file_of
from copydesk.datasets.load import versions
from copydesk.datasets.rules import LEVELS, Side, judge
from copydesk.datasets.version import Version
from copydesk.errors import DataError, StoreError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows


def _schema(newsroom, change):
    schema = newsroom.SCHEMA
    data = {
        "name": schema.name,
        "version": schema.version,
        "title": schema.title,
        "labels": [
            {"name": one.name, "definition": one.definition, "hotkey": one.hotkey, "colour": one.colour}
            for one in schema.labels
        ],
        "relations": [
            {"name": "located_in", "definition": "The head is in the tail.", "heads": [], "tails": ["PLACE"]}
        ],
        "attributes": [
            {
                "name": "certainty",
                "definition": "How sure.",
                "kind": "choice",
                "choices": [{"name": "sure"}, {"name": "unsure"}],
            }
        ],
    }
    change(data)
    return LabelSchema.read(data, place="schema.toml", guidelines=schema.guidelines)


def _about(**changes):
    return lambda newsroom: (newsroom.newsroom(), replace(newsroom.ABOUT, **changes))


def _with_schema(change):
    return lambda newsroom: (newsroom.newsroom(), replace(newsroom.ABOUT, schema=_schema(newsroom, change)))


def _spans(**changes):
    def make(newsroom):
        spans = {key: changes.get(key, value) for key, value in newsroom.SPANS.items()}
        spans |= changes
        return newsroom.newsroom(spans={key: value for key, value in spans.items() if value}), newsroom.ABOUT

    return make


def _texts(**changes):
    def make(newsroom):
        texts = {key: changes.get(key.replace("-", "_"), text) for key, text in newsroom.TEXTS.items()}
        return newsroom.newsroom(texts={key: text for key, text in texts.items() if text}), newsroom.ABOUT

    return make


def _rows(table, **values):
    def make(newsroom):
        tables = newsroom.newsroom()
        rows = tables[table].to_pylist()
        rows[0] |= values
        return tables | {table: from_rows(table, rows)}, newsroom.ABOUT

    return make


def _relabel(data):
    data["labels"][1]["name"] = "LOCATION"
    data["relations"][0]["tails"] = ["LOCATION"]


def _relabelled(newsroom):
    spans = {k: (*v[:3], "LOCATION" if v[3] == "PLACE" else v[3], v[4]) for k, v in newsroom.SPANS.items()}
    return newsroom.newsroom(spans=spans), replace(newsroom.ABOUT, schema=_schema(newsroom, _relabel))


SHIP = {"name": "SHIP", "definition": "A ship.", "hotkey": "3", "colour": "#0000aa"}
NEXT = {
    "a text changed": (_texts(doc_c="Nothing of note happened!"), "2.0.0", "the text of 1 document (doc-c) changed"),
    "a label renamed": (_relabelled, "2.0.0", "label PLACE is called LOCATION now"),
    "a label defined anew": (
        _with_schema(lambda data: data["labels"][0].update(definition="Anybody.")),
        "2.0.0",
        "label PERSON is defined anew",
    ),
    "a choice lost": (
        _with_schema(lambda data: data["attributes"][0]["choices"].pop()),
        "2.0.0",
        "attribute certainty lost the choice unsure",
    ),
    "a relation's rule changed": (
        _with_schema(lambda data: data["relations"][0].update(tails=[])),
        "2.0.0",
        "relation located_in follows other rules (tails)",
    ),
    "a relation gone": (_with_schema(lambda data: data["relations"].clear()), "", "unknown label 'located_in'"),
    "another overlap": (
        _with_schema(lambda data: data.update(overlap="any")),
        "2.0.0",
        "overlap of spans was 'nested' and is 'any'",
    ),
    "the licence changed": (
        _about(licence="CC-BY-4.0"),
        "2.0.0",
        "the dataset's licence was 'CC0-1.0' and is 'CC-BY-4.0'",
    ),
    "a document's licence changed": (
        _rows("documents", licence="all rights reserved"),
        "2.0.0",
        "the licence of 1 document (doc-a) changed",
    ),
    "a document removed": (_texts(doc_c=""), "1.1.0", "1 document (doc-c) went out"),
    "a label corrected": (
        _spans(s4=("doc-b", "Ilo", 0, "PERSON", ("A1",))),
        "1.1.0",
        "labels of known documents were corrected: 1 relabelled",
    ),
    "a span lost": (_spans(s4=None), "1.1.0", "labels of known documents were corrected: 1 removed"),
    "a boundary moved": (
        _spans(s5=("doc-b", "Ida", 0, "PERSON", ("A1", "A2"))),
        "1.1.0",
        "labels of known documents were corrected: 1 moved",
    ),
    "an attribute corrected": (
        _rows("agreed_spans", attributes=[]),
        "1.1.0",
        "labels of known documents were corrected: 1 reworded",
    ),
    "a new label": (_with_schema(lambda data: data["labels"].append(SHIP)), "1.1.0", "label SHIP is new"),
    "a new choice": (
        _with_schema(lambda data: data["attributes"][0]["choices"].append({"name": "open"})),
        "1.1.0",
        "attribute certainty has the new choice open",
    ),
    "a judgement more": (_rows("reads", lead_time=99.0), "1.1.0", "annotators' judgements changed: annotations, reads"),
    "zones redrawn": (_rows("zones", end=3), "1.1.0", "the zones of the texts changed"),
    "sentences cut anew": (_rows("sentences", end=3), "1.1.0", "the sentences of the texts changed"),
    "a title corrected": (
        _rows("documents", title="Another"),
        "1.1.0",
        "values that belong to documents and labels changed: default, documents",
    ),
    "the description changed": (_about(description="Other words."), "1.0.1", "the description changed"),
    "the suites changed": (_about(suites={}), "1.0.1", "the expectation suites changed"),
    "the lineage changed": (_about(lineage={"project": 7}), "1.0.1", "where the labels were made changed"),
    "a figure of agreement": (_rows("agreement", value=0.5), "1.0.1", "the agreement figures changed"),
    "a hotkey changed": (
        _with_schema(lambda data: data["labels"][0].update(hotkey="9")),
        "1.0.1",
        "the labelling schema changed where it does not touch the label set",
    ),
    "a definition broken into other lines": (
        _with_schema(lambda data: data["labels"][0].update(definition="A person\nwith a name.")),
        "1.0.1",
        "the label set's name, version or title changed",
    ),
}


@pytest.mark.parametrize(("make", "version", "reason"), NEXT.values(), ids=NEXT.keys())
def test_the_next_number_follows_from_what_changed(home, newsroom, make, version, reason):
    newsroom.put_out(home)
    tables, about = make(newsroom)
    if not version:
        with pytest.raises(DataError, match=reason):
            newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent)
        return
    made = newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent)
    assert (made.version, made.reasons[0]) == (version, reason)
    assert not newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent).created


def test_a_new_document_is_minor_and_a_step_back_is_a_version_too(home, newsroom):
    small = newsroom.newsroom(texts={key: newsroom.TEXTS[key] for key in ("doc-a", "doc-c")})
    newsroom.publish(home, tables=small, about=newsroom.ABOUT, progress=newsroom.silent)
    grown = newsroom.put_out(home)
    assert (grown.version, grown.reasons) == ("1.1.0", ("1 document (doc-b) came in",))
    back = newsroom.publish(home, tables=small, about=newsroom.ABOUT, progress=newsroom.silent)
    assert (back.version, back.reasons) == ("1.2.0", ("1 document (doc-b) went out",))
    assert "## 1.1.0: minor, since 1.0.0" in (back.path / "CHANGES.md").read_text()


def _put_out_texts(home, newsroom, **texts):
    tables, about = _texts(**texts)(newsroom)
    return newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent)


CHANGED = "Nothing of note happened!"


def test_a_text_that_changed_while_its_document_was_out_is_major(home, newsroom):
    newsroom.put_out(home)
    assert _put_out_texts(home, newsroom, doc_c="").version == "1.1.0"
    assert _put_out_texts(home, newsroom, doc_b="", doc_c="").version == "1.2.0"
    back = _put_out_texts(home, newsroom, doc_b="", doc_c=CHANGED)
    assert (back.version, back.bump) == ("2.0.0", "major")
    assert back.reasons == (
        "the text of 1 document (doc-c) changed since 1.0.0, which held it last",
        "1 document (doc-c) came in",
    )
    assert back.reasons[0] in (back.path / "CHANGES.md").read_text()


def test_a_document_that_comes_back_as_it_went_out_is_minor(home, newsroom):
    newsroom.put_out(home)
    _put_out_texts(home, newsroom, doc_c="")
    back = _put_out_texts(home, newsroom)
    assert (back.version, back.reasons) == ("1.2.0", ("1 document (doc-c) came in",))


def test_each_document_is_compared_with_the_version_that_held_it_last(home, newsroom):
    newsroom.put_out(home)
    assert _put_out_texts(home, newsroom, doc_c=CHANGED).version == "2.0.0"
    _put_out_texts(home, newsroom, doc_c="")
    assert _put_out_texts(home, newsroom, doc_c=CHANGED).version == "2.2.0", "2.0.0 held it with this text"
    _put_out_texts(home, newsroom, doc_b="", doc_c=CHANGED)
    _put_out_texts(home, newsroom, doc_b="", doc_c="")
    both = _put_out_texts(home, newsroom, doc_c="Nothing.", doc_b=newsroom.TEXTS["doc-b"] + "!")
    assert both.version == "3.0.0"
    assert both.reasons[:2] == (
        "the text of 1 document (doc-c) changed since 2.3.0, which held it last",
        "the text of 1 document (doc-b) changed since 2.2.0, which held it last",
    )


def test_earlier_versions_are_read_no_further_down_than_a_document_that_came_in_asks_for(home, newsroom):
    file = newsroom.put_out(home).path / file_of("documents")
    longer = newsroom.TEXTS["doc-a"] + "!"
    _put_out_texts(home, newsroom, doc_a=longer)
    file.chmod(0o644)
    file.write_bytes(b"PAR1")
    assert _put_out_texts(home, newsroom, doc_a=longer, doc_c="").version == "2.1.0", "nothing came in"
    assert _put_out_texts(home, newsroom, doc_a=longer).version == "2.2.0", "2.0.0 held what came in"
    more = newsroom.newsroom()
    more = {name: _renamed(table, "doc-c", "doc-d") for name, table in more.items()}
    with pytest.raises(StoreError, match=r"cannot read .*1\.0\.0/documents/train\.parquet"):
        newsroom.publish(home, tables=more, about=newsroom.ABOUT, progress=newsroom.silent)


def _renamed(table, old, new):
    rows = [row | {"doc_id": new} if row.get("doc_id") == old else row for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=table.schema)


def test_the_gravest_reason_counts_and_stands_first(home, newsroom):
    newsroom.put_out(home)
    tables, _ = newsroom.edition("relabelled")
    about = replace(newsroom.ABOUT, licence="other", description="New.")
    made = newsroom.publish(home, tables=tables, about=about, progress=newsroom.silent)
    assert made.version == "2.0.0"
    assert made.reasons[0].startswith("the dataset's licence")
    assert made.reasons[-1] == "the description changed"


def test_versions_sort_as_numbers_do(tmp_path):
    for name in ("1.10.0", "1.9.0", "1.2.30", "10.0.0", "01.0.0", "latest", ".staging", "1.0"):
        (tmp_path / "x" / name).mkdir(parents=True)
    assert versions("x", folder=tmp_path) == ("1.2.30", "1.9.0", "1.10.0", "10.0.0")


@given(st.tuples(*[st.integers(0, 10**6)] * 3), st.sampled_from(LEVELS))
def test_the_next_number_is_higher_and_survives_writing(parts, bump):
    version = Version(*parts)
    assert version.next(bump) > version
    assert Version.read(str(version)) == version


PARTS = (
    *(f"tables/{name}" for name in TABLES),
    *["description", "licence", "language", "suites", "lineage", "labels", "schema", "guidelines"],
)
PARTS = (*PARTS, "agreement", "findings", "splits")


@settings(deadline=None)
@given(st.sets(st.sampled_from([part for part in PARTS if part != "licence"]), min_size=1))
def test_whatever_part_changes_there_is_a_reason(newsroom, changed):
    label_set = newsroom.ABOUT.label_set
    old = Side(format=2, content=dict.fromkeys(PARTS, "a"), columns={}, label_set=label_set, licence="x")
    new = replace(old, content=old.content | dict.fromkeys(changed, "b"))
    bump = judge(old, new, difference=Difference())
    assert bump.reasons
    assert (bump.level == "patch") == changed.isdisjoint({f"tables/{name}" for name in TABLES if name != "sources"})


COLUMNS = {"spans": [{"name": "start", "type": "int64"}, {"name": "end", "type": "int64"}]}


def nested(*names):
    fields = [{"name": name, "type": "string"} for name in names]
    return {"spans": [*COLUMNS["spans"][:1], {"name": "end", "type": "list<struct>", "fields": fields}]}


OTHER_COLUMNS = {
    "gone": ({"spans": COLUMNS["spans"][:1]}, "major", "column end of spans is gone"),
    "retyped": (
        {"spans": [*COLUMNS["spans"][:1], {"name": "end", "type": "int32"}]},
        "major",
        "column end of spans has another type",
    ),
    "new": ({"spans": [*COLUMNS["spans"], {"name": "x", "type": "bool"}]}, "minor", "column x of spans is new"),
    "table gone": ({}, "major", "table spans is gone"),
    "table new": (COLUMNS | {"events": COLUMNS["spans"]}, "minor", "table events is new"),
}


@pytest.mark.parametrize(("columns", "level", "reason"), OTHER_COLUMNS.values(), ids=OTHER_COLUMNS.keys())
def test_columns_and_tables_that_go_are_major_and_that_come_are_minor(newsroom, columns, level, reason):
    old = Side(format=2, content={}, columns=COLUMNS, label_set=newsroom.ABOUT.label_set, licence="x")
    bump = judge(old, replace(old, columns=columns), difference=Difference())
    assert (bump.level, bump.reasons) == (level, (reason,))


@pytest.mark.parametrize(
    ("names", "level", "reason"),
    [
        (("id", "label", "posterior"), "minor", "column end of spans has the new fields posterior"),
        (("id", "posterior"), "major", "column end of spans has another type"),
        (("id",), "major", "column end of spans has another type"),
    ],
)
def test_fields_that_come_to_the_structs_of_a_column_are_minor_and_others_major(newsroom, names, level, reason):
    old = Side(format=2, content={}, columns=nested("id", "label"), label_set=newsroom.ABOUT.label_set, licence="x")
    bump = judge(old, replace(old, columns=nested(*names)), difference=Difference())
    assert (bump.level, bump.reasons) == (level, (reason,))
