"""What is suggested for documents: what a push sends with their tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa

from copydesk.model.tables import empty
from copydesk.studio.codec import region_id


def _unheard(_doc_ids: Sequence[str]) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """The tables ``suggestions``, ``suggested_relations`` and ``suggested_categories``.

    ``values`` are attributes of suggested spans, by document, start, end and label. ``sending`` is told the documents of tasks that
    are about to be sent with what is suggested for them, and ``newer`` gives those that were sent with something else.
    """

    spans: pa.Table = field(default_factory=partial(empty, "suggestions"))
    relations: pa.Table = field(default_factory=partial(empty, "suggested_relations"))
    categories: pa.Table = field(default_factory=partial(empty, "suggested_categories"))
    values: Mapping[tuple[str, int, int, str], Sequence[Mapping[str, str]]] = field(default_factory=dict)
    sending: Callable[[Sequence[str]], None] = _unheard
    newer: Callable[[], Sequence[str]] = list

    def spans_by_document(self) -> dict[str, list[dict[str, Any]]]:
        """Give the spans as ``codec.to_result`` takes them."""
        found: dict[str, list[dict[str, Any]]] = {}
        columns = (self.spans[name].to_pylist() for name in ("doc_id", "start", "end", "surface", "label"))
        for doc_id, start, end, surface, label in zip(*columns, strict=True):
            attributes = self.values.get((doc_id, start, end, label), ())
            span = {"start": start, "end": end, "surface": surface, "label": label, "origin": "prediction"}
            found.setdefault(doc_id, []).append({**span, "attributes": attributes})
        return found

    def relations_by_document(self) -> dict[str, list[dict[str, Any]]]:
        """Give the relations as ``codec.to_result`` takes them, between regions that have no id of their own."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.relations.to_pylist():
            ends = {
                f"{end}_span_id": region_id(row[f"{end}_start"], row[f"{end}_end"], row[f"{end}_label"])
                for end in ("head", "tail")
            }
            found.setdefault(row["doc_id"], []).append({**ends, "label": row["label"]})
        return found

    def categories_by_document(self) -> dict[str, list[tuple[str, str]]]:
        """Give the values of categories, each with its name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self.categories.to_pylist():
            found.setdefault(row["doc_id"], []).append((row["name"], row["value"]))
        return found
