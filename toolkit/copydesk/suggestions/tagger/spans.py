"""Spans go in, a tag for each token comes out, and back: B begins a span, I goes on with it, O is in none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from copydesk.suggestions.tagger.blocks import Block

OUTSIDE = "O"

Span = tuple[int, int, str]  # start, end and label


def outermost(spans: Iterable[Span]) -> list[Span]:
    """Leave out what overlaps a longer span, or one as long that begins earlier; in the order of the text."""
    kept: list[Span] = []
    for start, end, label in sorted(spans, key=lambda one: (one[0] - one[1], one)):
        at = bisect_left(kept, (start,))
        if (not at or kept[at - 1][1] <= start) and (at == len(kept) or end <= kept[at][0]):
            kept.insert(at, (start, end, label))
    return kept


def tags_of(block: Block, spans: Sequence[Span]) -> list[str]:
    """Give the tags of a block's tokens; ``spans`` are sorted and do not overlap, and may cross the block's edges."""
    tags = [OUTSIDE] * len(block.places)
    for start, end, label in spans:
        first = bisect_right(block.places, start, key=lambda place: place[1])
        last = bisect_left(block.places, end, key=lambda place: place[0])
        if first < last and tags[first] == OUTSIDE:  # two spans may share a token whose middle parts them
            tags[first:last] = [f"B-{label}", *[f"I-{label}"] * (last - first - 1)]
    return tags


def spans_of(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Give first token, the one after the last, and label of each span; an I that goes on with nothing begins one."""
    first = 0
    for at, tag in enumerate([*tags, OUTSIDE]):
        before = tags[at - 1] if at else OUTSIDE
        if before != OUTSIDE and tag != f"I-{before[2:]}":
            yield first, at, before[2:]
        if tag != OUTSIDE and (tag[0] == "B" or tag[2:] != before[2:]):
            first = at
