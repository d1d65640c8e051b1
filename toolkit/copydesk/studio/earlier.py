"""Labels carried over from older texts go in; the attributes and relations that their suggestions are sent with come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import empty
from copydesk.model.windows import Place
from copydesk.studio.codec import category_items, region_id, to_result
from copydesk.studio.suggested import Suggested
from copydesk.studio.windows import WHOLE

_Place = tuple[int, int, str]
_Window = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What annotators did before on older texts.

    ``unchanged`` gives, by document, the digests of older texts that say the same as the newest; ``windows`` are those that
    the newest texts are sent in, where they are long, and ``same`` gives, by document and place of
    a window, the windows of older texts that say the same, each as its text's digest and its place. ``spans`` and ``relations``
    are labels as they were read; where a suggestion is a span of theirs, it is sent with what was said of it. ``categories`` are
    those that were said of older texts.
    """

    schema: LabelSchema | None = None
    unchanged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    windows: pa.Table = field(default_factory=lambda: empty("windows"))
    same: Mapping[_Window, frozenset[_Window]] = field(default_factory=dict)
    spans: pa.Table = field(default_factory=lambda: empty("spans"))
    relations: pa.Table = field(default_factory=lambda: empty("relations"))
    categories: pa.Table = field(default_factory=lambda: empty("categories"))

    def stand_ins(self, doc_id: str, place: Place) -> frozenset[_Window]:
        """Give what of older texts says the same as a window of the newest one, or as all of it."""
        whole = {(digest, *WHOLE) for digest in self.unchanged.get(doc_id, ())}
        return self.same.get((doc_id, *place), frozenset()) | whole

    def results(self, suggested: Suggested) -> dict[str, list[dict[str, Any]]]:
        """Make Label Studio's results of what is suggested, by document.

        Of what several people said of one span or of the document, the first one's word stands, and it stands before what is
        suggested; a document of which somebody said something has a result even where no span is suggested.
        """
        spans, joins = suggested.spans_by_document(), suggested.relations_by_document()
        wanted = pa.array(sorted(spans), pa.string())
        places: dict[tuple[str, str], _Place] = {}
        said: dict[tuple[str, _Place], list[dict[str, str]]] = {}
        for row in self.spans.filter(pc.is_in(self.spans["doc_id"], wanted)).sort_by("annotator").to_pylist():
            place = (row["start"], row["end"], row["label"])
            places[row["annotation_id"], row["span_id"]] = place
            said.setdefault((row["doc_id"], place), row["attributes"])
        joined: dict[str, set[tuple[_Place, _Place, str]]] = {}
        for row in self.relations.filter(pc.is_in(self.relations["doc_id"], wanted)).to_pylist():
            ends = [places.get((row["annotation_id"], row[end])) for end in ("head_span_id", "tail_span_id")]
            if ends[0] and ends[1]:
                joined.setdefault(row["doc_id"], set()).add((ends[0], ends[1], row["label"]))
        results = {
            doc_id: self._result(doc_id, drawn, said, joined.get(doc_id, set()), joins.get(doc_id, ()))
            for doc_id, drawn in spans.items()
        }
        for doc_id, items in self._said_of_documents(suggested).items():
            results[doc_id] = [*results.get(doc_id, ()), *items]
        return results

    def _said_of_documents(self, suggested: Suggested) -> dict[str, list[dict[str, Any]]]:
        """Make the results of what was said of whole documents or is suggested for them, by document."""
        first: dict[tuple[str, str], str] = {}  # who said something in a category first
        said: dict[str, list[tuple[str, str]]] = {}
        for row in self.categories.sort_by([("annotator", "ascending"), ("value", "ascending")]).to_pylist():
            if first.setdefault((row["doc_id"], row["name"]), row["annotator"]) == row["annotator"]:
                said.setdefault(row["doc_id"], []).append((row["name"], row["value"]))
        for doc_id, values in suggested.categories_by_document().items():
            said.setdefault(doc_id, []).extend(one for one in values if (doc_id, one[0]) not in first)
        if self.schema is None:
            return {}
        return {doc_id: _suggested(category_items(values, self.schema)) for doc_id, values in said.items()}

    def _result(
        self,
        doc_id: str,
        spans: Sequence[Mapping[str, Any]],
        said: Mapping[tuple[str, _Place], list[dict[str, str]]],
        joined: set[tuple[_Place, _Place, str]],
        suggested: Sequence[Mapping[str, Any]],
    ) -> list[dict[str, Any]]:
        shown = {(span["start"], span["end"], span["label"]) for span in spans}
        told = [
            {**span, "attributes": said.get((doc_id, place)) or span["attributes"]}
            for span in spans
            for place in [(span["start"], span["end"], span["label"])]
        ]
        relations = [
            {"head_span_id": region_id(*head), "tail_span_id": region_id(*tail), "label": label}
            for head, tail, label in sorted(joined)
            if head in shown and tail in shown
        ]
        shown_ids = {region_id(*place) for place in shown}
        suggested = [one for one in suggested if {one["head_span_id"], one["tail_span_id"]} <= shown_ids]
        more = [one for one in suggested if one not in relations]
        return to_result(told, [*relations, *more], self.schema)


def _suggested(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**item, "origin": "prediction"} for item in items]
