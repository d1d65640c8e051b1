"""Documents that tell one story in, what is labelled in one and otherwise in its copy out.

Two places are the same where the words around them are: so what an editor changed is no contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.agreement.suspects.corpus import Corpus, Covered, Span
from copydesk.agreement.suspects.suspect import Suspect

_AROUND = 15  # characters on either side


def copied_otherwise(corpus: Corpus, *, least: float) -> Iterator[Suspect]:
    """Give the labels, and the places without one, that contradict the first document of their story.

    The score is the share of the votes that speak for the other side, each side counted one higher (Laplace): who drew the one,
    against who drew the other, or read it and drew nothing.
    """
    for first, *others in corpus.stories:
        for other in others:
            seen: set[tuple[str, int, int]] = set()
            for one, two in ((first, other), (other, first)):
                for suspect in _compared(corpus, one, two):
                    place = (suspect.doc_id, suspect.start, suspect.end)
                    if suspect.score >= least and place not in seen:
                        seen.add(place)
                        yield suspect


def _compared(corpus: Corpus, here: str, there: str) -> Iterator[Suspect]:
    """Look up in ``there`` what is labelled in ``here``; gives the suspects of both."""
    text, other = corpus.texts[here], corpus.texts[there]
    labels: dict[tuple[int, int], list[Span]] = {}
    for span in corpus.spans[there]:
        labels.setdefault((span["start"], span["end"]), []).append(span)
    covered = Covered.of(list(labels))
    disputed = corpus.disputed.get(there, Covered((), ()))
    for span in corpus.spans[here]:
        begin = max(0, span["start"] - _AROUND)
        quote = text[begin : span["end"] + _AROUND]
        at = other.find(quote)
        if at < 0 or other.find(quote, at + 1) >= 0:
            continue  # it was edited, or could be either of two places
        start = at + span["start"] - begin
        end = start + span["end"] - span["start"]
        found = labels.get((start, end), [])
        if any(one["label"] == span["label"] for one in found) or disputed.meets(start, end):
            continue
        if found:
            yield from _differ(span, found[0])
        elif not covered.meets(start, end):
            yield from _missing(corpus, span, there, (start, end))


def _differ(one: Span, other: Span) -> Iterator[Suspect]:
    for span, against in ((one, other), (other, one)):
        detail = f"{against['doc_id']} tells the same story, and has {against['label']} here ({_votes(against)})"
        score = _score(against["votes"], span["votes"])
        yield _suspect(span, reason="copy-label", score=score, detail=detail, other=against["label"])


def _missing(corpus: Corpus, span: Span, there: str, place: tuple[int, int]) -> Iterator[Suspect]:
    readers = corpus.readers[there]
    bare = {
        "doc_id": there,
        "span_id": None,
        "start": place[0],
        "end": place[1],
        "surface": span["surface"],
        "label": None,
    }
    said = f"{span['doc_id']} tells the same story, and has {span['label']} here ({_votes(span)})"
    score = _score(span["votes"], readers)
    yield _suspect(bare, reason="copy-unlabelled", score=score, detail=said, other=span["label"])
    said = f"{there} tells the same story, and has no label here ({readers} read it)"
    yield _suspect(span, reason="copy-label", score=_score(readers, span["votes"]), detail=said, other=None)


def _suspect(span: Mapping[str, Any], *, reason: str, score: float, detail: str, other: str | None) -> Suspect:
    return Suspect.of(span["doc_id"], span, reason=reason, score=score, detail=detail, other=other)


def _score(against: int, votes: int) -> float:
    return (against + 1) / (against + votes + 2)


def _votes(span: Span) -> str:
    return f"{span['votes']} of {span['readers']} readers"
