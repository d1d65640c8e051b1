"""What annotators said of one document goes in, a page of it comes out: which of their spans belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.figures import COUNTED
from copydesk.agreement.gamma.document import MISSING, SAME, Alignment, alignment_of
from copydesk.flow.agreement_charts import Row
from copydesk.flow.asked import anchor, under
from copydesk.flow.current import located
from copydesk.flow.qualification import voting
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.tables import TABLES
from copydesk.report.alignment import Drawn, lanes, words
from copydesk.report.page import Part, part
from copydesk.workspace import Workspace

_STANDS = {SAME: "same", MISSING: "alone"}  # as a class; all others differ


class Aligned:
    """The view of one document: which of the annotators' spans belong together, as gamma has it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Align the spans of the document ``doc_id``; raises UnknownError where there is no such document."""
        workspace = under(self._workspace, asked)
        _, document = located(workspace, asked["doc_id"])
        doc_id, text = document["doc_id"], document["text"]
        votes = {name: _of(table, doc_id) for name, table in votes_of(workspace).items()}
        spans, _ = on_whole_words(
            workspace, votes["spans"], pa.Table.from_pylist([document], schema=TABLES["documents"])
        )
        found = alignment_of(reads=votes["reads"], spans=spans)
        kinds = {number: found.kind(units) for number, units in found.sets.items()}
        stands = {number: _STANDS.get(kind, "differs") for number, kind in kinds.items()}
        drawn = [Drawn(one.start, one.end, one.annotator, one.together, stands[one.together]) for one in found.units]
        rows = lanes(found.annotators, drawn)
        place = anchor(f"aligned-{doc_id}", workspace)
        return part(
            "aligned.html",
            title=f"Alignment: {document['title'] or doc_id}",
            listed=False,
            name=place,
            anchor=place,
            schema=workspace.schema_name,
            document=document,
            alignment=found,
            lanes=[name for name, _ in rows],
            words=list(words(text, rows)),
            counts=Counter(kinds.values()).most_common(),
            sets=list(_rows(found, text)),
            figures=[told(row) for row in _figures(workspace, doc_id)],
        )


def _rows(found: Alignment, text: str) -> Iterator[tuple[object, ...]]:
    """Give of each set its number, how its spans differ, and the span of each person."""
    for number, units in found.sets.items():
        drawn = {one.annotator: f"{one.label}: {text[one.start : one.end]}" for one in units}
        yield number, found.kind(units), *(drawn.get(name, "–") for name in found.annotators)


def votes_of(workspace: Workspace) -> dict[str, pa.Table]:
    """Give the reads of the whole newest texts and the spans that have a vote."""
    tables = voting(workspace, {name: workspace.labels.read(name) for name in ("reads", "spans", "unread")})[0]
    partly = tables["unread"]["annotation_id"].combine_chunks()
    return {
        name: tables[name].filter(pc.invert(pc.is_in(tables[name]["annotation_id"], partly)))
        for name in ("reads", "spans")
    }


def _of(table: pa.Table, doc_id: str) -> pa.Table:
    return table.filter(pc.equal(table["doc_id"], doc_id))


def _figures(workspace: Workspace, within: str) -> list[Row]:
    table = workspace.agreed.read("agreement")
    rows: list[Row] = table.filter(pc.equal(table["within"], within)).to_pylist()
    return rows


def told(row: Row) -> tuple[object, ...]:
    """Give what a table tells of a row of ``agreement``; counts are whole numbers."""
    value = row["value"] if row["value"] is None or not row["measure"].startswith(COUNTED) else round(row["value"])
    return row["measure"], row["label"], value, *(row[name] for name in ("low", "high", "n", "note"))
