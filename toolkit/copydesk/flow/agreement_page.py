"""What annotators said goes in, pages of how far they agree come out: measures, pairs, people and disputes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.figures import ALL
from copydesk.agreement.people import annotator_facts
from copydesk.datasets.profile import same_place
from copydesk.flow.agree import agreed_key
from copydesk.flow.agreement_charts import Row, agreement_charts, confusion_chart, pairs_chart
from copydesk.flow.alignment_page import Aligned, told, votes_of
from copydesk.flow.asked import anchor, under
from copydesk.flow.people_report import facts_key, given
from copydesk.flow.people_text import account_of
from copydesk.report import charts
from copydesk.report.charts import Chart
from copydesk.report.page import Part, part
from copydesk.store import digest_of
from copydesk.workspace import Workspace

_DOCUMENTS = 25  # that are listed, those with the least agreement
EXPORTED = 3  # of them, whose alignment stands in the exported file
_PEOPLE = ("documents", "spans", "skipped", "lead_time_median", "f1_others", "f1_agreed", "f1_gold", "f1_self")


class Agreement:
    """The view of the agreement under a schema (``?schema=``, by default the first); what was gathered is kept until it changes."""

    def __init__(self, workspace: Workspace, *, exported: bool = False) -> None:
        self._workspace, self._exported = workspace, exported
        self._known: dict[str, tuple[str, Part]] = {}

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Show how far people agree now; raises UnknownError for a schema that is none of the workspace's."""
        workspace = under(self._workspace, asked)
        agreed = workspace.agreed.part()
        key = digest_of([facts_key(workspace), agreed.receipt if agreed else None])
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
        table = workspace.agreed.read("agreement")
        rows = table.filter(pc.equal(table["scope"], ALL)).to_pylist()
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
                *confusion_chart(same_place([votes_of(workspace)["spans"]])),
                *_people_chart(people),
                *_disputes_chart(disputes),
            ],
            measures=[told(row) for row in rows if row["annotators"] == ALL],
            people=people,
            measured=_PEOPLE,
            documents=[self._linked(workspace, at, *row) for at, row in enumerate(_least(workspace))],
        )

    def _linked(self, workspace: Workspace, at: int, doc_id: str, *told: object) -> tuple[object, ...]:
        if self._exported:
            return (f"#{anchor(f'aligned-{doc_id}', workspace)}" if at < EXPORTED else "", doc_id, *told)
        return (f"/agreement/{quote(doc_id)}?schema={quote(workspace.schema_name)}", doc_id, *told)


def _least(workspace: Workspace) -> list[tuple[str, str, float, int]]:
    """Give the documents with the lowest gamma: identity, title, gamma and the spans that it rests on."""
    table = workspace.agreed.read("agreement")
    chosen = pc.and_(pc.equal(table["scope"], "document"), pc.equal(table["measure"], "gamma"))
    table = table.filter(pc.and_(chosen, pc.is_valid(table["value"])))
    rows = table.sort_by([("value", "ascending"), ("within", "ascending")]).slice(0, _DOCUMENTS).to_pylist()
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
