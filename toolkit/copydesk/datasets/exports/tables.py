"""The published tables themselves, in files and folders that other tools open: CSV, Parquet, Delta, Hugging Face's datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.report import Made, Tally
from copydesk.datasets.exports.standoff import recipe
from copydesk.datasets.layout import ORDER, file_of
from copydesk.datasets.version import LABEL_SET, LABELLING
from copydesk.errors import MissingExtraError
from copydesk.store import canonical_json, write_table

ESCAPE = "'"
# What OWASP ("CSV Injection") lists, the full-width forms, and the escape itself, so that it can be taken off again.
_FORMULA = f"^[{ESCAPE}=+\\-@\t\r\n＝＋－＠]"


def write_csv(corpus: Corpus, place: Path) -> Made:
    """Write ``TABLE/SPLIT.csv``: UTF-8, every text in quotes, an empty field for what is not known, lists as JSON.

    A text that a spreadsheet would take for a formula, or that begins with ``'``, gets a ``'`` before it; ``unescaped`` takes it off.
    """
    from pyarrow import csv

    tally = Tally()
    for split, name, table in _tables(corpus, tally):
        path = _made_room(place / name / f"{split}.csv")
        plain = [escaped(_flat(column)) for column in table.columns]
        csv.write_csv(pa.table(plain, table.column_names), str(path))
    return tally.made()


def escaped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put an apostrophe before every text that a spreadsheet would take for a formula, or that begins with one."""
    if not pa.types.is_string(column.type):
        return column
    risky = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(risky, pc.binary_join_element_wise(ESCAPE, column, ""), column)


def unescaped(text: str) -> str:
    """Give a text of the CSV files as it was published."""
    return text.removeprefix(ESCAPE)


def write_parquet(corpus: Corpus, place: Path) -> Made:
    """Write the tables as Parquet, laid out as in a version, with label set and schema, and a README by which Hugging Face loads them."""
    tally, files = Tally(), dict[str, list[dict[str, str]]]()
    for split, name, table in _tables(corpus, tally):
        path = file_of(name, split)
        write_table(_made_room(place / path), table, sorted_by=ORDER[name])
        if table.num_rows:  # Hugging Face's library cannot load an empty one
            files.setdefault(name, []).append({"split": split, "path": path})
    first = next(iter(files), "")
    configs = [{"config_name": name, "data_files": those, "default": name == first} for name, those in files.items()]
    (place / LABEL_SET).write_bytes(canonical_json(corpus.label_set))
    (place / LABELLING).write_bytes(canonical_json(asdict(corpus.schema)))
    said = {"language": list(corpus.language), "license": corpus.licence.lower(), "configs": configs}
    head = f"---\n{canonical_json(said).decode()}---\n\n# {corpus.name} {corpus.version}\n"  # JSON is YAML
    (place / "README.md").write_text(head + ("" if corpus.has_text else f"\n{recipe()}"), encoding="utf-8")
    return tally.made()


def write_delta(corpus: Corpus, place: Path) -> Made:
    """Write each table as a Delta table in ``TABLE/``, with a column ``split`` that it is partitioned by.

    Raises MissingExtraError without deltalake.
    """
    try:
        import deltalake
    except ImportError as error:
        raise MissingExtraError("this format needs deltalake", fix="pip install 'copydesk[delta]'") from error
    tally = Tally()
    for split, name, table in _tables(corpus, tally):
        deltalake.write_deltalake(
            str(place / name),
            table.append_column(
                pa.field("split", pa.string(), nullable=False), pa.array([split] * table.num_rows, pa.string())
            ),
            partition_by=["split"],
            mode="append",
            name=name,
            description=f"{corpus.name} {corpus.version}",
        )
    return tally.made()


def write_hugging_face(corpus: Corpus, place: Path) -> Made:
    """Write each table as a ``DatasetDict`` in ``TABLE/``, which ``datasets.load_from_disk`` opens.

    A split that has no row of a table is not in its ``DatasetDict``: the library cannot open an empty one. Raises MissingExtraError
    without datasets.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("this format needs datasets", fix="pip install 'copydesk[huggingface]'") from error
    tally = Tally()
    with _without_bars():
        for name, those in groupby(_tables(corpus, tally), key=lambda one: one[1]):
            splits = {
                # the library draws a fingerprint at random where none is given
                split: datasets.Dataset(table, fingerprint=f"{corpus.digest[:16]}-{name}-{split}")
                for split, _, table in those
                if table.num_rows
            }
            datasets.DatasetDict(splits).save_to_disk(str(place / name))
    return tally.made()


@contextmanager
def _without_bars() -> Iterator[None]:
    import datasets

    shown = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not shown:
            datasets.enable_progress_bars()


def _tables(corpus: Corpus, tally: Tally) -> Iterator[tuple[str, str, pa.Table]]:
    """Give split, name and rows of each table, one table after the other."""
    for name in corpus.tables:
        for split in corpus.splits:
            table = corpus.read(split, name)
            tally.add(**{name: table.num_rows})
            yield split, name, table


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give lists as JSON; anything else is as it was."""
    if not pa.types.is_list(column.type):
        return column
    said = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(said, pa.string())])


def _made_room(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path
