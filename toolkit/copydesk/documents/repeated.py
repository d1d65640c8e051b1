"""The articles of many sources in; the lines out that open or close many articles of one of them: residue, whatever they say.

That a line repeats is a fact of all articles together, so there are three steps. ``edges`` notes the lines of each document, as
digests; ``counted`` counts them, in any division that keeps what is the same together, and ``often`` says which are many; with
them as ``Repeated`` the documents that have one are built again. Neither batches nor their order change what comes of it.

The search for copies looks for an outlet's own lines, too (``copies/repeated``), but asks another question: which lines say nothing
of what an article tells, so that they do not make two of them copies. For that a line counts anywhere, in a number of articles and not
in a share of them, and only where its article has enough of its own; numbers count, and what is quoted in a story may be one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.documents.blocks import Block, split_blocks
from copydesk.model.tables import EDGES, REPEATED

STAGE = "repeated/1"
EDGE = 3  # blocks at either end of an article
LONGEST = 200  # characters of a line
FEWEST_DOCUMENTS = 5
LEAST_SHARE = (2, 5)  # two in five of the articles of the source
RULE = "boilerplate.repeated:"  # of the zone; how many of how many, or the line, stand after it
_DIGITS = re.compile(r"\d+")
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")
_ENDS = tuple(".!?…")
_CLOSING = "”\"'’»)]"
Lines = Mapping[tuple[str, str], tuple[int, int]]
Digests = NDArray[np.int64]


def origin_of(publisher: str | None, url: str | None, container: str | None) -> str:
    """Name the source whose lines are compared: the publisher, else the host, else the file that the article came in."""
    return publisher or (urlsplit(url).hostname if url else None) or container or ""


def edge_lines(blocks: Sequence[Block]) -> list[tuple[int, str, str]]:
    """Give the place in ``blocks`` of each block near an end, the end (``head``, ``tail``), and the line as it is compared.

    Case and blanks are not compared, nor are numbers at the tail: "© 2016" and "© 2017" are one line, while the headlines of a series
    are many. Of a sentence only the year is not: what ends a story may differ from others in its figures alone. A block near both
    ends counts at the nearer one.
    """
    size = len(blocks)
    near = {*range(min(EDGE, size)), *range(max(0, size - EDGE), size)}
    return [
        (place, "tail", _without_numbers(line)) if place >= max(size - EDGE, size / 2) else (place, "head", line)
        for place in sorted(near)
        if len(blocks[place].surface) <= LONGEST
        for line in [" ".join(blocks[place].surface.split()).casefold()]
    ]


def _without_numbers(line: str) -> str:
    is_sentence = line.rstrip(_CLOSING).endswith(_ENDS)
    return (_YEARS if is_sentence else _DIGITS).sub("#", line)


def edges(articles: pa.Table, documents: pa.Table) -> pa.Table:
    """Note the lines at the ends of ``documents`` (schema ``EDGES``); ``articles`` has the row behind each, in the same order.

    Of what is no plain text, and of articles that nothing says the source of, there are none.
    """
    names = ("source", "format", "raw_sha256", "publisher", "url", "container")
    told = zip(*(articles[name].to_pylist() for name in names), documents["text"].to_pylist(), strict=True)
    digests, lines = [], []
    for source, form, raw_sha256, publisher, url, container, text in told:
        origin = _shared_origin(origin_of(publisher, url, container), source)
        digests.append(int.from_bytes(bytes.fromhex(raw_sha256[:16]), "big", signed=True))
        lines.append(_digests(origin, blocks_of(text)) if form == "text" and origin else [])
    columns = [documents["doc_id"], documents["revision"], pa.array(digests, pa.int64())]
    return pa.table([*columns, pa.array(lines, pa.list_(pa.int64()))], EDGES)


def blocks_of(text: str) -> list[Block]:
    """Give the blocks of a document's text; what stood between them in its article is not known."""
    return split_blocks(text, (1,) * text.count("\n\n"))


def _shared_origin(origin: str, source: str) -> str:
    """Name a source that an article may share with others: of a file that is one article, its folder."""
    return posixpath.dirname(source) if origin == source else origin


def _digests(origin: str, blocks: Sequence[Block]) -> list[int]:
    base = blake2b(origin.encode("utf-8", "surrogatepass"), digest_size=8)
    found = [int.from_bytes(base.digest(), "big", signed=True)]
    return found + [_digest(base, end, line) for _, end, line in edge_lines(blocks)]


def _digest(origin: Any, end: str, line: str) -> int:
    own = origin.copy()
    own.update(f"\0{end}\0{line}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(own.digest(), "big", signed=True)


def seen(edges: pa.Table) -> NDArray[np.int64]:
    """Give what is counted: for each line of each row of ``edges`` its digest, the article's, and the source's.

    The source itself is the first line of each.
    """
    lists = edges["lines"].combine_chunks()
    row, line = _flat(lists)
    first = np.ones(len(row), np.bool_)
    first[1:] = row[1:] != row[:-1]
    origin = line[first][np.cumsum(first) - 1]
    return np.stack((line, edges["article"].to_numpy()[row], origin), axis=1)


def _flat(lists: pa.ListArray) -> tuple[Digests, Digests]:
    """Give the values of lists, and the row that each stands in."""
    return lists.value_parent_indices().to_numpy(), lists.flatten().to_numpy()


def counted(seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count what was seen: rows of line, articles that have it, and source; of the lines only what many have, and all sources.

    ``seen`` holds all rows of each of its lines. Articles with the same bytes count once, as does a line in one of them.
    """
    rows = seen[np.lexsort((seen[:, 1], seen[:, 0]))]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    rows = rows[new]
    first = np.flatnonzero(np.diff(rows[:, 0], prepend=~rows[:1, 0]))
    times = np.diff(np.append(first, len(rows)))
    kept = (times >= FEWEST_DOCUMENTS) | (rows[first, 0] == rows[first, 2])
    found: NDArray[np.int64] = np.stack((rows[first, 0], times, rows[first, 2]), axis=1)[kept]
    return found


def often(counts: NDArray[np.int64]) -> pa.Table:
    """Keep what at least 5 articles and two in five of a source have (schema ``REPEATED``, sorted); ``counts`` are all there are."""
    line, documents, origin = counts.T
    whole = line == origin
    sources, totals = line[whole], documents[whole]
    order = np.argsort(sources)
    of = totals[order][np.searchsorted(sources[order], origin)] if len(sources) else documents
    least, among = LEAST_SHARE
    kept = ~whole & (among * documents >= least * of)
    table = pa.table([pa.array(column[kept]) for column in (line, documents, of)], REPEATED)
    return table.sort_by("line")


@dataclass(frozen=True, slots=True)
class Repeated:
    """The lines that repeat, by source: for each end and line how many articles have it there, of how many."""

    lines: Mapping[str, Lines]

    def of(self, publisher: str | None, url: str | None, container: str | None) -> Lines | None:
        """Give the lines of one source; ``None`` where none repeats."""
        return self.lines.get(origin_of(publisher, url, container)) if self.lines else None


def repeated_in(
    articles: pa.Table, documents: pa.Table, lines: pa.Table
) -> tuple[Repeated, dict[tuple[str, int], int]]:
    """Give those of the repeated ``lines`` that ``documents`` have, and of each by ``doc_id`` and place in its text which line it is.

    ``articles`` has the row behind each document, in the same order.
    """
    columns = (lines[name].to_pylist() for name in REPEATED.names)
    counts = {line: (times, of) for line, times, of in zip(*columns, strict=True)}
    found: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    places: dict[tuple[str, int], int] = {}
    told = [articles[name].to_pylist() for name in ("source", "publisher", "url", "container")]
    for doc_id, text, source, *where in zip(
        documents["doc_id"].to_pylist(), documents["text"].to_pylist(), *told, strict=True
    ):
        origin = origin_of(*where)
        base = blake2b(_shared_origin(origin, source).encode("utf-8", "surrogatepass"), digest_size=8)
        blocks = blocks_of(text)
        for place, end, line in edge_lines(blocks):
            digest = _digest(base, end, line)
            if digest in counts:
                found.setdefault(origin, {})[end, line] = counts[digest]
                places[doc_id, blocks[place].start] = digest
    return Repeated(found), places
