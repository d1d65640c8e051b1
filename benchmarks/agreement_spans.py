"""Agreement on spans in CPU seconds: gamma against pygamma-agreement, exact F1 against nervaluate, and how the whole report grows.

Both peers run in an environment of their own (pygamma-agreement needs cvxopt, which is GPL). Ours and theirs see the same spans, and what
they find is compared. Ours starts from integer columns, theirs from the objects that they take; the making of both is left out.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from peers import python_of
from ratio import Ratio, answer_of, at_least, at_most, cpu_seconds, show

from copydesk.agreement import measure
from copydesk.agreement.exact import exact_f1_matrix
from copydesk.agreement.gamma import Units, gammas, units_of
from copydesk.model.tables import from_rows

PEER = ("pygamma-agreement==0.5.9", "nervaluate==1.2.1")
LABELS = ("EVENT", "ORG", "PERSON", "PLACE")
DOCUMENTS, PEOPLE, SPANS, ROUNDS = 1_000, 3, 20, 5
GAMMA_DOCUMENTS, GAMMA_OURS, GAMMA_TARGET, F1_TARGET = 5, 200, 100, 300
GROWTH = (100, 1_000)
TEXT = "Forces near Qaim said on Friday that 40 people had left Mosul for the border with Syria. " * 8

Rows = list[tuple[int, int, int, int, int]]  # document, person, start, end, label


def run() -> Iterator[Ratio]:
    """Give the ratios. Raises PeerMissingError without the peers."""
    yield growth()
    python = python_of("spans", PEER)
    rows = drawn(DOCUMENTS)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "spans.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        yield exact(python, file, rows)
        few = [row for row in rows if row[0] < GAMMA_DOCUMENTS]
        file.write_text(json.dumps(few), encoding="utf-8")
        yield from gamma(python, file, [row for row in rows if row[0] < GAMMA_OURS])


def drawn(documents: int) -> Rows:
    """Spans that do not overlap, which three people find with slips, other labels and omissions."""
    rng = np.random.default_rng(5)
    rows: Rows = []
    for document in range(documents):
        at = 0
        for _ in range(SPANS):
            start = at + int(rng.integers(4, 20))
            at = start + int(rng.integers(3, 15))
            label = int(rng.integers(len(LABELS)))
            for person in range(PEOPLE):
                slip, other, gone = rng.random(3)
                said = int(rng.integers(len(LABELS))) if other < 0.1 else label
                if gone > 0.05:
                    rows.append((document, person, start - 2 * int(slip < 0.2), at, said))
    return rows


def exact(python: Path, file: Path, rows: Rows) -> Ratio:
    """Exact F1 of all pairs."""
    doc, who, start, end, label = np.array(rows, np.int64).T
    read = np.ones((DOCUMENTS, PEOPLE), bool)

    def ours() -> np.ndarray:
        found = exact_f1_matrix(doc=doc, start=start, end=end, label=label, annotator=who, read=read)
        return found[np.triu_indices(PEOPLE, 1)]

    rounds = []
    for _ in range(ROUNDS):
        own = cpu_seconds(ours)
        seconds, theirs = answer_of(python, "agreement_spans_peer.py", "exact", file)
        np.testing.assert_allclose(ours(), theirs, atol=1e-5)
        rounds.append(seconds / own)
    name = f"exact F1 of {DOCUMENTS:,} documents x {PEOPLE} people x {SPANS} spans, speed against nervaluate"
    return at_least(name, rounds, F1_TARGET)


def gamma(python: Path, file: Path, rows: Rows) -> Iterator[Ratio]:
    """Gamma with 30 samples, which are drawn at random on both sides; the observed disorders are compared.

    The peer takes a document after the other and ours all in one batch, so ours gets more of them: seconds are for each document.
    How ours does one document after the other is told as well.
    """
    every = np.array(rows, np.int64)
    batch, *alone = (
        _units(every[np.isin(every[:, 0], list(some))])
        for some in (range(GAMMA_OURS), *([one] for one in range(GAMMA_DOCUMENTS)))
    )

    rounds: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        together = cpu_seconds(lambda: gammas(batch, categories=len(LABELS))) / GAMMA_OURS
        singly = cpu_seconds(lambda: [gammas(one, categories=len(LABELS)) for one in alone]) / GAMMA_DOCUMENTS
        seconds, theirs = answer_of(python, "agreement_spans_peer.py", "gamma", file)
        found = gammas(batch, categories=len(LABELS), samples=1)
        np.testing.assert_allclose((found.observed * PEOPLE / found.units)[:GAMMA_DOCUMENTS], theirs, atol=1e-5)
        rounds.append((seconds / GAMMA_DOCUMENTS / together, seconds / GAMMA_DOCUMENTS / singly))
    name = f"gamma of {PEOPLE} people x {SPANS} spans with 30 samples, speed against pygamma-agreement"
    in_batch, one_by_one = zip(*rounds, strict=True)
    yield at_least(f"{name}, {GAMMA_OURS} documents in a batch", in_batch, GAMMA_TARGET)
    yield Ratio(f"{name}, one document at a time", statistics.median(one_by_one), "none", True, one_by_one)


def _units(rows: np.ndarray) -> Units:
    """Take the spans of documents, which are numbered anew."""
    documents, number = np.unique(rows[:, 0], return_inverse=True)
    _, who, start, end, label = rows.T
    return units_of(
        continuum=number,
        annotator=who,
        start=start.astype(float),
        end=end.astype(float),
        category=label,
        annotators=np.full(len(documents), PEOPLE),
    )


def growth() -> Ratio:
    """The whole report, from tables to the table, on ten times the documents."""
    small, large = (tables(documents) for documents in GROWTH)
    rounds = [_report(large) / _report(small) for _ in range(3)]
    return at_most(f"the whole report on agreement, time for {GROWTH[1]:,} documents over {GROWTH[0]}", rounds, 11)


def _report(made: dict[str, pa.Table]) -> float:
    return cpu_seconds(lambda: measure(**made, labels=LABELS))


def tables(documents: int) -> dict[str, pa.Table]:
    """Make the tables that ``measure`` reads."""
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    rows = drawn(documents)
    own = {
        (doc, who): {"annotation_id": f"1-{doc}-{who}", "doc_id": f"d{doc:06}", "revision": 1, "annotator": f"A{who}"}
        for doc in range(documents)
        for who in range(PEOPLE)
    }
    empty = dict.fromkeys(("created_at", "updated_at", "lead_time"))
    reads: list[dict[str, Any]] = [
        {**one, "text_sha256": digest, **empty, "spans": 0, "relations": 0} for one in own.values()
    ]
    spans: list[dict[str, Any]] = [
        {
            **own[doc, who],
            "span_id": f"s{number}",
            "text_sha256": digest,
            "start": start,
            "end": end,
            "surface": TEXT[start:end],
            "label": LABELS[label],
            "origin": "manual",
            "attributes": [],
        }
        for number, (doc, who, start, end, label) in enumerate(rows)
    ]
    relations = [
        {
            **own[doc, who],
            "relation_id": f"r{number}",
            "head_span_id": f"s{number}",
            "tail_span_id": f"s{number + 1}",
            "label": "near",
        }
        for number, (doc, who, *_) in enumerate(rows[:-1])
        if rows[number + 1][:2] == (doc, who)
    ]
    names = ("title", "authors", "language", "url", "publisher", "published_at", "licence")
    more = dict.fromkeys(names) | dict.fromkeys(("source", "raw_sha256", "recipe"), "x")
    texts = [
        {"doc_id": f"d{doc:06}", "revision": 1, "text": TEXT, "text_sha256": digest, **more} for doc in range(documents)
    ]
    listed = {"reads": reads, "spans": spans, "relations": relations, "documents": texts}
    return {name: from_rows(name, each) for name, each in listed.items()}


if __name__ == "__main__":
    sys.exit(show(run()))
