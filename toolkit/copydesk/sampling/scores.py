"""What is known of documents goes in, how much each is worth to be labelled comes out: a score for each strategy, above is better.

Only the order of a strategy's scores counts: ``ranks`` makes strategies comparable, and ``combine`` weighs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ranks(scores: Floats) -> Floats:
    """Give the share of documents that score no higher, above 0 and up to 1; equal scores share the mean."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores) / max(len(scores), 1), dtype=np.float64)


def combine(scores: Mapping[str, Floats], weights: Mapping[str, float], *, count: int) -> tuple[Floats, list[str]]:
    """Give the weighed mean of ranks of each of ``count`` documents, as a rank itself, and the strategy that says most for it.

    Strategies without a weight, or that tell no documents apart, are left out; where none is left all score the same.
    """
    said = {
        name: weights[name] * ranks(one) for name, one in scores.items() if weights.get(name) and count and np.ptp(one)
    }
    if not said:
        return np.full(count, 0.5), ["none"] * count
    names, table = list(said), np.array(list(said.values()))
    return ranks(table.sum(axis=0)), [names[best] for best in np.argmax(table, axis=0)]


def doubt(doc_ids: Sequence[str], suggestions: pa.Table) -> Floats:
    """Give how unsure the suggestions of each document are: the sum over its spans of one less the margin of yes over no.

    For suggesters that say no more than their suggestions (least margin: Settles, Active Learning, 2012, section 2.3).
    """
    found: Counter[str] = Counter()
    for doc_id, score in _columns(suggestions, "doc_id", "score"):
        found[doc_id] += 1 - abs(2 * score - 1)
    return np.array([found[doc_id] for doc_id in doc_ids], dtype=np.float64)


def labels_to_make(doc_ids: Sequence[str], suggestions: pa.Table) -> Floats:
    """Give how many labels each document will take: one more than are suggested.

    What an annotator's work costs belongs into the choice (Settles, Craven and Friedland, NIPS Workshop on Cost-Sensitive Learning,
    2008).
    """
    expected = Counter(suggestions["doc_id"].to_pylist())
    return np.array([1 + expected[one] for one in doc_ids], dtype=np.float64)


def disagreement(doc_ids: Sequence[str], suggestions: pa.Table, *, suggesters: int) -> Floats:
    """Give how far a committee of ``suggesters`` disagrees on each document: the mean entropy of the votes on its spans.

    (Vote entropy: Dagan and Engelson, ICML 1995, pages 150-157; here a suggester says a span or does not.)
    """
    entropy: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    for doc_id, by in _columns(suggestions, "doc_id", "by"):
        share = min(len(by) / max(suggesters, 1), 1)
        entropy[doc_id] += 0 if share == 1 else -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
        spans[doc_id] += 1
    return np.array([entropy[doc_id] / max(spans[doc_id], 1) for doc_id in doc_ids], dtype=np.float64)


def rarity(doc_ids: Sequence[str], suggestions: pa.Table, *, agreed: Mapping[str, int]) -> Floats:
    """Give how much each document's suggestions hold of labels of which few are agreed yet (``agreed`` counts them).

    It is the sum over its suggested labels of the surest score, divided by the label's count, one higher.
    """
    surest: dict[str, dict[str, float]] = {}
    for doc_id, label, score in _columns(suggestions, "doc_id", "label", "score"):
        labels = surest.setdefault(doc_id, {})
        labels[label] = max(score, labels.get(label, 0))
    return np.array(
        [sum(score / (1 + agreed.get(label, 0)) for label, score in surest.get(one, {}).items()) for one in doc_ids],
        dtype=np.float64,
    )


def novelty(clusters: Sequence[int], *, before: Sequence[int]) -> Floats:
    """Give how little was chosen of each document's cluster: the share that was, with minus; ``before`` are clusters of what was."""
    there, chosen = Counter(clusters), Counter(before)
    return np.array([-chosen[one] / (there[one] + chosen[one]) for one in clusters], dtype=np.float64)


def worth(stories: Sequence[str], *, before: Sequence[str], further: float) -> Floats:
    """Give what a document is worth beside the others of its story, in the order given: each further one ``further`` times the last.

    ``before`` are the stories of what was chosen already.
    """
    seen = Counter(before)
    found = np.ones(len(stories))
    for number, story in enumerate(stories):
        found[number] = further ** min(seen[story], 8)
        seen[story] += 1
    return found


def _columns(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
