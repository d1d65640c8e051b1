"""Documents that nobody was asked about and what speaks for each go in, a batch of them comes out, with the probabilities they had.

Documents are of two slices, for ever: a share that their names alone make **random**, drawn with equal probabilities and kept for
evaluation, and the others, drawn by **strategy**: with probabilities in proportion to ``floor + (1 - floor) worth score ** focus``,
so that none is without a chance. The same documents, seed and batch give the same choice, in whatever order they come.

``inclusion`` is the probability given all that was chosen before. That a document was chosen ``by_now`` in one of the batches
since it came has the probability 1 - (1 - p1)(1 - p2)…, for the draws are independent of each other. What later batches would
have given a document that is chosen is not known where scores learn from labels; so estimates rest on ``inclusion`` alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from copydesk.sampling.draw import Flags, Floats, draw, inclusion
from copydesk.sampling.scores import combine, worth

RANDOM, STRATEGY = "random", "strategy"
Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch is chosen, as ``[sample]`` of ``copydesk.toml`` says; ``weights`` are those of strategies."""

    size: int
    weights: Mapping[str, float] = field(default_factory=dict)
    random: float = 0.2
    floor: float = 0.05
    focus: float = 4.0
    even: float = 0.0
    further: float = 0.25
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Candidates:
    """The documents that may be chosen, and what is known of each; ``missed`` is the probability that no batch before chose it."""

    doc_ids: Texts
    strata: Texts
    clusters: NDArray[np.int64]
    stories: Texts
    missed: Floats
    scores: Mapping[str, Floats] = field(default_factory=dict)

    def in_order(self) -> Candidates:
        """The same, in the order of their names."""
        rows = np.argsort(self.doc_ids, kind="stable")
        return Candidates(
            self.doc_ids[rows],
            self.strata[rows],
            self.clusters[rows],
            self.stories[rows],
            self.missed[rows],
            {name: one[rows] for name, one in self.scores.items()},
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What a batch did to each of the candidates, in the order of their names; ``ranks`` are from 1, and 0 where not chosen."""

    candidates: Candidates
    slices: Texts
    scores: Floats
    strategies: Texts
    inclusion: Floats
    by_now: Floats
    ranks: NDArray[np.int64]


def keyed(*key: object) -> float:
    """Give the number from 0 to 1 that a key makes."""
    return int.from_bytes(hashlib.sha256("\n".join(map(str, key)).encode()).digest()[:6], "big") / 2**48


def slices_of(doc_ids: Sequence[str], *, seed: int, share: float) -> Texts:
    """Give the slice of each document: always the same, and of a larger random share all of a smaller one."""
    return np.array([RANDOM if keyed(seed, "slice", one) < share else STRATEGY for one in doc_ids], dtype=np.str_)


def choose(candidates: Candidates, *, before: Sequence[str], plan: Plan, batch: int) -> Choice:
    """Choose ``plan.size`` documents (all, where there are fewer) as batch number ``batch``; ``before`` are the stories of what was chosen."""
    candidates = candidates.in_order()
    count = len(candidates.doc_ids)
    scores, strategies = combine(candidates.scores, plan.weights, count=count)
    sizes = _sizes(candidates, scores, before=before, plan=plan)
    slices = slices_of(candidates.doc_ids.tolist(), seed=plan.seed, share=plan.random)
    chances, chosen = np.zeros(count), np.zeros(count, dtype=np.bool_)
    luck = np.array([keyed(plan.seed, batch, one) for one in candidates.doc_ids.tolist()])
    order = np.lexsort((luck, candidates.stories, candidates.clusters, candidates.strata))
    for name, n in _asked(slices, plan).items():
        rows = order[slices[order] == name]
        chances[rows] = inclusion(sizes[rows] if name == STRATEGY else np.ones(len(rows)), n)
        chosen[rows] = draw(chances[rows], np.random.default_rng([plan.seed, batch, n]))
    by_now = 1 - candidates.missed * (1 - chances)
    ranks = _ranks(chosen, np.where(slices == STRATEGY, scores, luck))
    return Choice(candidates, slices, scores, np.where(slices == STRATEGY, strategies, RANDOM), chances, by_now, ranks)


def _asked(slices: Texts, plan: Plan) -> dict[str, int]:
    """Say how many are drawn of each slice: at least one of each that has any, and more of one where the other has not enough."""
    there = {name: int((slices == name).sum()) for name in (RANDOM, STRATEGY)}
    most = min(plan.size, len(slices))
    least = max(most - there[STRATEGY], 1 if there[RANDOM] else 0)
    random = min(max(round(plan.random * most), least), there[RANDOM], max(most - (there[STRATEGY] > 0), least))
    return {RANDOM: random, STRATEGY: most - random}


def _sizes(candidates: Candidates, scores: Floats, *, before: Sequence[str], plan: Plan) -> Floats:
    """Give the size that a document's probability is proportional to, from ``plan.floor`` to 1 within its stratum.

    With ``even``, strata count by their number of documents to the power of ``1 - even`` (power allocation: Bankier, The American
    Statistician 42, 1988, pages 174-177): at 0 in proportion, at 1 all the same.
    """
    better = np.lexsort((candidates.doc_ids, -scores))
    value = np.empty(len(scores))
    value[better] = worth(candidates.stories[better].tolist(), before=before, further=plan.further)
    sizes = plan.floor + (1 - plan.floor) * value * scores**plan.focus
    counts = Counter(candidates.strata.tolist())
    shares = {name: number**-plan.even for name, number in counts.items()}
    return np.asarray(sizes * np.array([shares[name] for name in candidates.strata.tolist()]), dtype=np.float64)


def _ranks(chosen: Flags, scores: Floats) -> NDArray[np.int64]:
    """Number what was chosen from the highest score; the random slice, whose scores are luck, is spread among the others."""
    rows = np.flatnonzero(chosen)
    found = np.zeros(len(chosen), dtype=np.int64)
    found[rows[np.argsort(-scores[rows], kind="stable")]] = np.arange(1, len(rows) + 1)
    return found
