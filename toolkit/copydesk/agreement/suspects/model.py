"""A model's probabilities and agreed labels in, the labels that the model contradicts out: confident learning.

C. Northcutt, L. Jiang and I. Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70 (2021) 1373-1411, section
3.1: a label counts as the model's where its probability reaches the mean probability that the model gives this label where people
set it. So a model that is unsure throughout, or of one label, accuses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.suspects.corpus import Corpus, Span
from copydesk.agreement.suspects.suspect import Suspect

NOTHING = "nothing"  # the column with the probability that a place has no label
Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What a model that has not seen the labels says of places: a row of ``values`` for each place, a column for each label."""

    labels: Sequence[str]
    rows: Mapping[Place, int]
    values: Floats


def contradicted(corpus: Corpus, said: Probabilities, *, least: float) -> Iterator[Suspect]:
    """Give the labels whose place the model gives another label, or none, with confidence.

    The score is one less the probability that the model gives the label that is there.
    """
    number = {label: at for at, label in enumerate(said.labels)}
    spans = [span for own in corpus.spans.values() for span in own]
    judged = [span for span in spans if _place(span) in said.rows and span["label"] in number]
    rows = np.array([said.rows[_place(span)] for span in judged], np.int64)
    given = np.array([number[span["label"]] for span in judged], np.int64)
    values = said.values[rows]
    own = values[np.arange(len(judged)), given]
    for span, better, probability, there in zip(judged, confident(values, given), values, own.tolist(), strict=True):
        if better >= 0 and 1 - there >= least:
            yield Suspect.of(
                span["doc_id"],
                span,
                reason="model",
                score=1 - there,
                detail=f"the model says {said.labels[better]} ({probability[better]:.2f}), and {span['label']} with {there:.2f}",
                other=None if said.labels[better] == NOTHING else said.labels[better],
            )


def confident(values: Floats, given: Ints) -> list[int]:
    """Give, of each row, the label that the model is confident of if it is another than the given one, or else -1.

    Labels that nobody set (``nothing``) have no mean to be compared with; they must have more than half of the probability.
    """
    if not len(given):
        return []
    width = values.shape[1]
    counts = np.bincount(given, minlength=width)
    sums = np.bincount(given, weights=values[np.arange(len(given)), given], minlength=width)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.nextafter(0.5, 1))
    sure = np.where(values >= thresholds, values, -1.0)
    best = sure.argmax(axis=1)
    differs = (sure.max(axis=1) >= 0) & (best != given)
    found: list[int] = np.where(differs, best, -1).tolist()
    return found


def _place(span: Span) -> Place:
    return span["doc_id"], span["start"], span["end"]
