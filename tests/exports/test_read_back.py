"""What is exported, another's reader reads back: the same spans, or those that the report names; for any text and labels."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.export import export
from copydesk.datasets.exports.standoff import with_text, without_text
from copydesk.datasets.exports.tables import unescaped
from copydesk.flow.export import ALL_FORMATS
from copydesk.model.document import text_sha256

EXAMPLES = settings(deadline=None, max_examples=25)


@contextmanager
def exported(corpus: Corpus, name: str) -> Iterator[Path]:
    """A folder with the export, for as long as it is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        yield written(corpus, name, Path(folder) / name)


def written(corpus: Corpus, name: str, target: Path) -> Path:
    return export(corpus, name, ALL_FORMATS[name], target, any_licence=False, tool="test").path


def texts_of(corpus: Corpus, split: str) -> dict[str, str]:
    table = corpus.read(split, "documents")
    return dict(zip(table["doc_id"].to_pylist(), table["text"].to_pylist(), strict=True))


@pytest.mark.parametrize(("name", "reader"), [("conll2003", "conll"), ("bio", "tags"), ("bilou", "tags")])
def test_tags_and_what_is_left_out_are_all_spans(name: str, reader: str, readers: Any, corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, name) as folder:
            for split in corpus.splits:
                found = getattr(readers, reader)(folder, split, texts_of(corpus, split))
                left = readers.left_out(folder, split)
                spans, _ = readers.said(corpus, split)
                assert {doc_id: sorted([*found[doc_id], *left[doc_id]]) for doc_id in found} == spans
                for rows in found.values():
                    assert all(one[1] <= other[0] for one, other in pairwise(rows))

    holds()


def test_spacy_reads_every_span_that_its_tokens_hold(readers: Any, corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "docbin") as folder:
            for split in corpus.splits:
                found, linked = readers.docbin(folder, split, texts_of(corpus, split))
                left = readers.left_out(folder, split)
                spans, relations = readers.said(corpus, split)
                assert {doc_id: sorted([*found[doc_id], *left[doc_id]]) for doc_id in found} == spans
                whole = {
                    doc_id: [one for one in rows if {one[0], one[1]} <= set(found[doc_id])]
                    for doc_id, rows in relations.items()
                }
                assert linked == whole

    holds()


def test_brat_holds_everything_that_is_said_of_spans(readers: Any, corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "brat") as folder:
            for split in corpus.splits:
                found, linked, attributes = readers.brat(folder, split, texts_of(corpus, split))
                assert (found, linked) == readers.said(corpus, split)
                assert attributes == _attributes(corpus, split)

    holds()


def _attributes(corpus: Corpus, split: str) -> dict[str, list[Any]]:
    said: dict[str, list[Any]] = {doc_id: [] for doc_id in texts_of(corpus, split)}
    for row in corpus.read(split, "spans").to_pylist():
        place = row["start"], row["end"], row["label"]
        said[row["doc_id"]] += [(place, one["name"], one["value"]) for one in row["attributes"]]
    return {doc_id: sorted(rows) for doc_id, rows in said.items()}


def test_web_annotations_lead_to_the_words_that_were_marked(readers: Any, corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "webannotation") as folder:
            for split in corpus.splits:
                *found, categories = readers.web_annotations(folder, split, texts_of(corpus, split))
                assert tuple(found) == readers.said(corpus, split)
                assert categories == [row[:3] for row in readers.categories_in(corpus.read(split, "categories"))]

    holds()


def test_csv_is_read_back_by_pyarrow_and_by_python_and_no_cell_is_a_formula(corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "csv") as folder:
            for split in corpus.splits:
                for name in corpus.tables:
                    file = folder / name / f"{split}.csv"
                    table = corpus.read(split, name)
                    assert _by_pyarrow(file, table.schema) == table.to_pylist()
                    rows = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline="")))
                    assert len(rows) == table.num_rows + 1
                    assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r\n＝＋－＠") - {""}]

    holds()


def _by_pyarrow(file: Path, schema: pa.Schema) -> list[dict[str, Any]]:
    plain = {field.name: pa.string() if pa.types.is_list(field.type) else field.type for field in schema}
    convert = pa.csv.ConvertOptions(
        column_types=plain, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
    )
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    rows: list[dict[str, Any]] = pa.csv.read_csv(file, convert_options=convert, parse_options=parse).to_pylist()
    for row in rows:
        for field in schema:
            value = row[field.name]
            if isinstance(value, str):
                row[field.name] = json.loads(value) if pa.types.is_list(field.type) else unescaped(value)
    return rows


def test_delta_is_read_back_by_deltalake(corpora: Any) -> None:
    @settings(deadline=None, max_examples=4)
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "delta") as folder:
            for name in corpus.tables:
                found = deltalake.DeltaTable(str(folder / name)).to_pyarrow_table().to_pylist()
                meant = [
                    {**row, "split": split} for split in corpus.splits for row in corpus.read(split, name).to_pylist()
                ]
                assert sorted(map(repr, found)) == sorted(map(repr, meant))

    holds()


def test_hugging_face_loads_what_was_saved(corpora: Any) -> None:
    import datasets

    @settings(deadline=None, max_examples=3)
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "huggingface") as folder:
            for name in corpus.tables:
                loaded = datasets.load_from_disk(str(folder / name))
                meant = {split: corpus.read(split, name).to_pylist() for split in corpus.splits}
                assert {split: list(rows) for split, rows in loaded.items()} == {k: v for k, v in meant.items() if v}

    holds()


def test_label_studio_tasks_are_read_as_what_annotators_draw_is(readers: Any, corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora())
    def holds(corpus: Corpus) -> None:
        with exported(corpus, "labelstudio") as folder:
            for split in corpus.splits:
                tasks = readers.task_file(folder, split)
                assert readers.annotations(tasks, corpus, split) == readers.said(corpus, split)

    holds()


def test_texts_that_are_put_back_make_the_tables_that_were_published(corpora: Any) -> None:
    @EXAMPLES
    @given(corpora.corpora(), st.data())
    def holds(corpus: Corpus, data: Any) -> None:
        texts = {split: texts_of(corpus, split) for split in corpus.splits}
        every = sorted({text for of_split in texts.values() for text in of_split.values()})
        there = data.draw(st.sets(st.sampled_from(every))) if every else set()
        with exported(without_text(corpus), "parquet") as folder:
            joined = with_text(folder, {text_sha256(text): text for text in there})
            for split in corpus.splits:
                lost = {doc_id for doc_id, text in texts[split].items() if text not in there}
                assert lost == texts[split].keys() & set(joined.missing)
                for name in corpus.tables:
                    rows = corpus.read(split, name).to_pylist()
                    untitled = [row | {"title": None} if "title" in row and name != "sources" else row for row in rows]
                    meant = [row for row in untitled if row["doc_id"] not in lost]
                    assert joined.read(split, name).to_pylist() == meant

    holds()
