"""One annotation's result JSON goes in, rows of reads, spans and relations come out, and what does not fit, with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from copydesk.model.schema import Attribute, LabelSchema, RelationType
from copydesk.model.tables import rejected_row
from copydesk.model.values import check, typed
from copydesk.studio.carry import Carry
from copydesk.studio.drawn import Key, Span, UnfitError, is_said, joined, place_in, units
from copydesk.studio.pieces import Composed, Piece
from copydesk.studio.values import units_of
from copydesk.studio.votes import rejected_annotation

ORIGINS = frozenset({"manual", "prediction", "prediction-changed"})


class Reading:
    """Reads annotations one after the other and gathers rows, each in the order of its table's columns.

    ``kept`` counts reads, and the labels of regions, values of attributes and labels of relations that were kept.
    """

    def __init__(self, schema: LabelSchema) -> None:
        self._labels = frozenset(schema.label_names)
        self._listed = ", ".join(schema.label_names)
        self._groups = frozenset(schema.groups)
        self._attributes = {attribute.name: attribute for attribute in schema.attributes}
        self._categories = {category.name: category for category in schema.categories}
        self._relations = {relation.name: relation for relation in schema.relations}
        names = ("reads", "spans", "relations", "categories", "anchors", "unread")
        self.tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in names}
        self.rejected: list[dict[str, Any]] = []
        self.kept = 0

    def read(self, row: Mapping[str, Any], text: str, carry: Carry | None = None) -> None:
        """Read one row of ``annotations`` against the newest text of its document, over which ``carry`` takes its spans."""
        items = self.items_of(row)
        if items is not None:
            one = _Annotation(self, row, text, items, carry)
            one.read()
            unread = carry.alignment.inserted if carry else ()
            self._keep(row, text, [one], unread)

    def read_pieces(self, composed: Composed, text: str) -> None:
        """Read what one person said of a document window by window, as one reading of the newest text.

        It has the id of the first piece, the times of the first and last, and all the time that they took. Of a category that
        has one value, what the first piece says counts.
        """
        if not composed.pieces:
            return
        rows = [piece.row for piece in composed.pieces]
        read: list[_Annotation] = []
        for piece in composed.pieces:
            items = self.items_of(piece.row)
            said = [category for one in read for category in one.categories]
            one = _Annotation(self, piece.row, text, items or (), piece.carry, piece=piece, said=said)
            one.reading_id = rows[0]["annotation_id"]
            one.read()
            read.append(one)
        times = [row["lead_time"] for row in rows if row["lead_time"] is not None]
        whole = {
            "created_at": min((row["created_at"] for row in rows if row["created_at"]), default=None),
            "updated_at": max((row["updated_at"] for row in rows if row["updated_at"]), default=None),
            "lead_time": sum(times) if times else None,
        }
        self._keep({**rows[0], **whole}, text, read, composed.unread)

    def items_of(self, row: Mapping[str, Any]) -> list[Any] | None:
        """Give the items of an annotation's result; where it is none, reject the annotation, and give None."""
        try:
            items = json.loads(row["result"])
        except ValueError as error:
            items = error
        if isinstance(items, list):
            return items
        detail = f"its result is no list of regions: {str(row['result'])[:80]!r}"
        self.rejected.append(rejected_annotation(row, reason="unreadable-result", detail=detail))
        return None

    def _keep(
        self, row: Mapping[str, Any], text: str, read: Sequence[_Annotation], unread: Sequence[tuple[int, int]]
    ) -> None:
        found = {span.place: span for one in read for span in one.spans.values()}
        spans = [found[place] for place in sorted(found)]
        relations = sorted({relation for one in read for relation in one.relations})
        about = (row["doc_id"], row["revision"], row["text_sha256"], row["annotator"])
        times = (row["created_at"], row["updated_at"], row["lead_time"])
        self.tables["reads"].append((row["annotation_id"], *about, *times, len(spans), len(relations)))
        self.tables["spans"] += [_span_row(span, row["annotation_id"], about, text) for span in spans]
        doc_id, revision, _, annotator = about
        self.tables["relations"] += [
            (
                _id("l", row["annotation_id"], head, tail, label),
                row["annotation_id"],
                doc_id,
                revision,
                annotator,
                head,
                tail,
                label,
            )
            for head, tail, label in relations
        ]
        said: dict[tuple[str, str], int] = {}  # and on which revision
        for one in read:
            made_on = one.carry.made_on.revision if one.carry else revision
            said |= {category: max(made_on, said.get(category, 0)) for category in one.categories}
        self.tables["categories"] += [
            (row["annotation_id"], *about, name, value, *typed(self._categories[name], value), made_on)
            for (name, value), made_on in sorted(said.items())
        ]
        places = set(unread)
        for one in read:
            self.tables["anchors"] += one.anchors
            places |= one.waiting
        self.tables["unread"] += [
            (row["annotation_id"], doc_id, revision, annotator, *there) for there in sorted(places)
        ]
        self.kept += sum(1 + one.kept for one in read)

    def label(self, label: object) -> str:
        """Check a region's label."""
        if not isinstance(label, str) or label not in self._labels:
            raise UnfitError("unknown-label", f"unknown label {label!r}; the schema lists: {self._listed}")
        return label

    def attribute(self, name: str, value: object) -> tuple[Attribute, str]:
        """Check a value of an attribute."""
        return self._said(self._attributes[name], value, "attribute-value")

    def category(self, name: str, value: object) -> tuple[Attribute, str]:
        """Check a value of a category."""
        return self._said(self._categories[name], value, "category-value")

    def _said(self, said: Attribute, value: object, reason: str) -> tuple[Attribute, str]:
        text, fault = check(said, value)
        if fault:
            raise UnfitError(reason, f"{said.name}: {fault}")
        return said, text

    def relation(self, label: object) -> RelationType:
        """Check a relation's label."""
        if not isinstance(label, str) or label not in self._relations:
            known = ", ".join(self._relations) or "none"
            raise UnfitError("unknown-relation", f"unknown relation {label!r}; the schema lists: {known}")
        return self._relations[label]

    def is_region(self, item: object) -> bool:
        """Say whether an item is a region of one of the schema's groups of labels."""
        return (
            isinstance(item, Mapping)
            and item.get("type") == "labels"
            and item.get("from_name") in self._groups
            and isinstance(item.get("value"), Mapping)
        )

    def said_by(self, name: object) -> tuple[Attribute, bool] | None:
        """Give the attribute or category of that name, and whether it is a category; None where there is none."""
        if not isinstance(name, str):
            return None
        if name in self._attributes:
            return self._attributes[name], False
        return (self._categories[name], True) if name in self._categories else None


class _Annotation:
    """One annotation while it is read: first its regions, then what refers to them."""

    def __init__(
        self,
        reading: Reading,
        row: Mapping[str, Any],
        text: str,
        items: Sequence[Any],
        carry: Carry | None,
        *,
        piece: Piece | None = None,
        said: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._reading = reading
        self._row = row
        self.reading_id: str = row["annotation_id"]
        shown = carry.made_on.text if carry else text
        self._offset = piece.start if piece else 0
        self._text = shown[piece.start : piece.end] if piece else shown
        self._piece = piece
        self._said_before = said  # of the document, in other pieces
        self._items = items
        self.carry = carry
        self.anchors: list[tuple[Any, ...]] = []
        self.waiting: set[tuple[int, int]] = set()
        self._regions: dict[str, list[Span]] = {}
        self.spans: dict[Key, Span] = {}
        self.relations: set[tuple[str, str, str]] = set()
        self.categories: list[tuple[str, str]] = []
        self.kept = 0

    def read(self) -> None:
        later: list[tuple[int, Mapping[str, Any]]] = []
        for number, item in enumerate(self._items):
            if self._reading.is_region(item):
                self._take(number, item, units(item, "labels"), self._region)
            else:
                later.append((number, item))
        for number, item in later:
            said = self._reading.said_by(item.get("from_name")) if isinstance(item, Mapping) else None
            if isinstance(item, Mapping) and item.get("type") == "relation":
                self._take(number, item, item.get("labels"), self._relation)
            elif said is not None:
                self._take(number, item, units_of(said[0], item), self._category if said[1] else self._attribute)
            else:
                unfit = UnfitError("unmapped-result", "no label, attribute, category or relation of the schema")
                self._reject(number, item, unfit)

    def _take(self, number: int, item: Mapping[str, Any], units: object, read: Any) -> None:
        """Read each unit of an item, such as each label of a region; an item that has none is rejected as one."""
        if not isinstance(units, list) or not units:
            self._reject(number, item, UnfitError("no-label", "it carries no label or value"))
            return
        for unit in units:
            try:
                read(item, unit)
            except UnfitError as unfit:
                self._reject(number, item, unfit)
            else:
                self.kept += 1

    def _region(self, item: Mapping[str, Any], label: object) -> None:
        name = self._reading.label(label)
        start, end = place_in(item["value"], self._text)
        start, end = self._carried(name, start + self._offset, end + self._offset)
        span = self.spans.get((start, end, name))
        self._regions.setdefault(str(item.get("id")), [])
        if span is not None:
            self._regions[str(item.get("id"))].append(span)  # what refers to the second drawing means the first
            raise UnfitError("duplicate-span", f"{name} [{start}:{end}] is drawn twice; the first counts")
        origin = item.get("origin")
        span_id = _id("s", self.reading_id, start, end, name)
        span = Span(span_id, start, end, name, origin if origin in ORIGINS else "manual")
        self.spans[span.place] = span
        self._regions[str(item.get("id"))].append(span)

    def _carried(self, label: str, start: int, end: int) -> tuple[int, int]:
        """Give a span's place in the newest text, and note where it was made."""
        if self.carry is None:
            self._check_owner(start, end)
            return start, end
        placed, fault = self.carry.place(start, end), self.carry.fault(start, end)
        if placed.how != "lost":
            self._check_owner(placed.start, placed.end)
        row, made_on = self._row, self.carry.made_on
        span_id = None if fault else _id("s", self.reading_id, placed.start, placed.end, label)
        now = (None, None) if placed.how == "lost" else (placed.start, placed.end)
        if (placed.start, placed.end, label) not in self.spans or fault:
            about = (self.reading_id, span_id, row["doc_id"], row["revision"], row["annotator"], label, *now)
            made = (made_on.revision, start, end, made_on.text[start:end])
            self.anchors.append((*about, *made, placed.how, placed.score))
        if fault:
            self.waiting |= {(placed.start, placed.end)} if placed.how != "lost" else set()
            raise UnfitError(*fault)
        return placed.start, placed.end

    def _check_owner(self, start: int, end: int) -> None:
        """Refuse a span where a newer annotation by the same person has read the text again."""
        if self._piece and self._piece.is_anothers(start, end):
            raise UnfitError(
                "superseded", f"[{start}:{end}] was annotated again by the same person; the newer one counts"
            )

    def _attribute(self, item: Mapping[str, Any], value: object) -> None:
        attribute, said = self._reading.attribute(item["from_name"], value)
        spans = self._regions.get(str(item.get("id")), [])
        if not spans:
            raise UnfitError("attribute-without-span", f"{attribute.name}: its span is not there, or was rejected")
        fitting = [span for span in spans if not attribute.labels or span.label in attribute.labels]
        if not fitting:
            labels = ", ".join(attribute.labels)
            raise UnfitError("attribute-not-for-label", f"{attribute.name} is for {labels}, not for {spans[0].label}")
        once = not attribute.is_several
        open_spans = [span for span in fitting if not is_said(span, attribute.name, said, once=once)]
        if not open_spans:
            raise UnfitError("attribute-twice", f"{attribute.name}: a second value, {said!r}; the first counts")
        for span in open_spans:
            span.attributes.append((attribute.name, said))

    def _category(self, item: Mapping[str, Any], value: object) -> None:
        category, said = self._reading.category(item["from_name"], value)
        before = [one for name, one in self._said_before if name == category.name]
        if before and said not in before and not category.is_several:
            detail = f"{category.name}: {said!r}, and an earlier part of the document says {before[0]!r}, which counts"
            raise UnfitError("category-differs", detail)
        there = [one for name, one in self.categories if name == category.name]
        if said in there or (there and not category.is_several):
            raise UnfitError("category-twice", f"{category.name}: a second value, {said!r}; the first counts")
        self.categories.append((category.name, said))

    def _relation(self, item: Mapping[str, Any], label: object) -> None:
        relation = self._reading.relation(label)
        heads, tails = self._end(item, "from_id"), self._end(item, "to_id")
        direction = item.get("direction") or "right"
        if direction == "left":
            heads, tails = tails, heads
        elif direction == "bi" and not relation.symmetric:
            raise UnfitError("relation-both-ways", f"{relation.name} has a head and a tail (fix: draw it one way)")
        elif direction not in {"right", "bi"}:
            raise UnfitError("relation-direction", f"unknown direction {direction!r}; it is left, right or bi")
        head, tail = joined(relation, heads, tails)
        found = (head.span_id, tail.span_id, relation.name)
        if found in self.relations:
            raise UnfitError("duplicate-relation", f"{relation.name} between these spans is drawn twice")
        self.relations.add(found)

    def _end(self, item: Mapping[str, Any], key: str) -> list[Span]:
        spans = self._regions.get(str(item.get(key)), [])
        if not spans:
            raise UnfitError(
                "relation-end-missing", f"its {key} {item.get(key)!r} is no span, or one that was rejected"
            )
        return spans

    def _reject(self, number: int, item: object, unfit: UnfitError) -> None:
        row = {"annotation_id": self._row["annotation_id"], "annotator": self._row["annotator"], "result": item}
        self._reading.rejected.append(
            rejected_row(
                stage="labels",
                item=f"annotation {self._row['annotation_id']} by {self._row['annotator']}, result {number}",
                reason=unfit.reason,
                detail=unfit.detail,
                row=row,
                doc_id=self._row["doc_id"],
            )
        )


def _span_row(span: Span, annotation_id: str, about: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    attributes = [{"name": name, "value": value} for name, value in sorted(span.attributes)]
    surface = text[span.start : span.end]
    return (span.span_id, annotation_id, *about, span.start, span.end, surface, span.label, span.origin, attributes)


def _id(kind: str, *parts: object) -> str:
    return f"{kind}-" + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
