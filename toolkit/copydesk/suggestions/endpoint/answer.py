"""A language model's answer goes in, spans of the article come out: what it quotes is looked for, what is not there is no span."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.schema import LabelSchema
from copydesk.suggestions.words import is_whole

_UNSURE = 0.5  # the confidence of a span of which none is given


@dataclass(frozen=True, slots=True)
class Read:
    """The spans (start, end, label, confidence) of an answer, and how many items were refused for which reason."""

    spans: tuple[tuple[int, int, str, float], ...] = ()
    refused: Counter[str] = field(default_factory=Counter)


def read_answer(content: str, text: str, schema: LabelSchema) -> Read:
    """Read what the model wrote of a text.

    A quote that stands there several times is the one after its ``before``; where that tells nothing, the first that is not taken yet.
    Refused are: ``not JSON``, ``not as asked``, ``unknown label``, ``not in the article``.
    """
    try:
        said = json.loads(_bare(content))
    except (ValueError, RecursionError):
        return Read(refused=Counter({"not JSON": 1}))
    items = said.get("spans") if isinstance(said, dict) else None
    if not isinstance(items, list):
        return Read(refused=Counter({"not as asked": 1}))
    refused: Counter[str] = Counter()
    spans: dict[tuple[int, int, str], float] = {}
    for item in items:
        fault, span = _span(item, text, schema, taken={place[:2] for place in spans})
        if span is None:
            refused[fault] += 1
        else:
            spans.setdefault(span[:3], span[3])
    return Read(tuple((*place, score) for place, score in sorted(spans.items())), refused)


def _bare(content: str) -> str:
    """Take the fence of Markdown away that models put around JSON whatever they are told."""
    stripped = content.strip()
    if stripped.startswith("```"):
        stripped = stripped.partition("\n")[2].removesuffix("```")
    return stripped


def _span(
    item: Any, text: str, schema: LabelSchema, *, taken: set[tuple[int, int]]
) -> tuple[str, tuple[int, int, str, float] | None]:
    if not isinstance(item, dict) or not isinstance(item.get("quote"), str) or not item["quote"].strip():
        return "not as asked", None
    if item.get("label") not in schema.label_names:
        return "unknown label", None
    quote = item["quote"].strip()
    places = list(_places(text, quote))
    if not places:
        return "not in the article", None
    before = item.get("before")
    after = [one for one in places if isinstance(before, str) and before.strip() and _follows(text, one[0], before)]
    free = [one for one in after or places if one not in taken]
    start, end = (free or after or places)[0]
    return "", (start, end, item["label"], _confidence(item.get("confidence")))


def _places(text: str, quote: str) -> Iterator[tuple[int, int]]:
    """Give where a quote stands and cuts no word."""
    start = text.find(quote)
    while start >= 0:
        if is_whole(text, start, start + len(quote)):
            yield start, start + len(quote)
        start = text.find(quote, start + 1)


def _follows(text: str, start: int, before: str) -> bool:
    """Say whether what stands right before a place ends as is said, white space aside."""
    said = "".join(before.split())
    return "".join(text[max(start - 2 * len(before) - 8, 0) : start].split()).endswith(said)


def _confidence(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        return _UNSURE
    return min(max(float(said), 0.0), 1.0)
