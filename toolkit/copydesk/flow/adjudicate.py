"""What is in dispute goes to an adjudicator as questions, and what was decided comes back; run again, it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication import conflict_of_row, question_of
from copydesk.documents.sentences import sentences_of
from copydesk.errors import UnknownError
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected, project_spec
from copydesk.flow.current import current_documents, current_zones, located
from copydesk.flow.report import Report, reason_lines
from copydesk.flow.whole_documents import ask_whole, whole_spec
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows, rejected_row
from copydesk.store import locked
from copydesk.studio import people
from copydesk.studio.adjudication import ask_conflicts, pull_decisions
from copydesk.studio.asked import AskReport, Judges
from copydesk.studio.client import Studio
from copydesk.studio.projects import ProjectSpec, find_project
from copydesk.studio.question import INSTRUCTIONS, conflict_config
from copydesk.studio.whole import pull_documents
from copydesk.workspace import Workspace

_AROUND = 2  # sentences on either side
_MOST_AROUND = 600  # characters on either side, whatever the sentences
_KEYS = {
    "decisions": ("conflict_id", "project", "annotation_id", "at"),
    "document_decisions": ("question_id", "project", "annotation_id", "at"),
}

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a run did: decisions that are new, what is none, and what became of the projects of conflicts and of documents."""

    new: Sequence[_Row]
    rejected: Sequence[_Row]
    conflicts: AskReport | None = None
    documents: AskReport | None = None
    unasked: Sequence[str] = ()  # documents that were named, and are not asked for as a whole


def adjudicate(workspace: Workspace, *, documents: Sequence[str] = (), progress: Progress) -> Report:
    """Fetch what was decided, decide what is agreed with it, and ask for what is open.

    What is in dispute in ``documents`` (by doc_id or source), and in tangled ones, is asked for as a whole. Raises UnknownError for a
    document that is not there, and the ``errors.Studio*``. Decisions are in the workspace before anything is sent or taken away.
    """
    schema = workspace.schema()
    requested = {name: located(workspace, name)[1]["doc_id"] for name in documents}
    with locked(workspace.lock), connected(workspace) as studio:
        done = _fetch(workspace, studio, schema)
    agreed = agree(workspace, progress=progress)
    conflicts = workspace.agreed.read("conflicts").to_pylist()
    with locked(workspace.lock), connected(workspace) as studio:
        whole, doc_ids = ask_whole(workspace, studio, schema, requested=set(requested.values()))
        single = [one for one in conflicts if one["doc_id"] not in doc_ids]
        asked = _ask(workspace, studio, schema, single)
    unasked = [name for name, doc_id in requested.items() if doc_id not in doc_ids]
    done = replace(done, conflicts=asked, documents=whole, unasked=unasked)
    return _report(workspace, agreed, conflicts, done, studio=studio)


def pull_only(workspace: Workspace, *, progress: Progress) -> Report:
    """Fetch what was decided, and decide what is agreed with it; nothing is sent.

    Raises UnknownError where nothing was ever asked.
    """
    schema = workspace.schema()
    specs = adjudication_spec(workspace, schema), whole_spec(workspace, schema)
    with locked(workspace.lock), connected(workspace) as studio:
        if not any(find_project(studio, spec) for spec in specs):
            raise UnknownError(
                f"there is no project of adjudication of this workspace on {studio.url}", fix="copydesk adjudicate"
            )
        done = _fetch(workspace, studio, schema)
    agreed = agree(workspace, progress=progress)
    conflicts = workspace.agreed.read("conflicts").to_pylist()
    return _report(workspace, agreed, conflicts, done, studio=studio)


def gaps(workspace: Workspace) -> Report:
    """List the decisions that say that the guidelines do not tell: what was disputed, what was decided, and why."""
    latest = {row["conflict_id"]: row for row in workspace.decisions.read("decisions").to_pylist()}
    found = sorted(
        (row for row in latest.values() if row["cause"] == "guideline_gap"),
        key=lambda row: (row["at"], row["conflict_id"]),
    )
    lines = tuple(_gap_line(row) for row in found)
    return Report("gaps", {"guideline gaps": len(found)}, changed=bool(found), lines=lines, data={"gaps": found})


def adjudication_spec(workspace: Workspace, schema: LabelSchema) -> ProjectSpec:
    """Say what the project in which conflicts are decided is to be: told from that of the annotators by title and marker."""
    labelling = project_spec(workspace, schema)
    return replace(
        labelling,
        title=f"{labelling.title[:36]}: adjudication",
        marker=f"copydesk adjudication {workspace.settings.name} {schema.name}",
        config=conflict_config(),
        instructions=INSTRUCTIONS,
        annotators_per_task=1,
    )


def _fetch(workspace: Workspace, studio: Studio, schema: LabelSchema) -> _Done:
    """Append the decisions that the log has not; gives them, and what cannot be taken for a decision."""
    made: dict[str, list[_Row]] = {name: [] for name in _KEYS}
    rejected: list[_Row] = []
    judges = Judges(
        guidelines=f"{schema.version} {schema.digest[:8]}",
        pseudonyms=lambda: people.pseudonyms(studio.get("api/users/"), workspace.people_file),
    )
    found = find_project(studio, adjudication_spec(workspace, schema))
    if found:
        rows, unread = pull_decisions(studio, project=found, judges=judges)
        made["decisions"] = [row for row in rows if conflict_of_row(row) == row["conflict_id"]]
        rejected += unread + [_changed(row) for row in rows if conflict_of_row(row) != row["conflict_id"]]
    found = find_project(studio, whole_spec(workspace, schema))
    if found:
        made["document_decisions"], unread = pull_documents(studio, project=found, judges=judges, named=question_of)
        rejected += unread
    new = {name: _new(workspace, name, rows) for name, rows in made.items()}
    tables = {name: from_rows(name, rows) for name, rows in new.items() if rows}
    if tables:
        workspace.decisions.append(tables, {"stage": "adjudicate"})
    return _Done([row for rows in new.values() for row in rows], rejected)


def _new(workspace: Workspace, table: str, rows: Sequence[_Row]) -> list[_Row]:
    """Give the rows that the log has not, the oldest first."""
    key = _KEYS[table]
    known = {tuple(row[name] for name in key) for row in workspace.decisions.read(table, columns=key).to_pylist()}
    found = [row for row in from_rows(table, rows).to_pylist() if tuple(row[name] for name in key) not in known]
    return sorted(found, key=lambda row: (row["at"], row[key[0]], row["annotation_id"]))


def _changed(row: Mapping[str, Any]) -> _Row:
    return rejected_row(
        stage="adjudicate",
        item=f"annotation {row['annotation_id']} of {row['conflict_id']}",
        reason="unreadable-decision",
        detail="what its task says of the readings is not what was sent (fix: delete the task, and run copydesk adjudicate)",
        row=row,
        doc_id=row["doc_id"],
    )


def _ask(workspace: Workspace, studio: Studio, schema: LabelSchema, conflicts: Sequence[_Row]) -> AskReport | None:
    """Ask for these conflicts, and for no other."""
    texts, contexts = shown(workspace, conflicts)
    return ask_conflicts(
        studio,
        project=adjudication_spec(workspace, schema),
        conflicts=conflicts,
        names=_names(workspace, conflicts),
        texts=texts,
        contexts=contexts,
    )


def shown(workspace: Workspace, conflicts: Sequence[_Row]) -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
    """Give the texts of the documents of conflicts, and the part of it that is shown around each, by conflict."""
    documents = current_documents(workspace)
    wanted = pa.array(sorted({one["doc_id"] for one in conflicts}), pa.string())
    documents = documents.filter(pc.is_in(documents["doc_id"], wanted))
    texts = dict(zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
    sentences: dict[str, list[tuple[int, int]]] = {}
    table = sentences_of(documents, current_zones(workspace, documents))
    for doc_id, start, end in zip(*(table[name].to_pylist() for name in ("doc_id", "start", "end")), strict=True):
        sentences.setdefault(doc_id, []).append((start, end))
    contexts = {
        one["conflict_id"]: _context(one, sentences.get(one["doc_id"], []), len(texts[one["doc_id"]]))
        for one in conflicts
    }
    return texts, contexts


def _names(workspace: Workspace, conflicts: Iterable[_Row]) -> dict[str, str]:
    """Name the task of each conflict; one that was sent back and came back unchanged is asked anew, under another name."""
    returns = workspace.decisions.read("returns").to_pylist()
    times = Counter(cause for row in returns if row["step"] == "answered" for cause in row["causes"])
    ids = [one["conflict_id"] for one in conflicts]
    return {one: f"{one}-{times[one] + 1}" if one in times else one for one in ids}


def _context(conflict: _Row, sentences: Sequence[tuple[int, int]], length: int) -> tuple[int, int]:
    """Give the part of the text that is shown: the sentences of the readings, and two on either side."""
    start, end = conflict["start"], conflict["end"]
    if conflict["kind"] == "category":
        return 0, min(length, 4 * _MOST_AROUND)
    first = sum(high <= start for _, high in sentences)  # the first sentence that reaches beyond the start
    last = sum(low < end for low, _ in sentences)  # the first that begins behind the end
    low = sentences[max(first - _AROUND, 0)][0] if sentences else 0
    high = sentences[min(last + _AROUND, len(sentences)) - 1][1] if sentences else length
    return max(min(low, start), start - _MOST_AROUND, 0), min(max(high, end), end + _MOST_AROUND, length)


def _report(workspace: Workspace, agreed: Report, conflicts: Sequence[_Row], done: _Done, *, studio: Studio) -> Report:
    part = workspace.agreed.part()
    assert part is not None
    waiting = list(part.receipt["waiting"].values())
    standing = part.receipt["standing"]
    sent_back = set(standing.get("sent-back", []))
    asked = [one for one in (done.conflicts, done.documents) if one]
    counts = {
        "new decisions": len(done.new),
        "open": len(conflicts),
        **({"asked": sum(one.asked for one in asked)} if asked else {}),
        **({"whole documents": whole.asked + whole.present} if (whole := done.documents) else {}),
        **({"superseded": sum(one.superseded for one in asked)} if asked else {}),
        **({"waiting for an end": waiting.count("end-in-dispute")} if waiting else {}),
        **({"to be sent back": len(sent_back)} if sent_back else {}),
        **({"rejected": len(done.rejected)} if done.rejected else {}),
    }
    url, documents = (project_url(studio, one) for one in (done.conflicts, done.documents))
    lines = reason_lines(done.rejected)
    if documents:
        lines = (f"documents to be decided as a whole, to be opened from the list: {documents}", *lines)
    if url:
        lines = (f"project: {url}", *lines)
    lines += tuple(
        f"{name} is not asked for as a whole: nothing is in dispute there, or it is too long for one task"
        for name in done.unasked
    )
    if not conflicts and not waiting:
        lines = (*lines, "no dispute is open: there is nothing to ask")
    if sent_back:
        lines = (*lines, f"{len(sent_back)} conflicts are to go back to who made them (fix: copydesk send-back --all)")
    if unreadable := waiting.count("unreadable"):
        lines = (
            *lines,
            f"{unreadable} disputes cannot be asked for one by one: their documents are asked for as a whole",
        )
    lines += tuple(line for line in agreed.lines if "open again" in line)
    changed = bool(done.new) or any(one.created or one.asked or one.superseded for one in asked)
    data = {"project": url, "documents": documents, "rejected": list(done.rejected)}
    return Report("adjudicate", counts, changed=changed, lines=lines, data=data)


def project_url(studio: Studio, asked: AskReport | None) -> str:
    """Give the address of the project in which something was asked; empty where nothing was."""
    return f"{studio.url.rstrip('/')}/projects/{asked.project_id}/data" if asked else ""


def _gap_line(row: Mapping[str, Any]) -> str:
    said = " or ".join(dict.fromkeys(f"{one['label']} {one['surface']!r}" for one in row["readings"]))
    why = f": {row['note']}" if row["note"] else ""
    return f"{row['doc_id']} [{row['readings'][0]['start']}]: {said}; decided {row['outcome']}{why}"
