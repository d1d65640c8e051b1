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
# What was chosen to be labelled, batch by batch, and the probability that it had.
SAMPLES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    batch=pa.int32(),  # from 1
    rank=pa.int32(),  # in its batch, from 1
    slice=pa.string(),  # random (kept for evaluation), strategy
    strategy=pa.string(),  # that says most for it: uncertainty, disagreement, diversity, rare, random; none where none tells
    score=pa.float64(),  # of all strategies, as a rank among those it was drawn from: from 0 to 1
    cluster=pa.int32(),
    stratum=pa.string(),
    inclusion=pa.float64(),  # probability of being drawn for this slice, given what was drawn before
    by_now=pa.float64(),  # probability of having been drawn by then, for this slice or before
    since=pa.int32(),  # the first batch that it was there for
    spread=pa.float64(),  # of the slice's draw, from 0: how much chance there is in what it says of all documents
    annotator=maybe(pa.string()),  # whose quota it is in
    seed=pa.int64(),
    chosen_at=INSTANT,
)
# All documents that a batch was drawn from, chosen or not.
CHANCES = schema(
    doc_id=pa.string(),
    since=pa.int32(),  # as in samples
    random=maybe(pa.float64()),  # probability of being drawn for the random slice; empty where there was none
    strategy=maybe(pa.float64()),  # and then by strategy; empty for what was drawn at random
    by_now=pa.float64(),  # as in samples
)
# How frequent labels are in all documents, judged by those that were chosen and read.
ESTIMATES = schema(
    label=pa.string(),
    measure=pa.string(),  # total, in 1,000 characters, share of labels, share of documents
    value=pa.float64(),
    error=pa.float64(),  # standard error
    low=pa.float64(),  # of the interval
    high=pa.float64(),
    documents=pa.int64(),  # that were read and have the label
    of=pa.int64(),  # that were read
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
