"""Texts and what each person drew in them in; one set of spans, the people's quality and the doubtful texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from copydesk.agreement.columns import Bools, Floats, added
from copydesk.agreement.crowd import sequence, span_ds
from copydesk.agreement.crowd.field import Field, Marked, field_of, stand_of
from copydesk.agreement.crowd.intervals import best_apart
from copydesk.agreement.crowd.slips import among_others, by_itself
from copydesk.agreement.crowd.span_ds import Stand, best_at_place, judge, log_odds
from copydesk.agreement.crowd.tokens import tokens_given, tokens_of
from copydesk.errors import UsageError

METHODS = ("unanimous", "vote", "span_ds", "bsc_seq")
# A vote holds where more than this share of the readers drew it: best on the validation half of the crowd corpus that
# span_ds names.
SHARE = 0.3
# Models that take people for independent are too sure of themselves. On simulated crowds the most doubtful fifth of the texts
# brings one point of F1 more with odds tempered by three; from two to four it is the same.
TEMPER = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A span of the consensus: ``votes`` of ``readers`` drew just this one; ``posterior`` is how likely it is to be right."""

    start: int
    end: int
    label: str
    posterior: float
    votes: int
    readers: int


@dataclass(frozen=True, slots=True)
class Quality:
    """One person against the consensus: over the texts that they read, how many spans they drew, and how well."""

    name: str
    texts: int
    spans: int
    precision: float | None  # None where nothing was drawn
    recall: float | None  # None where the consensus has nothing
    f1: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """Exact spans against gold, micro over texts."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Consensus:
    """What holds: ``spans`` of each text in order; ``doubt`` of each text, from 0 (sure) up: look at the largest first.

    ``score`` is there where gold was given. ``blank`` counts drawn spans that were left out since they hold no word.
    """

    method: str
    spans: tuple[tuple[Found, ...], ...]
    doubt: tuple[float, ...]
    annotators: tuple[Quality, ...]
    score: Score | None
    blank: int

    @property
    def worst_first(self) -> list[int]:
        """The numbers of the texts, the most doubtful first."""
        return sorted(range(len(self.doubt)), key=lambda text: (-self.doubt[text], text))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Texts, and for each the (start, end, label) that everybody drew who read it; ``merge`` says the rest.

    ``words`` holds start and end of each word, by text, in order. ``known`` is what an adjudicator decided, by number of text.
    """

    texts: Sequence[str]
    spans: Sequence[Mapping[str, Marked]]
    readers: Sequence[Sequence[str]] | None = None
    words: Sequence[Sequence[tuple[int, int]]] | None = None
    known: Mapping[int, Marked] | None = None


def consensus(
    texts: Sequence[str],
    spans_by_annotator: Sequence[Mapping[str, Marked]],
    *,
    gold: Sequence[Marked] | None = None,
    method: str = "span_ds",
    words: Sequence[Sequence[tuple[int, int]]] | None = None,
    overlap: bool = False,
    readers: Sequence[Sequence[str]] | None = None,
) -> Consensus:
    """Merge what a crowd drew, and score it where there is ``gold``; see ``Crowd`` and ``merge``."""
    found = merge(Crowd(texts, spans_by_annotator, readers, words), method=method, overlap=overlap)
    return found if gold is None else replace(found, score=score(found.spans, gold))


def merge(crowd: Crowd, *, method: str = "span_ds", overlap: bool = False) -> Consensus:
    """Merge what a crowd drew.

    Somebody who is absent from a text has not read it, and an empty list is a vote for nothing; ``readers`` may name them instead.
    Boundaries are moved on to ``words``, or else on to tokens of our own. Without ``overlap`` no two spans share a character. What is
    ``known`` of a text holds as it is, nothing else does there, and the annotators are judged by it. Nothing depends on the order of
    texts, people or spans.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}", fix=f"one of {', '.join(METHODS)}")
    tokens = tokens_of(crowd.texts) if crowd.words is None else tokens_given(crowd.words)
    reading = [sorted(own) for own in crowd.spans] if crowd.readers is None else crowd.readers
    # Sequences learn how each person slips: they lose by being told.
    onto = by_itself if method == "bsc_seq" else among_others
    field = field_of(tokens, crowd.texts, crowd.spans, reading, crowd.known or {}, onto)
    if method == "bsc_seq" and overlap:
        raise UsageError(
            "bsc_seq tags each word once, so its spans cannot overlap", fix="use span_ds, or forbid overlaps"
        )
    stand = stand_of(field)
    posterior, over, undrawn = _likely(field, stand, method, crowd.texts)
    kept = _keep(stand, posterior, over, overlap=overlap)
    return Consensus(
        method=method,
        spans=_spans(field, stand, posterior, kept),
        doubt=tuple(_doubt(field, stand, posterior, undrawn).tolist()),
        annotators=_qualities(field, stand, kept),
        score=None,
        blank=field.blank,
    )


def score(spans: Sequence[Sequence[Found]], gold: Sequence[Marked]) -> Score:
    """Score exact spans, micro over texts."""
    found = {(text, one.start, one.end, one.label) for text, own in enumerate(spans) for one in own}
    truth = {(text, *one) for text, own in enumerate(gold) for one in own}
    hit = len(found & truth)
    return Score(hit / max(1, len(found)), hit / max(1, len(truth)), 2 * hit / max(1, len(found) + len(truth)))


def _likely(field: Field, stand: Stand, method: str, texts: Sequence[str]) -> tuple[Floats, float, Floats]:
    """Give how likely each candidate is to be right (its share of the readers, where they only vote), above what it holds,
    and how likely an entity that nobody drew begins at each token.
    """
    undrawn: Floats = np.zeros(len(field.tokens.start))
    if method == "span_ds":
        posterior, over = judge(stand).posterior, span_ds.THRESHOLD
    elif method == "bsc_seq":
        told = sequence.tell(field, stand, texts)
        posterior, over, undrawn = told.posterior, sequence.THRESHOLD, told.undrawn
    else:
        readers = np.bincount(stand.read, minlength=len(field.settled))[stand.group]
        share = np.bincount(stand.drawn, minlength=len(stand.group)) / np.maximum(readers, 1)
        posterior, over = np.where(stand.known < 0, share, stand.known), SHARE if method == "vote" else 0.999
    # No decision hangs on the order in which numbers were added up.
    return np.round(posterior, 9), over, np.round(undrawn, 9)


def _keep(stand: Stand, posterior: Floats, over: float, *, overlap: bool) -> Bools:
    holds = (posterior > over) & best_at_place(stand, posterior)
    if overlap:
        return holds
    weight = np.where(stand.known == 1, 1e3, log_odds(posterior, over=over))
    return best_apart(group=stand.group, start=stand.left, end=stand.right, weight=np.where(holds, weight, 0))


def _spans(field: Field, stand: Stand, posterior: Floats, kept: Bools) -> tuple[tuple[Found, ...], ...]:
    votes = np.bincount(stand.drawn, minlength=len(stand.group))
    readers = np.bincount(stand.read, minlength=len(field.settled))
    found: list[list[Found]] = [[] for _ in field.settled]
    start, end = field.tokens.start, field.tokens.end
    for at in np.flatnonzero(kept).tolist():
        text = int(stand.group[at])
        found[text].append(
            Found(
                int(start[stand.left[at]]),
                int(end[stand.right[at] - 1]),
                field.labels[stand.label[at]],
                float(posterior[at]),
                int(votes[at]),
                int(readers[text]),
            )
        )
    return tuple(tuple(own) for own in found)


def _doubt(field: Field, stand: Stand, posterior: Floats, undrawn: Floats) -> Floats:
    """Count, for each text, the answers that are expected to be wrong: candidates, and entities that nobody drew."""
    texts = len(field.settled)
    return added(stand.group, _wrong(posterior), texts) + added(field.tokens.text, _wrong(undrawn), texts)


def _wrong(posterior: Floats) -> Floats:
    """How likely the likelier answer is to be wrong, the posterior's odds tempered."""
    one, other = posterior ** (1 / TEMPER), np.maximum(1 - posterior, 0) ** (1 / TEMPER)
    return np.asarray(np.minimum(one, other) / (one + other))


def _qualities(field: Field, stand: Stand, kept: Bools) -> tuple[Quality, ...]:
    """Score each person against the consensus of the texts that they read."""
    people = len(field.people)
    held = np.bincount(stand.group[kept], minlength=len(field.settled))
    there = np.bincount(field.reader, weights=held[field.read], minlength=people)
    texts = np.bincount(field.reader, minlength=people)
    drawn = np.bincount(stand.drawer, minlength=people)
    hit = np.bincount(stand.drawer, weights=kept[stand.drawn], minlength=people)
    return tuple(
        Quality(
            name,
            int(texts[at]),
            int(drawn[at]),
            precision=float(hit[at] / drawn[at]) if drawn[at] else None,
            recall=float(hit[at] / there[at]) if there[at] else None,
            f1=float(2 * hit[at] / (drawn[at] + there[at])) if drawn[at] + there[at] else None,
        )
        for at, name in enumerate(field.people)
    )
