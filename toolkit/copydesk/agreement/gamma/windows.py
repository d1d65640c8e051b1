"""Continua that are too crowded to be aligned whole go in; alignments within windows come out."""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Bools, Ints
from copydesk.agreement.gamma.align import best_alignment
from copydesk.agreement.gamma.continua import Dissimilarity, Units
from copydesk.agreement.gamma.tuples import tuples_of

_WIDTHS = (24, 8, 3, 1)  # units of each annotator, on average, in a window


def windowed(units: Units, dissimilarity: Dissimilarity, crowded: Bools, together: Ints) -> Bools:
    """Align the ``crowded`` continua window by window, from left to right, into ``together``; says which could not be aligned.

    No set reaches over the border of a window, so the disorder can only come out too high. A window that is itself too crowded
    is cut into smaller ones.
    """
    left = crowded.copy()
    for width in _WIDTHS:
        rows = np.flatnonzero(left[units.continuum])
        if not len(rows):
            break
        first = np.searchsorted(units.continuum, units.continuum[rows])
        window = (rows - first) // (width * units.annotators[units.continuum[rows]])
        _, number = np.unique(np.stack([units.continuum[rows], window], axis=1), axis=0, return_inverse=True)
        number = number.ravel()
        annotators = np.zeros(int(number.max()) + 1, np.int64)
        annotators[number] = units.annotators[units.continuum[rows]]
        places = units.start[rows], units.end[rows]
        cut = Units(number, units.annotator[rows], *places, units.category[rows], annotators)
        tuples, again = tuples_of(cut, dissimilarity)
        together[rows] = rows[best_alignment(cut, tuples)]
        left = np.zeros(len(left), bool)
        left[units.continuum[rows[again[number]]]] = True
    return left
