"""Tasks go in, what is suggested with each comes out, and what was sent is written down.

A share of the documents is sent bare, so that it can be seen what suggestions do to people. Which ones is a matter of their
names alone: always the same, whoever suggests.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.flow.overlap import is_shared
from copydesk.flow.suggest import TABLES, remove, suggestions
from copydesk.model.progress import Progress
from copydesk.model.tables import from_rows
from copydesk.store import commit, part_at, translated
from copydesk.studio.suggested import Suggested
from copydesk.suggestions import Found, suggested_times
from copydesk.tasks import with_carried
from copydesk.workspace import Workspace

_Row = dict[str, Any]
_Text = tuple[str, str]
_ASIDE = ("rule", "score", "by")
_RECEIPT = {"stage": "sent"}


def is_bare(workspace: Workspace, doc_id: str) -> bool:
    """Say whether a document is sent without suggestions."""
    return is_shared(f"bare\n{doc_id}", workspace.settings.suggest.bare)


def to_send(workspace: Workspace, documents: pa.Table, tasks: pa.Table, *, progress: Progress) -> Suggested:
    """Give what is suggested with these tasks: by suggesters, and of earlier annotators' labels on older texts where they stand now.

    What annotators marked themselves is shown to them whether or not the document is sent bare. The caller holds the workspace's lock.
    """
    take_live(workspace)
    doc_ids = tasks["doc_id"].to_pylist()
    bare = {doc_id for doc_id in doc_ids if is_bare(workspace, doc_id)}
    found = suggestions(workspace, progress=progress).read(set(doc_ids))
    shown = _each(found, bare, others=True)
    spans = with_carried(
        shown.spans,
        tasks=tasks,
        anchors=workspace.labels.read("anchors"),
        unread=workspace.labels.read("unread"),
    )
    hidden = _of(found.spans, bare)
    record = _Record(workspace, tasks, replace(found, spans=pa.concat_tables([_of(spans, bare, others=True), hidden])))
    return Suggested(
        spans=spans,
        relations=shown.relations,
        categories=shown.categories,
        values=suggested_times(spans, documents=documents, schema=workspace.schema()),
        sending=record.add,
        newer=record.newer,
    )


def _of(table: pa.Table, doc_ids: Collection[str], *, others: bool = False) -> pa.Table:
    """Give the rows of these documents, or those of all others."""
    mine = pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string()))
    return table.filter(pc.invert(mine) if others else mine)


def _each(found: Found, doc_ids: Collection[str], *, others: bool = False) -> Found:
    return Found(*(_of(getattr(found, field), doc_ids, others=others) for field in TABLES.values()))


@dataclass(frozen=True, slots=True)
class _Record:
    """Writes down what is sent, before it is: what was not received in the end is sent again, and written down again.

    Of a document that is sent bare it is written down what was suggested and not shown.
    """

    workspace: Workspace
    tasks: pa.Table
    found: Found

    def add(self, doc_ids: Sequence[str]) -> None:
        """Write down what is suggested for these documents."""
        if not doc_ids:
            return
        mine = _of(self.tasks, set(doc_ids))
        self.workspace.sent.append(_told(self.workspace, mine, _each(self.found, doc_ids)), _RECEIPT)

    def newer(self) -> list[str]:
        """Give the documents whose texts were sent, and for which something else is suggested by now."""
        texts = _keys(self.tasks, ("doc_id", "text_sha256"))
        last: set[str] = set()
        changed: set[str] = set()
        for part in reversed(self.workspace.sent.parts()):
            sent = part.read("sent")
            known = sent.filter(pc.is_in(_keys(sent, ("doc_id", "text_sha256")), texts))["doc_id"].to_pylist()
            mine = set(known) - last
            last |= mine
            for name, field in TABLES.items():
                changed |= _differing(_of(part.read(name), mine), _of(getattr(self.found, field), mine))
        return sorted(changed)


def _told(workspace: Workspace, texts: pa.Table, found: Found) -> dict[str, pa.Table]:
    """Give the tables of a part of ``sent``: the texts that go out now, and what is suggested for them."""
    now = datetime.now(UTC)
    rows = texts.select(["doc_id", "revision", "text_sha256"]).to_pylist()
    sent = [{**row, "bare": is_bare(workspace, row["doc_id"]), "sent_at": now} for row in rows]
    return {"sent": from_rows("sent", sent), **{name: getattr(found, field) for name, field in TABLES.items()}}


def keep_live(workspace: Workspace, documents: pa.Table, found: Found) -> None:
    """Write down what is suggested live for documents, before it is shown; nobody has to hold the lock."""
    folder = workspace.live
    with translated(folder, "write"):
        folder.mkdir(parents=True, exist_ok=True)
    tables = _told(workspace, documents, _each(found, documents["doc_id"].to_pylist()))
    commit(folder / f"answer-{time.time_ns():020}-{uuid4().hex}", tables, _RECEIPT)


def take_live(workspace: Workspace) -> None:
    """Take what was suggested live into what was sent, of each document the last; the caller holds the workspace's lock."""
    answers = [part_at(folder) for folder in sorted(workspace.live.glob("answer-*"), reverse=True)]
    tables: dict[str, list[pa.Table]] = {}
    seen: set[str] = set()
    for answer in answers:
        for name in ("sent", *TABLES):
            tables.setdefault(name, []).append(_of(answer.read(name), seen, others=True))
        seen.update(answer.read("sent")["doc_id"].to_pylist())
    if answers:
        workspace.sent.append({name: pa.concat_tables(each) for name, each in tables.items()}, _RECEIPT)
    for answer in answers:
        remove(answer.path)


def _differing(then: pa.Table, now: pa.Table) -> set[str]:
    """Give the documents of what is in one of two tables only; who suggests it and how sure they are makes no difference."""
    said = [name for name in now.column_names if name not in _ASIDE]
    keys = [_keys(table, said) for table in (then, now)]
    gone = then.filter(pc.invert(pc.is_in(keys[0], keys[1])))
    new = now.filter(pc.invert(pc.is_in(keys[1], keys[0])))
    return {*gone["doc_id"].to_pylist(), *new["doc_id"].to_pylist()}


def _keys(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """Write what these columns say in one, for each row."""
    columns = [table[name].cast(pa.string()) for name in names]
    return pa.chunked_array(pc.binary_join_element_wise(*columns, "\n")).combine_chunks()


def last_sent(workspace: Workspace, texts: Collection[_Text]) -> dict[_Text, tuple[_Row, list[_Row]]]:
    """Give the row of ``sent`` and what was suggested when these texts (doc_id and text_sha256) were sent last, of those that were."""
    doc_ids = {doc_id for doc_id, _ in texts}
    last: dict[_Text, tuple[_Row, list[_Row]]] = {}
    for part in workspace.sent.parts():
        suggested: dict[str, list[_Row]] = {}
        for row in _of(part.read("suggestions"), doc_ids).to_pylist():
            suggested.setdefault(row["doc_id"], []).append(row)
        for row in _of(part.read("sent"), doc_ids).to_pylist():
            if (row["doc_id"], row["text_sha256"]) in texts:
                last[row["doc_id"], row["text_sha256"]] = row, suggested.get(row["doc_id"], [])
    return last
