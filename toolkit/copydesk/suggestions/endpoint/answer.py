"""A language model's answer goes in, spans of the article, relations between them and categories come out.

What it quotes is looked for, what is not there is no span.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.schema import LabelSchema
from copydesk.suggestions.endpoint.prompt import asked_categories, choices_of
from copydesk.suggestions.words import is_whole

_UNSURE = 0.5  # the confidence of a span of which none is given


Place = tuple[int, int, str]  # start, end and label of a span


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer says, each with its confidence, and how many items were refused for which reason.

    Spans are start, end, label; relations the places and labels of head and tail, and the type; categories name and value.
    """

    spans: tuple[tuple[int, int, str, float], ...] = ()
    relations: tuple[tuple[Place, Place, str, float], ...] = ()
    categories: tuple[tuple[str, str, float], ...] = ()
    refused: Counter[str] = field(default_factory=Counter)


def read_answer(content: str, text: str, schema: LabelSchema) -> Read:
    """Read what the model wrote of a text.

    A quote that stands there several times is the one after its ``before``; where that tells nothing, the first that is not taken yet.
    Refused are: ``not JSON``, ``not as asked``, ``unknown label``, ``not in the article``, ``unknown relation``, ``relation of what
    is no span``, ``relation that may not stand there``, ``unknown category``.
    """
    try:
        said = json.loads(_bare(content))
    except (ValueError, RecursionError):
        return Read(refused=Counter({"not JSON": 1}))
    items = said.get("spans") if isinstance(said, dict) else None
    if not isinstance(items, list):
        return Read(refused=Counter({"not as asked": 1}))
    refused: Counter[str] = Counter()
    spans: dict[Place, float] = {}
    numbered: list[Place | None] = []
    for item in items:
        fault, span = _span(item, text, schema, taken={place[:2] for place in spans})
        numbered.append(span[:3] if span else None)
        if span is None:
            refused[fault] += 1
        else:
            spans.setdefault(span[:3], span[3])
    return Read(
        tuple((*place, score) for place, score in sorted(spans.items())),
        tuple(_relations(said.get("relations"), numbered, schema, refused)),
        tuple(_categories(said.get("categories"), schema, refused)),
        refused,
    )


def _relations(
    items: Any, spans: Sequence[Place | None], schema: LabelSchema, refused: Counter[str]
) -> Iterator[tuple[Place, Place, str, float]]:
    types = {one.name: one for one in schema.relations}
    seen: set[tuple[Place, Place, str]] = set()
    for item in items if isinstance(items, list) else ():
        told = item if isinstance(item, dict) else {}
        kind = types.get(str(told.get("type")))
        head, tail = (_numbered(told.get(end), spans) for end in ("head", "tail"))
        if kind is None:
            refused["unknown relation"] += 1
        elif head is None or tail is None:
            refused["relation of what is no span"] += 1
        elif head == tail or not (_may(head, kind.heads) and _may(tail, kind.tails)):
            refused["relation that may not stand there"] += 1
        elif (head, tail, kind.name) not in seen:
            seen.add((head, tail, kind.name))
            yield head, tail, kind.name, _confidence(told.get("confidence"))


def _numbered(number: Any, spans: Sequence[Place | None]) -> Place | None:
    is_number = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(spans)
    return spans[number] if is_number else None


def _may(place: Place, labels: Sequence[str]) -> bool:
    return not labels or place[2] in labels


def _categories(items: Any, schema: LabelSchema, refused: Counter[str]) -> Iterator[tuple[str, str, float]]:
    known = {one.name: choices_of(one) for one in asked_categories(schema)}
    for item in items if isinstance(items, list) else ():
        told = item if isinstance(item, dict) else {}
        name, value = str(told.get("name")), told.get("value")
        if isinstance(value, str) and value in known.get(name, ()):
            yield name, value, _confidence(told.get("confidence"))
        else:
            refused["unknown category"] += 1


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
