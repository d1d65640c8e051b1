"""Documents in; out come stories: which documents are copies of which, how much they share, and why it was said.

::

    documents, zones ─► sketch ─► repeated_lines (by outlet)
                              └─► bands ─► candidates (by key) ─► plausible ─► check ─► missing_pairs ─► check ─► clusters ─► copies

Every step is a pure function of tables. ``sketch`` looks at one document at a time; the others may be run on any division of
their input that keeps outlets, keys or nothing together, as each says, and give the same. ``find_copies`` runs them all.
"""

from __future__ import annotations

from copydesk.documents.copies.candidates import bands, candidates, joined_pairs
from copydesk.documents.copies.check import check
from copydesk.documents.copies.find import find_copies, newest, newest_sketches
from copydesk.documents.copies.options import CopyOptions
from copydesk.documents.copies.repeated import repeated_lines
from copydesk.documents.copies.sift import low_bins, plausible
from copydesk.documents.copies.sketch import BINS, RECIPE, sketch
from copydesk.documents.copies.stories import clusters, missing_pairs

__all__ = [
    "BINS",
    "RECIPE",
    "CopyOptions",
    "bands",
    "candidates",
    "check",
    "clusters",
    "find_copies",
    "joined_pairs",
    "low_bins",
    "missing_pairs",
    "newest",
    "newest_sketches",
    "plausible",
    "repeated_lines",
    "sketch",
]
