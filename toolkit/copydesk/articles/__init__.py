"""Files in, articles out: what was scraped, read as it is, with its encoding, its place and where it came from.

``find_inputs`` gives the inputs among paths, patterns and addresses; ``read_input`` gives the entries of one, one at a time, whatever its
size; ``to_tables`` makes the tables ``articles`` and ``rejected`` of a batch of entries. Every entry is a row of ``articles``; one that
cannot be used is a row of ``rejected`` besides.
**A row of ``articles`` was kept if, and only if, its ``encoding`` is filled**; ``accepted`` gives those rows.
"""

from __future__ import annotations

from copydesk.articles.cut import Cut, cut
from copydesk.articles.entry import Entry, Facts, lost_entry, to_tables
from copydesk.articles.inputs import Found, Input, find_files, find_inputs
from copydesk.articles.provenance import ProvenanceFiles
from copydesk.articles.read import accepted, read_articles, read_input
from copydesk.articles.streams import Budget
from copydesk.model.reading import Columns, Limits, ReadOptions

__all__ = [
    "Budget",
    "Columns",
    "Cut",
    "Entry",
    "Facts",
    "Found",
    "Input",
    "Limits",
    "ProvenanceFiles",
    "ReadOptions",
    "accepted",
    "cut",
    "find_files",
    "find_inputs",
    "lost_entry",
    "read_articles",
    "read_input",
    "to_tables",
]
