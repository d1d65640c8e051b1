"""Documents and their zones in; out comes what of each text is not its body, and whose article it is."""

from __future__ import annotations

from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies.words import Flags

# An outlet's own dress around a text: another outlet that prints the same text dresses it in another way.
NOT_BODY = (
    "headline",
    "dateline",
    "agency",
    "byline",
    "caption",
    "credit",
    "promo",
    "section_tag",
    "related",
    "boilerplate",
)


def left_out(documents: pa.Table, zones: pa.Table | None) -> Flags | None:
    """Mark what is not body in the texts of ``documents``, joined by one line break; None where all is body."""
    if zones is None or not zones.num_rows:
        return None
    own = zones.filter(pc.is_in(zones["kind"], pa.array(NOT_BODY)))
    row = pc.index_in(_keys(own), _keys(documents).combine_chunks())
    own = own.filter(row.is_valid())
    if not own.num_rows:
        return None
    lengths = pc.utf8_length(documents["text"]).to_numpy().astype(np.int64)
    starts = np.cumsum(lengths + 1) - (lengths + 1)
    begin = starts[row.drop_null().to_numpy()]
    depth = np.zeros(int(lengths.sum()) + len(lengths), np.int32)
    np.add.at(depth, begin + own["start"].to_numpy(), 1)
    np.add.at(depth, begin + own["end"].to_numpy(), -1)
    return (np.cumsum(depth) > 0)[: len(depth) - 1]


def outlets(documents: pa.Table) -> pa.Array:
    """Give the outlet of each document: its publisher, or else its address's host; empty where neither is known."""
    columns = (documents[name].to_pylist() for name in ("publisher", "url"))
    return pa.array([_outlet(publisher, url) for publisher, url in zip(*columns, strict=True)], pa.string())


def _outlet(publisher: str | None, url: str | None) -> str | None:
    named = " ".join(publisher.casefold().split()) if publisher else ""
    return named or (_host(url) if url else "") or None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # an address that is none: "http://[" and the like
        return ""


def _keys(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["doc_id"], table["revision"].cast(pa.string()), "\n")
