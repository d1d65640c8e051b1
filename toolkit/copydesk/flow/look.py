"""A workspace to counts, and a document to its zones, its labels and where each of them came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.load import datasets_in
from copydesk.flow.chain import article_told, decision_told, document_told, place_in_article, vote_told
from copydesk.flow.current import current_rejected, edits_of, located, zones_of
from copydesk.flow.history import Keys, doc_keys
from copydesk.flow.labels import anchor_counts
from copydesk.workspace import Workspace


def status(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Count what there is at each stage."""
    log = workspace.documents
    articles = [part.read("ingested", columns=["doc_key"])["doc_key"].to_numpy() for part in log.parts()]
    documents = [doc_keys(part.read("documents", columns=["doc_id"])["doc_id"]) for part in log.parts()]
    agreed, findings = workspace.agreed, workspace.findings.part()
    part = agreed.part()
    counts: dict[str, dict[str, Any]] = {
        "articles": {
            "files": _different(articles),
            "read": sum(map(len, articles)),
            "rejected": len(current_rejected(workspace)),
        },
        "documents": {
            "documents": _different(documents),
            "revisions": sum(map(len, documents)),
        },
        "copies": dict(Counter(sorted(workspace.copies.read("copies", columns=["kind"])["kind"].to_pylist()))),
        "pulls": {
            "pulls": len(workspace.pulls.parts()),
            "annotations": workspace.pulls.read("annotations", columns=["doc_id"]).num_rows,
        },
        "labels": {name: workspace.labels.read(name).num_rows for name in ("reads", "spans", "relations", "rejected")}
        | anchor_counts(workspace),
        "agreed": {name: agreed.read(table).num_rows for name, table in _AGREED.items()}
        | {name: count for name in _TOGETHER if (count := agreed.read(_TOGETHER[name]).num_rows)}
        | ({"reads not voting": part.receipt["not voting"]} if part and part.receipt.get("not voting") else {}),
        "findings": {
            "findings": findings.read("findings").num_rows if findings else 0,
            "validations": int(findings is not None),
        },
    }
    counts["datasets"] = {name: there[-1] for name, there in datasets_in(workspace.datasets).items()}
    return counts


def _different(keys: Sequence[Keys]) -> int:
    return len(np.unique(np.concatenate([np.empty(0, np.uint64), *keys])))


def rejected(workspace: Workspace) -> list[dict[str, Any]]:
    """Give the articles that are rejected now, sorted by source: where each stands, and why."""
    told = ("item", "container", "place", "reason", "detail")
    return [{name: row[name] for name in told} for row in current_rejected(workspace)]


_TOGETHER = {"categories": "agreed_categories", "events": "events", "claims": "claims"}
_AGREED = {"spans": "agreed_spans", "relations": "agreed_relations", "disputes": "disputes"}


def show(workspace: Workspace, doc_id: str) -> dict[str, Any]:
    """Give the newest revision of one document with its zones and labels, each label with its chain.

    ``doc_id`` may be the document's source, too. Raises UnknownError where there is no such document.
    """
    part, document = located(workspace, doc_id)
    text = document.pop("text")
    edits = edits_of(part, document)
    return {
        **document,
        "edits": len(edits),
        "zones": [_zone(zone, text) for zone in zones_of(workspace, part, document)],
        "labels": _labels(workspace, document, edits),
        "categories": _categories(workspace, document),
        "together": _together(workspace, document),
        "waiting": [
            {**row, "detail": waiting_told(row, text)}
            for row in _of(workspace.labels.read("anchors"), document["doc_id"])
            if row["span_id"] is None
        ],
    }


def _of(table: pa.Table, doc_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.filter(pc.equal(table["doc_id"], doc_id)).to_pylist()
    return rows


def _zone(zone: Mapping[str, Any], text: str) -> dict[str, Any]:
    spoken = zone["speaker_start"] is not None
    return {
        "kind": zone["kind"],
        "start": zone["start"],
        "end": zone["end"],
        "rule": zone["rule"],
        "surface": text[zone["start"] : zone["end"]],
        "speaker": text[zone["speaker_start"] : zone["speaker_end"]] if spoken else None,
    }


def _labels(
    workspace: Workspace, document: Mapping[str, Any], edits: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    votes: dict[str, dict[str, Any]] = {
        row["annotation_id"]: row for row in _of(workspace.labels.read("reads"), document["doc_id"])
    }
    anchors = {
        (row["annotation_id"], row["start"], row["end"], row["label"]): row
        for row in _of(workspace.labels.read("anchors"), document["doc_id"])
        if row["span_id"] is not None
    }
    labels = []
    for span in _of(workspace.agreed.read("agreed_spans"), document["doc_id"]):
        drawn = [
            vote_told(votes[one], anchors.get((one, span["start"], span["end"], span["label"])))
            for one in span["annotation_ids"]
            if one in votes
        ]
        place = place_in_article(span["start"], span["end"], edits)
        chain = [decision_told(span), *drawn, document_told(document), article_told(document, place)]
        labels.append({**span, "chain": chain})
    return labels


def _categories(workspace: Workspace, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give what is agreed of the whole document, each value with its chain."""
    said = {
        (row["annotation_id"], row["name"], row["value"]): row
        for row in _of(workspace.labels.read("categories"), document["doc_id"])
    }
    return [
        {
            **row,
            "chain": [
                decision_told(row),
                *(
                    f"said by {vote['annotator']} in annotation {one}" + _said_on(vote)
                    for one in row["annotation_ids"]
                    if (vote := said.get((one, row["name"], row["value"])))
                ),
            ],
        }
        for row in _of(workspace.agreed.read("agreed_categories"), document["doc_id"])
    ]


def _said_on(vote: Mapping[str, Any]) -> str:
    carried = vote["made_on_revision"] < vote["revision"]
    return f", on revision {vote['made_on_revision']}" if carried else ""


def _together(workspace: Workspace, document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Give the events, with their arguments, the claims and the times of the document."""
    found = {name: _of(workspace.agreed.read(name), document["doc_id"]) for name in ("events", "claims", "times")}
    arguments = _of(workspace.agreed.read("arguments"), document["doc_id"])
    for event in found["events"]:
        event["arguments"] = [row for row in arguments if row["event_id"] == event["event_id"]]
    return found


def waiting_told(anchor: Mapping[str, Any], text: str) -> str:
    """Say of a label that waits for a person where it was drawn, and where it may be now."""
    made = f"{anchor['made_surface']!r} [{anchor['made_start']}:{anchor['made_end']}] of revision {anchor['made_on_revision']}"
    if anchor["start"] is None:
        return f"lost: {made}, drawn by {anchor['annotator']}, stands nowhere in this text"
    there = f"{text[anchor['start'] : anchor['end']]!r} [{anchor['start']}:{anchor['end']}]"
    return f"waiting: {made}, drawn by {anchor['annotator']}, may be {there} (score {anchor['anchor_score']:.2f})"
