"""A hidden chain of tags along many texts at once: forwards, backwards, and the probability of a span.

Tag 0 is O; ``1 + 2 k`` begins an entity of type ``k``, and ``2 + 2 k`` goes on with it. What BIO forbids has a probability of exactly
nought. All texts are walked side by side, so that a step is one small matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints

OUTSIDE = 0
_LEAST = 1e-12  # of a probability that is multiplied along a span


def legal(types: int) -> Bools:
    """Say which tag (column) may follow which (row)."""
    tags = 1 + 2 * types
    allowed = np.ones((tags, tags), bool)
    for inside in range(2, tags, 2):
        allowed[:, inside] = False
        allowed[[inside - 1, inside], inside] = True
    return allowed


@dataclass(frozen=True, slots=True)
class Lines:
    """Where each text's tokens begin and how many there are, the longest text first; texts without any are left out."""

    start: Ints
    length: Ints

    @classmethod
    def of(cls, first: Ints) -> Lines:
        """Read them off ``Tokens.first``."""
        length = np.diff(first)
        order = np.argsort(-length, kind="stable")
        order = order[length[order] > 0]
        return cls(first[:-1][order], length[order])

    def steps(self) -> Iterator[Ints]:
        """Give the tokens that are n-th in their texts, for n from 0 up."""
        longest = int(self.length.max(initial=0))
        reaching = np.searchsorted(-self.length, -np.arange(longest), side="left")
        for step, texts in enumerate(reaching.tolist()):
            yield self.start[:texts] + step


@dataclass(frozen=True, slots=True)
class Walked:
    """Posterior of each token's tag; how often each tag begins a text and follows each; and what ``span_posterior`` needs."""

    tags: Floats
    begins: Floats
    follows: Floats
    log_likelihood: float
    goes_on: Floats  # of each token and type: how likely it goes on, given that the token before it begins (0) or goes on with (1) it


def walk(lines: Lines, *, begin: Floats, follow: Floats, emit: Floats) -> Walked:
    """Go forwards and backwards: ``begin`` by tag, ``follow`` by tag and next tag, ``emit`` the logs by token and tag."""
    top = emit.max(axis=1, keepdims=True)
    shown = np.exp(emit - top)
    size, tags = shown.shape
    ahead, scale = np.zeros((size, tags)), np.ones((size, 1))
    steps = list(lines.steps())
    for number, at in enumerate(steps):
        now = (ahead[at - 1] @ follow if number else begin) * shown[at]
        total = now.sum(axis=1, keepdims=True)
        ahead[at], scale[at] = now / total, total
    back = np.ones((size, tags))
    shown /= scale
    for at in reversed(steps[1:]):
        back[at - 1] = (shown[at] * back[at]) @ follow.T
    posterior = ahead * back
    later = np.ones(size, bool)
    later[lines.start] = False
    later = np.flatnonzero(later)
    coming = shown[later] * back[later]
    follows = follow * (ahead[later - 1].T @ coming)
    goes_on = np.zeros((size, 2, (tags - 1) // 2))
    inside = coming[:, 2::2]
    for number in (0, 1):
        from_tag = np.arange(1 + number, tags, 2)
        step = follow[from_tag, np.arange(2, tags, 2)] * inside
        goes_on[later, number] = step / np.maximum(back[later - 1][:, from_tag], 1e-300)
    return Walked(
        posterior, posterior[lines.start].sum(axis=0), follows, float(np.log(scale).sum() + top.sum()), goes_on
    )


def span_posterior(walked: Walked, *, start: Ints, end: Ints, kind: Ints) -> Floats:
    """Give how likely it is that just these tokens, from ``start`` up to ``end``, are one entity of type ``kind``."""
    on = np.clip(walked.goes_on, 0, 1)
    size = len(on)
    inner = np.zeros((size + 1, on.shape[2]))
    np.cumsum(np.log(np.maximum(on[:, 1], _LEAST)), axis=0, out=inner[1:])
    longer = end - start > 1
    second = np.minimum(start + 1, size - 1)
    through = np.where(
        longer, on[second, 0, kind] * np.exp(inner[end, kind] - inner[np.minimum(start + 2, end), kind]), 1.0
    )
    # A text's first token never goes on, so the end of a text ends its last entity.
    after = np.append(on, np.zeros((1, *on.shape[1:])), axis=0)[end, longer.astype(np.int64), kind]
    return np.asarray(walked.tags[start, 1 + 2 * kind] * through * (1 - after))
