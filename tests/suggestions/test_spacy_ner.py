"""A spaCy entity recogniser that learns from agreed labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.errors import ConfigError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import empty
from copydesk.suggestions import Known, Setup, suggester_class
from copydesk.suggestions.spacy_ner import SpacyNer

Tasks = Callable[[Sequence[str]], pa.Table]
TOWNS = ("Qaim", "Halden", "Tarnmouth", "Hit", "Ana", "Mosul", "Rawa", "Haditha")
TEXTS = [f"{verb} {town} on {day}." for town in TOWNS for verb in ("They left", "Troops took") for day in ("Friday",)]


@pytest.fixture
def known(tasks_of: Tasks) -> Known:
    spans = []
    for number, text in enumerate(TEXTS):
        town = next(town for town in TOWNS if town in text)
        for surface, label in ((town, "PLACE"), ("Friday", "DATE")):
            start = text.index(surface)
            spans.append((f"d{number:04}", start, start + len(surface), label, surface))
    columns = zip(*spans, strict=True)
    marked = pa.table(dict(zip(("doc_id", "start", "end", "label", "surface"), map(list, columns), strict=True)))
    return Known(tasks_of(TEXTS), empty("zones"), marked, pa.table({}), pa.table({}), pa.table({}))


def test_it_learns_from_what_was_labelled_and_the_same_labels_give_the_same_model(
    known: Known, schema: LabelSchema, tasks_of: Tasks, tmp_path: Path
) -> None:
    made = []
    for name in ("one", "two"):
        setup = Setup(schema, tmp_path / name, options={"rounds": 10})
        setup.folder.mkdir()
        SpacyNer.learn(setup, known)
        made.append(suggester_class("spacy_ner")(setup))
    found = made[0].suggest(tasks_of(["They left Ramadi on Friday."]), zones=empty("zones")).spans
    assert [(row["surface"], row["label"]) for row in found.to_pylist()] == [("Ramadi", "PLACE"), ("Friday", "DATE")]
    assert made[0].version == made[1].version


def test_with_too_little_to_learn_from_it_suggests_nothing_and_says_so(
    known: Known, schema: LabelSchema, tasks_of: Tasks, tmp_path: Path
) -> None:
    setup = Setup(schema, tmp_path, options={"spans": 1_000})
    SpacyNer.learn(setup, known)
    found = SpacyNer(setup).suggest(tasks_of(TEXTS), zones=empty("zones"))
    assert (found.spans.num_rows, found.notes) == (
        0,
        ("spacy_ner: too little was labelled to learn from; it suggests nothing yet",),
    )


def test_a_language_that_spacy_has_not_is_refused(schema: LabelSchema, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="spaCy knows no language 'klingon'"):
        SpacyNer(Setup(schema, tmp_path, options={"language": "klingon"}))
