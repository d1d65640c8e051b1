"""Two published versions beside each other: what changed between them, and whether scores on their test sets may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.causes import caused
from copydesk.datasets.diff import Difference, compare
from copydesk.datasets.edition import read_edition
from copydesk.datasets.events import events_in, state_of
from copydesk.datasets.gold import gold_in, mask_of
from copydesk.datasets.version import Release, open_release

MASK = pa.schema(
    [pa.field("doc_id", pa.string(), nullable=False), pa.field("gold_sha256", pa.string(), nullable=False)]
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed from ``old`` to ``new``; ``rows`` are the changed labels as ``causes.CAUSED``."""

    old: Release
    new: Release
    difference: Difference
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Comparability:
    """Whether scores on two test sets may be compared.

    ``mask`` (as ``gold.MASK``) lists the documents that both test, with the same text and labels: scores on these alone may be. ``alone``
    counts those of either side that it leaves out.
    """

    comparable: bool
    mask: pa.Table
    alone: tuple[int, int]


def compared(folder: Path, old: str, new: str) -> Compared:
    """Compare two versions of the dataset in ``folder``; raises StoreError where one is damaged."""
    releases = [open_release(folder / version) for version in (old, new)]
    editions = [read_edition(release) for release in releases]
    difference = compare(editions[0].tables, editions[1].tables)
    retracted = state_of(events_in(folder)).retracted
    rows = caused(difference, old=editions[0], new=editions[1], retracted=retracted)
    return Compared(releases[0], releases[1], difference, rows)


def comparability(old: Path, new: Path) -> Comparability:
    """Say whether scores on the test sets of the versions in two folders may be compared."""
    before, after = gold_in(old), gold_in(new)
    mask = mask_of(before, after)
    alone = len(before) - mask.num_rows, len(after) - mask.num_rows
    return Comparability(bool(mask.num_rows) and alone == (0, 0), mask, alone)


def by_cause(rows: pa.Table) -> dict[str, int]:
    """Count changed labels by their cause, the most frequent first."""
    counts = pc.value_counts(rows["cause"]).to_pylist()
    return {one["values"]: one["counts"] for one in sorted(counts, key=lambda one: (-one["counts"], one["values"]))}
