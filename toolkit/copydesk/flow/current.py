"""The ingest log in; what is true of it now out: the newest revision of each document, and the rejections that stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import UnknownError
from copydesk.model.tables import empty
from copydesk.store import Part
from copydesk.workspace import Workspace


def current_rejected(workspace: Workspace) -> list[dict[str, Any]]:
    """Give what is rejected now: rows of ``rejected`` with their ``container`` and ``place``, sorted by source.

    A source is what its newest article was; an earlier document of it stays as it was.
    """
    current: dict[str, dict[str, Any]] = {}
    for part in workspace.documents.parts():
        articles = part.read("articles", columns=["source", "container", "place"])
        for source in _those_in(articles["source"], current):
            current.pop(source)
        rejected = {row["item"]: row for row in part.read("rejected").to_pylist()}
        wanted = pc.is_in(articles["source"], pa.array(list(rejected), pa.string()))
        for row in articles.filter(wanted).to_pylist():
            current[row["source"]] = {**rejected[row["source"]], "container": row["container"], "place": row["place"]}
    return [current[source] for source in sorted(current)]


def _those_in(sources: pa.ChunkedArray, known: Mapping[str, object]) -> set[str]:
    """Give the known sources that stand in a column."""
    found = sources.filter(pc.is_in(sources, pa.array(list(known), pa.string())))
    return set(found.to_pylist())


def located(workspace: Workspace, name: str) -> tuple[Part, dict[str, Any]]:
    """Find the newest revision of the document with this ``doc_id`` or source: the part that it is in, and its row.

    Raises UnknownError where there is no such document.
    """
    for part in reversed(workspace.documents.parts()):
        names = part.read("documents", columns=["doc_id", "source"])
        if pc.any(_is_named(names, name)).as_py():
            documents = part.read("documents")
            rows = documents.filter(_is_named(documents, name)).to_pylist()
            return part, max(rows, key=lambda row: row["revision"])
    raise UnknownError(
        f"no document {name!r} in this workspace", fix="copydesk status counts them; name a doc_id or a source"
    )


def _is_named(table: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.or_(pc.equal(table["doc_id"], name), pc.equal(table["source"], name))


def current_documents(workspace: Workspace) -> pa.Table:
    """Give the newest revision of every document, sorted by ``doc_id``."""
    documents = workspace.documents.read("documents")
    return newest(documents, documents).sort_by("doc_id")


def current_articles(workspace: Workspace, documents: pa.Table) -> pa.Table:
    """Give what is known of the article behind each of these documents, without its bytes: the newest row of each."""
    columns = [name for name in empty("articles").column_names if name != "raw"]
    articles = workspace.documents.read("articles", columns=columns)
    last = {pair: row for row, pair in enumerate(_pairs(articles))}
    return articles.take(pa.array([last[pair] for pair in _pairs(documents)], pa.int64()))


def newest(rows: pa.Table, documents: pa.Table) -> pa.Table:
    """Give the rows (of documents, zones or edits) that belong to the newest revision of their document."""
    last = documents.group_by("doc_id").aggregate([("revision", "max")]).rename_columns(["doc_id", "last"])
    joined = rows.append_column("row", pa.array(range(rows.num_rows), pa.int64())).select(["doc_id", "revision", "row"])
    joined = joined.join(last, "doc_id")
    kept = joined.filter(pc.equal(joined["revision"], joined["last"]))["row"]
    return rows.take(pc.take(kept, pc.sort_indices(kept)))


def _pairs(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["source"].to_pylist(), table["raw_sha256"].to_pylist(), strict=True))
