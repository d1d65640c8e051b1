"""Documents in; out come stories: which documents are copies of which, how much they share, and why it was said.

::

    documents, zones ─► sketch ─► repeated_lines (by outlet)
                              └─► bands ─► candidates (by key) ─► plausible ─► check ─► missing_pairs ─► check ─► clusters ─► copies

Every step is a pure function of tables. ``sketch`` looks at one document at a time; the others may be run on any division of
their input that keeps outlets, keys or nothing together, as each says, and give the same. ``find_copies`` runs them all.
"""

from __future__ import annotations

from copydesk.documents.copies.candidates import bands, candidates, joined_pairs, keys_of, pairs_under
from copydesk.documents.copies.check import NUMBERED_LINKS, Body, bodies, check, compared
from copydesk.documents.copies.find import find_copies, newest, newest_sketches
from copydesk.documents.copies.options import CopyOptions
from copydesk.documents.copies.pairs import beginning_with, distinct, ends
from copydesk.documents.copies.repeated import repeated_lines
from copydesk.documents.copies.sift import low_bins, plausible, sifted
from copydesk.documents.copies.sketch import BINS, RECIPE, sketch
from copydesk.documents.copies.stories import clusters, missing, missing_pairs, stories

__all__ = [
    "BINS",
    "NUMBERED_LINKS",
    "RECIPE",
    "Body",
    "CopyOptions",
    "bands",
    "beginning_with",
    "bodies",
    "candidates",
    "check",
    "clusters",
    "compared",
    "distinct",
    "ends",
    "find_copies",
    "joined_pairs",
    "keys_of",
    "low_bins",
    "missing",
    "missing_pairs",
    "newest",
    "newest_sketches",
    "pairs_under",
    "plausible",
    "repeated_lines",
    "sifted",
    "sketch",
    "stories",
]
