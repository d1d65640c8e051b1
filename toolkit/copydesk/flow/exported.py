"""A JSON export of Label Studio goes in, labels come out, on the way of ``pull``: the same log, the same reading, the same rules.

The file is read twice. First it is looked through to its end, so that nothing of a damaged one is taken; what it shows and the
workspace has not becomes documents, through ``ingest``. Then its annotations go into the pull log.

A task that ``push`` made names its document. Any other is of the document with just its text: tasks of two projects that show the
same article are readings of one document, and importing again finds what was made before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.articles import Found, Input, find_inputs
from copydesk.articles.columns import Resolved, resolve
from copydesk.errors import DataError
from copydesk.flow.export_file import ExportFile
from copydesk.flow.ingest import ingest_found
from copydesk.flow.labels import read_labels
from copydesk.flow.report import Report, reason_counts
from copydesk.model.document import doc_id_of
from copydesk.model.progress import Progress
from copydesk.model.reading import Columns
from copydesk.model.schema import LabelSchema
from copydesk.store import TEMPORARY, locked, translated
from copydesk.studio.defects import Found as Defect
from copydesk.studio.defects import Ledger
from copydesk.studio.exported import Placed, Taken, Taker, Task, known_project, made_at, people_in, project_of
from copydesk.studio.interface import TEXT
from copydesk.studio.people import OWN
from copydesk.studio.restored import originals_seen
from copydesk.studio.shown import without_astral
from copydesk.studio.states import text_of
from copydesk.studio.votes import text_sha256_of
from copydesk.studio.whom import Whom, pseudonyms_of
from copydesk.workspace import Workspace

_FACTS = ("title", "url", "authors", "publisher", "published_at", "language", "licence")
_KEPT = ("reads", "spans", "relations", "categories")
_COUNTED = ("tasks", "annotations", "new", "changed", "gone", "older", "drafts")
_SOURCE = "urn:sha256:"  # and the digest of its text: what names an article that came with an export


def import_export(workspace: Workspace, file: Path, *, progress: Progress) -> Report:
    """Take a JSON export into the pull log of the workspace's schema, and read the labels from it.

    Raises ExportError, before anything is written, for a file that is damaged or of another format.
    """
    with locked(workspace.lock):
        schema = workspace.schema()
        export = ExportFile.at(file, workspace.settings.ingest.read_options)
        seen = _Seen(_Places.of(workspace))
        with _staged(workspace) as staged:
            seen.look_through(export, staged / "tasks.jsonl", progress=progress)
            made = _documents(workspace, file, staged / "tasks.jsonl", progress=progress) if seen.staged else None
        taken = seen.take(export, workspace, progress=progress)
        labels = read_labels(workspace)
    return _report(workspace, seen, taken, made=made, labels=labels, schema=schema)


def export_fault(report: Report) -> DataError | None:
    """Give the error where the labels cannot be what was meant: they were made on another text, or not one thing that the
    annotations say is in the schema.
    """
    quotes, strange = report.data["quotes"], report.data["strange"]
    if 2 * strange > quotes:
        fits = report.data["fits"]
        best = max(fits, key=lambda name: fits[name], default="")
        fix = "see that the texts in the file are those that were annotated"
        if best:
            fix = f'the text is {best!r} of the data: set text = "{best}" under [ingest.columns] in copydesk.toml, and import again'
        return DataError(f"{strange:,} of {quotes:,} regions quote other words than stand at their offsets", fix=fix)
    if not report.counts["annotations"] or not report.data["marked"] or report.data["kept"]:
        return None
    return DataError(
        f"nothing of what the {report.counts['annotations']:,} annotations say is in the schema {report.data['schema_name']}",
        fix="name the schema that it was labelled under with --schema, or write one with these controls and labels; "
        "everything is in the pull log, and is read again as soon as the schema fits",
    )


@dataclass(slots=True)
class _Places:
    """Which documents there are, and which of them has a text."""

    documents: set[str]
    by_text: dict[str, dict[str, int]]  # digest of a text: documents that have it, and in which revision
    columns: Columns

    @classmethod
    def of(cls, workspace: Workspace) -> _Places:
        by_text: dict[str, dict[str, int]] = {}
        names = ("doc_id", "revision", "text_sha256", "raw_sha256")
        table = workspace.documents.read("documents", columns=names)
        for doc_id, revision, text, raw in zip(*(table[name].to_pylist() for name in names), strict=True):
            for digest in (text, raw):
                by_text.setdefault(digest, {})[doc_id] = revision
        return cls(set(table["doc_id"].to_pylist()), by_text, workspace.settings.ingest.columns)

    def placed(self, task: Mapping[str, Any], *, before: str = "") -> tuple[Placed, str]:
        """Say of which document a task is, and give the text that its offsets point into.

        ``before`` is the document that it was of when it was imported last: it stays that, as long as the text does.
        """
        data = task["data"]
        doc_id = text_of(data, "doc_id")
        if doc_id in self.documents:
            text = text_of(data, TEXT)
            return Placed(doc_id, 0, text_of(data, "text_sha256"), text, pushed=True), text
        text = self.text(data)
        if not text:
            return Placed(), ""
        digest = text_sha256_of(text)
        there = self.by_text.get(digest) or {doc_id_of(f"{_SOURCE}{digest}"): 1}
        chosen = before if before in there else min(there)
        return Placed(chosen, there[chosen], digest, without_astral(text)), text

    def text(self, data: Mapping[str, Any]) -> str:
        """Find the text among a task's data; empty where none is."""
        name = _resolved(tuple(map(str, data)), self.columns).by_role.get("text")
        value = data.get(name) if name else None
        return value if isinstance(value, str) and value.strip() else ""

    def facts(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give what is stated of an article beside its text."""
        found = _resolved(tuple(map(str, data)), self.columns).by_role
        return {found[role]: data[found[role]] for role in ("text", *_FACTS) if role in found}


@dataclass(slots=True)
class _Seen:
    """What was found in a file: its tasks and people by project, and what is odd."""

    places: _Places
    tasks: dict[int, dict[int, str]] = field(default_factory=dict)  # of each project: ids, and when they were made
    people: dict[int, set[Whom]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    staged: int = 0  # texts that the workspace has not
    shown: dict[str, int] = field(default_factory=dict)  # digests of texts, and the first task that shows each

    def look_through(self, export: ExportFile, file: Path, *, progress: Progress) -> None:
        """Read the file to its end, and write what it shows and the workspace has not as JSON Lines: line 17 is its task 17."""
        with translated(file, "write"), file.open("w", encoding="ascii") as staged:
            for number, task in enumerate(export.tasks(), 1):
                project = project_of(task)
                self.tasks.setdefault(project, {})[task["id"]] = made_at(task)
                self.people.setdefault(project, set()).update(people_in(task))
                self._look(task, staged)
                if number % 100 == 0:
                    progress("looking through the export (tasks)", number, 0)

    def _look(self, task: Task, staged: TextIO) -> None:
        placed, text = self.places.placed(task)
        self.ledger.look(task, text)
        if text and self.shown.setdefault(placed.text_sha256, task["id"]) != task["id"]:
            self.ledger.note("same-text", f"task {task['id']} and task {self.shown[placed.text_sha256]}")
        if text and placed.doc_id not in self.places.documents:
            source = f"{_SOURCE}{placed.text_sha256}"
            staged.write(json.dumps({**self.places.facts(task["data"]), self.places.columns.id or "id": source}))
            self.staged += 1
            self.places.documents.add(placed.doc_id)
            self.places.by_text[placed.text_sha256] = {placed.doc_id: 1}
        staged.write("\n")

    def take(self, export: ExportFile, workspace: Workspace, *, progress: Progress) -> list[Taken]:
        """Take all tasks into the pull log."""
        log, takers = workspace.pulls, dict[int, Taker]()
        total = sum(map(len, self.tasks.values()))
        for number, tasks in self.tasks.items():
            project, ours = known_project(log, number, tasks)
            scope = OWN if ours else project.key
            names = pseudonyms_of(self.people[number], scope=scope, file=workspace.people_file)
            originals = originals_seen(log, project.key, workspace.backups)
            takers[number] = Taker(log, project, names, originals=originals)
        for done, task in enumerate(export.tasks(), 1):
            taker = takers[project_of(task)]
            placed, _ = self.places.placed(task, before=taker.document_of(task))
            taker.take(task, placed)
            progress("import-export", done, total)
        return [taker.finish() for taker in takers.values()]


@contextmanager
def _staged(workspace: Workspace) -> Iterator[Path]:
    """Give a folder that is gone afterwards; what a killed command left in it, the next one sweeps."""
    folder = workspace.state / "imports"
    own = folder / f"{TEMPORARY}1"
    with translated(folder, "write"):
        own.mkdir(parents=True, exist_ok=True)
    try:
        yield own
    finally:
        with translated(folder, "clear"):
            shutil.rmtree(folder)


def _documents(workspace: Workspace, file: Path, staged: Path, *, progress: Progress) -> Report:
    """Make documents of the texts, as ``ingest`` does of any; they are articles of the exported file."""
    (export,) = find_inputs([file], root=workspace.root).inputs
    size = staged.stat().st_size
    return ingest_found(workspace, Found((Input(export.source, path=staged, size=size),), ()), progress=progress)


def _report(
    workspace: Workspace,
    seen: _Seen,
    taken: list[Taken],
    *,
    made: Report | None,
    labels: Report,
    schema: LabelSchema,
) -> Report:
    ids = set[str]().union(*(one.ids for one in taken))
    rejected = [row for row in labels.data["rejected"] if _annotation_of(row) in ids]
    defects = [*seen.ledger.found(), *_by_reason(rejected)]
    kept = {name: _count(workspace.labels.read(name, columns=["annotation_id"]), ids) for name in _KEPT}
    new_documents = made.counts["new"] - made.counts["rejected"] if made else 0
    counts = {name: sum(getattr(one, name) for one in taken) for name in _COUNTED}
    counts = {"tasks": counts.pop("tasks"), "new documents": new_documents, **counts}
    people = len(set[str]().union(*(one.people for one in taken)))
    counts |= {"people": people, "counted": kept.pop("reads"), **kept, "rejected": len(rejected)}
    lines = [one.line for one in defects]
    unread = sum(one.older_tasks for one in taken)
    if unread:
        lines.append(f"older: {unread} tasks are in the pull log as they were later; they stay as they are there")
    if made and made.counts["rejected"]:
        lines += [f"texts that are no article: {made.counts['rejected']}", *made.lines]
    strange = _strange(seen.ledger, schema)
    if strange:
        lines.append(
            f"not in the schema {schema.name}: {strange} (fix: in schema.toml, name groups of labels, attributes and categories as the controls are named)"
        )
    changed = any(one.new or one.changed or one.gone or one.new_drafts for one in taken) or bool(made and made.changed)
    data = {
        "schema_name": schema.name,
        "kept": sum(kept.values()),
        "marked": bool(seen.ledger.controls),
        "quotes": seen.ledger.quotes,
        "strange": seen.ledger.strange,
        "fits": seen.ledger.fits,
        "defects": [{"code": one.code, "count": one.count, "example": one.example} for one in defects],
        "controls": [
            {"name": name, "type": kind, "values": used} for (name, kind), used in seen.ledger.controls.items()
        ],
        "rejected": rejected,
        "reasons": reason_counts(rejected),
    }
    return Report("import-export", counts, changed=changed, lines=tuple(lines), data=data)


def _annotation_of(row: Mapping[str, Any]) -> str:
    return str(json.loads(row["row"]).get("annotation_id"))


def _by_reason(rejected: list[dict[str, Any]]) -> Iterator[Defect]:
    first: dict[str, dict[str, Any]] = {}
    for row in rejected:
        first.setdefault(row["reason"], row)
    for reason, count in reason_counts(rejected).items():
        yield Defect(reason, count, f"{first[reason]['item']}: {first[reason]['detail']}")


def _count(table: pa.Table, ids: set[str]) -> int:
    return int(pc.sum(pc.is_in(table["annotation_id"], pa.array(sorted(ids), pa.string()))).as_py() or 0)


def _strange(ledger: Ledger, schema: LabelSchema) -> str:
    """Name the controls, labels and relations that annotations use and the schema has not."""
    said = []
    for (name, kind), used in ledger.controls.items():
        if kind == "labels":
            known: set[str] = {one.name for one in schema.labels if one.group == name}
        elif kind == "relation":
            known = set(schema.relation_names)
        else:
            said_by = {one.name for one in (*schema.attributes, *schema.categories)}
            known = {"", *used} if name in said_by else set()
        strange = [one for one in used or {"": 1} if one not in known]
        if strange:
            said.append(
                f"{name} ({kind}{': ' if strange[0] else ''}{', '.join(strange[:20])}{' …' if len(strange) > 20 else ''})"
            )
    return "; ".join(said)


@lru_cache(maxsize=64)
def _resolved(names: tuple[str, ...], columns: Columns) -> Resolved:
    return resolve(names, columns)
