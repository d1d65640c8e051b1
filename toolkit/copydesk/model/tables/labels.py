"""What people said: who read what, and the labels of each reading."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import ATTRIBUTES, INSTANT, maybe, schema

# What the annotators said, read from the pull log.
READS = schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    annotator=pa.string(),
    created_at=maybe(INSTANT),
    updated_at=maybe(INSTANT),
    lead_time=maybe(pa.float64()),
    spans=pa.int64(),
    relations=pa.int64(),
)
SPANS = schema(
    span_id=pa.string(),
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    annotator=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    origin=pa.string(),  # manual, prediction, prediction-changed
    attributes=ATTRIBUTES,  # sorted by name, then value
)
RELATIONS = schema(
    relation_id=pa.string(),
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    annotator=pa.string(),
    head_span_id=pa.string(),
    tail_span_id=pa.string(),
    label=pa.string(),
)
# What annotators said of whole documents: a row for each value.
CATEGORIES = schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    annotator=pa.string(),
    name=pa.string(),  # a category of the schema
    value=pa.string(),  # a choice, a path such as Conflict/Siege, a text, a number, or a date in ISO 8601
    number=maybe(pa.float64()),  # of a number or a rating
    at=maybe(INSTANT),  # of a date, at midnight, or of an instant
    made_on_revision=pa.int32(),  # the last one with the text that the annotator saw; below revision it was carried over
)
# What was made on an older text of a document and carried over to its newest one: a row for each span.
ANCHORS = schema(
    annotation_id=pa.string(),
    span_id=maybe(pa.string()),  # in spans; empty where the span waits for a person, or is lost
    doc_id=pa.string(),
    revision=pa.int32(),  # the newest one, of start and end
    annotator=pa.string(),
    label=pa.string(),
    start=maybe(pa.int64()),  # empty where it is lost
    end=maybe(pa.int64()),
    made_on_revision=pa.int32(),  # the last one with the text that the annotator saw
    made_start=pa.int64(),
    made_end=pa.int64(),
    made_surface=pa.string(),
    anchored=pa.string(),  # exact, moved, fuzzy, lost
    anchor_score=pa.float64(),  # 1 for exact and moved; see model.anchor
)
# What an annotator whose work was carried over has not read: places that were not in the older text.
UNREAD = schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    annotator=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
)
