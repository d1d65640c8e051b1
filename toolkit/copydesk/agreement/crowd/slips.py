"""Spans as people drew them in; the same on whole tokens out, each slip of the hand put right.

A boundary that lies inside a word has slipped, and so may have one that takes in the next comma or leaves out a short word. Which of
the words nearby was meant is told by what the others drew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Ints, distinct, ranges
from copydesk.agreement.crowd.tokens import Tokens, on_tokens
from copydesk.agreement.match import overlapping

REACH = 2  # characters


@dataclass(frozen=True, slots=True)
class Drawn:
    """Spans in characters; ``person`` -1 stands for what is known to be right."""

    text: Ints
    person: Ints
    start: Ints
    end: Ints


Onto = Callable[[Tokens, Drawn], tuple[Ints, Ints]]


def by_itself(tokens: Tokens, drawn: Drawn) -> tuple[Ints, Ints]:
    """Give each span's first token and the one after the last, by what it covers of them: see ``on_tokens``."""
    return on_tokens(tokens, text=drawn.text, start=drawn.start, end=drawn.end)


def among_others(tokens: Tokens, drawn: Drawn) -> tuple[Ints, Ints]:
    """Take a span for one within ``REACH`` characters of it, at both ends, that more people drew; otherwise as ``by_itself``.

    Who cut a word in two has not voted for what the span is rounded to.
    """
    low, high = by_itself(tokens, drawn)
    held = np.flatnonzero(low < high)
    text, low_held, high_held = drawn.text[held], low[held], high[held]
    one, place = distinct(text, low_held, high_held)
    left, right = tokens.start[low_held[one]], tokens.end[high_held[one] - 1]
    voter, _ = distinct(place, drawn.person[held] + 1)
    votes = np.bincount(place[voter], minlength=len(one))

    here, there = overlapping(group=text[one], start=left, end=right).both_ways()
    first = np.searchsorted(here, place)
    row, at = ranges(first, np.searchsorted(here, place, side="right") - first)
    other, start, end = there[at], drawn.start[held][row], drawn.end[held][row]
    near = np.maximum(np.abs(left[other] - start), np.abs(right[other] - end)) <= REACH
    cut = (left[place[row]] != start) | (right[place[row]] != end)
    slipped = near & (votes[other] > votes[place[row]] - cut) & (drawn.person[held][row] >= 0)
    row, other = row[slipped], other[slipped]
    order = np.lexsort((other, -votes[other], row))
    best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    low[held[row[best]]], high[held[row[best]]] = low_held[one[other[best]]], high_held[one[other[best]]]
    return low, high
