"""What is in dispute goes to an adjudicator as questions, and what was decided comes back; run again, it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.adjudication import conflict_of_row
from copydesk.documents.sentences import sentences_of
from copydesk.errors import UnknownError
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected, project_spec
from copydesk.flow.current import current_documents, current_zones
from copydesk.flow.report import Report, reason_lines
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import from_rows, rejected_row
from copydesk.store import locked
from copydesk.studio import people
from copydesk.studio.adjudication import AskReport, ask_conflicts, pull_decisions
from copydesk.studio.client import Studio
from copydesk.studio.projects import ProjectSpec, find_project
from copydesk.studio.question import INSTRUCTIONS, conflict_config
from copydesk.workspace import Workspace

_AROUND = 2  # sentences on either side
_MOST_AROUND = 600  # characters on either side, whatever the sentences
_KEY = ("conflict_id", "project", "annotation_id", "at")

_Row = dict[str, Any]


def adjudicate(workspace: Workspace, *, progress: Progress) -> Report:
    """Fetch what was decided, decide what is agreed with it, and ask for what is open.

    Raises the ``errors.Studio*``. Decisions are in the workspace before anything is sent or taken away.
    """
    schema = workspace.schema()
    spec = adjudication_spec(workspace, schema)
    with locked(workspace.lock), connected(workspace) as studio:
        new, rejected = _fetch(workspace, studio, spec, schema)
    agreed = agree(workspace, progress=progress)
    conflicts = workspace.agreed.read("conflicts").to_pylist()
    done = None
    if conflicts or new or rejected:
        with locked(workspace.lock), connected(workspace) as studio:
            done = _ask(workspace, studio, spec, conflicts)
    return _report(workspace, agreed, conflicts, new=new, rejected=rejected, done=done, studio=studio)


def pull_only(workspace: Workspace, *, progress: Progress) -> Report:
    """Fetch what was decided, and decide what is agreed with it; nothing is sent.

    Raises UnknownError where nothing was ever asked.
    """
    schema = workspace.schema()
    spec = adjudication_spec(workspace, schema)
    with locked(workspace.lock), connected(workspace) as studio:
        if find_project(studio, spec) is None:
            raise UnknownError(
                f"there is no project of adjudication of this workspace on {studio.url}", fix="copydesk adjudicate"
            )
        new, rejected = _fetch(workspace, studio, spec, schema)
    agreed = agree(workspace, progress=progress)
    conflicts = workspace.agreed.read("conflicts").to_pylist()
    return _report(workspace, agreed, conflicts, new=new, rejected=rejected, done=None, studio=studio)


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


def _fetch(
    workspace: Workspace, studio: Studio, spec: ProjectSpec, schema: LabelSchema
) -> tuple[list[_Row], list[_Row]]:
    """Append the decisions that the log has not; gives them, and what cannot be taken for a decision."""
    found = find_project(studio, spec)
    if found is None:
        return [], []
    rows, rejected = pull_decisions(
        studio,
        project=found,
        guidelines=f"{schema.version} {schema.digest[:8]}",
        pseudonyms=lambda: people.pseudonyms(studio.get("api/users/"), workspace.people_file),
    )
    log = workspace.decisions
    known = {tuple(row[name] for name in _KEY) for row in log.read("decisions", columns=_KEY).to_pylist()}
    table = from_rows("decisions", [row for row in rows if conflict_of_row(row) == row["conflict_id"]])
    rejected += [_changed(row) for row in rows if conflict_of_row(row) != row["conflict_id"]]
    new = [row for row in table.to_pylist() if tuple(row[name] for name in _KEY) not in known]
    new.sort(key=lambda row: (row["at"], row["conflict_id"], row["annotation_id"]))
    if new:
        log.append({"decisions": from_rows("decisions", new)}, {"stage": "adjudicate"})
    return new, rejected


def _changed(row: Mapping[str, Any]) -> _Row:
    return rejected_row(
        stage="adjudicate",
        item=f"annotation {row['annotation_id']} of {row['conflict_id']}",
        reason="unreadable-decision",
        detail="what its task says of the readings is not what was sent (fix: delete the task, and run copydesk adjudicate)",
        row=row,
        doc_id=row["doc_id"],
    )


def _ask(workspace: Workspace, studio: Studio, spec: ProjectSpec, conflicts: Sequence[_Row]) -> AskReport:
    documents = current_documents(workspace)
    wanted = pa.array(sorted({one["doc_id"] for one in conflicts}), pa.string())
    documents = documents.filter(pc.is_in(documents["doc_id"], wanted))
    texts = dict(zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
    sentences: dict[str, list[tuple[int, int]]] = {}
    table = sentences_of(documents, current_zones(workspace, documents))
    for doc_id, start, end in zip(*(table[name].to_pylist() for name in ("doc_id", "start", "end")), strict=True):
        sentences.setdefault(doc_id, []).append((start, end))
    return ask_conflicts(
        studio,
        project=spec,
        conflicts=conflicts,
        names=_names(workspace, conflicts),
        texts=texts,
        contexts={
            one["conflict_id"]: _context(one, sentences.get(one["doc_id"], []), len(texts[one["doc_id"]]))
            for one in conflicts
        },
    )


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


def _report(
    workspace: Workspace,
    agreed: Report,
    conflicts: Sequence[_Row],
    *,
    new: Sequence[_Row],
    rejected: Sequence[_Row],
    done: AskReport | None,
    studio: Studio,
) -> Report:
    part = workspace.agreed.part()
    assert part is not None
    waiting = list(part.receipt["waiting"].values())
    standing = part.receipt["standing"]
    sent_back = set(standing.get("sent-back", []))
    counts = {
        "new decisions": len(new),
        "open": len(conflicts),
        **({"asked": done.asked, "superseded": done.superseded} if done else {}),
        **({"waiting for an end": waiting.count("end-in-dispute")} if waiting else {}),
        **({"to be sent back": len(sent_back)} if sent_back else {}),
        **({"rejected": len(rejected)} if rejected else {}),
    }
    lines = reason_lines(rejected)
    url = f"{studio.url.rstrip('/')}/projects/{done.project_id}/data" if done else ""
    if url:
        lines = (f"project: {url}", *lines)
    if not conflicts and not waiting:
        lines = (*lines, "no dispute is open: there is nothing to ask")
    if sent_back:
        lines = (*lines, f"{len(sent_back)} conflicts are to go back to who made them (fix: copydesk send-back --all)")
    if unreadable := waiting.count("unreadable"):
        lines = (*lines, f"{unreadable} disputes cannot be asked for one by one; they stay open")
    lines += tuple(line for line in agreed.lines if "open again" in line)
    changed = bool(new) or bool(done and (done.created or done.asked or done.superseded))
    return Report("adjudicate", counts, changed=changed, lines=lines, data={"project": url, "rejected": list(rejected)})


def _gap_line(row: Mapping[str, Any]) -> str:
    said = " or ".join(dict.fromkeys(f"{one['label']} {one['surface']!r}" for one in row["readings"]))
    why = f": {row['note']}" if row["note"] else ""
    return f"{row['doc_id']} [{row['readings'][0]['start']}]: {said}; decided {row['outcome']}{why}"
