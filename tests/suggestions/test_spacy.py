"""A spaCy pipeline as a suggester; the pipelines are made here, and find by rule what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import ConfigError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import SUGGESTIONS, empty
from copydesk.suggestions import Setup
from copydesk.suggestions.spacy_pipeline import SpacyPipeline

PATTERNS = {"GPE": ("Halden", "Deir el-Zour"), "ORG": ("the guild",), "PLACE": ("Qaim",), "DATE": ("Friday",)}
TEXT = "On Friday the guild left Qaim for Deir el-Zour."
MAPS = {"ontonotes": {"PLACE": "GPE; LOC", "GROUP": "ORG"}}
Tasks = Callable[[Sequence[str]], pa.Table]


@pytest.fixture(scope="module")
def schema() -> LabelSchema:
    keys = {"PLACE": "a", "GROUP": "b", "DATE": "c", "THING": "d"}
    labels = [{"name": name, "definition": name, "hotkey": key, "colour": "#000000"} for name, key in keys.items()]
    return LabelSchema.read({"name": "s", "version": "1", "title": "S", "labels": labels, "maps": MAPS}, place="s")


@pytest.fixture(scope="module")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    def make(patterns: Mapping[str, Sequence[str]] = PATTERNS, *, kind: str = "entity_ruler") -> str:
        import spacy

        nlp = spacy.blank("en", meta={"name": "made", "version": "1.2"})
        ruler: Any = nlp.add_pipe(kind)
        ruler.add_patterns([{"label": label, "pattern": one} for label, them in patterns.items() for one in them])
        folder = tmp_path_factory.mktemp("pipeline") / "made"
        nlp.to_disk(folder)
        return str(folder)

    return make


@pytest.fixture(scope="module")
def model(make_model: Callable[..., str]) -> str:
    return make_model()


def made(schema: LabelSchema, **options: object) -> SpacyPipeline:
    return SpacyPipeline(Setup(schema, Path(), options=options))


@pytest.fixture(scope="module")
def pipeline(schema: LabelSchema, model: str) -> SpacyPipeline:
    return made(schema, model=model)


def suggested(pipeline: SpacyPipeline, documents: pa.Table) -> list[tuple[str, str]]:
    found = pipeline.suggest(documents, zones=empty("zones")).spans
    assert found.schema == SUGGESTIONS
    return [(row["label"], row["surface"]) for row in found.to_pylist()]


def test_labels_are_the_schemas_by_name_or_by_its_map(pipeline: SpacyPipeline, tasks_of: Tasks) -> None:
    found = suggested(pipeline, tasks_of([TEXT]))
    assert found == [("DATE", "Friday"), ("GROUP", "the guild"), ("PLACE", "Qaim"), ("PLACE", "Deir el-Zour")]


def test_options_say_otherwise_and_leave_out(schema: LabelSchema, model: str, tasks_of: Tasks) -> None:
    pipeline = made(schema, model=model, labels=["ORG = THING", "DATE="], target="other")
    assert suggested(pipeline, tasks_of([TEXT])) == [("THING", "the guild"), ("PLACE", "Qaim")]


def test_spans_of_a_key_are_read_in_place_of_entities(
    schema: LabelSchema, make_model: Callable[..., str], tasks_of: Tasks
) -> None:
    pipeline = made(schema, model=make_model({"DATE": ("Friday", "On Friday")}, kind="span_ruler"), spans="ruler")
    assert sorted(suggested(pipeline, tasks_of([TEXT]))) == [("DATE", "Friday"), ("DATE", "On Friday")]
    assert suggested(made(schema, model=make_model(), spans="ruler"), tasks_of([TEXT])) == []


def test_its_version_is_that_of_the_pipelines_files_and_labels(
    schema: LabelSchema, make_model: Callable[..., str], model: str
) -> None:
    same, other = make_model(), make_model(PATTERNS | {"ORG": ("the band",)})
    versions = [made(schema, model=one).version for one in (model, same, other)]
    assert versions[0] == versions[1] != versions[2]
    assert versions[0].startswith("en_made 1.2 ")
    assert made(schema, model=model, labels=["ORG="]).version not in versions


def test_a_text_longer_than_the_pipeline_takes_is_noted(pipeline: SpacyPipeline, tasks_of: Tasks) -> None:
    found = pipeline.suggest(tasks_of([TEXT, "Halden " * 150_000]), zones=empty("zones"))
    assert set(found.spans["doc_id"].to_pylist()) == {"d0000"}
    assert found.notes == (
        "spacy: d0001 has 1050000 characters, and the pipeline takes 1000000: it has no suggestions of it",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, r"told no pipeline @ \$\.suggest\.options\.spacy\.model"),
        ({"model": "xx_not_there"}, "'xx_not_there' cannot be loaded"),
        ({"model": "/not/there"}, "'/not/there' cannot be loaded"),
        ({"model": "MODEL", "labels": ["ORG=NOPE", "ORG"]}, r"'ORG=NOPE', 'ORG' @ .* \(fix: write \"THEIRS=OURS\""),
        ({"model": "MODEL", "labels": ["GPE=", "ORG=", "PLACE=", "DATE="]}, "none of which is a label of the schema"),
        ({"modell": "x"}, "unknown key 'modell'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(
    options: dict[str, object], said: str, schema: LabelSchema, model: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        made(schema, **{key: model if value == "MODEL" else value for key, value in options.items()})


parts = [
    *(one for them in PATTERNS.values() for one in them),
    " ",
    "\n",
    ".",
    "’s",
    "é",
    "\u0301",
    "😀",
    "يوم",
    "\u00a0",
]
texts = st.lists(st.sampled_from(parts), max_size=25).map("".join)


@settings(deadline=None, max_examples=60)
@given(text=texts, other=texts)
def test_spans_are_slices_that_do_not_overlap_whatever_stands_beside(
    text: str, other: str, pipeline: SpacyPipeline, tasks_of: Tasks
) -> None:
    rows = pipeline.suggest(tasks_of([text, other]), zones=empty("zones")).spans.to_pylist()
    mine = [row for row in rows if row["doc_id"] == "d0000"]
    assert mine == pipeline.suggest(tasks_of([text]), zones=empty("zones")).spans.to_pylist()
    at = 0
    for row in mine:
        assert at <= row["start"] < row["end"] <= len(text)
        assert row["surface"] == text[row["start"] : row["end"]]
        at = row["end"]
