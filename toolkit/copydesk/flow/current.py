"""The ingest log in; what is true of it now out: the newest revision of each document, and the rejections that stand."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.tables import empty
from copydesk.workspace import Workspace


def current_rejected(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Give, by source, why the newest article of a source was rejected; an earlier document of it stays as it was."""
    current: dict[str, dict[str, Any]] = {}
    for part in workspace.documents.parts():
        rejected = {row["item"]: row for row in part.read("rejected").to_pylist()}
        for source in part.read("articles", columns=["source"])["source"].to_pylist():
            current.pop(source, None)
            if source in rejected:
                current[source] = rejected[source]
    return current


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
