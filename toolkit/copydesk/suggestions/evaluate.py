"""Suggestions and the labels that people agreed on go in, how good the suggestions were comes out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from copydesk.suggestions.calibration import Calibration, Steps

ALL = "all"
FEWEST = 20  # suggestions of a suggester and label, before their scores are called worth anything
_PLACE = ("doc_id", "start", "end", "label")
_Place = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Score:
    """How many spans were suggested, how many of them hold, and how many labels there are; exact places and labels count."""

    suggester: str
    by: str  # what is told apart: label or source
    of: str
    suggested: int
    held: int
    labelled: int

    @property
    def precision(self) -> float | None:
        """The share of what was suggested that holds; None where nothing was."""
        return self.held / self.suggested if self.suggested else None

    @property
    def recall(self) -> float | None:
        """The share of the labels that was suggested; None where there is none."""
        return self.held / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both: twice what holds over the sum of both sizes."""
        both = self.suggested + self.labelled
        return 2 * self.held / both if both else None

    def as_dict(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        counts = {"suggested": self.suggested, "held": self.held, "labelled": self.labelled}
        figures = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {"suggester": self.suggester, "by": self.by, "of": self.of, **counts, **figures}


def scores(suggester: str, suggested: pa.Table, agreed: pa.Table, *, sources: Mapping[str, str]) -> Iterator[Score]:
    """Score suggestions against agreed labels, over all and then by label and by source of the document.

    ``sources`` names the source of each document that people read; others are left out.
    """
    ours = [place for place in places_of(suggested) if place[0] in sources]
    theirs = [place for place in places_of(agreed) if place[0] in sources]
    right = set(ours) & set(theirs)
    ways: dict[str, Callable[[_Place], str]] = {
        ALL: lambda _: ALL,
        "label": lambda place: place[3],
        "source": lambda place: sources[place[0]],
    }
    for by, of in ways.items():
        counts = [Counter(map(of, each)) for each in (ours, right, theirs)]
        for name in sorted(set().union(*counts)):
            yield Score(suggester, by, name, *(one[name] for one in counts))


def places_of(spans: pa.Table) -> list[_Place]:
    """Give document, start, end and label of each row."""
    return list(zip(*(spans[name].to_pylist() for name in _PLACE), strict=True))


def folds(doc_ids: Iterable[str], groups: Mapping[str, str], *, count: int) -> list[frozenset[str]]:
    """Divide documents so that a suggester can be judged on what it did not learn from; those of a group stay together.

    Which fold a group is in depends on its name alone.
    """
    divided: list[set[str]] = [set() for _ in range(count)]
    for doc_id in doc_ids:
        digest = hashlib.sha256(f"fold\n{groups.get(doc_id, doc_id)}".encode()).digest()
        divided[int.from_bytes(digest[:8], "big") % count].add(doc_id)
    return [frozenset(one) for one in divided if one]


def calibrated(suggested: Mapping[str, pa.Table], agreed: pa.Table) -> Calibration:
    """Measure what the scores of each suggester are worth, label by label.

    Shares of what held grow with the score: neighbours in the wrong order are pooled (isotonic regression by pool adjacent
    violators; Ayer et al., Annals of Mathematical Statistics 26(4), 1955), each count one higher (Laplace).
    """
    right = set(places_of(agreed))
    steps: dict[str, dict[str, Steps]] = {}
    for name, table in suggested.items():
        by_label: dict[str, list[tuple[float, bool]]] = {}
        for place, score in zip(places_of(table), table["score"].to_pylist(), strict=True):
            by_label.setdefault(place[3], []).append((score, place in right))
        steps[name] = {label: _steps(pairs) for label, pairs in sorted(by_label.items()) if len(pairs) >= FEWEST}
    return Calibration(steps)


def _steps(pairs: Sequence[tuple[float, bool]]) -> Steps:
    blocks: list[tuple[float, int, int]] = []  # from which score on, how many held, of how many
    for score, same in groupby(sorted(pairs), key=lambda pair: pair[0]):
        held = [one for _, one in same]
        blocks.append((score, sum(held), len(held)))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            (first, *one), (_, *other) = blocks[-2:]
            blocks[-2:] = [(first, one[0] + other[0], one[1] + other[1])]
    return [(first, round((held + 1) / (count + 2), 4)) for first, held, count in blocks]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of what annotators were shown, each suggestion once for each of them."""

    suggester: str
    label: str
    kept: int  # drawn just so
    changed: int  # something that it was changed into stands there
    dropped: int

    @property
    def shown(self) -> int:
        """How many there were."""
        return self.kept + self.changed + self.dropped


def fates(shown: Iterable[tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]]) -> list[Fate]:
    """Count, by suggester and label, what annotators kept, changed and dropped; suggesters that said the same count each.

    Each item is what one annotator was shown of a document (rows of ``suggestions``) and what they handed in (rows of ``spans``). A
    suggestion is changed where what was changed, as Label Studio's ``origin`` says, overlaps it and stands for no other.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for suggested, drawn in shown:
        just = {(span["start"], span["end"], span["label"]) for span in drawn}
        changed = [span for span in drawn if span["origin"] == "prediction-changed"]
        for row in suggested:
            fate = "kept" if (row["start"], row["end"], row["label"]) in just else "dropped"
            if fate == "dropped":
                into = next((one for one in changed if one["start"] < row["end"] and row["start"] < one["end"]), None)
                if into is not None:
                    changed.remove(into)
                    fate = "changed"
            for by in row["by"] or ["annotators"]:
                counts.setdefault((by.partition(" ")[0], row["label"]), Counter())[fate] += 1
    return [Fate(*key, one["kept"], one["changed"], one["dropped"]) for key, one in sorted(counts.items())]
