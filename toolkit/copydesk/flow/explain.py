"""A document in, its article beside it out: every stretch of the one with what became of it in the other, and by which rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from copydesk.flow.current import article_of, edits_of, located, zones_of
from copydesk.model.document import Edit
from copydesk.workspace import Workspace


def explain(workspace: Workspace, name: str) -> dict[str, Any]:
    """Give the newest revision of a document, by its ``doc_id`` or source, with its article, its edits and its zones.

    ``stretches`` go through both texts from beginning to end: each has ``article`` and ``document`` (start, end and text in either),
    ``rule`` (empty where the text was left as it is) and ``zone`` (the kind and rule of the block that it is in, where it is in one).
    Raises UnknownError where there is no such document.
    """
    part, document = located(workspace, name)
    text: str = document.pop("text")
    article = article_of(part, document)
    raw = article.pop("raw").decode(article["encoding"])
    edits = [
        Edit(row["start"], row["end"], row["removed"], row["inserted"], row["rule"]) for row in edits_of(part, document)
    ]
    zones = zones_of(workspace, part, document)
    return {
        "document": document,
        "article": article,
        "zones": zones,
        "stretches": list(_stretches(raw, text, edits, _outer(zones))),
    }


def _outer(zones: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out zones that stand within others."""
    outer: list[Mapping[str, Any]] = []
    for zone in zones:
        if not outer or zone["start"] >= outer[-1]["end"]:
            outer.append(zone)
    return outer


def _stretches(
    article: str, text: str, edits: Sequence[Edit], zones: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    at = to = 0
    for edit in edits:
        yield from _kept(article, text, at, to, edit.start - at, zones)
        to += edit.start - at
        yield _stretch(article, text, (edit.start, edit.end), (to, to + len(edit.inserted)), edit.rule, zones)
        at, to = edit.end, to + len(edit.inserted)
    yield from _kept(article, text, at, to, len(article) - at, zones)


def _kept(  # two texts, a place in each, a length and the zones
    article: str, text: str, at: int, to: int, length: int, zones: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Give what was left as it is, cut where a zone begins or ends."""
    marks = {place for zone in zones for place in (zone["start"], zone["end"]) if to < place < to + length}
    borders = [to, *sorted(marks), to + length]
    for start, end in pairwise(borders):
        if end > start:
            yield _stretch(article, text, (at + start - to, at + end - to), (start, end), "", zones)


def _stretch(  # two texts, a place in each, a rule and the zones
    article: str,
    text: str,
    of_article: tuple[int, int],
    of_text: tuple[int, int],
    rule: str,
    zones: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    zone = next((one for one in zones if one["start"] <= of_text[0] < one["end"]), None)
    return {
        "article": {"start": of_article[0], "end": of_article[1], "text": article[slice(*of_article)]},
        "document": {"start": of_text[0], "end": of_text[1], "text": text[slice(*of_text)]},
        "rule": rule,
        "zone": {key: zone[key] for key in ("kind", "rule")} if zone else None,
    }
