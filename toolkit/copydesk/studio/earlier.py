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
from copydesk.studio.windows import WHOLE

_Place = tuple[int, int, str]
_Window = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What annotators did before on older texts.

    ``unchanged`` gives, by document, the digests of older texts that say the same as the newest; ``windows`` are those that
    the newest texts are sent in, where they are long, and ``same`` gives, by document and place of
    a window, the windows of older texts that say the same, each as its text's digest and its place. ``spans`` and ``relations``
    are labels as they were read; where a suggestion is a span of theirs, it is sent with what was said of it, and otherwise
    with ``values``, by document, start, end and label. ``categories`` are those that were said of older texts.
    """

    schema: LabelSchema | None = None
    unchanged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    windows: pa.Table = field(default_factory=lambda: empty("windows"))
    same: Mapping[_Window, frozenset[_Window]] = field(default_factory=dict)
    spans: pa.Table = field(default_factory=lambda: empty("spans"))
    relations: pa.Table = field(default_factory=lambda: empty("relations"))
    categories: pa.Table = field(default_factory=lambda: empty("categories"))
    values: Mapping[tuple[str, int, int, str], Sequence[Mapping[str, str]]] = field(default_factory=dict)

    def stand_ins(self, doc_id: str, place: Place) -> frozenset[_Window]:
        """Give what of older texts says the same as a window of the newest one, or as all of it."""
        whole = {(digest, *WHOLE) for digest in self.unchanged.get(doc_id, ())}
        return self.same.get((doc_id, *place), frozenset()) | whole

    def results(self, suggested: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """Make Label Studio's results of the spans suggested, by document.

        Of what several people said of one span or of the document, the first one's word stands; a document of which somebody said
        something has a result even where no span is suggested.
        """
        wanted = pa.array(sorted(suggested), pa.string())
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
            doc_id: self._result(doc_id, spans, said, joined.get(doc_id, set())) for doc_id, spans in suggested.items()
        }
        for doc_id, items in self._said_of_documents().items():
            results[doc_id] = [*results.get(doc_id, ()), *items]
        return results

    def _said_of_documents(self) -> dict[str, list[dict[str, Any]]]:
        """Make the results of what was said of whole documents, by document."""
        first: dict[tuple[str, str], str] = {}  # who said something in a category first
        said: dict[str, list[tuple[str, str]]] = {}
        for row in self.categories.sort_by([("annotator", "ascending"), ("value", "ascending")]).to_pylist():
            if first.setdefault((row["doc_id"], row["name"]), row["annotator"]) == row["annotator"]:
                said.setdefault(row["doc_id"], []).append((row["name"], row["value"]))
        if self.schema is None:
            return {}
        return {doc_id: _suggested(category_items(values, self.schema)) for doc_id, values in said.items()}

    def _result(
        self,
        doc_id: str,
        spans: Sequence[Mapping[str, Any]],
        said: Mapping[tuple[str, _Place], list[dict[str, str]]],
        joined: set[tuple[_Place, _Place, str]],
    ) -> list[dict[str, Any]]:
        shown = {(span["start"], span["end"], span["label"]) for span in spans}
        told = [
            {**span, "attributes": said.get((doc_id, place)) or self.values.get((doc_id, *place), ())}
            for span in spans
            for place in [(span["start"], span["end"], span["label"])]
        ]
        relations = [
            {"head_span_id": region_id(*head), "tail_span_id": region_id(*tail), "label": label}
            for head, tail, label in sorted(joined)
            if head in shown and tail in shown
        ]
        return to_result(told, relations, self.schema)


def _suggested(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**item, "origin": "prediction"} for item in items]
