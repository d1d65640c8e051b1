"""Sizes of units go in, the probability that each is drawn comes out, and a draw of a fixed number that has just these probabilities.

The draw is the ordered pivotal method (Deville and Tillé, Biometrika 85, 1998, pages 89-101; Chauvet, Bernoulli 18, 2012, pages
1320-1340): neighbours in the order given meet in turn, and one of the two yields its probability to the other. So each stretch of
the order has as many drawn as its probabilities add up to, to the nearest whole numbers: an order by stratum stratifies, one by
cluster spreads, and small neighbours are rarely drawn together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def inclusion(sizes: Floats, n: int) -> Floats:
    """Give probabilities in proportion to sizes (above 0) that add up to ``n``, or to all where there are not so many.

    What would be above 1 is certain, and the others share what is left (Tillé, Sampling Algorithms, 2006, section 2.10).
    """
    if n >= len(sizes):
        return np.ones(len(sizes))
    certain = np.zeros(len(sizes), dtype=bool)
    while True:
        share = (n - certain.sum()) / sizes[~certain].sum()
        found = ~certain & (sizes * share >= 1)
        if not found.any():
            return np.where(certain, 1.0, sizes * share)
        certain |= found


def draw(probabilities: Floats, rng: np.random.Generator) -> Flags:
    """Draw units, neighbours in turn, each with its probability; how many is the sum of these, where that is a whole number."""
    drawn = probabilities >= 1
    luck = rng.random(len(probabilities)).tolist()
    chances = probabilities.tolist()
    holder, held = -1, 0.0
    for unit in np.flatnonzero(~drawn).tolist():
        chance, both = chances[unit], held + chances[unit]
        if both < 1:  # one of the two is out, the other goes on with both chances
            if luck[unit] * both < chance:
                holder = unit
            held = both
        else:  # one of the two is drawn, the other goes on with what is left
            won, lost = (unit, holder) if luck[unit] * (2 - both) < 1 - held else (holder, unit)
            drawn[won] = True
            holder, held = lost, both - 1
    if holder >= 0 and held > 0.5:  # a whole number, but for rounding
        drawn[holder] = True
    return drawn
