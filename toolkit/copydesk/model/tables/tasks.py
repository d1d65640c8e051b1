"""What is asked: tasks, their windows and suggestions."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import INSTANT, NAMES, maybe, schema

# What goes to Label Studio.
TASKS = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    title=maybe(pa.string()),
    text=pa.string(),
)
SUGGESTIONS = schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    rule=pa.string(),  # what of the suggester found it
    score=pa.float64(),  # from 0 to 1
    by=NAMES,  # the suggesters that say so, each with its version
)
SUGGESTED_RELATIONS = schema(
    doc_id=pa.string(),
    head_start=pa.int64(),  # the span of the table suggestions that it leads from
    head_end=pa.int64(),
    head_label=pa.string(),
    tail_start=pa.int64(),
    tail_end=pa.int64(),
    tail_label=pa.string(),
    label=pa.string(),
    score=pa.float64(),
    by=NAMES,
)
SUGGESTED_CATEGORIES = schema(
    doc_id=pa.string(),
    name=pa.string(),  # a category of the schema
    value=pa.string(),
    score=pa.float64(),
    by=NAMES,
)
# What was sent to Label Studio; what was suggested with it lies beside it.
SENT = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    bare=pa.bool_(),  # without suggestions, to see what these do to people
    sent_at=INSTANT,
)
# The documents that are sent in several tasks, since they are long: a row for each window.
WINDOWS = schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    number=pa.int32(),  # in the order of the text, from 1
    windows=pa.int32(),  # how many the document has
    window_id=pa.string(),  # made of the document's id and the window's words: survives revisions that leave these as they are
)
