"""Thirteen checks of a million spans: ours, against Great Expectations for pandas, and against pyarrow and numpy by hand.

Each side names every span that fails, and all three name the same. Ours is the run behind ``copydesk validate``: Great
Expectations' results, findings, and the table of all failing rows. The suite for pandas is what its users write: a data frame of
pandas' own types, the ids of the documents as a set of values, what needs the texts (the end of the text, the slice) made a column
of the frame first, which is counted as the frame itself is not. To learn which rows fail they ask for the result format COMPLETE
with the column that names a row; SUMMARY takes as long and names none but the first twenty.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ratio import Ratio, at_least, at_most, show
from validating_memory import filled

from copydesk.model.document import text_sha256
from copydesk.validation.lookup import Lookup
from copydesk.validation.run import gx
from copydesk.validation.run import run as run_suites
from copydesk.validation.suites import Expected, Suite
from copydesk.validation.version_tables import KNOWN

SPANS, DOCUMENTS, ROUNDS = 1_000_000, 20_000, 3
STOCK_TARGET, HAND_TARGET = 12, 1.3
SINCE, UNTIL = datetime(1990, 1, 1), datetime(2027, 1, 1)
LABELS = ["PERSON", "ORG", "PLACE"]
CREATED = pa.timestamp("us")  # as most tables have it: Great Expectations is slowest there
KEY = ["doc_id", "annotator", "start", "end", "label"]
DOC_ID, ANNOTATOR = "^doc-[0-9a-f]{16}$", "^A[1-9][0-9]*$"

Numbers = npt.NDArray[np.int64]

_COLUMN: list[tuple[str, str, dict[str, Any]]] = [  # that the suites of both have as they stand
    ("B01", "expect_column_values_to_not_be_null", {"column": "doc_id"}),
    ("B02", "expect_column_values_to_not_be_null", {"column": "surface"}),
    ("B03", "expect_compound_columns_to_be_unique", {"column_list": KEY, "ignore_row_if": "any_value_is_missing"}),
    ("B04", "expect_column_values_to_be_in_set", {"column": "label", "value_set": LABELS}),
    ("B05", "expect_column_values_to_be_between", {"column": "start", "min_value": 0}),
    ("B06", "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "end", "column_B": "start"}),
    ("B07", "expect_column_values_to_match_regex", {"column": "doc_id", "regex": DOC_ID}),
    ("B08", "expect_column_values_to_match_regex", {"column": "annotator", "regex": ANNOTATOR}),
    ("B09", "expect_column_values_to_be_between", {"column": "created_at", "min_value": SINCE, "max_value": UNTIL}),
    ("B10", "expect_column_value_lengths_to_be_between", {"column": "surface", "min_value": 1, "max_value": 60}),
]
_OURS: list[tuple[str, str, dict[str, Any]]] = [
    ("B11", "expect_end_to_lie_in_text", {"end": "end"}),
    ("B12", "expect_rows_to_have_parent", {"columns": ["doc_id"], "reference": "documents", "reference_columns": ["doc_id"]}),
    ("B13", "expect_surface_to_be_slice_of_text", {"start": "start", "end": "end", "surface": "surface"}),
]  # fmt: skip
_WRONG: list[tuple[str, Any]] = [
    ("created_at", np.datetime64("1980-01-01")),
    ("doc_id", "doc-lost"),
    ("doc_id", None),
    ("annotator", "eva"),
    ("start", -1),
    ("end", 9_999),
    ("end", 0),
    ("label", "GPE"),
    ("surface", "no slice"),
    ("surface", "far longer than a name " * 3),
    ("surface", None),
]


def run() -> Iterator[Ratio]:
    """Measure in CPU seconds, each side after the others in every round; pandas once, since it takes so long."""
    tables = _tables(seed=6)
    small = {name: table.slice(0, 1_000) for name, table in tables.items()}
    _ours(small), _by_hand(small), _stock(small, small["spans"].to_pandas())
    rounds = [(_seconds(_ours, tables), _seconds(_by_hand, tables)) for _ in range(ROUNDS)]
    stock = _seconds(_stock, tables, tables["spans"].to_pandas())
    if not rounds[0][0][1] == rounds[0][1][1] == stock[1]:
        counts = [
            {code: len(spans) for code, spans in side.items()} for side in (rounds[0][0][1], rounds[0][1][1], stock[1])
        ]
        raise AssertionError(f"the sides differ: {counts}")
    faster = [stock[0] / ours[0] for ours, _ in rounds]
    by_hand = [ours[0] / hand[0] for ours, hand in rounds]
    yield at_least("checks of 1,000,000 spans, speed against Great Expectations for pandas", faster, STOCK_TARGET)
    yield at_most("checks of 1,000,000 spans, time over pyarrow and numpy by hand", by_hand, HAND_TARGET)


def _seconds(work: Callable[..., dict[str, list[str]]], *handed: Any) -> tuple[float, dict[str, list[str]]]:
    begun = time.process_time()
    found = work(*handed)
    return time.process_time() - begun, {code: sorted(spans) for code, spans in found.items() if spans}


def _ours(tables: Mapping[str, pa.Table]) -> dict[str, list[str]]:
    expected = tuple(
        Expected(code, code, kind, kwargs, "spans", "{examples}", "critical", "")
        for code, kind, kwargs in (*_COLUMN, *_OURS)
    )
    done = run_suites(Lookup(tables), suites=[Suite("bench", "", expected, frozenset())], data_docs=None)
    found = defaultdict(list)
    for said, span_id in zip(*(done.failing_rows[name].to_pylist() for name in ("expectation", "row_id")), strict=True):
        found[said.partition(" ")[0]].append(span_id)
    return found


def _stock(tables: Mapping[str, pa.Table], frame: Any) -> dict[str, list[str]]:
    """What a user of Great Expectations writes: no engine, no lookup, and the texts joined by pandas."""
    texts = dict(zip(*(tables["documents"][name].to_pylist() for name in ("doc_id", "text")), strict=True))
    rows = zip(*(frame[name] for name in ("doc_id", "start", "end", "surface")), strict=True)
    joined = [_of_text(texts.get(doc_id), start, end, surface) for doc_id, start, end, surface in rows]
    frame = frame.assign(text_length=[one[0] for one in joined], is_slice=[one[1] for one in joined])
    asked = [
        *_COLUMN,
        ("B11", "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "text_length", "column_B": "end", "or_equal": True}),
        ("B12", "expect_column_values_to_be_in_set", {"column": "doc_id", "value_set": list(texts)}),
        ("B13", "expect_column_values_to_be_in_set", {"column": "is_slice", "value_set": [True]}),
    ]  # fmt: skip
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("spans")
    batch = asset.add_batch_definition_whole_dataframe("all")
    expectations = [{"type": kind, "kwargs": kwargs, "meta": {"code": code}} for code, kind, kwargs in asked]
    suite = context.suites.add(gx.ExpectationSuite(name="spans", expectations=expectations))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="spans", data=batch, suite=suite))
    result_format = {"result_format": "COMPLETE", "unexpected_index_column_names": ["span_id"]}
    done = definition.run(batch_parameters={"dataframe": frame}, result_format=result_format)
    return {
        one.expectation_config.meta["code"]: [row["span_id"] for row in one.result.get("unexpected_index_list") or ()]
        for one in done.results
    }


def _of_text(text: str | None, start: int, end: int, surface: object) -> tuple[int, bool]:
    if text is None:
        return 2**31, True  # another check speaks of it
    judged = isinstance(surface, str) and 0 <= start < end <= len(text)
    return len(text), not judged or text[start:end] == surface


def _by_hand(tables: Mapping[str, pa.Table]) -> dict[str, list[str]]:
    """The same checks with nothing between them and the columns."""
    spans, documents = tables["spans"], tables["documents"]
    doc_id, surface, start, end = (spans[name].combine_chunks() for name in ("doc_id", "surface", "start", "end"))
    starts, ends = start.to_numpy(), end.to_numpy()
    keys = spans.select([*KEY, "span_id"]).filter(doc_id.is_valid())
    counts = keys.group_by(KEY).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    parents = pc.fill_null(pc.index_in(doc_id, value_set=documents["doc_id"].combine_chunks()), -1).to_numpy()
    lengths = np.append(pc.utf8_length(documents["text"]).to_numpy(), 2**31)[parents]
    inside = (parents >= 0) & (starts >= 0) & (starts < ends) & (ends <= lengths)
    characters = pc.utf8_length(surface)
    wrong = {
        "B01": doc_id.is_null(),
        "B02": surface.is_null(),
        "B04": pc.invert(pc.is_in(spans["label"], value_set=pa.array(LABELS))),
        "B05": starts < 0,
        "B06": ends <= starts,
        "B07": pc.invert(pc.match_substring_regex(doc_id, DOC_ID)),
        "B08": pc.invert(pc.match_substring_regex(spans["annotator"], ANNOTATOR)),
        "B09": pc.or_(pc.less(spans["created_at"], SINCE), pc.greater(spans["created_at"], UNTIL)),
        "B10": pc.or_(pc.less(characters, 1), pc.greater(characters, 60)),
        "B11": ends > lengths,
        "B12": pc.and_(doc_id.is_valid(), pa.array(parents < 0)),
    }
    rows = {code: np.flatnonzero(mask) for code, mask in wrong.items()}
    judged = np.flatnonzero(inside & surface.is_valid().to_numpy(zero_copy_only=False))
    slices = _slices(documents["text"].to_pylist(), parents[judged], starts[judged], ends[judged])
    rows["B13"] = judged[pc.not_equal(slices, surface.take(pa.array(judged))).to_numpy(zero_copy_only=False)]
    found = {code: spans["span_id"].take(pa.array(those)).to_pylist() for code, those in rows.items()}
    return found | {"B03": keys.join(twice, KEY, join_type="left semi")["span_id"].to_pylist()}


def _slices(texts: Sequence[str], parents: Numbers, starts: Numbers, ends: Numbers) -> pa.Array:
    places = zip(parents.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return pa.array([texts[parent][start:end] for parent, start, end in places])


def _tables(*, seed: int) -> dict[str, pa.Table]:
    """Documents with accents and emoji, and spans of them; one row in two thousand has each of the wrong values."""
    draw = np.random.default_rng(seed)
    texts = _texts(random.Random(seed))
    ids = np.array([f"doc-{number:016x}" for number in range(DOCUMENTS)])
    owner = np.sort(draw.integers(0, DOCUMENTS, SPANS))
    start = draw.integers(0, 1_500, SPANS)
    end = start + draw.integers(3, 25, SPANS)
    columns: dict[str, Any] = {
        "span_id": np.array([f"s{number}" for number in range(SPANS)], dtype=object),
        "doc_id": ids[owner].astype(object),
        "revision": np.ones(SPANS, dtype=np.int32),
        "annotator": np.char.add("A", draw.integers(1, 9, SPANS).astype(str)).astype(object),
        "start": start,
        "end": end,
        "surface": _slices(texts, owner, start, end).to_numpy(zero_copy_only=False),
        "label": np.array(LABELS, dtype=object)[draw.integers(0, 3, SPANS)],
        "created_at": np.datetime64("2026-01-01T00:00:00", "us") + draw.integers(0, 10**12, SPANS),
    }
    for name, value in _WRONG:
        columns[name][draw.integers(0, SPANS, SPANS // 2_000)] = value
    types = {"created_at": CREATED}
    spans = pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})
    KNOWN["spans"] = spans.schema  # Copydesk's own spans have no date
    digests = pa.array([text_sha256(text) for text in texts])
    documents = {"doc_id": pa.array(ids), "revision": 1, "text": pa.array(texts), "text_sha256": digests}
    return {"spans": spans, "documents": filled("documents", documents, DOCUMENTS)}


def _texts(words: random.Random) -> list[str]:
    made = ["".join(words.choices("aábcdeéghiklmnoóprstuz’", k=words.randint(2, 9))) for _ in range(5_000)] + ["😀"]
    return [" ".join(words.choices(made, k=400)) for _ in range(DOCUMENTS)]


if __name__ == "__main__":
    sys.exit(show(run()))
