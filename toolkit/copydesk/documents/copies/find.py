"""Documents in, the table ``copies`` out, all in memory: the whole search in its order, for a workspace."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.candidates import KEYS, bands, candidates, joined_pairs
from copydesk.documents.copies.check import LINKS, check
from copydesk.documents.copies.options import DEFAULT, CopyOptions
from copydesk.documents.copies.pairs import PAIRS
from copydesk.documents.copies.repeated import repeated_lines
from copydesk.documents.copies.sift import low_bins, plausible
from copydesk.documents.copies.sketch import sketch
from copydesk.documents.copies.stories import clusters, missing_pairs

AT_ONCE = 20_000  # pairs whose documents are held in memory as shingles
KEYED_AT_ONCE = 50_000  # documents whose keys are


def find_copies(
    documents: pa.Table,
    *,
    zones: pa.Table | None = None,
    sketches: pa.Table | None = None,
    options: CopyOptions = DEFAULT,
) -> pa.Table:
    """Give the table ``copies``: a row for each document, sorted by ``doc_id``.

    ``documents`` may hold any number of revisions; the newest of each counts. ``sketches``, where given, holds at least theirs,
    made with the same zones. The result is that of the parts put together: ``sketch``, ``repeated_lines`` by outlet,
    ``bands``, ``candidates`` by key, ``plausible`` and ``check`` of any share of the pairs, ``missing_pairs`` and their check, ``clusters``.
    """
    current = newest(documents)
    sketched = newest_sketches(sketches, current) if sketches is not None else sketch(current, zones)
    repeated = repeated_lines(sketched, options)

    def compared(pairs: pa.Table) -> pa.Table:
        parts = [pairs.slice(at, AT_ONCE) for at in range(0, pairs.num_rows, AT_ONCE)]
        found = [check(part, current, zones=zones, repeated=repeated, options=options) for part in parts]
        return pa.concat_tables([LINKS.empty_table(), *found])

    links = compared(_pairs(sketched, options))
    more = compared(missing_pairs(links, sketched))
    return clusters(pa.concat_tables([links, more]), sketched)


def _pairs(sketches: pa.Table, options: CopyOptions) -> pa.Table:
    """Give the candidate pairs, working through the keys in as many parts as keep few of them in memory."""
    parts = 1 + sketches.num_rows // KEYED_AT_ONCE
    slices = [sketches.slice(at, KEYED_AT_ONCE) for at in range(0, sketches.num_rows, KEYED_AT_ONCE)]
    names, shingles = sketches["doc_id"].combine_chunks(), sketches["shingles"].to_numpy()
    bins = low_bins(sketches)
    found = [PAIRS.empty_table()]
    for part in range(parts):
        keys = [_part_of(bands(one), part, parts) for one in slices]
        pairs = candidates(pa.concat_tables([KEYS.empty_table(), *keys]), options)
        found.append(plausible(pairs, names=names, bins=bins, shingles=shingles, options=options))
    return joined_pairs(*found)


def _part_of(keys: pa.Table, part: int, parts: int) -> pa.Table:
    return keys.filter(pa.array(keys["key"].to_numpy() % parts == part))


def newest(rows: pa.Table) -> pa.Table:
    """Give the newest revision of each document; of two rows with the same revision the first counts."""
    keys = [("doc_id", "ascending"), ("revision", "descending"), ("row", "ascending")]
    numbered = rows.select(["doc_id", "revision"]).append_column("row", pa.array(np.arange(rows.num_rows)))
    order = pc.sort_indices(numbered, sort_keys=keys)
    names = numbered["doc_id"].take(order).combine_chunks().dictionary_encode().indices.to_numpy()
    return rows.take(order.take(np.flatnonzero(np.diff(names, prepend=-1))))


def newest_sketches(sketches: pa.Table, documents: pa.Table) -> pa.Table:
    """Give the sketches of exactly these revisions of these documents, each once, sorted by ``doc_id``."""
    keys = ["doc_id", "revision"]
    numbered = sketches.select(keys).append_column("row", pa.array(np.arange(sketches.num_rows)))
    named = numbered.join(documents.select(keys), keys, join_type="left semi")
    return newest(sketches.take(named["row"]))
