"""Labels needed to reach a given F1 of the small model, by how documents are chosen: simulated annotators, real texts.

A third of the documents of re3d and of GUM is held out. The others are the pool, as whole documents, paragraphs or sentences (each
a document of its own); an annotator labels what is chosen as the gold says, but for errors: 5 % of the spans are missed, 3 % get
another label, 5 % begin a word late. After each batch the tagger learns from all labels so far, and is held to the gold. How many
labels (and words read) it took to reach 95 % of the F1 that the whole pool gives is interpolated, for each seed.

``python sampling.py [re3d|gum] [documents|paragraphs|sentences] [seeds]`` shows one setting with all strategies, also those that lose.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from gold import Gold, documents_of, known_of, read_gum, read_re3d, schema_of, zones_of
from numpy.typing import NDArray
from ratio import Ratio, at_most, show

from copydesk.model.schema import LabelSchema
from copydesk.sampling import Candidates, Plan, choose, clusters, scores
from copydesk.suggestions.suggester import Setup
from copydesk.suggestions.tagger import Tagger
from copydesk.suggestions.tagger.spans import outermost

MOST = 0.95  # of the F1 with all labels
SHARES = (0.8, 0.9, MOST)
TARGET = 0.7  # of random's labels
SEEDS = 5
BATCHES = 14  # that the pool would make
ENOUGH = 0.75  # of the labels, to see where 95 % of the F1 is reached
ROUNDS = 30  # of training
_UNITS = {
    "documents": r"(?s).+",
    "paragraphs": r"[^\n]+",
    "sentences": r".+?(?:(?<=[a-z0-9)”\"])[.!?](?=\s+[A-Z“\"])|(?=\n)|$)",
}
_RANDOM = Plan(1, random=1.0)
_OURS = Plan(1, {"uncertainty": 1.0}, random=0.05, floor=0.02, breadth=0.1)
STRATEGIES = {
    "random": _RANDOM,
    "ours": _OURS,
    "uncertainty of a word": replace(_OURS, weights={"doubt of a word": 1.0}),
    "uncertainty of a document": replace(_OURS, weights={"doubt of all": 1.0}),
    "less sharp": replace(_OURS, random=0.1, floor=0.05, breadth=0.5),
    "with diversity": replace(_OURS, weights={"uncertainty": 1.0, "diversity": 0.5}),
    "with rare labels": replace(_OURS, weights={"uncertainty": 1.0, "rare": 0.5}),
    "diversity": replace(_OURS, weights={"diversity": 1.0}),
    "rare labels": replace(_OURS, weights={"rare": 1.0}),
}
Curve = list[tuple[int, int, float]]  # labels, words, F1


@dataclass(frozen=True)
class Setting:
    """A pool to choose from, with an annotator's labels, and what the model is held to."""

    pool: Mapping[str, Gold]
    test: Sequence[Gold]
    schema: LabelSchema
    seed: int


def settings(corpus: str, unit: str, seeds: Sequence[int]) -> Iterator[Setting]:
    """Give a setting for each seed."""
    golds = [
        replace(one, spans=tuple(outermost(one.spans))) for one in (read_gum() if corpus == "gum" else read_re3d())
    ]
    schema = schema_of(golds)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(golds))
        held = len(golds) // 3
        pool = [part for one in order[held:] for part in _parts(golds[one], _UNITS[unit])]
        said = {one.doc_id: _annotated(one, rng, schema.label_names) for one in pool}
        yield Setting(said, [golds[one] for one in order[:held]], schema, seed)


def _parts(gold: Gold, pattern: str) -> Iterator[Gold]:
    for number, found in enumerate(re.finditer(pattern, gold.text)):
        start, end = found.span()
        start += len(found.group()) - len(found.group().lstrip())
        if start < end:
            inside = tuple((s - start, e - start, label) for s, e, label in gold.spans if start <= s and e <= end)
            lines = re.finditer(r"[^\n]+", gold.text[start:end])
            zones = tuple((*line.span(), "paragraph") for line in lines)
            yield Gold(f"{gold.doc_id}-{number:04}", gold.text[start:end], inside, zones)


def _annotated(gold: Gold, rng: np.random.Generator, labels: Sequence[str]) -> Gold:
    spans = []
    for start, end, label in gold.spans:
        luck = rng.random()
        if 0.05 <= luck < 0.08:
            spans.append((start, end, labels[rng.integers(len(labels))]))
        elif luck >= 0.05:
            first = gold.text[start:end].find(" ") + 1 if luck < 0.13 else 0
            spans.append((start + first, end, label))
    return replace(gold, spans=tuple(sorted(set(spans))))


def learned(golds: Sequence[Gold], schema: LabelSchema) -> Tagger:
    """Give the tagger that learned from these."""
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(schema, Path(folder), (), {"rounds": ROUNDS, "documents": 1, "spans": 1})
        Tagger.learn(setup, known_of(golds))
        return Tagger(setup)


def f1(tagger: Tagger, golds: Sequence[Gold]) -> float:
    """Give the exact F1 of spans with their labels."""
    found = tagger.suggest(documents_of(golds), zones=zones_of(golds)).spans
    names = ("doc_id", "start", "end", "label")
    ours = set(zip(*(found[name].to_pylist() for name in names), strict=True))
    right = {(gold.doc_id, *span) for gold in golds for span in gold.spans}
    return 2 * len(ours & right) / max(len(ours) + len(right), 1)


def curve(setting: Setting, plan: Plan) -> Curve:
    """Label batch after batch, and tell after each what it took and gave."""
    pool = setting.pool
    names = sorted(pool)
    plan = replace(plan, size=max(1, round(len(names) / BATCHES)), seed=setting.seed)
    groups = dict(zip(names, clusters([pool[one].text for one in names], most=2 * plan.size).tolist(), strict=True))
    whole = f1(learned(list(pool.values()), setting.schema), setting.test)
    every = sum(len(one.spans) for one in pool.values())
    done: list[str] = []
    told: Curve = []
    tagger: Tagger | None = None
    while not told or told[-1][0] < ENOUGH * every:
        left = [one for one in names if one not in set(done)]
        asked = Candidates(
            np.array(left),
            np.full(len(left), ""),
            np.array([groups[one] for one in left]),
            np.array(left),
            np.ones(len(left)),
            _scores(pool, left, done, groups, tagger),
        )
        made = choose(asked, before=[], plan=plan, batch=len(told) + 1)
        done += made.candidates.doc_ids[made.ranks > 0].tolist()
        tagger = learned([pool[one] for one in done], setting.schema)
        labels = sum(len(pool[one].spans) for one in done)
        told.append((labels, sum(len(pool[one].text.split()) for one in done), f1(tagger, setting.test)))
    words = sum(len(one.text.split()) for one in pool.values())
    return [*told, (every, words, whole)]


def _scores(
    pool: Mapping[str, Gold], left: Sequence[str], done: Sequence[str], groups: Mapping[str, int], tagger: Tagger | None
) -> dict[str, NDArray[np.float64]]:
    said = {"diversity": scores.novelty([groups[one] for one in left], before=[groups[one] for one in done])}
    if tagger is None:
        return said
    golds = [pool[one] for one in left]
    documents, zones = documents_of(golds), zones_of(golds)
    unsure = tagger.uncertainty(documents, zones=zones)
    found = tagger.suggest(documents, zones=zones).spans
    words = np.array([len(one.text.split()) for one in golds])
    agreed = Counter(label for one in done for _, _, label in pool[one].spans)
    return said | {
        "uncertainty": scores.per_label(unsure * words, left, found),
        "doubt of a word": unsure,
        "doubt of all": unsure * words,
        "rare": scores.rarity(left, found, agreed=agreed),
    }


def needed(told: Curve, wanted: float, column: int = 0) -> float:
    """Give how much it took until the F1 was reached for good but for chance: the running mean of three batches counts."""
    values = np.array([value for *_, value in told])
    smooth = np.convolve(np.pad(values, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    cost = np.array([row[column] for row in told], dtype=float)
    first = int(np.argmax(smooth >= wanted))
    if smooth[first] < wanted:
        return float(cost[-1])
    if first == 0:
        return float(cost[0])
    share = (wanted - smooth[first - 1]) / (smooth[first] - smooth[first - 1])
    return float(cost[first - 1] + share * (cost[first] - cost[first - 1]))


def compared(corpus: str, unit: str, seeds: int, names: Sequence[str]) -> dict[str, list[Curve]]:
    """Run these strategies with every seed, and print what each took and gave."""
    told: dict[str, list[Curve]] = {name: [] for name in names}
    for setting in settings(corpus, unit, range(seeds)):
        for name in names:
            told[name].append(curve(setting, STRATEGIES[name]))
            points = [f"{value:.3f} at {labels}" for labels, _, value in told[name][-1][::3]]
            print(f"{corpus} {unit} {setting.seed} {name}: {', '.join(points)}", flush=True)
    return told


def took(curves: Sequence[Curve], share: float, column: int = 0) -> list[float]:
    """Give how many labels (or words) it took with each seed to reach this share of the F1 with all labels."""
    return [needed(one[:-1], share * one[-1][2], column) for one in curves]


def run(corpus: str = "re3d", unit: str = "sentences", seeds: int = SEEDS) -> Iterator[Ratio]:
    """Give the ratio of labels that ours needs to those that random needs."""
    told = compared(corpus, unit, seeds, ("random", "ours"))
    rounds = [
        ours / random for ours, random in zip(*(took(told[one], MOST) for one in ("ours", "random")), strict=True)
    ]
    yield at_most(f"labels for {MOST:.0%} of the F1, {corpus} {unit}, chosen / random", rounds, TARGET)


def tell(told: Mapping[str, Sequence[Curve]]) -> None:
    """Print the mean labels and words that each strategy took, beside random's."""
    for name, curves in told.items():
        for share in SHARES:
            labels, words = (float(np.mean(took(curves, share, column))) for column in (0, 1))
            random = [float(np.mean(took(told["random"], share, column))) for column in (0, 1)]
            beside = f"{labels / random[0]:.2f} and {words / random[1]:.2f} of random's"
            print(f"{name}, {share:.0%}: {labels:,.0f} labels, {words:,.0f} words: {beside}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(show(run()))
    tell(compared(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:] or list(STRATEGIES)))
