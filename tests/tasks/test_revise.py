"""Rules for revisions: what need not be read again, and what an annotator is shown of earlier work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pytest

from copydesk.model.document import text_sha256
from copydesk.model.tables import DOCUMENTS, empty, from_rows, from_tuples
from copydesk.tasks import CARRIED, build_tasks, unchanged_since, with_carried

OLD = "Troops took Qaim on Friday.\nClick here to subscribe.\nRebels fled to Mosul."


def documents(*texts: str) -> pa.Table:
    blank = {**dict.fromkeys(DOCUMENTS.names), "source": "s", "raw_sha256": "0", "recipe": "r", "doc_id": "d"}
    rows = [
        {**blank, "revision": at, "text": text, "text_sha256": text_sha256(text)} for at, text in enumerate(texts, 1)
    ]
    return from_rows("documents", rows[::-1])


def promos(*texts: str) -> pa.Table:
    """A zone around each line that asks to subscribe."""
    rows = []
    for revision, text in enumerate(texts, 1):
        start = text.find("Click")
        if start >= 0:
            end = text.find("\n", start)
            rows.append(("d", revision, 0, "promo", start, end if end >= 0 else len(text), "r", None, None))
    return from_tuples("zones", rows)


def anchor(
    quote: str, label: str, *, text: str, who: str = "A1", how: str = "moved", score: float = 1.0
) -> dict[str, Any]:
    start = text.index(quote) if how != "lost" else None
    return {
        "annotation_id": f"1-{who}",
        "span_id": "s" if how in ("exact", "moved") else None,
        "doc_id": "d",
        "revision": 2,
        "annotator": who,
        "label": label,
        "start": start,
        "end": None if start is None else start + len(quote),
        "made_on_revision": 1,
        "made_start": 0,
        "made_end": 4,
        "made_surface": "made",
        "anchored": how,
        "anchor_score": score,
    }


def anchors(rows: Iterable[dict[str, Any]] = ()) -> pa.Table:
    return from_rows("anchors", rows)


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (OLD.replace("Click here to subscribe.\n", ""), True),
        (OLD.replace("Click here to subscribe.", "Click here to read on."), True),
        (OLD.replace("\n", "\n\n").replace("Friday", "FRIDAY"), True),
        (OLD.replace("took", "lost"), False),
        (OLD.replace("took", "took not"), False),
        (OLD.replace(" on Friday", ""), False),
        (OLD.replace("Friday.", "Friday?"), False),
        ("\n".join(reversed(OLD.splitlines())), False),
    ],
)
def test_a_revision_with_the_same_words_need_not_be_read_again(new: str, same: bool) -> None:
    found = unchanged_since(documents(OLD, new), zones=promos(OLD, new), anchors=anchors())
    assert found == ({"d": frozenset({text_sha256(OLD)})} if same else {})


def test_a_document_of_which_a_label_waits_for_a_person_is_read_again() -> None:
    new = OLD.replace("\n", "\n\n")
    waiting = anchors([anchor("Qaim", "PLACE", text=new, how="fuzzy", score=0.8)])
    assert unchanged_since(documents(OLD, new), zones=promos(OLD, new), anchors=waiting) == {}
    lost = anchors([anchor("Qaim", "PLACE", text=new, how="lost", score=0.1)])
    assert unchanged_since(documents(OLD, new), zones=promos(OLD, new), anchors=lost) != {}


def test_every_older_text_that_says_the_same_is_named() -> None:
    texts = (OLD, "Something else.", OLD.replace("\n", "\n\n"), OLD.replace("took", "TOOK"))
    found = unchanged_since(documents(*texts), zones=promos(*texts), anchors=anchors())
    assert found == {"d": frozenset({text_sha256(texts[0]), text_sha256(texts[2])})}
    assert unchanged_since(documents(OLD), zones=promos(OLD), anchors=anchors()) == {}


NEW = "Troops took Qaim on Friday. Hit fell on Sunday.\nRebels fled to Mosul."


def suggested(*rows: tuple[str, str]) -> pa.Table:
    made = [
        ("d", NEW.index(quote), NEW.index(quote) + len(quote), quote, label, "name", 0.9, []) for quote, label in rows
    ]
    return from_tuples("suggestions", made)


def unread(quote: str) -> pa.Table:
    start = NEW.index(quote)
    return from_tuples("unread", [("1-A1", "d", 2, "A1", start, start + len(quote))])


def shown(table: pa.Table) -> list[tuple[str, str, str]]:
    return list(zip(*(table[name].to_pylist() for name in ("surface", "label", "rule")), strict=True))


def test_earlier_labels_stand_in_the_place_of_suggestions_and_rules_are_asked_only_of_what_is_new() -> None:
    found = with_carried(
        suggested(("Qaim", "NAME"), ("Friday", "DATE"), ("Hit", "PLACE"), ("Sunday", "DATE")),
        tasks=build_tasks(documents(OLD, NEW)),
        anchors=anchors(
            [anchor("Qaim", "PLACE", text=NEW), anchor("Mosul", "PLACE", text=NEW, how="fuzzy", score=0.7)]
        ),
        unread=unread("Hit fell on Sunday"),
    )
    assert shown(found) == [
        ("Qaim", "PLACE", CARRIED),
        ("Hit", "PLACE", "name"),
        ("Sunday", "DATE", "name"),
        ("Mosul", "PLACE", CARRIED),
    ]
    assert found["score"].to_pylist()[-1] == 0.7


def test_what_is_lost_is_not_suggested() -> None:
    gone = anchors([anchor("Qaim", "PLACE", text=NEW, how="lost", score=0.2)])
    tasks = build_tasks(documents(OLD, NEW))
    assert with_carried(suggested(("Hit", "PLACE")), tasks=tasks, anchors=gone, unread=empty("unread")).num_rows == 1


def test_of_labels_that_meet_most_peoples_stay_and_all_that_one_person_drew() -> None:
    drawn = [
        anchor("took Qaim", "EVENT", text=NEW, who="A1"),
        anchor("Qaim", "PLACE", text=NEW, who="A1"),
        anchor("Qaim", "PLACE", text=NEW, who="A2"),
        anchor("Qaim on", "PLACE", text=NEW, who="A3"),
    ]
    tasks = build_tasks(documents(OLD, NEW))
    found = with_carried(empty("suggestions"), tasks=tasks, anchors=anchors(drawn), unread=empty("unread"))
    assert shown(found) == [("took Qaim", "EVENT", CARRIED), ("Qaim", "PLACE", CARRIED)]


def test_documents_without_earlier_work_are_suggested_what_the_rules_say() -> None:
    rules = suggested(("Qaim", "PLACE"))
    tasks = build_tasks(documents(OLD, NEW))
    assert with_carried(rules, tasks=tasks, anchors=anchors(), unread=empty("unread")) is rules
