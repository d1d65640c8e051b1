"""What several people marked on one text, as columns: the continua of gamma, many at once, and how far two units are apart.

Y. Mathet, A. Widlöcher and J.-P. Métivier, The Unified and Holistic Method Gamma, Computational Linguistics 41 (2015) 437-479
(J15-3003): a continuum is a text with the units of each of its annotators.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from copydesk.agreement.columns import Bools, Floats, Ints

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Units:
    """The units of many continua, sorted by continuum and start; ``annotator`` counts from 0 in each continuum.

    ``annotators[c]`` is how many people read continuum c, whether or not they marked anything.
    """

    continuum: Ints
    annotator: Ints
    start: Floats
    end: Floats
    category: Ints
    annotators: Ints

    @property
    def counts(self) -> Ints:
        """How many units each continuum has."""
        return np.bincount(self.continuum, minlength=len(self.annotators))

    def of(self, chosen: Bools) -> Units:
        """Give the units of the ``chosen`` continua, which are numbered anew."""
        number = np.cumsum(chosen) - 1
        rows = chosen[self.continuum]
        return Units(
            continuum=number[self.continuum[rows]],
            annotator=self.annotator[rows],
            start=self.start[rows],
            end=self.end[rows],
            category=self.category[rows],
            annotators=self.annotators[chosen],
        )

    def followed_by(self, others: Units) -> Units:
        """Give these continua and then the others, which are numbered on."""
        shifted = replace(others, continuum=others.continuum + len(self.annotators))
        return Units(
            *(np.concatenate([getattr(self, name), getattr(shifted, name)]) for name in Units.__dataclass_fields__)
        )


def units_of(
    *, continuum: Ints, annotator: Ints, start: Floats, end: Floats, category: Ints, annotators: Ints
) -> Units:
    """Sort the units of continua as they are wanted."""
    order = np.lexsort((annotator, category, end, start, continuum))
    columns = (one[order] for one in (continuum, annotator, start, end, category))
    number, who, first, last, said = columns
    return Units(number, who, first.astype(np.float64), last.astype(np.float64), said, annotators)


@dataclass(frozen=True, slots=True)
class Dissimilarity:
    """The combined dissimilarity: alpha * positional + beta * categorial, where a unit beside nothing costs 1.

    Positional (sporadic): the square of (|start - start'| + |end - end'|) / (length + length'). Categorial: 0 for one category, else
    1, or what ``matrix`` says. To multiply all of it by another cost of nothing (delta-empty) leaves gamma as it is.
    """

    alpha: float = 3.0
    beta: float = 1.0
    matrix: Floats | None = field(default=None)

    def positional(self, units: Units, one: Ints, other: Ints) -> Floats:
        """Give how far units ``one`` and ``other`` lie apart, alpha not counted."""
        moved = np.abs(units.start[one] - units.start[other]) + np.abs(units.end[one] - units.end[other])
        length = units.end[one] - units.start[one] + units.end[other] - units.start[other]
        return np.asarray((moved / np.maximum(length, _TINY)) ** 2)

    def categorial(self, units: Units, one: Ints, other: Ints) -> Floats:
        """Give how far their categories lie apart, beta not counted."""
        first, second = units.category[one], units.category[other]
        return (first != second).astype(np.float64) if self.matrix is None else np.asarray(self.matrix[first, second])

    def combined(self, units: Units, one: Ints, other: Ints) -> Floats:
        """Give alpha * positional + beta * categorial."""
        return self.alpha * self.positional(units, one, other) + self.beta * self.categorial(units, one, other)

    def reach(self, bound: Floats) -> Floats:
        """Give how far two starts can lie apart, in lengths of both, where the combined dissimilarity is at most ``bound``."""
        return np.sqrt(bound / max(self.alpha, _TINY))
