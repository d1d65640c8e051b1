"""Texts go in, how much each stands for the others comes out: it holds words that many texts have, and few of the chosen ones.

Texts are taken greedily: each adds the most to what those before it cover (Wei, Iyer and Bilmes, ICML 2015, pages 1954-1963, with
words as features). That typical examples teach most while labels are few: Hacohen, Dekel and Weinshall, ICML 2022, pages 8175-8195.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from copydesk.sampling.draw import Floats

Numbers = NDArray[np.int64]

_BUCKETS = 1 << 20  # that words are hashed into


def representative(texts: Sequence[str], *, before: Sequence[str], costs: Floats, most: int) -> Floats:
    """Give a score to each text; ``before`` are those that were chosen, ``costs`` (above 0) what it takes to label each.

    The best ``most`` are scored one after the other, each beside those above it; the others as if they came next.
    """
    hashes: dict[str, int] = {}
    held, seen = _held(texts, hashes), _held(before, hashes)

    def gain(row: int) -> float:
        words = _words(texts[row], hashes)
        return float((held[words] / (1 + seen[words])).sum() / costs[row])

    queue = [(-gain(row), text, row) for row, text in enumerate(texts)]
    heapq.heapify(queue)
    taken: list[int] = []
    while queue and len(taken) < most:
        _, text, row = heapq.heappop(queue)
        now = (-gain(row), text, row)
        if queue and now > queue[0]:  # it was worth more before others were taken
            heapq.heappush(queue, now)
            continue
        taken.append(row)
        seen[_words(text, hashes)] += 1
    places = taken + [row for *_, row in sorted(queue)]
    return -np.argsort(places).astype(np.float64)


def _held(texts: Iterable[str], hashes: dict[str, int]) -> Floats:
    """Count the texts that hold each word."""
    counts = np.zeros(_BUCKETS)
    for text in texts:
        counts[_words(text, hashes)] += 1
    return counts


def _words(text: str, hashes: dict[str, int]) -> Numbers:
    words = set(text.casefold().split())
    for word in words.difference(hashes):
        hashes[word] = zlib.crc32(word.encode()) % _BUCKETS
    return np.unique(np.fromiter((hashes[word] for word in words), np.int64, len(words)))
