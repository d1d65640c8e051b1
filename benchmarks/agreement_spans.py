"""Agreement on spans in CPU seconds: gamma against pygamma-agreement, exact F1 against nervaluate, and how the whole report grows.

Both peers run in an environment of their own (pygamma-agreement needs cvxopt, which is GPL). Ours and theirs see the same spans, and what
they find is compared. Ours starts from integer columns, theirs from the objects that they take; the making of both is left out.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from peers import python_of
from ratio import Ratio

from copydesk.agreement import measure
from copydesk.agreement.exact import exact_f1_matrix
from copydesk.agreement.gamma import gammas, units_of
from copydesk.model.tables import from_rows

PEER = ("pygamma-agreement==0.5.9", "nervaluate==1.2.1")
LABELS = ("EVENT", "ORG", "PERSON", "PLACE")
DOCUMENTS, PEOPLE, SPANS, ROUNDS, REPEAT = 1_000, 3, 20, 5, 3
GAMMA_DOCUMENTS, GAMMA_OURS, GAMMA_TARGET, F1_TARGET, GROWTH_TARGET = 5, 200, 100.0, 300.0, 11.0
GROWTH = (200, 2_000)
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
        yield gamma(python, file, [row for row in rows if row[0] < GAMMA_OURS])


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

    def ours() -> list[float]:
        found = exact_f1_matrix(doc=doc, start=start, end=end, label=label, annotator=who, read=read)
        return [float(found[one, other]) for one, other in ((0, 1), (0, 2), (1, 2))]

    name = (
        f"exact F1 of {DOCUMENTS:,} documents x {PEOPLE} people x {SPANS} spans, per CPU second: ours over nervaluate"
    )
    return _ratio(name, python, file, "exact", ours, target=F1_TARGET)


def gamma(python: Path, file: Path, rows: Rows) -> Ratio:
    """Gamma with 30 samples, which are drawn at random on both sides; the observed disorders are compared.

    The peer takes a document after the other and ours all in one batch, so ours gets more of them: seconds are for each document.
    """
    doc, who, start, end, label = np.array(rows, np.int64).T
    units = units_of(
        continuum=doc,
        annotator=who,
        start=start.astype(float),
        end=end.astype(float),
        category=label,
        annotators=np.full(GAMMA_OURS, PEOPLE),
    )

    def ours() -> list[float]:
        found = gammas(units, categories=len(LABELS))
        return [float(one) for one in (found.observed * PEOPLE / found.units)[:GAMMA_DOCUMENTS]]

    name = f"gamma of {PEOPLE} people x {SPANS} spans with 30 samples, documents per CPU second: ours over pygamma-agreement"
    return _ratio(name, python, file, "gamma", ours, work=GAMMA_OURS / GAMMA_DOCUMENTS, target=GAMMA_TARGET)


def _ratio(
    name: str,
    python: Path,
    file: Path,
    what: str,
    ours: Callable[[], list[float]],
    *,
    target: float,
    work: float = 1,
) -> Ratio:
    found = ours()  # the first call is warmer for both sides: the peer makes one of its own
    rounds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(REPEAT):
            ours()
        own = (time.process_time() - begin) / REPEAT / work
        script = Path(__file__).with_name("agreement_spans_peer.py")
        done = subprocess.run([str(python), str(script), what, str(file)], check=True, capture_output=True, text=True)
        seconds, *theirs = (float(one) for one in done.stdout.split()[-len(found) - 1 :])
        if not np.allclose(found, theirs, atol=1e-5):
            raise AssertionError(f"{what}: {found} here, {theirs} there")
        rounds.append(seconds / own)
    value = statistics.median(rounds)
    return Ratio(name, value, f"≥ {target:g}", value >= target, tuple(rounds))


def growth() -> Ratio:
    """The whole report, from tables to the table, on ten times the documents."""
    rounds = []
    made = [tables(documents) for documents in GROWTH]
    for _ in range(3):
        seconds = []
        for one in made:
            begin = time.process_time()
            measure(**one, labels=LABELS)
            seconds.append(time.process_time() - begin)
        rounds.append(seconds[1] / seconds[0])
    value = statistics.median(rounds)
    name = f"the whole report on agreement, {GROWTH[1]:,} documents over {GROWTH[0]}, in CPU seconds"
    return Ratio(name, value, f"≤ {GROWTH_TARGET:g}", value <= GROWTH_TARGET, tuple(rounds))


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
    ratios = list(run())
    for one in ratios:
        rounds = ", ".join(f"{each:.2f}" for each in one.rounds)
        print(f"{one.name}: {one.value:.2f} (has to be {one.target}; rounds {rounds})")
    sys.exit(0 if all(one.reached for one in ratios) else 1)
