"""Counts of categories in, Krippendorff's alpha out.

Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: any number of observers, nominal
data, missing values allowed.
"""

from __future__ import annotations

import numpy as np

from copydesk.agreement.columns import Floats, Ints


def coincidences(counts: Ints) -> Floats:
    """Make the coincidence matrix of ``counts[unit, category]``: how many observers gave the unit that category.

    A unit with m values gives each ordered pair of values of two observers the weight 1/(m - 1); a unit with fewer than two
    values cannot be paired and adds nothing. The matrices of parts of the data add up to that of the whole.
    """
    values = counts.sum(axis=1)
    table = counts[values > 1].astype(np.float64)
    weighted = table / (values[values > 1] - 1.0)[:, np.newaxis]
    return np.asarray(table.T @ weighted - np.diag(weighted.sum(axis=0)))


def one_against_rest(matrix: Floats, category: int) -> Floats:
    """Fold a coincidence matrix into that of one category (row 1) against all others (row 0)."""
    own = matrix[category, category]
    mixed = matrix[category].sum() - own
    return np.array([[matrix.sum() - own - 2 * mixed, mixed], [mixed, own]])


def nominal_alpha(matrix: Floats) -> float | None:
    """Give alpha = 1 - (n - 1) * sum of o_ck (c != k) / sum of n_c * n_k (c != k), in Krippendorff's symbols.

    None where it is not defined: nothing can be paired, or all values are of one category, so that no disagreement
    could be expected.
    """
    margins = matrix.sum(axis=1)
    if np.count_nonzero(margins) < 2:
        return None
    mixed = matrix[~np.eye(len(matrix), dtype=bool)].sum()
    total = margins.sum()
    return float(1 - (total - 1) * mixed / (total**2 - (margins**2).sum()))
