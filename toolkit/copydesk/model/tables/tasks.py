"""What is asked: tasks, their windows and suggestions."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import maybe, schema

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
    rule=pa.string(),
    score=pa.float64(),
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
