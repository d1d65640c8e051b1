"""A label's identity goes in, all that is known of it comes out: from the workspace's tables, or from a published version's files.

A version holds the texts, the votes and what was decided; the article's bytes and the edits are in the workspace's ingest log, and
are added where that still has the very text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.load import read_published
from copydesk.datasets.version import Release
from copydesk.flow.agree import agreed_key
from copydesk.flow.current import article_of, edits_of
from copydesk.flow.qualification import voting
from copydesk.store import Part
from copydesk.workspace import Workspace

Row = dict[str, Any]
KINDS = {"span": "span_id", "relation": "relation_id"}
_AGREED = {"span": "agreed_spans", "relation": "agreed_relations"}
_VOTING = ("reads", "spans", "relations", "anchors")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one label: rows as they stand in the tables.

    ``ends`` is the span itself, or head and tail of a relation. ``drawn`` and ``relations`` are what the voters drew in the document,
    ``moved`` what of that was put on whole words, ``anchors`` what was carried over from older texts. ``edits`` is None where the
    ingest log does not have the text; ``article`` then is what the version says of it. ``decisions`` are those of adjudicators in the document.
    """

    kind: str
    where: str  # what it was found in, as a sentence says it
    schema: str  # whose label it is
    in_workspace: bool
    label: Row
    ends: tuple[Row, ...]
    document: Row
    article: Row
    edits: list[Row] | None
    reads: list[Row]
    drawn: list[Row]
    relations: list[Row]
    moved: list[Row]
    anchors: list[Row]
    decisions: list[Row]
    wholes: list[Row]  # decisions of the whole document


def in_workspace(workspace: Workspace, identity: str) -> Evidence | None:
    """Look for a label among the agreed ones of the workspace's schema."""
    kind, label = _label(
        identity, {kind: workspace.agreed.where(name, KINDS[kind], identity) for kind, name in _AGREED.items()}
    )
    if label is None:
        return None
    doc_id = label["doc_id"]
    labels = voting(workspace, {name: workspace.labels.where(name, "doc_id", doc_id) for name in _VOTING})[0]
    of = {name: table.to_pylist() for name, table in labels.items()}
    annotations = {row["annotation_id"] for row in of["reads"]}
    current = workspace.agreed.is_made_from(agreed_key(workspace))
    text = _text_of(workspace, doc_id, label["revision"])
    assert text is not None
    part, document = text
    return Evidence(
        kind=kind,
        where=f"the agreed labels of schema {workspace.schema_name}" + ("" if current else ", which are out of date"),
        schema=workspace.schema().name,
        in_workspace=True,
        label=label,
        ends=_ends(kind, label, workspace.agreed.where("agreed_spans", "doc_id", doc_id)),
        document=document,
        article=article_of(part, document),
        edits=edits_of(part, document),
        reads=of["reads"],
        drawn=of["spans"],
        relations=of["relations"],
        moved=[row for row in workspace.agreed.read("snapped").to_pylist() if row["annotation_id"] in annotations],
        anchors=[row for row in of["anchors"] if row["span_id"] is not None],
        decisions=_of(workspace.decisions.read("decisions"), doc_id),
        wholes=_of(workspace.decisions.read("document_decisions"), doc_id),
    )


def in_version(workspace: Workspace, release: Release, identity: str) -> Evidence | None:
    """Look for a label in a published version."""
    spans = read_published(release.path, "spans")
    kind, label = _label(identity, {"span": spans, "relation": read_published(release.path, "relations")})
    if label is None:
        return None
    doc_id = label["doc_id"]
    tables = ("documents", "sources", "reads", "annotations", "annotation_relations")
    of = {name: _of(read_published(release.path, name), doc_id) for name in tables}
    document, source = of["documents"][0], of["sources"][0]
    text = _text_of(workspace, doc_id, label["revision"])
    known = text is not None and text[1]["text_sha256"] == document["text_sha256"]
    part, told = text if text and known else (None, document | {"source": document["url"] or doc_id})
    own = _of(spans, doc_id)
    return Evidence(
        kind=kind,
        where=f"{release.path.parent.name} {release.version}",
        schema=release.manifest["schema"]["name"],
        in_workspace=False,
        label=label,
        ends=_ends(kind, label, spans),
        document=told,
        article=article_of(part, told) if part else source,
        edits=edits_of(part, told) if part else None,
        reads=of["reads"],
        drawn=of["annotations"],
        relations=of["annotation_relations"],
        moved=[{**one, "start": row["start"], "end": row["end"]} for row in own for one in row["boundary_changes"]],
        anchors=[row for row in of["annotations"] if row["anchored"] is not None],
        **_decisions(workspace, release, doc_id),
    )


def _label(identity: str, tables: Mapping[str, pa.Table]) -> tuple[str, Row | None]:
    """Find a label in the tables by kind."""
    for kind, table in tables.items():
        rows = table.filter(pc.equal(table[KINDS[kind]], identity)).to_pylist()
        if rows:
            return kind, rows[0]
    return "", None


def _ends(kind: str, label: Row, spans: pa.Table) -> tuple[Row, ...]:
    if kind == "span":
        return (label,)
    ids = label["head_span_id"], label["tail_span_id"]
    rows = {row["span_id"]: row for row in spans.filter(pc.is_in(spans["span_id"], pa.array(ids))).to_pylist()}
    return tuple(rows[one] for one in ids)


def _of(table: pa.Table, doc_id: str) -> list[Row]:
    rows: list[Row] = table.filter(pc.equal(table["doc_id"], doc_id)).to_pylist()
    return rows


def _text_of(workspace: Workspace, doc_id: str, revision: int) -> tuple[Part, Row] | None:
    """Find a revision of a document in the ingest log: the part that it is in, and its row."""
    for part in reversed(workspace.documents.parts()):
        names = part.read("documents", columns=["doc_id", "revision"])
        mine = pc.and_(pc.equal(names["doc_id"], doc_id), pc.equal(names["revision"], revision))
        if pc.any(mine).as_py():
            return part, part.read("documents").filter(mine).to_pylist()[0]
    return None


def _decisions(workspace: Workspace, release: Release, doc_id: str) -> dict[str, list[Row]]:
    """Give what adjudicators had decided in a document when the version was published, as far as the workspace has that."""
    schema, recorded = release.manifest["schema"]["name"], release.manifest.get("inputs", {}).get("decisions")
    known = recorded is not None and schema in workspace.schemas
    parts = workspace.under(schema).decisions.parts()[: recorded["parts"]] if known else []
    tables = {"decisions": "decisions", "wholes": "document_decisions"}
    return {name: [row for part in parts for row in _of(part.read(table), doc_id)] for name, table in tables.items()}
