"""Spans and tokens go in, one layer of spans comes out: whole tokens, none over another, as tags for each token need it.

The rule: a span whose boundaries are not those of tokens is left out (misaligned). Of the others the longest in code points is
taken first; of two as long the one that starts first, then the first label in the alphabet, then the first id. What overlaps a span
that was taken is left out: nested where one of the two lies within the other, crossing elsewhere. The order of rows decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from copydesk.datasets.exports.corpus import Labelled, Row
from copydesk.datasets.exports.report import LeftOut
from copydesk.datasets.exports.words import Token


@dataclass(frozen=True, slots=True)
class Placed:
    """A span and its tokens: from ``first`` up to, not including, ``last``."""

    span: Row
    first: int
    last: int


def aligned(document: Labelled, tokens: Sequence[Token], *, split: str) -> tuple[list[Placed], list[LeftOut]]:
    """Give the spans that begin and end where tokens do, in their order, and the others."""
    first = {token.start: number for number, token in enumerate(tokens)}
    last = {token.end: number for number, token in enumerate(tokens, 1)}
    placed, left = [], []
    for span in document.spans:
        start, end = first.get(span["start"]), last.get(span["end"])
        if start is None or end is None:
            left.append(_left(document, span, split, "misaligned"))
        else:
            placed.append(Placed(span, start, end))
    return placed, left


def one_layer(document: Labelled, placed: Iterable[Placed], *, split: str) -> tuple[list[Placed], list[LeftOut]]:
    """Give the spans that are taken, in the order of the text, and those that overlap them."""
    owner: dict[int, Placed] = {}  # of each token that is taken
    left = []
    for one in sorted(placed, key=_rank):
        over = next((owner[token] for token in range(one.first, one.last) if token in owner), None)
        if over is None:
            owner |= dict.fromkeys(range(one.first, one.last), one)
        else:
            reason = "nested" if over.first <= one.first and one.last <= over.last else "crossing"
            left.append(_left(document, one.span, split, reason, beside=over.span["span_id"]))
    kept = {id(one): one for one in owner.values()}
    return sorted(kept.values(), key=lambda one: one.first), left


def bio(taken: Iterable[Placed], count: int) -> list[str]:
    """Give ``count`` tokens the tags of the IOB2 scheme: ``B-`` begins a span, ``I-`` goes on with it, ``O`` is in none."""
    tags = ["O"] * count
    for one in taken:
        label = one.span["label"]
        tags[one.first : one.last] = [f"B-{label}", *[f"I-{label}"] * (one.last - one.first - 1)]
    return tags


def bilou(taken: Iterable[Placed], count: int) -> list[str]:
    """Give ``count`` tokens the tags of the BILOU scheme: as ``bio``, with ``L-`` for the last token and ``U-`` for a single one."""
    tags = ["O"] * count
    for one in taken:
        label, inner = one.span["label"], one.last - one.first - 2
        whole = [f"U-{label}"] if inner < 0 else [f"B-{label}", *[f"I-{label}"] * inner, f"L-{label}"]
        tags[one.first : one.last] = whole
    return tags


def sentences(document: Labelled, tokens: Sequence[Token], taken: Sequence[Placed]) -> Iterator[tuple[int, int]]:
    """Cut the tokens into sentences, as half-open ranges; within a span that was taken there is no cut.

    Of a document without sentences every line is one.
    """
    lines = (at + 1 for at, character in enumerate(document.text) if character == "\n")
    starts = sorted(one["start"] for one in document.sentences) or list(lines)
    within = {token for one in taken for token in range(one.first + 1, one.last)}
    cut = begin = 0
    for number, token in enumerate(tokens):
        passed = False
        while cut < len(starts) and starts[cut] <= token.start:
            cut, passed = cut + 1, True
        if passed and number > begin and number not in within:
            yield begin, number
            begin = number
    if begin < len(tokens):
        yield begin, len(tokens)


def _rank(one: Placed) -> tuple[int, int, str, str]:
    span = one.span
    return span["start"] - span["end"], span["start"], span["label"], span["span_id"]


def _left(document: Labelled, span: Row, split: str, reason: str, beside: str = "") -> LeftOut:
    return LeftOut(
        split=split,
        doc_id=document.doc_id,
        kind="span",
        id=span["span_id"],
        label=span["label"],
        reason=reason,
        start=span["start"],
        end=span["end"],
        beside=beside,
    )
