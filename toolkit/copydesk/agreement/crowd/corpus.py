"""A file of texts that a crowd marked in, in; the corpus, and what is wrong or missed in a consensus over it, out.

A line is a JSON object for each text:

* ``text``: as code points;
* ``annotators``: by name the spans of everybody who read it, [start, end, label] or an object with these names; an empty list is a vote
  for nothing, and who is absent has not read it; ``readers`` may name more who drew nothing;
* ``gold``, where there is any: spans likewise;
* ``words``, where they are given: [start, end] of each, in order.

A text of several lines is cut at the line breaks that no span crosses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from copydesk.agreement.crowd.consensus import Consensus, Found, score
from copydesk.agreement.crowd.field import Span, span_in
from copydesk.agreement.crowd.tokens import tokens_given, tokens_of
from copydesk.errors import DataError

_Spans = list[Span]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts, and for each what everybody drew who read it; gold and words where all texts have them."""

    texts: list[str]
    drawn: list[dict[str, _Spans]]
    gold: list[_Spans] | None
    words: list[list[tuple[int, int]]] | None


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    drawn: dict[str, _Spans]
    gold: _Spans | None
    words: list[tuple[int, int]] | None


def read_corpus(path: Path) -> Corpus:
    """Read the file; raises DataError with the line where it is not as it should be."""
    rows: list[_Row] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            rows += _lines(_row(line, f"{path}, line {number}"))
    gold = [row.gold for row in rows if row.gold is not None]
    words = [row.words for row in rows if row.words is not None]
    return Corpus(
        [row.text for row in rows],
        [row.drawn for row in rows],
        gold if rows and len(gold) == len(rows) else None,
        words if rows and len(words) == len(rows) else None,
    )


def _row(line: str, place: str) -> _Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place}: not JSON: {error}", fix="write one JSON object a line") from error
    if not (isinstance(row, dict) and isinstance(row.get("text"), str) and isinstance(row.get("annotators"), dict)):
        raise DataError(f"{place}: no 'text' and 'annotators'", fix="write both of them on each line")
    length = len(row["text"])
    drawn = {name: _spans(own, f"{place}, {name}", length) for name, own in row["annotators"].items()}
    drawn = {**{str(name): [] for name in row.get("readers", ())}, **drawn}
    gold = _spans(row["gold"], f"{place}, gold", length) if "gold" in row else None
    words = [(int(start), int(end)) for start, end in row["words"]] if "words" in row else None
    return _Row(row["text"], drawn, gold, words)


def _spans(given: Any, place: str, length: int) -> _Spans:
    parts = [[one.get(name) for name in ("start", "end", "label")] if isinstance(one, dict) else one for one in given]
    return [span_in(one, place, length) for one in parts]


def _lines(row: _Row) -> list[_Row]:
    """Cut a text at its line breaks, but for those that a span crosses."""
    spans = [span for own in (*row.drawn.values(), row.gold or ()) for span in own]
    crossed = {at for start, end, _ in spans for at in range(start, end)}
    breaks = [at for at, character in enumerate(row.text) if character == "\n" and at not in crossed]
    rows = []
    for before, after in pairwise([-1, *breaks, len(row.text)]):
        start = before + 1
        if start < after:
            rows.append(
                _Row(
                    row.text[start:after],
                    {name: _within(own, start, after) for name, own in row.drawn.items()},
                    None if row.gold is None else _within(row.gold, start, after),
                    None if row.words is None else [(s - start, e - start) for s, e in row.words if start <= s < after],
                )
            )
    return rows


def _within(spans: _Spans, start: int, end: int) -> _Spans:
    return [(first - start, last - start, label) for first, last, label in spans if start <= first < end]


def worst_fifth(found: Consensus, gold: Sequence[_Spans]) -> tuple[float, float]:
    """Give what F1 gains when an adjudicator puts right the most doubtful fifth of the texts, and at most with any fifth."""
    own = score(found.spans, gold).f1
    worth = {}
    for text, (spans, right) in enumerate(zip(found.spans, gold, strict=True)):
        said = {(one.start, one.end, one.label) for one in spans}
        # What is missing adds to hits and to spans; what is too much takes from spans alone.
        worth[text] = (2 - own) * len(set(right) - said) + own * len(said - set(right))
    best = sorted(worth, key=lambda text: -worth[text])
    fifth = len(gold) // 5
    return _put_right(found, gold, found.worst_first[:fifth]) - own, _put_right(found, gold, best[:fifth]) - own


def _put_right(found: Consensus, gold: Sequence[_Spans], texts: Sequence[int]) -> float:
    """Give F1 with these texts as they are in gold."""
    spans = list(found.spans)
    for text in texts:
        spans[text] = tuple(Found(*one, 1.0, 0, 0) for one in gold[text])
    return score(spans, gold).f1


def faults(corpus: Corpus, spans: Sequence[Sequence[Found]]) -> tuple[int, int, int]:
    """Count spans that cut a word, pairs that share characters, and spans that do not lie in their text."""
    tokens = tokens_of(corpus.texts) if corpus.words is None else tokens_given(corpus.words)
    ends = set(zip(tokens.text.tolist(), tokens.end.tolist(), strict=True))
    starts = set(zip(tokens.text.tolist(), tokens.start.tolist(), strict=True))
    half = overlaps = outside = 0
    for text, own in enumerate(spans):
        half += sum((text, one.start) not in starts or (text, one.end) not in ends for one in own)
        outside += sum(not 0 <= one.start < one.end <= len(corpus.texts[text]) for one in own)
        overlaps += sum(first.end > second.start for first, second in pairwise(own))
    return half, overlaps, outside
