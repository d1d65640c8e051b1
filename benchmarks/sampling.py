"""Labels needed to reach a given F1 of the small model, by how documents are chosen: simulated annotators, real texts.

A third of the documents of re3d and of GUM is held out. The others are the pool, as whole documents, paragraphs or sentences (each
a document of its own); an annotator labels what is chosen as the gold says, but for errors: 5 % of the spans are missed, 3 % get
another label, 5 % begin a word late. After each batch the tagger learns from all labels so far, and is held to the gold. How many
labels (and words read) it took to reach 95 % of the F1 that the whole pool gives is interpolated, for each seed. After every batch
it is counted, too, which intervals hold the true number of a label in the pool.

In a crawl articles come as often as agencies' texts do: of each document there are further copies (one in the mean, by a geometric
distribution), each without every fifth of its sentences, by lot. Which are copies, the search for copies tells, as in a workspace.

``python sampling.py [re3d|gum] [documents|paragraphs|sentences] [plain|crawl] FIRST_SEED SEEDS`` shows one setting with all
strategies, also those that lose; names of strategies may follow.
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
from ratio import Ratio, at_least, at_most, show

from copydesk.documents.copies import find_copies
from copydesk.flow.sample import plan_of
from copydesk.model.schema import LabelSchema
from copydesk.model.settings import SampleSettings
from copydesk.model.tables import empty
from copydesk.sampling import Candidates, Plan, choose, clusters, representative, scores
from copydesk.sampling.estimate import Drawn, Sample, spread
from copydesk.suggestions.suggester import Setup
from copydesk.suggestions.tagger import Tagger
from copydesk.suggestions.tagger.spans import outermost

MOST = 0.95  # of the F1 with all labels
SHARES = (0.8, 0.9, MOST)
TARGET = 0.7  # of random's labels
HOLD = 0.95  # of the intervals
FIRST, SEEDS = 200, 5  # strategies were tuned on 100 to 104
BATCHES = 10  # that the pool would make
ENOUGH = 0.75  # of the labels, to see where 95 % of the F1 is reached
ROUNDS = 60  # of training: with 30, more labels make the model too little better
LEFT_OUT = 0.2  # of the sentences of a copy
_UNITS = {
    "documents": r"(?s).+",
    "paragraphs": r"[^\n]+",
    "sentences": r".+?(?:(?<=[a-z0-9)”\"])[.!?](?=\s+[A-Z“\"])|(?=\n)|$)",
}
_OURS = plan_of(SampleSettings())  # as shipped
_SHARP = {"random": 0.05, "floor": 0.02, "breadth": 0.1}
_OTHERS = {
    "representative": {"representative": 1.0},
    "uncertainty": {"uncertainty": 1.0},
    "both": {"representative": 1.0, "uncertainty": 0.5},
    "uncertainty of a word": {"doubt of a word": 1.0},
    "uncertainty of a document": {"doubt of all": 1.0},
    "diversity": {"diversity": 1.0},
    "rare labels": {"rare": 1.0},
}
STRATEGIES = {
    "random": replace(_OURS, random=1.0),
    "ours": _OURS,
    **{f"{name}, sharp": replace(_OURS, weights=weights, **_SHARP) for name, weights in _OTHERS.items()},
    "uncertainty": replace(_OURS, weights={"uncertainty": 1.0}),
    "no strategy": replace(_OURS, weights={}),
}
Curve = list[tuple[int, int, float]]  # labels, words, F1


@dataclass(frozen=True)
class Course:
    """What labelling took and gave after each batch, and of every label then whether its interval held the truth."""

    points: Curve
    held: list[bool]


@dataclass(frozen=True)
class Setting:
    """A pool to choose from, with an annotator's labels, and what the model is held to."""

    pool: Mapping[str, Gold]
    test: Sequence[Gold]
    schema: LabelSchema
    seed: int


def settings(corpus: str, unit: str, crawl: bool, seeds: Sequence[int]) -> Iterator[Setting]:
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
        if crawl:
            pool = [copy for one in order[held:] for copy in _copies(golds[one], unit, rng)]
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


def _copies(gold: Gold, unit: str, rng: np.random.Generator) -> Iterator[Gold]:
    """Give the parts of a document and of its copies."""
    for copy in range(rng.geometric(0.5)):
        sentences = [one for one in _parts(gold, _UNITS["sentences"]) if not copy or rng.random() >= LEFT_OUT]
        yield from _parts(_joined(f"{gold.doc_id}-{copy}", sentences), _UNITS[unit])


def _joined(doc_id: str, parts: Sequence[Gold]) -> Gold:
    text, spans = "", []
    for part in parts:
        spans += [(start + len(text), end + len(text), label) for start, end, label in part.spans]
        text += part.text + "\n"
    return Gold(doc_id, text, tuple(spans), ())


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


def course(setting: Setting, plan: Plan, *, whole: float) -> Course:
    """Label batch after batch, and tell after each what it took and gave; the last point is that of the ``whole`` pool."""
    pool = setting.pool
    names = sorted(pool)
    plan = replace(plan, size=max(1, round(len(names) / BATCHES)), seed=setting.seed)
    groups = dict(zip(names, clusters([pool[one].text for one in names], most=2 * plan.size).tolist(), strict=True))
    copies = find_copies(documents_of([pool[one] for one in names]))
    stories = dict(zip(copies["doc_id"].to_pylist(), copies["story_id"].to_pylist(), strict=True))
    every = sum(len(one.spans) for one in pool.values())
    missed = dict.fromkeys(names, 1.0)
    done: list[str] = []
    drawn: list[tuple[int, int, float, float]] = []
    told = Course([], [])
    tagger: Tagger | None = None
    while not told.points or told.points[-1][0] < ENOUGH * every:
        left = [one for one in names if one not in set(done)]
        asked = Candidates(
            np.array(left),
            np.full(len(left), ""),
            np.array([groups[one] for one in left]),
            np.array([stories.get(one, one) for one in left]),
            np.array([missed[one] for one in left]),
            _scores(pool, left, done, groups, tagger, plan),
        )
        before = [stories.get(one, one) for one in done]
        made = choose(asked, before=before, plan=plan, batch=len(told.points) + 1)
        missed |= dict(zip(left, (1 - made.by_now).tolist(), strict=True))
        for number, (name, chances) in enumerate(made.inclusion.items()):
            rows = np.flatnonzero(made.slices == name).tolist()
            done += [left[row] for row in rows]
            wide = spread(chances[~np.isnan(chances)])
            drawn += [(2 * len(told.points) + number, 0, float(chances[row]), wide) for row in rows]
        told.held.extend(_held(pool, done, drawn))
        tagger = learned([pool[one] for one in done], setting.schema)
        told.points.append((*_cost(pool, done), f1(tagger, setting.test)))
    told.points.append((*_cost(pool, names), whole))
    return told


def _cost(pool: Mapping[str, Gold], done: Sequence[str]) -> tuple[int, int]:
    """Count labels and words."""
    return sum(len(pool[one].spans) for one in done), sum(len(pool[one].text.split()) for one in done)


def _held(
    pool: Mapping[str, Gold], done: Sequence[str], drawn: Sequence[tuple[int, int, float, float]]
) -> Iterator[bool]:
    """Say of each label that was seen whether the interval of its number in the pool holds the truth."""
    sample = Sample.of(Drawn(*(np.array(one) for one in zip(*drawn, strict=True))), np.ones(len(done), bool))
    there = {name: Counter(label for _, _, label in one.spans) for name, one in pool.items()}
    for label in sorted({label for one in done for label in there[one]}):
        said = sample.total(np.array([float(there[one][label]) for one in done]))
        yield said.low <= sum(one[label] for one in there.values()) <= said.high


def _scores(
    pool: Mapping[str, Gold],
    left: Sequence[str],
    done: Sequence[str],
    groups: Mapping[str, int],
    tagger: Tagger | None,
    plan: Plan,
) -> dict[str, NDArray[np.float64]]:
    golds = [pool[one] for one in left]
    documents, zones = documents_of(golds), zones_of(golds)
    found = tagger.suggest(documents, zones=zones).spans if tagger else empty("suggestions")
    words = np.array([float(len(one.text.split())) for one in golds])
    labels = scores.labels_to_make(left, found)
    before = [pool[one].text for one in done]
    said = {
        "representative": representative(
            [one.text for one in golds], before=before, costs=labels if tagger else words, most=2 * plan.size
        ),
        "diversity": scores.novelty([groups[one] for one in left], before=[groups[one] for one in done]),
    }
    if tagger is None:
        return said
    unsure = tagger.uncertainty(documents, zones=zones)
    agreed = Counter(label for one in done for _, _, label in pool[one].spans)
    return said | {
        "uncertainty": unsure * words / labels,
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


def compared(corpus: str, unit: str, kind: str, seeds: Sequence[int], names: Sequence[str]) -> dict[str, list[Course]]:
    """Run these strategies with every seed, and print what each took and gave."""
    told: dict[str, list[Course]] = {name: [] for name in names}
    for setting in settings(corpus, unit, kind == "crawl", seeds):
        whole = f1(learned(list(setting.pool.values()), setting.schema), setting.test)
        for name in names:
            told[name].append(course(setting, STRATEGIES[name], whole=whole))
            points = [f"{value:.3f} at {labels}" for labels, _, value in told[name][-1].points[::3]]
            print(f"{corpus} {unit} {kind} {setting.seed} {name}: {', '.join(points)}", flush=True)
    return told


def took(courses: Sequence[Course], share: float, column: int = 0) -> list[float]:
    """Give how many labels (or words) it took with each seed to reach this share of the F1 with all labels."""
    return [needed(one.points[:-1], share * one.points[-1][2], column) for one in courses]


def holding(courses: Sequence[Course]) -> float:
    """Give the share of intervals that held the truth."""
    return float(np.mean([one for course in courses for one in course.held]))


def run(corpus: str = "re3d") -> Iterator[Ratio]:
    """Give the ratio of labels that ours needs to those that random needs, and how often intervals are right, by seed."""
    for unit, kind in (("sentences", "plain"), ("documents", "crawl")):
        told = compared(corpus, unit, kind, range(FIRST, FIRST + SEEDS), ("random", "ours"))
        beside = zip(*(took(told[one], MOST) for one in ("ours", "random")), strict=True)
        what = f"{corpus} {unit}, {kind}"
        yield at_most(
            f"labels for {MOST:.0%} of the F1, {what}, chosen / random", [ours / rand for ours, rand in beside], TARGET
        )
        yield at_least(f"intervals of 95 % that hold the truth, {what}", [holding([one]) for one in told["ours"]], HOLD)


def tell(told: Mapping[str, Sequence[Course]]) -> None:
    """Print the mean labels and words that each strategy took, beside random's, and the spread over seeds."""
    for name, courses in told.items():
        print(f"{name}: {holding(courses):.3f} of the intervals hold the truth")
        for share in SHARES:
            labels, words = (np.array(took(courses, share, column)) for column in (0, 1))
            others, read = (np.array(took(told["random"], share, column)) for column in (0, 1))
            beside = f"{labels.sum() / others.sum():.2f} of random's, {words.sum() / read.sum():.2f} of its words"
            each = ", ".join(f"{one:.2f}" for one in labels / others)
            print(f"  {share:.0%}: {labels.mean():,.0f} labels, {words.mean():,.0f} words: {beside}; seeds {each}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(show(run()))
    first, count = int(sys.argv[4]), int(sys.argv[5])
    tell(compared(*sys.argv[1:4], range(first, first + count), sys.argv[6:] or list(STRATEGIES)))
