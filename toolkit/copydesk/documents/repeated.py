"""The articles of many sources in; the lines out that open or close many articles of one of them: residue, whatever they say.

That a line repeats is a fact of the whole input, so there are two steps. ``count_edges`` counts each batch, ``merge_edges`` sums the
counts of all of them, and ``Repeated`` is what the sums say, handed as a value to every call of ``build_documents``. Neither the batches
nor their order change it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.blocks import Block, split_blocks
from copydesk.documents.canonical import canonical
from copydesk.documents.draft import Draft
from copydesk.model.tables import EDGES

EDGE = 3  # blocks at either end of an article
LONGEST = 200  # characters of a line
FEWEST_DOCUMENTS = 5
LEAST_SHARE = 0.4  # of the articles of the source
_DIGITS = re.compile(r"\d+")
Lines = Mapping[tuple[str, str], tuple[int, int]]


def origin_of(publisher: str | None, url: str | None, container: str | None) -> str:
    """Name the source whose lines are compared: the publisher, else the host, else the file that the article came in."""
    return publisher or (urlsplit(url).hostname if url else None) or container or ""


def edge_lines(blocks: Sequence[Block]) -> list[tuple[int, str, str]]:
    """Give the place in ``blocks`` of each block near an end, the end (``head``, ``tail``), and the line as it is compared.

    Case and blanks are not compared, nor are numbers at the tail: "© 2016" and "© 2017" are one line, while the headlines of a series
    are many. A block near both ends counts at the nearer one.
    """
    size = len(blocks)
    near = {*range(min(EDGE, size)), *range(max(0, size - EDGE), size)}
    return [
        (place, "tail", _DIGITS.sub("#", line)) if place >= max(size - EDGE, size / 2) else (place, "head", line)
        for place in sorted(near)
        if len(blocks[place].surface) <= LONGEST
        for line in [" ".join(blocks[place].surface.split()).casefold()]
    ]


def count_edges(articles: pa.Table) -> pa.Table:
    """Count the lines at the ends of the plain-text rows of ``articles`` (schema ``EDGES``).

    Articles with the same bytes count once in a call. A row whose line is empty counts all articles of a source.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    seen: set[tuple[str, str]] = set()
    names = ("format", "encoding", "raw", "raw_sha256", "publisher", "url", "container")
    present = set(articles.column_names)
    nothing = [None] * articles.num_rows
    columns = [articles.column(name).to_pylist() if name in present else nothing for name in names]
    for form, encoding, raw, digest, *where in zip(*columns, strict=True):
        origin = origin_of(*where)
        if form != "text" or raw is None or encoding is None or not origin or (origin, digest) in seen:
            continue
        seen.add((origin, digest))
        counts[(origin, "", "")] += 1
        lines = {(origin, end, line) for _, end, line in edge_lines(_blocks(raw.decode(encoding)))}
        counts.update(lines)
    return _edges(counts)


def _blocks(article: str) -> list[Block]:
    text = canonical(Draft(article=article, text=article))
    return split_blocks(text.draft.text, text.gaps)


def _edges(counts: Mapping[tuple[str, str, str], int]) -> pa.Table:
    rows = sorted(counts.items())
    columns: list[list[Any]] = [[key[part] for key, _ in rows] for part in range(3)]
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table([*arrays, pa.array([count for _, count in rows], pa.int64())], EDGES)


def merge_edges(parts: Iterable[pa.Table]) -> pa.Table:
    """Sum the counts of several calls; of any order and grouping the sum is the same."""
    rows = pa.concat_tables([EDGES.empty_table(), *parts])
    keys = ["origin", "edge", "line"]
    summed = rows.group_by(keys).aggregate([("documents", "sum")])
    sums = pa.table([*(summed[key] for key in keys), summed["documents_sum"]], EDGES)
    return sums.sort_by([(key, "ascending") for key in keys])


@dataclass(frozen=True, slots=True)
class Repeated:
    """The lines that repeat, by source: for each end and line how many articles have it there, of how many."""

    lines: Mapping[str, Lines]

    @classmethod
    def of_edges(cls, edges: pa.Table) -> Repeated:
        """Keep of the summed counts what at least 5 articles and two in five of a source have."""
        totals = edges.filter(pc.equal(edges["line"], ""))
        of = dict(zip(totals["origin"].to_pylist(), totals["documents"].to_pylist(), strict=True))
        often = edges.filter(
            pc.and_(pc.greater_equal(edges["documents"], FEWEST_DOCUMENTS), pc.not_equal(edges["line"], ""))
        )
        lines: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
        for origin, edge, line, documents in zip(*(column.to_pylist() for column in often.columns), strict=True):
            if documents >= LEAST_SHARE * of[origin]:
                lines.setdefault(origin, {})[(edge, line)] = (documents, of[origin])
        return cls(lines)

    def of(self, publisher: str | None, url: str | None, container: str | None) -> Lines | None:
        """Give the lines of one source; ``None`` where none repeats."""
        return self.lines.get(origin_of(publisher, url, container)) if self.lines else None
