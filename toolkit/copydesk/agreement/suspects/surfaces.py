"""Agreed labels and texts in, surfaces that are labelled now this way and now that out.

A surface is what a span covers, its white space as one space each. It is looked for in every text that people read, as whole words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from copydesk.agreement.suspects.corpus import Corpus, Covered
from copydesk.agreement.suspects.suspect import Suspect

FEWEST = 3  # times that a surface is labelled, before anything is concluded from it
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Found:
    doc_id: str
    start: int
    end: int


def labelled_otherwise(corpus: Corpus, *, least: float) -> Iterator[Suspect]:
    """Give the spans whose surface, with its aliases, mostly has another label.

    The score is one less the share of this label among all labels of the surface, each count of the share one higher (Laplace).
    """
    counts, spellings = _counts(corpus, corpus.aliases), _spellings(corpus)
    for doc_id, spans in corpus.spans.items():
        for span in spans:
            surface = surface_of(span["surface"])
            main = corpus.aliases.get(surface, surface)
            own = counts[main]
            total, (top, most) = own.total(), own.most_common(1)[0]
            score = 1 - (own[span["label"]] + 1) / (total + 2)
            if total < FEWEST or own[span["label"]] >= most or score < least:
                continue
            yield Suspect.of(
                doc_id,
                span,
                reason="surface-label",
                score=score,
                detail=f"{_called(surface, spellings[main])} labelled {_told(own)} in the corpus, mostly {top}",
                other=top,
            )


def not_labelled(corpus: Corpus, *, least: float) -> Iterator[Suspect]:
    """Give the places where nothing is labelled, and nothing in dispute, though their words mostly are.

    The score is the share of the places with these words that are labelled, each count one higher (Laplace).
    """
    counts = {surface: own for surface, own in _counts(corpus, {}).items() if own.total() >= FEWEST}
    bare = _bare(corpus, counts)
    for surface, places in bare.items():
        own = counts[surface]
        score = (own.total() + 1) / (own.total() + len(places) + 2)
        if score < least:
            continue
        for place in places:
            yield Suspect(
                doc_id=place.doc_id,
                span_id=None,
                start=place.start,
                end=place.end,
                surface=corpus.texts[place.doc_id][place.start : place.end],
                label=None,
                reason="surface-unlabelled",
                score=score,
                detail=f"it is labelled {_told(own)} elsewhere, and not at all in {len(places)} place{'s' * (len(places) > 1)}",
                other=own.most_common(1)[0][0],
            )


def _counts(corpus: Corpus, aliases: Mapping[str, str]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for spans in corpus.spans.values():
        for span in spans:
            surface = surface_of(span["surface"])
            counts.setdefault(aliases.get(surface, surface), Counter())[span["label"]] += 1
    return counts


def _spellings(corpus: Corpus) -> dict[str, set[str]]:
    spellings: dict[str, set[str]] = {}
    for surface in _counts(corpus, {}):
        spellings.setdefault(corpus.aliases.get(surface, surface), set()).add(surface)
    return spellings


def _called(surface: str, spellings: set[str]) -> str:
    others = sorted(spellings - {surface})
    return f"it, also written {', '.join(map(repr, others))}, is" if others else "it is"


def _bare(corpus: Corpus, counts: Mapping[str, Counter[str]]) -> dict[str, list[_Found]]:
    """Find every place that holds the words of a surface and is not labelled; within a longer one there is no shorter one."""
    search = _Search.for_surfaces(counts)
    bare: dict[str, list[_Found]] = {}
    for doc_id, text in corpus.texts.items():
        covered = Covered.of([(span["start"], span["end"]) for span in corpus.spans[doc_id]])
        disputed = corpus.disputed.get(doc_id, Covered((), ()))
        met = [
            (start - end, start, end, surface)
            for start, end, surface in search.through(text)
            if not (covered.meets(start, end) or disputed.meets(start, end))
        ]
        taken: list[tuple[int, int]] = []
        for _, start, end, surface in sorted(met):
            if not any(start < right and left < end for left, right in taken):
                taken.append((start, end))
                bare.setdefault(surface, []).append(_Found(doc_id, start, end))
    return bare


@dataclass(frozen=True, slots=True)
class _Search:
    """Surfaces to look for, by their first word: words are cheap to list, so that a text is searched only for what it may have."""

    beginning: Mapping[str, list[tuple[str, re.Pattern[str]]]]

    @classmethod
    def for_surfaces(cls, surfaces: Iterable[str]) -> _Search:
        beginning: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
        for surface in sorted(surfaces):
            if words := _WORD.findall(surface):
                beginning.setdefault(words[0], []).append((surface, re.compile(_pattern(surface))))
        return cls(beginning)

    def through(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Give start, end and surface of every place."""
        for word in self.beginning.keys() & set(_WORD.findall(text)):
            for surface, pattern in self.beginning[word]:
                for match in pattern.finditer(text):
                    if not _goes_on(text, match.start()):
                        yield match.start(), match.end(), surface


def _goes_on(text: str, at: int) -> bool:
    """Say whether a word reaches over this place; a pattern that began with this test would be slow to search for."""
    return at > 0 and _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _pattern(surface: str) -> str:
    """A surface whose last word does not go on, and whose white space is any."""
    words = r"\s+".join(re.escape(part) for part in surface.split(" "))
    return words + (r"(?!\w)" if _is_word(surface[-1]) else "")


def surface_of(text: str) -> str:
    """Give what a span covers with its white space as one space each."""
    return " ".join(text.split())


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{label} {n} times" for label, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
