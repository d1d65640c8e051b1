"""What annotators said of whole documents in; what more than half of the readers say out, and the rest as disputes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from copydesk.agreement.identity import dispute_id
from copydesk.model.tables import from_rows

_Said = dict[str, dict[str, Mapping[str, Any]]]  # by value, then by annotator


def decide_categories(*, reads: pa.Table, categories: pa.Table, documents: pa.Table) -> dict[str, pa.Table]:
    """Give ``agreed_categories`` and ``disputes`` of the kind ``category``.

    A value is agreed where more than half of those who read the document gave it. Where somebody said something in a category and
    nothing in it is agreed, that is a dispute over the whole text. ``documents`` are the newest revisions; what was read on
    another one is passed over.
    """
    texts = {row["doc_id"]: row for row in documents.select(["doc_id", "revision", "text"]).to_pylist()}
    readers: dict[str, set[str]] = {}
    for row in reads.select(["doc_id", "revision", "annotator"]).to_pylist():
        if _is_newest(row, texts):
            readers.setdefault(row["doc_id"], set()).add(row["annotator"])
    said: dict[tuple[str, str], _Said] = {}
    for row in categories.to_pylist():
        if _is_newest(row, texts) and row["annotator"] in readers.get(row["doc_id"], ()):
            values = said.setdefault((row["doc_id"], row["name"]), {})
            values.setdefault(row["value"], {})[row["annotator"]] = row
    agreed: list[dict[str, Any]] = []
    disputes: list[dict[str, Any]] = []
    for (doc_id, name), values in sorted(said.items()):
        chosen = [value for value, votes in values.items() if 2 * len(votes) > len(readers[doc_id])]
        agreed += [_agreed(values[value], len(readers[doc_id])) for value in sorted(chosen)]
        if not chosen:
            disputes.append(_dispute(texts[doc_id], name, values, sorted(readers[doc_id])))
    return {"agreed_categories": from_rows("agreed_categories", agreed), "disputes": from_rows("disputes", disputes)}


def _is_newest(row: Mapping[str, Any], texts: Mapping[str, Mapping[str, Any]]) -> bool:
    return row["doc_id"] in texts and row["revision"] == texts[row["doc_id"]]["revision"]


def _agreed(votes: Mapping[str, Mapping[str, Any]], readers: int) -> dict[str, Any]:
    row = votes[min(votes)]
    return {
        **{name: row[name] for name in ("doc_id", "revision", "name", "value", "number", "at")},
        "votes": len(votes),
        "readers": readers,
        "annotators": sorted(votes),
        "annotation_ids": sorted(one["annotation_id"] for one in votes.values()),
        "decided": "single" if readers == 1 else "unanimous" if len(votes) == readers else "majority",
    }


def _dispute(document: Mapping[str, Any], name: str, values: _Said, readers: Sequence[str]) -> dict[str, Any]:
    doc_id = document["doc_id"]
    readings = [f"{value}: {', '.join(sorted(votes))}" for value, votes in sorted(values.items())]
    silent = [reader for reader in readers if not any(reader in votes for votes in values.values())]
    return {
        "dispute_id": dispute_id(doc_id, [f"{name}={value}" for value in values]),
        "doc_id": doc_id,
        "revision": document["revision"],
        "kind": "category",
        "start": 0,
        "end": len(document["text"]),
        "surface": None,
        "readings": readings + ([f"nothing: {', '.join(silent)}"] if silent else []),
        "detail": f"{name} of the document: no value has more than half of {len(readers)} readers",
        "posterior": None,
    }
