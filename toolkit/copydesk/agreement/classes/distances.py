"""Values in, how far any two are apart out: a matrix [values, values], symmetric, 0 on the diagonal."""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Bools, Floats


def nominal(size: int) -> Floats:
    """Give 1 for any two values that are not the same."""
    return 1 - np.eye(size)


def interval(values: Floats) -> Floats:
    """Give the squared difference: Krippendorff 2011, section D. As disagreement of kappa it is the quadratic one of Cohen 1968."""
    return np.asarray((values[:, np.newaxis] - values) ** 2)


def ratio(values: Floats) -> Floats:
    """Give the squared difference over the sum: Krippendorff 2011, section D; for values from 0 up, and 0 for twice 0."""
    apart, both = values[:, np.newaxis] - values, values[:, np.newaxis] + values
    return np.asarray(np.divide(apart, both, out=np.zeros(apart.shape), where=both != 0) ** 2)


def linear(values: Floats) -> Floats:
    """Give the difference, a common disagreement of weighted kappa."""
    return np.abs(values[:, np.newaxis] - values)


def jaccard(sets: Bools) -> Floats:
    """Give 1 - shared / either for sets [values, members]; two empty sets are the same, so their distance is 0."""
    return 1 - _overlap(sets)[0]


def masi(sets: Bools) -> Floats:
    """Give 1 - J * M for sets [values, members]; two empty sets are the same, so their distance is 0.

    J is shared / either; M is 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they share nothing:
    R. Passonneau, Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation (LREC 2006).
    """
    jaccard_index, shared, least, most = _overlap(sets)
    monotone = np.select([shared == most, shared == least, shared > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    return np.asarray(1 - jaccard_index * monotone)


def _overlap(sets: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Give for every two sets the Jaccard index, how many members they share, and the size of the smaller and of the larger."""
    members = sets.astype(np.float64)
    shared = members @ members.T
    size = members.sum(axis=1)
    least, most = np.minimum(size[:, np.newaxis], size), np.maximum(size[:, np.newaxis], size)
    either = size[:, np.newaxis] + size - shared
    return np.divide(shared, either, out=np.ones(shared.shape), where=either != 0), shared, least, most
