"""What annotators said goes in, pages of how far they agree come out: measures, pairs, people, disputes, and single documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.figures import ALL, COUNTED
from copydesk.agreement.gamma.document import MISSING, SAME, alignment_of
from copydesk.agreement.people import annotator_facts
from copydesk.datasets.profile import same_place
from copydesk.errors import UnknownError
from copydesk.flow.agree import agreed_key
from copydesk.flow.agreement_charts import Row, agreement_charts, confusion_chart, pairs_chart
from copydesk.flow.current import located
from copydesk.flow.people_report import facts_key, given
from copydesk.flow.people_text import account_of
from copydesk.flow.qualification import voting
from copydesk.flow.whole_words import on_whole_words
from copydesk.model.tables import TABLES
from copydesk.report import charts
from copydesk.report.alignment import Drawn, lanes, words
from copydesk.report.charts import Chart
from copydesk.report.page import Part, part
from copydesk.workspace import Workspace

_DOCUMENTS = 25  # that are listed, those with the least agreement
EXPORTED = 3  # of them, whose alignment stands in the exported file
_PEOPLE = ("documents", "spans", "skipped", "lead_time_median", "f1_others", "f1_agreed", "f1_gold", "f1_self")
_STANDS = {SAME: "same", MISSING: "alone"}  # as a class; all others differ


class Agreement:
    """The view of the agreement under a schema (``?schema=``, by default the first); what was gathered is kept until it changes."""

    def __init__(self, workspace: Workspace, *, exported: bool = False) -> None:
        self._workspace, self._exported = workspace, exported
        self._known: dict[str, tuple[str, Part]] = {}

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Show how far people agree now; raises UnknownError for a schema that is none of the workspace's."""
        workspace = under(self._workspace, asked)
        key = facts_key(workspace) + workspace.decisions.digest
        known = self._known.get(workspace.schema_name)
        if known is None or known[0] != key:
            known = self._known[workspace.schema_name] = key, self._page(workspace)
        return known[1]

    def every(self) -> Iterator[Part]:
        """Show the agreement under each schema that anybody has labelled with, and some alignments."""
        for name in self._workspace.schemas:
            workspace = self._workspace.under(name)
            if workspace.agreed.part():
                yield self({"schema": name})
                for doc_id, *_ in _least(workspace)[:EXPORTED]:
                    yield Aligned(self._workspace)({"schema": name, "doc_id": doc_id})

    def _page(self, workspace: Workspace) -> Part:
        rows = workspace.agreed.read("agreement").to_pylist()
        votes = _votes(workspace)
        people = _people(workspace)
        disputes = Counter(workspace.agreed.read("disputes", columns=["kind"])["kind"].to_pylist())
        place = anchor("agreement", workspace)
        return part(
            "agreement.html",
            title="Agreement" if workspace.is_first else f"Agreement: {workspace.schema_name}",
            name=place,
            anchor=place,
            schema=workspace.schema_name,
            schemas=() if self._exported else self._workspace.schemas,
            current=workspace.agreed.is_made_from(agreed_key(workspace)),
            charts=[
                *agreement_charts(rows),
                *pairs_chart(rows),
                *confusion_chart(same_place([votes["spans"]])),
                *_people_chart(people),
                *_disputes_chart(disputes),
            ],
            measures=[_measure(row) for row in rows if row["annotators"] == row["scope"] == ALL],
            people=people,
            measured=_PEOPLE,
            documents=[self._linked(workspace, at, *row) for at, row in enumerate(_least(workspace))],
        )

    def _linked(self, workspace: Workspace, at: int, doc_id: str, *told: object) -> tuple[object, ...]:
        if self._exported:
            return (f"#{anchor(f'aligned-{doc_id}', workspace)}" if at < EXPORTED else "", doc_id, *told)
        return (f"/agreement/{quote(doc_id)}?schema={quote(workspace.schema_name)}", doc_id, *told)


class Aligned:
    """The view of one document: which of the annotators' spans belong together, as gamma has it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Align the spans of the document ``doc_id``; raises UnknownError where there is no such document."""
        workspace = under(self._workspace, asked)
        _, document = located(workspace, asked["doc_id"])
        doc_id, text = document["doc_id"], document["text"]
        votes = {name: _of(table, doc_id) for name, table in _votes(workspace).items()}
        spans, _ = on_whole_words(
            workspace, votes["spans"], pa.Table.from_pylist([document], schema=TABLES["documents"])
        )
        found = alignment_of(reads=votes["reads"], spans=spans)
        kinds = {number: found.kind(number) for number in found.sets}
        drawn = [
            Drawn(one.start, one.end, one.annotator, one.together, _STANDS.get(kinds[one.together], "differs"))
            for one in found.units
        ]
        rows = lanes(found.annotators, drawn)
        place = anchor(f"aligned-{doc_id}", workspace)
        return part(
            "aligned.html",
            title=document["title"] or doc_id,
            name=place,
            anchor=place,
            schema=workspace.schema_name,
            document=document,
            alignment=found,
            lanes=[name for name, _ in rows],
            words=list(words(text, rows)),
            counts=Counter(kinds.values()).most_common(),
            sets=[
                (
                    number,
                    kinds[number],
                    *(
                        "; ".join(f"{one.label}: {text[one.start : one.end]}" for one in units if one.annotator == name)
                        or "–"
                        for name in found.annotators
                    ),
                )
                for number, units in sorted(found.sets.items())
            ],
            figures=[_measure(row) for row in _figures(workspace, doc_id)],
        )


def under(workspace: Workspace, asked: Mapping[str, str]) -> Workspace:
    """See the workspace under the schema that was asked for; raises UnknownError where it has none of that name."""
    name = asked.get("schema", "") or workspace.schema_name
    if name not in workspace.schemas:
        raise UnknownError(f"no schema {name!r} in this workspace", fix=f"name one of {', '.join(workspace.schemas)}")
    return workspace.under(name)


def anchor(name: str, workspace: Workspace) -> str:
    """Name a part of the exported file that each schema has one of."""
    return name if workspace.is_first else f"{name}-{workspace.schema_name}"


def _votes(workspace: Workspace) -> dict[str, pa.Table]:
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


def _measure(row: Row) -> tuple[object, ...]:
    value = row["value"] if row["value"] is None or not row["measure"].startswith(COUNTED) else round(row["value"])
    return row["measure"], row["label"], value, *(row[name] for name in ("low", "high", "n", "note"))


def _least(workspace: Workspace) -> list[tuple[str, str, float, int]]:
    """Give the documents with the lowest gamma: identity, title, gamma and the spans that it rests on."""
    table = workspace.agreed.read("agreement")
    chosen = pc.and_(pc.equal(table["scope"], "document"), pc.equal(table["measure"], "gamma"))
    rows = [row for row in table.filter(chosen).to_pylist() if row["value"] is not None]
    rows = sorted(rows, key=lambda row: (row["value"], row["within"]))[:_DOCUMENTS]
    names = workspace.documents.read("documents", columns=["doc_id", "title"])
    names = names.filter(pc.is_in(names["doc_id"], pa.array([row["within"] for row in rows], pa.string())))
    titles = dict(zip(names["doc_id"].to_pylist(), names["title"].to_pylist(), strict=True))
    return [(row["within"], titles.get(row["within"]) or row["within"], row["value"], row["n"]) for row in rows]


def _people(workspace: Workspace) -> list[dict[str, Any]]:
    """Give each person's figures by measure, and the account of them in sentences."""
    known = workspace.annotators_known
    is_made = known.is_made_from(facts_key(workspace))
    table = known.read("annotators") if is_made else annotator_facts(given(workspace))
    by_person: dict[str, list[Row]] = {}
    for row in table.to_pylist():
        by_person.setdefault(row["annotator"], []).append(row)
    return [
        {
            "name": name,
            "figures": {row["measure"]: row for row in rows if row["label"] == ALL},
            "account": [line.removeprefix(f"{name}: ").strip() for line in account_of(name, rows)],
        }
        for name, rows in by_person.items()
    ]


def _people_chart(people: Sequence[Mapping[str, Any]]) -> Iterator[Chart]:
    rows = [(one["name"], one["figures"].get("f1_others")) for one in people]
    known = [(name, row) for name, row in rows if row and row["value"] is not None]
    if known:
        yield Chart(
            name="people",
            title="Annotators",
            says="F1 of each annotator against all others who read the same, with its 95 % interval.",
            spec=charts.intervals([(name, row["value"], row["low"], row["high"]) for name, row in known], what="F1"),
            head=("annotator", "F1", "low", "high", "n"),
            rows=tuple((name, row["value"], row["low"], row["high"], row["n"]) for name, row in known),
        )


def _disputes_chart(kinds: Counter[str]) -> Iterator[Chart]:
    if kinds:
        yield Chart(
            name="disputes",
            title="Disputes",
            says=f"How many of {kinds.total():,} disputes are about what.",
            spec=charts.bars(kinds.most_common(), what="disputes"),
            head=("kind", "disputes"),
            rows=tuple(kinds.most_common()),
        )
