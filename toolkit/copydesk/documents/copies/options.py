"""What counts as a copy, as one value; the defaults are justified in ``tests/gate/copies.toml`` by the figures they give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """Thresholds on the shingles (runs of three words) of two bodies.

    ``near``: least Jaccard resemblance of near-duplicates. ``contained``: least share of the shorter body that the longer one
    holds, for copies that were cut or extended. ``related``: the same of two that are both copies of a third, for both to be of one
    story. ``least_shingles``: a body with fewer is a copy only of the same body.
    ``numbers``: least share of the numbers of the one with fewer that the other has too, asked where it has ``least_numbers``
    or more: a table of results or a market report that is written anew each day shares its phrases and not its numbers.
    ``repeated``: a line that stands in so many articles of one outlet is the outlet's and not the article's, counting only
    articles of which a share of ``own`` (``own_unknown`` where the outlet is not known) is not such lines.
    ``full_bucket``: so many different bodies under one key are all compared; of more, each with a few (see ``candidates``).
    """

    near: float = 0.5
    contained: float = 0.5
    related: float = 0.3
    least_shingles: int = 12
    numbers: float = 0.5
    least_numbers: int = 4
    repeated: int = 5
    own: float = 0.1
    own_unknown: float = 0.5
    full_bucket: int = 48


DEFAULT = CopyOptions()
