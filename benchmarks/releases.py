"""Versions in CPU seconds: published beside Hugging Face's ``datasets``, looked up in beside pandas' files, compared beside DuckDB's join.

``python benchmarks/releases.py [DOCUMENTS]``: by default 20,000 documents with ten spans each, generated; 200,000 take a quarter of an
hour and 12 GB. Ours is handed the tables of the stages, and checks, divides, hashes and writes them. Theirs is handed the rows of every
table that a version has, the nested one among them, and builds and saves them as its documentation shows for data of any size:
``Dataset.from_generator``, then ``save_to_disk`` (``to_parquet`` takes as long). It is given the rows for nothing, and a fingerprint, so
that it need not hash them. Neither side pays for collecting the garbage of the other.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, disable_progress_bars
from generator import article
from ratio import Ratio, at_least, at_most, show

from copydesk.datasets.about import About
from copydesk.datasets.changes import changes
from copydesk.datasets.load import read_published
from copydesk.datasets.publish import Plan, publish
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TABLES
from copydesk.store import write_table

DOCUMENTS, SPANS, ROUNDS = 20_000, 10, 3
LOOKED_UP = 200_000
FOUND = ["doc_id", "title", "url", "published_at", "text"]
PUBLISH_TARGET, LOOKUP_TARGET, DIFF_TARGET = 3, 50, 3
LABELS = ("EVENT", "ORG", "PERSON", "PLACE")
SHA = "0" * 64
WHEN = datetime(2024, 5, 17, tzinfo=UTC)
Tables = dict[str, pa.Table]
Ints = npt.NDArray[np.int64]


def run(documents: int = DOCUMENTS) -> Iterator[Ratio]:
    """Give the ratios."""
    disable_progress_bars()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bench"
        tables = stage_tables(documents)
        rounds = []
        for number in range(ROUNDS):
            path = folder.with_name(f"bench-{number}") / "1.0.0"
            ours = _published(path.parent, tables)
            rounds.append(_by_hugging_face(path, Path(scratch) / f"theirs-{number}") / ours)
        name = f"publishing {documents:,} documents with {documents * SPANS:,} spans, datasets.from_generator / ours"
        yield at_least(name, rounds, PUBLISH_TARGET)
        yield _lookup(path, Path(scratch))
        yield _difference(path)


def stage_tables(count: int) -> Tables:
    """What the stages hand to publishing: documents of generated text, ten spans each, two annotators who drew all of them."""
    texts = [article(number % 2_000)["text"] for number in range(count)]
    doc_ids = [f"doc-{number:016x}" for number in range(count)]
    lengths = np.array([len(text) for text in texts])
    rng = np.random.default_rng(7)
    step = ((lengths - 40) // SPANS)[:, None]
    start = rng.integers(0, np.clip(step - 15, 1, 20), (count, SPANS)) + np.arange(SPANS) * step
    end = start + rng.integers(3, 15, (count, SPANS))
    surfaces = [texts[at][one:other] for at in range(count) for one, other in zip(start[at], end[at], strict=True)]
    made: Tables = {name: table.empty_table() for name, table in TABLES.items()}
    made["documents"] = _table(
        "documents", count, doc_id=doc_ids, text=texts, title=[text[:60] for text in texts], source=doc_ids, url=doc_ids
    )
    made["articles"] = _table("articles", count, source=doc_ids).drop_columns(["raw"])
    made["reads"] = _table(
        "reads", 2 * count, doc_id=np.repeat(doc_ids, 2), annotation_id=range(2 * count), annotator=["A1", "A2"] * count
    )
    home = np.repeat(np.arange(count), SPANS)
    drawn = {
        "doc_id": np.array(doc_ids)[home],
        "start": start.ravel(),
        "end": end.ravel(),
        "surface": surfaces,
        "label": np.array(LABELS)[rng.integers(0, len(LABELS), count * SPANS)],
        "span_id": [f"span-{number:016x}" for number in range(count * SPANS)],
    }
    made["agreed_spans"] = _table("agreed_spans", count * SPANS, votes=2, readers=2, **drawn)
    parts = [
        _table("spans", count * SPANS, annotation_id=2 * home + who, annotator=f"A{who + 1}", **drawn) for who in (0, 1)
    ]
    made["spans"] = pa.concat_tables(parts)
    return made


def _table(name: str, rows: int, **columns: Any) -> pa.Table:
    """A table of this many rows; what is not given is the same in all of them."""
    schema = TABLES[name]
    made = [_column(field, rows, columns.get(field.name)) for field in schema]
    return pa.table(made, schema)


def _column(field: pa.Field, rows: int, given: Any) -> pa.Array:
    if given is not None and not isinstance(given, int | str):
        values = pa.array(given)
        return values if values.type == field.type else values.cast(field.type)
    if given is None and field.nullable:
        return pa.nulls(rows, field.type)
    return pa.repeat(pa.scalar(_usual(field) if given is None else given, field.type), rows)


def _usual(field: pa.Field) -> Any:
    kind = field.type
    if pa.types.is_string(kind):
        return SHA if field.name.endswith("sha256") else "manual"
    if pa.types.is_list(kind):
        return []
    return WHEN if pa.types.is_timestamp(kind) else 1


def _about(name: str) -> About:
    labels = [
        {"name": label, "definition": f"{label}.", "hotkey": str(at), "colour": "#aa0000"}
        for at, label in enumerate(LABELS, 1)
    ]
    schema = LabelSchema.read({"name": "bench", "version": "1", "title": "Bench", "labels": labels}, place="bench")
    return About(name, "Generated.", "CC0-1.0", ("en",), schema, {}, "0")


def _published(folder: Path, tables: Mapping[str, pa.Table]) -> float:
    about = _about(folder.name)
    return _spent(lambda: publish(folder, tables=tables, about=about, plan=Plan(), progress=lambda *_: None))


def _by_hugging_face(path: Path, folder: Path) -> float:
    """Build every published table of its rows, and save it."""
    spent = 0.0
    for file in sorted(path.rglob("*.parquet")):
        rows = pq.read_table(file, partitioning=None).to_pylist()
        if rows:
            place = folder / file.relative_to(path).with_suffix("")
            spent += _spent(partial(_saved, rows, place, folder))
            found = Dataset.load_from_disk(place)
            assert (found.num_rows, found.column_names) == (len(rows), list(rows[0])), place
    return spent


def _saved(rows: list[dict[str, Any]], place: Path, folder: Path) -> None:
    fingerprint = "-".join(place.relative_to(folder).parts)
    Dataset.from_generator(lambda: iter(rows), cache_dir=str(folder), fingerprint=fingerprint).save_to_disk(place)


def _spent(work: Callable[[], object]) -> float:
    """CPU seconds, without those for going through what was there before in search of garbage."""
    gc.collect()
    gc.freeze()
    begin = time.process_time()
    work()
    spent = time.process_time() - begin
    gc.unfreeze()
    return spent


def _lookup(path: Path, scratch: Path) -> Ratio:
    """One document of many by its identity, from the table of documents that we publish and from what pandas writes of it unasked."""
    ours, theirs = scratch / "ours.parquet", scratch / "pandas.parquet"
    few = pq.read_table(path / "documents" / "train.parquet", partitioning=None)
    table = pa.concat_tables([few] * -(-LOOKED_UP // few.num_rows)).slice(0, LOOKED_UP)
    doc_ids = pa.array([f"doc-{number:016x}" for number in range(LOOKED_UP)])
    table = table.set_column(0, table.schema.field("doc_id"), doc_ids)
    write_table(ours, table, sorted_by=("doc_id",))
    shuffled = table.take(pa.array(np.random.default_rng(3).permutation(LOOKED_UP)))
    shuffled.select(FOUND).to_pandas().to_parquet(theirs)
    wanted = doc_ids[LOOKED_UP // 2].as_py()
    rounds = [_found(theirs, wanted) / _found(ours, wanted) for _ in range(ROUNDS)]
    return at_least(
        f"one document of {LOOKED_UP:,} by its identity, DataFrame.to_parquet / ours", rounds, LOOKUP_TARGET
    )


def _found(file: Path, wanted: str) -> float:
    turns = []
    for _ in range(3):
        begin = time.process_time()
        found = pq.read_table(file, columns=FOUND, filters=[("doc_id", "==", wanted)], partitioning=None)
        turns.append(time.process_time() - begin)
        assert found.num_rows == 1
    return min(turns)


def _difference(path: Path) -> Ratio:
    """Two versions of the labels, of which one in a hundred differs, beside a bare full join of their identities."""
    old = {name: read_published(path, name) for name in ("spans", "relations")}
    same = read_published(path, "documents", columns=["doc_id"])["doc_id"].to_pylist()
    rng = np.random.default_rng(11)
    rows = old["spans"].num_rows
    labels = np.array(old["spans"]["label"].to_pylist())
    labels = np.where(rng.random(rows) < 0.01, "EVENT", labels)
    changed = old["spans"].set_column(
        old["spans"].schema.get_field_index("label"), "label", pa.array(labels, pa.string())
    )
    new = old | {"spans": changed.filter(pa.array(rng.random(rows) >= 0.002))}
    rounds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        found = changes(old, new, same=same)
        ours = time.process_time() - begin
        theirs, count = _joined(old["spans"], new["spans"])
        assert count == found.num_rows, (count, found.num_rows)
        rounds.append(ours / theirs)
    return at_most(f"what changed among {rows:,} labels, ours / DuckDB's full join of identities", rounds, DIFF_TARGET)


def _joined(old: pa.Table, new: pa.Table) -> tuple[float, int]:
    names = ["span_id", "doc_id", "start", "end", "label"]
    before, after = old.select(names), new.select(names)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("before", before)
        connection.register("after", after)
        begin = time.process_time()
        query = "SELECT count(*) FROM before FULL JOIN after USING (span_id) WHERE before.label IS DISTINCT FROM after.label"
        (count,) = connection.execute(query).fetchone() or (0,)
        return time.process_time() - begin, count


if __name__ == "__main__":
    sys.exit(show(run(int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS)))
