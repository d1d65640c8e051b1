"""Labels that are known to be right: they grow from what people did, are measured by, and retire; all in the workspace alone.

Gold is never marked as such in Label Studio, where everybody sees its ``ground_truth``, and which counts it as a reading.

A document is gold of one of these origins: ``adjudicated`` (labels that somebody decided, and no dispute open), ``unanimous``
(three or more people labelled it alike), or ``given`` (somebody named it). What Label Studio says to be ground truth is set by
accident easily (an import sets it where nothing is said): the report measures by it, where one annotation alone has it, and no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.people.grown import unanimous
from copydesk.errors import UnknownError, UsageError
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected, known_projects
from copydesk.flow.qualification import voting
from copydesk.flow.report import Report
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.progress import Progress
from copydesk.model.tables import empty, from_rows
from copydesk.store import digest_of, locked
from copydesk.studio.asking import ask_documents
from copydesk.studio.client import Studio
from copydesk.workspace import Workspace

FEWEST = 3  # readers of a document that is gold since they are of one mind
_ADJUDICATED = "adjudicated"
_Found = dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]


def digest(workspace: Workspace) -> str:
    """Digest of the gold that is kept."""
    part = workspace.gold.part()
    return digest_of(part.receipt["files"] if part else {})


def kept(workspace: Workspace) -> tuple[pa.Table, pa.Table]:
    """Give the gold that is kept, and its labels."""
    return workspace.gold.read("gold"), workspace.gold.read("gold_spans")


def settled(workspace: Workspace) -> tuple[pa.Table, pa.Table]:
    """Give the gold that is kept, and the adjudicated documents besides."""
    return _beside(kept(workspace), _adjudicated(workspace))


def known(workspace: Workspace, annotations: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give what ``settled`` gives, and what Label Studio says to be ground truth among ``annotations``."""
    return _beside(settled(workspace), _ground_truth(workspace, annotations))


def _beside(gold: tuple[pa.Table, pa.Table], found: _Found) -> tuple[pa.Table, pa.Table]:
    there = set(gold[0]["doc_id"].to_pylist())
    return _with(*gold, {doc: one for doc, one in found.items() if doc not in there})


def add(workspace: Workspace, doc_ids: Sequence[str], *, progress: Progress) -> Report:
    """Make gold of documents: of those named, by their agreed labels, or of all that are adjudicated or unanimous.

    Raises UnknownError for a document that nobody has read, UsageError for one with open disputes.
    """
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        gold, spans = kept(workspace)
        there = set(gold["doc_id"].to_pylist())
        found = _named(workspace, doc_ids) if doc_ids else _unanimous(workspace) | _adjudicated(workspace)
        new = {doc: one for doc, one in found.items() if doc not in there}
        if new:
            _keep(workspace, *_with(gold, spans, new))
    by_origin: dict[str, int] = {}
    for row, _ in new.values():
        by_origin[row["origin"]] = by_origin.get(row["origin"], 0) + 1
    counts = {"added": len(new), "there already": len(found) - len(new), **by_origin}
    return Report("gold", counts, changed=bool(new), data={"added": sorted(new)})


def retire(workspace: Workspace, doc_ids: Sequence[str], *, exposures: int | None) -> Report:
    """Retire the gold named, or all that as many people have read as ``exposures`` says: what is read of it later counts no more.

    Raises UnknownError for a document that is not gold.
    """
    with locked(workspace.lock):
        gold, spans = kept(workspace)
        rows = gold.to_pylist()
        if strange := sorted(set(doc_ids) - {row["doc_id"] for row in rows}):
            raise UnknownError(f"{', '.join(strange)}: not gold", fix="see copydesk quality gold list")
        seen = exposed(workspace, gold)
        now = datetime.now(UTC)
        chosen = [
            row
            for row in rows
            if row["retired_at"] is None
            and (row["doc_id"] in doc_ids or (exposures is not None and seen[row["doc_id"]] >= exposures))
        ]
        for row in chosen:
            row["retired_at"] = now
        if chosen:
            _keep(workspace, from_rows("gold", rows), spans)
    left = sum(row["retired_at"] is None for row in rows)
    data = {"retired": [row["doc_id"] for row in chosen]}
    return Report("gold", {"retired": len(chosen), "left": left}, changed=bool(chosen), data=data)


def listed(workspace: Workspace) -> Report:
    """List the gold that is kept, with how many people have read each document since it is gold."""
    gold, spans = kept(workspace)
    seen = exposed(workspace, gold)
    sizes = dict.fromkeys(gold["doc_id"].to_pylist(), 0)
    for doc in spans["doc_id"].to_pylist():
        sizes[doc] += 1
    rows = [{**row, "spans": sizes[row["doc_id"]], "exposures": seen[row["doc_id"]]} for row in gold.to_pylist()]
    retired = sum(row["retired_at"] is not None for row in rows)
    lines = tuple(
        f"{row['doc_id']}  {row['origin']}, {row['spans']} spans, read by {row['exposures']} since"
        + (f", retired {row['retired_at']:%Y-%m-%d}" if row["retired_at"] else "")
        for row in rows
    )
    return Report(
        "gold", {"documents": len(rows) - retired, "retired": retired}, changed=False, lines=lines, data={"gold": rows}
    )


def ask(workspace: Workspace, *, people: int, progress: Progress) -> Report:
    """Have all gold that is not retired read by ``people`` people, through the tasks that are there: they look like any other.

    Raises UsageError where there is no gold.
    """
    with locked(workspace.lock), connected(workspace) as studio:
        gold = kept(workspace)[0].select(["doc_id", "retired_at"]).to_pylist()
        wanted = {row["doc_id"]: people for row in gold if row["retired_at"] is None}
        if not wanted:
            raise UsageError("there is no gold to ask of anybody", fix="copydesk quality gold add")
        there, missing = ask_each(workspace, studio, wanted, progress=progress)
    data = {"people": people, "asked": there, "missing": missing}
    counts = {"asked": len(there), "without a task": len(missing)}
    return Report("gold", counts, lines=missing_line(missing), data=data)


def ask_each(
    workspace: Workspace, studio: Studio, wanted: Mapping[str, int], *, progress: Progress
) -> tuple[list[str], list[str]]:
    """Have documents of gold read by so many people each; gives those that have a task of their own, and those that have none."""
    there: dict[str, int] = {}
    for project in known_projects(workspace, studio, workspace.schema()):
        there |= ask_documents(studio, int(project["id"]), wanted, progress=progress)
    gold, spans = kept(workspace)
    rows = gold.to_pylist()
    for row in rows:
        if row["doc_id"] in wanted:
            row["asked_of"] = wanted[row["doc_id"]] if row["doc_id"] in there else None
    _keep(workspace, from_rows("gold", rows), spans)
    return sorted(there), sorted(wanted.keys() - there.keys())


def missing_line(missing: Sequence[str]) -> tuple[str, ...]:
    """Say which gold has no task that it could be asked by; nothing where all has."""
    return (f"no task of its own: {', '.join(missing[:5])} (in all {len(missing)})",) if missing else ()


def exposed(workspace: Workspace, gold: pa.Table) -> dict[str, int]:
    """Count, of each document of gold, the people who have read it since it is gold, those left out who made it so."""
    rows = {row["doc_id"]: row for row in gold.select(["doc_id", "added_at", "annotators"]).to_pylist()}
    reads = workspace.labels.read("reads", columns=["doc_id", "annotator", "updated_at"])
    people: dict[str, set[str]] = {doc: set() for doc in rows}
    for read in reads.filter(pc.is_in(reads["doc_id"], gold["doc_id"].combine_chunks())).to_pylist():
        row = rows[read["doc_id"]]
        if read["updated_at"] and read["updated_at"] > row["added_at"] and read["annotator"] not in row["annotators"]:
            people[read["doc_id"]].add(read["annotator"])
    return {doc: len(names) for doc, names in people.items()}


def _keep(workspace: Workspace, gold: pa.Table, spans: pa.Table) -> None:
    workspace.gold.replace(
        {
            "gold": gold.sort_by("doc_id"),
            "gold_spans": spans.sort_by([(name, "ascending") for name in ("doc_id", "start", "end", "label")]),
        },
        {"stage": "gold"},
    )


def _with(gold: pa.Table, spans: pa.Table, found: _Found) -> tuple[pa.Table, pa.Table]:
    rows = [row for _, (row, _) in sorted(found.items())]
    labels = [label for _, (_, own) in sorted(found.items()) for label in own]
    return pa.concat_tables([gold, from_rows("gold", rows)]), pa.concat_tables([spans, from_rows("gold_spans", labels)])


def _row(document: Mapping[str, Any], *, origin: str, annotators: Collection[str]) -> dict[str, Any]:
    names = ("doc_id", "revision", "text_sha256")
    made = {name: document[name] for name in names}
    return {
        **made,
        "origin": origin,
        "annotators": sorted(annotators),
        "added_at": datetime.now(UTC),
        "retired_at": None,
        "asked_of": None,
    }


def _unanimous(workspace: Workspace) -> _Found:
    votes, _ = voting(workspace, {name: workspace.labels.read(name) for name in ("reads", "spans")})
    unread = workspace.labels.read("unread")["annotation_id"].combine_chunks()
    reads = votes["reads"].filter(pc.invert(pc.is_in(votes["reads"]["annotation_id"], unread)))
    documents, spans = unanimous(reads=reads, spans=on_whole_words(workspace, votes["spans"])[0], fewest=FEWEST)
    own = _by_document(spans)
    return {
        row["doc_id"]: (_row(row, origin="unanimous", annotators=row["annotators"]), own.get(row["doc_id"], []))
        for row in documents.to_pylist()
    }


def _adjudicated(workspace: Workspace) -> _Found:
    """Give the documents with a label that somebody decided, and no dispute open; whoever read them is measured by them."""
    agreed = workspace.agreed.read("agreed_spans")
    decided = set(agreed.filter(pc.equal(agreed["decided"], _ADJUDICATED))["doc_id"].to_pylist())
    return _agreed(workspace, sorted(decided - _open(workspace)), origin=_ADJUDICATED)


def _named(workspace: Workspace, doc_ids: Sequence[str]) -> _Found:
    read = set(workspace.labels.read("reads", columns=["doc_id"])["doc_id"].to_pylist())
    if strange := sorted(set(doc_ids) - read):
        raise UnknownError(
            f"{', '.join(strange)}: nobody has read it", fix="name documents by doc_id that somebody has read"
        )
    if disputed := sorted(set(doc_ids) & _open(workspace)):
        raise UsageError(
            f"{', '.join(disputed)}: annotators are in dispute over it", fix="have the disputes decided, then add it"
        )
    return _agreed(workspace, sorted(set(doc_ids)), origin="given")


def _agreed(workspace: Workspace, doc_ids: Sequence[str], *, origin: str) -> _Found:
    wanted = pa.array(doc_ids, pa.string())
    agreed, reads = workspace.agreed.read("agreed_spans"), workspace.labels.read("reads")
    own = _by_document(agreed.filter(pc.is_in(agreed["doc_id"], wanted)))
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in reads.filter(pc.is_in(reads["doc_id"], wanted)).to_pylist():
        rows.setdefault(row["doc_id"], []).append(row)
    # What somebody decided stands above all votes; what is agreed has the votes of its readers in it.
    makers: dict[str, Collection[str]] = {
        doc: () if origin == _ADJUDICATED else {row["annotator"] for row in read} for doc, read in rows.items()
    }
    newest = {doc: max(read, key=lambda row: int(row["revision"])) for doc, read in rows.items()}
    return {doc: (_row(row, origin=origin, annotators=makers[doc]), own.get(doc, [])) for doc, row in newest.items()}


def _ground_truth(workspace: Workspace, annotations: pa.Table) -> _Found:
    marked = annotations.filter(annotations["ground_truth"])["annotation_id"].combine_chunks()
    reads, spans = workspace.labels.read("reads"), workspace.labels.read("spans")
    own = _by_document(on_whole_words(workspace, spans.filter(pc.is_in(spans["annotation_id"], marked)))[0])
    rows = reads.filter(pc.is_in(reads["annotation_id"], marked)).to_pylist()
    times = Counter(row["doc_id"] for row in rows)
    return {
        doc: (_row(row, origin="ground-truth", annotators=(row["annotator"],)), own.get(doc, []))
        for row in rows
        if times[doc := row["doc_id"]] == 1
    }


def _open(workspace: Workspace) -> set[str]:
    return set(workspace.agreed.read("disputes", columns=["doc_id"])["doc_id"].to_pylist())


def _by_document(spans: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """Gather labels by document, each once."""
    names = empty("gold_spans").schema.names
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for row in spans.select(names).to_pylist():
        found.setdefault(row["doc_id"], {})[(row["start"], row["end"], row["label"])] = row
    return {doc: list(own.values()) for doc, own in found.items()}
