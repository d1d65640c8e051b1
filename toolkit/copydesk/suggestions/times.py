"""Spans that are dates go in, the value of each comes out, with what it rests on: the annotators' word, or the day of publication.

Which spans are dates, the schema says: those that an attribute of the kind ``timex`` belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.schema import Attribute, LabelSchema
from copydesk.model.tables import from_rows
from copydesk.model.values import check, moment
from copydesk.suggestions.when import NEARBY, When, resolve

_Row = Mapping[str, Any]
Place = tuple[str, int, int, str]  # document, start, end, label


def times(spans: pa.Table, *, documents: pa.Table, schema: LabelSchema) -> pa.Table:
    """Make the table ``times`` of agreed spans: one row for each that is a date and has a value.

    ``documents`` are the newest revisions. Where the annotators say a value, it counts; otherwise that of the rules.
    """
    rows = []
    for span, timex, known in _dates(spans, documents, schema):
        said = next((one["value"] for one in span["attributes"] if one["name"] == timex.name), None)
        ruled = _ruled(span, timex, known)
        value = said or (ruled.value if ruled else "")
        if value:
            rows.append(
                {
                    **{
                        name: span[name]
                        for name in ("doc_id", "revision", "span_id", "start", "end", "surface", "label")
                    },
                    "value": value,
                    "at": moment(timex, value),
                    "given": "annotators" if said else "rule",
                    "published_at": known["published_at"],
                    "evidence": _evidence(said, ruled, known["published_at"]),
                }
            )
    return from_rows("times", rows)


def suggested_times(
    suggestions: pa.Table, *, documents: pa.Table, schema: LabelSchema
) -> dict[Place, list[dict[str, str]]]:
    """Give what the rules say of suggested dates, by place: the attributes that a suggestion is sent with."""
    found = ((span, timex, _ruled(span, timex, known)) for span, timex, known in _dates(suggestions, documents, schema))
    return {
        (span["doc_id"], span["start"], span["end"], span["label"]): [{"name": timex.name, "value": ruled.value}]
        for span, timex, ruled in found
        if ruled
    }


def _dates(spans: pa.Table, documents: pa.Table, schema: LabelSchema) -> Iterator[tuple[_Row, Attribute, _Row]]:
    """Give the spans that are dates, each with the attribute for its value and its document."""
    timex = {
        label: one for one in schema.attributes if one.kind == "timex" for label in one.labels or schema.label_names
    }
    dates = spans.filter(pc.is_in(spans["label"], pa.array(sorted(timex), pa.string())))
    named = documents.filter(pc.is_in(documents["doc_id"], pc.unique(dates["doc_id"])))
    known = {row["doc_id"]: row for row in named.select(["doc_id", "published_at", "text"]).to_pylist()}
    for span in dates.to_pylist():
        if span["doc_id"] in known:
            yield span, timex[span["label"]], known[span["doc_id"]]


def _ruled(span: _Row, timex: Attribute, known: _Row) -> When | None:
    found = resolve(
        span["surface"],
        published=_day(known["published_at"]),
        before=known["text"][max(span["start"] - NEARBY, 0) : span["start"]],
    )
    return found if found and not check(timex, found.value)[1] else None


def _day(instant: datetime | None) -> date | None:
    return instant.astimezone(UTC).date() if instant else None


def _evidence(said: str | None, ruled: When | None, published: datetime | None) -> str:
    """Say what a value rests on."""
    day = _day(published)
    rest = (
        f"reckoned from the day of publication, {day:%A} {day}"
        if ruled and ruled.reckoned and day
        else "as it is written"
    )
    if said is None:
        return f"rule {ruled.rule}: {rest}" if ruled else ""
    if ruled is None:
        return "said by the annotators; no rule gives a value"
    if ruled.value == said:
        return f"said by the annotators, and rule {ruled.rule} gives the same: {rest}"
    return f"said by the annotators; rule {ruled.rule} would give {ruled.value}, {rest}"
