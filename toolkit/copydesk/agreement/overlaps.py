"""Spans that share characters in; which of them the schema lets stand together, and what a model holds where none may, out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from copydesk.agreement.columns import Bools
from copydesk.agreement.crowd.intervals import best_apart
from copydesk.agreement.crowd.rule import HOLDS, Verdict
from copydesk.agreement.crowd.span_ds import log_odds
from copydesk.agreement.match import Pairs
from copydesk.agreement.settle import Rivals
from copydesk.agreement.votes import Votes

ANY, NESTED, NONE = "any", "nested", "none"  # what a schema says of overlaps (``model.schema_parts.OVERLAPS``)


def rivals_under(overlap: str, votes: Votes, meeting: Pairs) -> Rivals:
    """Say which of the spans that share a character may not both be agreed: all, or those of which neither holds the other."""
    if overlap == ANY:
        return Rivals.of(meeting)
    one, other = meeting.left, meeting.right
    start, end = votes.left, votes.right
    within = (start[one] <= start[other]) & (end[other] <= end[one])
    around = (start[other] <= start[one]) & (end[one] <= end[other])
    return Rivals(one, other, np.full(len(one), overlap == NONE) | ~(within | around))


def likeliest_apart(votes: Votes, said: Verdict) -> Verdict:
    """Keep, of the spans that a model holds, those of the highest log odds together of which no two overlap; the others fail."""
    held: Bools = said.by_model & said.holds
    # What all readers drew holds at any posterior, and then it weighs as little as what a model holds can.
    weight = log_odds(np.where(held, np.maximum(said.posterior, HOLDS), 0.5), over=0.5)
    lost = held & ~best_apart(group=votes.doc, start=votes.left, end=votes.right, weight=weight)
    return replace(said, holds=said.holds & ~lost, fails=said.fails | lost)
