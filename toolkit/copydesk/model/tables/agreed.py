"""What was decided, and the facts that are assembled from it."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import ATTRIBUTES, INSTANT, NAMES, maybe, schema

# What was decided.
AGREED_SPANS = schema(
    span_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    attributes=ATTRIBUTES,
    votes=pa.int64(),  # annotators who drew it
    readers=pa.int64(),  # annotators who read the document
    annotators=NAMES,  # pseudonyms of those who drew it, sorted
    annotation_ids=NAMES,
    decided=pa.string(),  # unanimous, majority, single, adjudicated; of what no majority drew, the method
    posterior=maybe(pa.float64()),  # how likely it is to be right; empty where votes decided
    method=pa.string(),  # what decided: vote, unanimous, span_ds, bsc_seq, gold, adjudication
)
AGREED_RELATIONS = schema(
    relation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    head_span_id=pa.string(),
    tail_span_id=pa.string(),
    label=pa.string(),
    votes=pa.int64(),
    readers=pa.int64(),
    annotators=NAMES,
    annotation_ids=NAMES,
    decided=pa.string(),  # this and the next two: as in agreed_spans
    posterior=maybe(pa.float64()),
    method=pa.string(),
)
# What is said of agreed spans, a row for each value: numbers and dates as such.
AGREED_ATTRIBUTES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    span_id=pa.string(),
    name=pa.string(),  # an attribute of the schema
    value=pa.string(),  # as in agreed_spans
    number=maybe(pa.float64()),  # of a number or a rating
    at=maybe(INSTANT),  # of a date, at midnight, or of an instant; also of a timex that names one
)
# The agreed spans that are dates or times, with the value of each.
TIMES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    span_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    value=pa.string(),  # as in TIMEX3: 2017-11-03, 2017-W44, P3Y
    at=maybe(INSTANT),  # of a day, at midnight, or of an instant
    given=pa.string(),  # annotators, rule
    published_at=maybe(INSTANT),  # of the article, which "Friday" is reckoned from
    evidence=pa.string(),  # what the value rests on
)
# What agreed labels say together: one row for each event, argument and claim, where the schema declares them.
EVENTS = schema(
    event_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    label=pa.string(),  # of the first trigger
    start=pa.int64(),  # of the first trigger, as all that follows
    end=pa.int64(),
    surface=pa.string(),
    trigger_span_ids=NAMES,  # of all triggers, in the order of the text
    part_of=NAMES,  # event_id of what it is a part of
    attributes=ATTRIBUTES,  # what is said of any of its triggers
    time=maybe(pa.string()),  # value of the first of its times that has one, as in times
    at=maybe(INSTANT),
)
ARGUMENTS = schema(
    event_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    role=pa.string(),
    span_id=pa.string(),
    label=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
)
CLAIMS = schema(
    claim_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    start=pa.int64(),  # of the first mention
    end=pa.int64(),
    surface=pa.string(),
    span_ids=NAMES,  # of all mentions, in the order of the text
    content_span_ids=NAMES,  # of what is said and holds a mention
    contents=NAMES,  # surfaces of these
    sources=NAMES,  # surfaces, in the order of the text
    source_names=NAMES,  # each once: as the annotators name them, or else their surfaces
    source_span_ids=NAMES,
    cues=NAMES,
    contradicts=NAMES,  # claim_id of others
    supports=NAMES,
    attributes=ATTRIBUTES,
)
# What annotators agree on of whole documents; decided, posterior and method as in agreed_spans.
AGREED_CATEGORIES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    name=pa.string(),
    value=pa.string(),
    number=maybe(pa.float64()),
    at=maybe(INSTANT),
    votes=pa.int64(),
    readers=pa.int64(),
    annotators=NAMES,
    annotation_ids=NAMES,
    decided=pa.string(),
    posterior=maybe(pa.float64()),
    method=pa.string(),  # vote, unanimous, class_ds, adjudication
)
