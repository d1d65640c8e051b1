"""Documents that nobody was asked about and what speaks for each go in, a batch of them comes out, with the probabilities they had.

A batch is two draws. The **random** slice, which is kept for evaluation, is drawn first, with equal probabilities. The others are
drawn from what is left by **strategy**: with probabilities that fall from the best to the worst, but for a share of them that is
spread evenly, so that no document is without a chance and none can weigh too much (defensive mixture: Hesterberg, Technometrics 37,
1995, pages 185-194). The same documents, seed and batch give the same choice, in whatever order they come.

``inclusion`` is the probability given all that was drawn before. That a document was chosen ``by_now`` in one of the draws since
it came has the probability 1 - (1 - p1)(1 - p2)…, for the draws are independent of each other. What later draws would have given
a document that is chosen is not known where scores learn from labels; so estimates rest on ``inclusion`` alone.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from copydesk.sampling.draw import Flags, Floats, draw, inclusion
from copydesk.sampling.scores import combine, worth

RANDOM, STRATEGY = "random", "strategy"
_LEAST = 1e-9  # size
Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a batch is chosen, as ``[sample]`` of ``copydesk.toml`` says; ``weights`` are those of strategies."""

    size: int
    weights: Mapping[str, float] = field(default_factory=dict)
    random: float = 0.1
    floor: float = 0.05
    breadth: float = 0.1
    even: float = 0.0
    further: float = 0.25
    seed: int = 0

    @property
    def at_random(self) -> int:
        """How many are drawn at random: the share, rounded up, so that there is one wherever there is a share."""
        return math.ceil(self.random * self.size - 1e-9)


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
    """What a batch did to each of the candidates, in the order of their names; ``ranks`` are from 1, and 0 where not chosen.

    ``inclusion`` holds the probabilities of a slice's draw: those that were drawn before have none (nan) in the next.
    """

    candidates: Candidates
    scores: Floats
    strategies: Sequence[str]
    inclusion: Mapping[str, Floats]
    by_now: Floats
    slices: Texts
    ranks: NDArray[np.int64]


def keyed(*key: object) -> float:
    """Give the number from 0 to 1 that a key makes."""
    return int.from_bytes(hashlib.sha256("\n".join(map(str, key)).encode()).digest()[:6], "big") / 2**48


def choose(candidates: Candidates, *, before: Sequence[str], plan: Plan, batch: int) -> Choice:
    """Choose ``plan.size`` documents (all, where there are fewer) as batch number ``batch``; ``before`` are the stories of what was chosen."""
    candidates = candidates.in_order()
    count = len(candidates.doc_ids)
    scores, strategies = combine(candidates.scores, plan.weights, count=count)
    luck = np.array([keyed(plan.seed, batch, one) for one in candidates.doc_ids.tolist()])
    order = np.lexsort((luck, candidates.stories, candidates.clusters, candidates.strata))
    slices, missed, chances = np.full(count, "", "<U8"), candidates.missed, {}
    at_random = min(plan.at_random, count)
    for name, n in ((RANDOM, at_random), (STRATEGY, min(plan.size, count) - at_random)):
        rows = order[slices[order] == ""]
        if not n:
            continue
        chances[name] = np.full(count, np.nan)
        even = np.ones(len(rows)) if name == RANDOM else _allotted(candidates.strata[rows], plan.even)
        chances[name][rows] = inclusion(even, n)
        if name == STRATEGY:
            best = inclusion(even * _steep(candidates, scores, rows, before=before, plan=plan, n=n), n)
            chances[name][rows] = plan.floor * chances[name][rows] + (1 - plan.floor) * best
        rng = np.random.default_rng([plan.seed, batch, name == RANDOM])
        slices[rows[draw(chances[name][rows], rng)]] = name
        missed = missed * (1 - np.nan_to_num(chances[name]))
    ranks = _ranks(slices != "", np.where(slices == RANDOM, luck, scores))
    return Choice(candidates, scores, strategies, chances, 1 - missed, slices, ranks)


def _steep(
    candidates: Candidates, scores: Floats, rows: NDArray[np.int64], *, before: Sequence[str], plan: Plan, n: int
) -> Floats:
    """Give the sizes of these ``rows``: they fall by a factor of e with every ``n * breadth`` places, by score and story."""
    doc_ids, valued = candidates.doc_ids[rows], scores[rows].copy()
    best = np.lexsort((doc_ids, -valued))
    valued[best] *= worth(candidates.stories[rows[best]].tolist(), before=before, further=plan.further)
    steep = np.empty(len(rows))
    steep[np.lexsort((doc_ids, -valued))] = np.exp(-np.arange(len(rows)) / (n * plan.breadth))
    return np.maximum(steep, _LEAST)


def _allotted(strata: Texts, even: float) -> Floats:
    """Give the size of each document, so that strata count by their number of documents to the power of ``1 - even``.

    At 0 that is in proportion, at 1 all the same (power allocation: Bankier, The American Statistician 42, 1988, pages 174-177).
    """
    counts = Counter(strata.tolist())
    return np.array([counts[name] ** -even for name in strata.tolist()], dtype=np.float64)


def _ranks(chosen: Flags, scores: Floats) -> NDArray[np.int64]:
    """Number what was chosen from the highest score; the random slice, whose scores are luck, is spread among the others."""
    rows = np.flatnonzero(chosen)
    found = np.zeros(len(chosen), dtype=np.int64)
    found[rows[np.argsort(-scores[rows], kind="stable")]] = np.arange(1, len(rows) + 1)
    return found
