"""The Arrow schema of every table: the contract between the stages.

Offsets are Unicode code points into ``documents.text``, start inclusive, end exclusive, everywhere; the one exception is
``edits``, whose offsets point into the decoded article. Digests are lower-case hexadecimal SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.errors import StoreError

INSTANT = pa.timestamp("us", tz="UTC")
NAMES = pa.list_(pa.string())
ATTRIBUTES = pa.list_(
    pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("value", pa.string(), nullable=False)])
)


def _schema(**columns: pa.DataType | tuple[pa.DataType, None]) -> pa.Schema:
    """Columns by name; ``(type, None)`` marks a column that may be empty."""
    return pa.schema(
        [
            pa.field(name, kind[0], nullable=True) if isinstance(kind, tuple) else pa.field(name, kind, nullable=False)
            for name, kind in columns.items()
        ]
    )


def _maybe(kind: pa.DataType) -> tuple[pa.DataType, None]:
    return (kind, None)


# What the ingest log holds: every article read, the documents made of them, and how.
ARTICLES = _schema(
    source=pa.string(),  # names the article for ever: a path in the workspace, a URL, or a place in a container
    container=_maybe(pa.string()),  # address of the file that it came in; its own where it is a file by itself
    place=_maybe(pa.string()),  # in that file: "line 17", "row 5", "entry 3", "record 12", or an archive member's path
    raw_sha256=pa.string(),
    bytes=pa.int64(),
    format=_maybe(pa.string()),  # text, html
    encoding=_maybe(pa.string()),  # a Python codec name: raw.decode(encoding) is the decoded article
    raw=_maybe(pa.binary()),  # left out for a file past the size limit
    title=_maybe(pa.string()),  # this and all that follows: as the container states it
    authors=_maybe(NAMES),
    language=_maybe(pa.string()),
    url=_maybe(pa.string()),
    publisher=_maybe(pa.string()),
    published_at=_maybe(INSTANT),
    retrieved_at=_maybe(INSTANT),
    licence=_maybe(pa.string()),
)
DOCUMENTS = _schema(
    doc_id=pa.string(),  # survives revisions: made from the source's identity
    revision=pa.int32(),  # counts from 1
    text_sha256=pa.string(),  # of the text's UTF-8
    source=pa.string(),
    raw_sha256=pa.string(),
    title=_maybe(pa.string()),
    authors=_maybe(NAMES),  # empty where nothing names them
    language=_maybe(pa.string()),  # ISO 639-1; empty for a text too short to tell
    url=_maybe(pa.string()),
    publisher=_maybe(pa.string()),
    published_at=_maybe(INSTANT),
    licence=_maybe(pa.string()),
    recipe=pa.string(),  # name and version of the rules that made this text
    text=pa.string(),
)
ZONES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    kind=pa.string(),  # one of model.document.ZONE_KINDS
    start=pa.int64(),
    end=pa.int64(),
    rule=pa.string(),  # the rule that found it
    speaker_start=_maybe(pa.int64()),  # of a quote
    speaker_end=_maybe(pa.int64()),
)
EDITS = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    start=pa.int64(),  # into the decoded article
    end=pa.int64(),
    removed=pa.string(),  # article[start:end]
    inserted=pa.string(),
    rule=pa.string(),
)
# Of each revision of a document: what the search for copies needs to know (documents/copies says how it is made).
SKETCHES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    published_at=_maybe(INSTANT),
    outlet=_maybe(pa.string()),  # the publisher, casefolded, or else the address's host
    body_sha256=pa.string(),  # of the UTF-8 of the body's letters and digits, casefolded
    words=pa.int64(),  # of the body
    shingles=pa.int64(),  # runs of three words, with repetitions
    signature=pa.binary(512),  # one-permutation MinHash: 128 bins, little-endian uint32
    runs=pa.list_(pa.int64()),  # marks of runs of eight words, in their order
    lines=pa.list_(pa.int64()),  # the digest of each line with a word, in order
    line_words=pa.list_(pa.int32()),
)
# Of each document: the story that it tells, and whose copy it is.
COPIES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),  # the newest
    story_id=pa.string(),  # the same for a canonical member and its copies, each of which shares text with it
    group_id=pa.string(),  # the same for all that a chain of links joins: what a split must keep together
    canonical_doc_id=pa.string(),  # itself, where it is nobody's copy
    kind=pa.string(),  # original, exact, near, contained, related
    jaccard=_maybe(pa.float64()),  # with the canonical member; of a copy alone, as all that follows
    containment=_maybe(pa.float64()),  # share of the shorter body that the other holds
    shared_shingles=_maybe(pa.int64()),
    own=_maybe(pa.float64()),  # share of its own shingles that the canonical member has not
    copies=pa.int64(),  # of a canonical member: how many it has
)
SENTENCES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    start=pa.int64(),
    end=pa.int64(),
)
# Of each revision of a document: the lines at its ends, as documents/repeated says; none of a page, whose markup tells.
EDGES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    article=pa.int64(),  # digest of the article's bytes
    lines=pa.list_(pa.int64()),  # digests of its source, and of each line with its end and the source
)
# The lines that open or close many articles of a source.
REPEATED = _schema(
    line=pa.int64(),  # as in edges
    documents=pa.int64(),  # articles that have it there
    of=pa.int64(),  # articles of the source
)
# The titles of documents whose first block turned out to be such a line.
TITLES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    title=_maybe(pa.string()),
)
REJECTED = _schema(
    stage=pa.string(),
    item=pa.string(),  # what was rejected, as a person would name it
    doc_id=_maybe(pa.string()),
    reason=pa.string(),  # a short fixed code, such as "nul-byte"
    detail=pa.string(),  # one sentence: the value, the place, the fix
    row=pa.string(),  # the input's columns as JSON
)
INGESTED = _schema(  # one row for each row of articles: what the next ingest compares
    doc_key=pa.uint64(),  # digest of the source, as in doc_id
    article_key=pa.uint64(),  # digest of what was read: the article and why it was rejected
    document_key=_maybe(pa.uint64()),  # digest of what its document says; empty where it was rejected
    revision=_maybe(pa.int32()),  # of the document that says so
)
INPUTS = _schema(  # one row for each file or stretch of a file that was read to its end
    address=pa.string(),
    stretch=pa.string(),  # empty for a whole file, otherwise "<first byte>-<byte after the last>"
    input_key=pa.string(),  # digest of its bytes, of what is known of its origin, and of how it was read
    bytes=pa.int64(),
    entries=pa.int64(),  # articles in it: kept + rejected
    rejected=pa.int64(),
)

# What goes to Label Studio.
TASKS = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    title=_maybe(pa.string()),
    text=pa.string(),
)
SUGGESTIONS = _schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    rule=pa.string(),
    score=pa.float64(),
)
# The documents that are sent in several tasks, since they are long: a row for each window.
WINDOWS = _schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    number=pa.int32(),  # in the order of the text, from 1
    windows=pa.int32(),  # how many the document has
    window_id=pa.string(),  # made of the document's id and the window's words: survives revisions that leave these as they are
)

# What the pull log holds: every version of every annotation that was ever seen.
ANNOTATIONS = _schema(
    annotation_id=pa.string(),  # "<digest of project>-<task>-<Label Studio's id>"
    project=pa.string(),  # "<id>-<created_at as the server wrote it>": another server may give the same id
    project_id=pa.int64(),
    task_id=pa.int64(),
    task_created_at=pa.string(),  # as the server wrote it: part of a task's identity, since ids are re-used
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),  # of the canonical text that the task was made from
    shown_sha256=pa.string(),  # of the text that the server holds now
    annotator=pa.string(),  # pseudonym
    created_at=_maybe(INSTANT),
    updated_at=_maybe(INSTANT),
    lead_time=_maybe(pa.float64()),  # seconds
    cancelled=pa.bool_(),
    ground_truth=pa.bool_(),
    state=pa.string(),  # live, gone
    content_sha256=pa.string(),  # of what a person can change
    result=pa.string(),  # Label Studio's own JSON, whole
)
TASK_STATES = _schema(
    project=pa.string(),  # as in annotations
    project_id=pa.int64(),
    task_id=pa.int64(),
    task_created_at=pa.string(),
    doc_id=pa.string(),
    updated_at=INSTANT,
    annotations=pa.int64(),  # skipped ones left out
    state=pa.string(),  # live, gone
)
# Work that an export tells of and that was not submitted: it is kept, and never counts as labels.
DRAFTS = _schema(
    draft_id=pa.int64(),
    project=pa.string(),  # this and the next four: as in annotations
    project_id=pa.int64(),
    task_id=pa.int64(),
    task_created_at=pa.string(),
    doc_id=pa.string(),
    of_annotation=_maybe(pa.int64()),  # Label Studio's id of the submitted annotation that it would change
    annotator=pa.string(),
    created_at=_maybe(INSTANT),
    updated_at=_maybe(INSTANT),
    lead_time=_maybe(pa.float64()),
    result=pa.string(),
)
# The tasks that show a window of their document's text, and not all of it; the newest row of a task counts.
TASK_WINDOWS = _schema(
    project=pa.string(),  # as in annotations
    task_id=pa.int64(),
    task_created_at=pa.string(),
    window_id=pa.string(),
    number=pa.int32(),
    windows=pa.int32(),
    start=pa.int64(),  # into the text whose digest the annotations of the task name
    end=pa.int64(),
)

# What a backup holds of one project: columns to find and compare by, and Label Studio's own JSON, whole.
BACKUP_PROJECTS = _schema(
    project=pa.string(),  # as in annotations
    project_id=pa.int64(),
    title=pa.string(),
    raw=pa.string(),  # its settings
)
BACKUP_PEOPLE = _schema(
    user_id=pa.int64(),
    email=pa.string(),
)
BACKUP_TASKS = _schema(
    task_id=pa.int64(),
    doc_id=pa.string(),
    task_sha256=pa.string(),  # of its data and meta
    raw=pa.string(),  # without what the tables below hold
)
BACKUP_ANNOTATIONS = _schema(
    annotation_id=pa.int64(),
    task_id=pa.int64(),
    task_sha256=pa.string(),
    email=pa.string(),  # of who made it; empty where Label Studio does not say
    content_sha256=pa.string(),  # of what a person made: result, skipped or not, ground truth or not, lead time
    raw=pa.string(),
)
BACKUP_PREDICTIONS = _schema(
    prediction_id=pa.int64(),
    task_id=pa.int64(),
    task_sha256=pa.string(),
    content_sha256=pa.string(),  # of result, model version and score
    raw=pa.string(),
)
BACKUP_DRAFTS = _schema(
    draft_id=pa.int64(),
    task_id=pa.int64(),
    email=pa.string(),
    raw=pa.string(),
)

# What the annotators said, read from the pull log.
READS = _schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    annotator=pa.string(),
    created_at=_maybe(INSTANT),
    updated_at=_maybe(INSTANT),
    lead_time=_maybe(pa.float64()),
    spans=pa.int64(),
    relations=pa.int64(),
)
SPANS = _schema(
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
RELATIONS = _schema(
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
CATEGORIES = _schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    annotator=pa.string(),
    name=pa.string(),  # a category of the schema
    value=pa.string(),  # a choice, a path such as Conflict/Siege, a text, a number, or a date in ISO 8601
    number=_maybe(pa.float64()),  # of a number or a rating
    at=_maybe(INSTANT),  # of a date, at midnight, or of an instant
    made_on_revision=pa.int32(),  # the last one with the text that the annotator saw; below revision it was carried over
)
# What was made on an older text of a document and carried over to its newest one: a row for each span.
ANCHORS = _schema(
    annotation_id=pa.string(),
    span_id=_maybe(pa.string()),  # in spans; empty where the span waits for a person, or is lost
    doc_id=pa.string(),
    revision=pa.int32(),  # the newest one, of start and end
    annotator=pa.string(),
    label=pa.string(),
    start=_maybe(pa.int64()),  # empty where it is lost
    end=_maybe(pa.int64()),
    made_on_revision=pa.int32(),  # the last one with the text that the annotator saw
    made_start=pa.int64(),
    made_end=pa.int64(),
    made_surface=pa.string(),
    anchored=pa.string(),  # exact, moved, fuzzy, lost
    anchor_score=pa.float64(),  # 1 for exact and moved; see model.anchor
)
# What an annotator whose work was carried over has not read: places that were not in the older text.
UNREAD = _schema(
    annotation_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    annotator=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
)

# What was decided.
AGREED_SPANS = _schema(
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
    decided=pa.string(),  # unanimous, majority, single, adjudicated; of what no majority drew, the model
    posterior=_maybe(pa.float64()),  # how likely it is to be right; empty where votes decided
    method=pa.string(),  # what decided: vote, unanimous, span_ds, bsc_seq, gold, adjudication
)
AGREED_RELATIONS = _schema(
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
    posterior=_maybe(pa.float64()),
    method=pa.string(),
)
# What is said of agreed spans, a row for each value: numbers and dates as such.
AGREED_ATTRIBUTES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    span_id=pa.string(),
    name=pa.string(),  # an attribute of the schema
    value=pa.string(),  # as in agreed_spans
    number=_maybe(pa.float64()),  # of a number or a rating
    at=_maybe(INSTANT),  # of a date, at midnight, or of an instant; also of a timex that names one
)
# The agreed spans that are dates or times, with the value of each.
TIMES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    span_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
    value=pa.string(),  # as in TIMEX3: 2017-11-03, 2017-W44, P3Y
    at=_maybe(INSTANT),  # of a day, at midnight, or of an instant
    given=pa.string(),  # annotators, rule
    published_at=_maybe(INSTANT),  # of the article, which "Friday" is reckoned from
    evidence=pa.string(),  # what the value rests on
)
# What agreed labels say together: one row for each event, argument and claim, where the schema declares them.
EVENTS = _schema(
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
    time=_maybe(pa.string()),  # value of the first of its times that has one, as in times
    at=_maybe(INSTANT),
)
ARGUMENTS = _schema(
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
CLAIMS = _schema(
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
# What annotators agree on of whole documents.
AGREED_CATEGORIES = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    name=pa.string(),
    value=pa.string(),
    number=_maybe(pa.float64()),
    at=_maybe(INSTANT),
    votes=pa.int64(),
    readers=pa.int64(),
    annotators=NAMES,
    annotation_ids=NAMES,
    decided=pa.string(),  # unanimous, majority, single, adjudicated
)
DISPUTES = _schema(
    dispute_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    kind=pa.string(),  # label, boundary, existence, relation, category
    start=pa.int64(),  # of all readings together
    end=pa.int64(),
    surface=_maybe(pa.string()),  # text[start:end]; empty for a relation, and for a category
    readings=NAMES,  # "LABEL [start:end] surface: A1, A2", or what is not there: "nothing: A2"
    detail=pa.string(),
    posterior=_maybe(pa.float64()),  # of the likeliest reading; empty where votes alone were counted
)
# A reading of a dispute as a value; what an adjudicator is shown and decides on.
READINGS = pa.list_(
    pa.struct(
        [
            pa.field("option", pa.string(), nullable=False),  # A, B; empty for one that is told, and not asked for
            pa.field("label", pa.string(), nullable=False),  # of a span or relation; the value of a category
            pa.field("start", pa.int64(), nullable=False),  # of a relation's head
            pa.field("end", pa.int64(), nullable=False),
            pa.field("surface", pa.string(), nullable=False),
            pa.field("tail_start", pa.int64()),  # of a relation alone, as what follows
            pa.field("tail_end", pa.int64()),
            pa.field("tail_surface", pa.string()),
        ]
    )
)
# The questions that adjudicators are asked: one for each dispute that is open and can be decided now.
CONFLICTS = _schema(
    conflict_id=pa.string(),  # of the dispute and the readings that are left: another reading makes another conflict
    dispute_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    kind=pa.string(),  # as in disputes
    name=pa.string(),  # of a category; empty for what is drawn
    start=pa.int64(),
    end=pa.int64(),
    readings=READINGS,  # an option without a reading is "nothing"
    doubt=pa.float64(),  # 0 to 1, the most doubtful are asked first
)
# What adjudicators decided. It is only ever added to; of several decisions of one conflict the latest counts.
DECISIONS = _schema(
    conflict_id=pa.string(),
    dispute_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),  # whose text was shown
    kind=pa.string(),
    name=pa.string(),
    readings=READINGS,  # as they were shown
    outcome=pa.string(),  # A, B, both, neither, send_back
    by=pa.string(),  # pseudonym
    cause=pa.string(),  # annotator_error, guideline_gap, ambiguous_text, or empty
    note=pa.string(),
    guideline_version=pa.string(),  # version of the schema, and the beginning of its digest
    at=INSTANT,
    project=pa.string(),  # of the adjudication: as in annotations
    annotation_id=pa.int64(),  # Label Studio's
)
# Tasks that were given back to who made them. A return that was begun and not done is finished by the next run.
RETURNS = _schema(
    return_id=pa.string(),
    project=pa.string(),  # as in annotations
    task_id=pa.int64(),
    doc_id=pa.string(),
    annotator=pa.string(),  # pseudonym
    annotation_id=pa.int64(),  # Label Studio's, of what she had submitted
    conflict_id=pa.string(),  # whose decision asked for it; empty where a person did
    remark=pa.string(),
    step=pa.string(),  # begun, done, answered: the last row of a return_id counts
    at=INSTANT,
)
# Boundaries that were moved to whole words before anything was measured or decided.
SNAPPED = _schema(
    annotation_id=pa.string(),
    span_id=pa.string(),
    made_start=pa.int64(),
    made_end=pa.int64(),
    start=pa.int64(),
    end=pa.int64(),
    rule=pa.string(),  # white-space, word-completed, word-left-out; several joined by a comma
)
AGREEMENT = _schema(
    measure=pa.string(),  # such as span_f1_exact, token_alpha, relation_f1
    label=pa.string(),  # a label of the schema, a category, or "all"
    annotators=pa.string(),  # "A1 A2", or "all"
    scope=pa.string(),  # what it is measured over: all, document, source, week
    within=pa.string(),  # which document, source or week; empty for all
    value=_maybe(pa.float64()),  # empty where it is not defined; note then says why
    low=_maybe(pa.float64()),  # 95 % interval by bootstrap over documents; empty where there is none
    high=_maybe(pa.float64()),
    n=pa.int64(),  # units that it rests on: spans, tokens, relations, documents
    documents=pa.int64(),
    note=pa.string(),
)
# What is known of the people who annotate: a row for each figure.
ANNOTATORS = _schema(
    annotator=pa.string(),  # pseudonym
    measure=pa.string(),  # such as f1_others, lead_time_median; agreement.people.report lists them
    label=pa.string(),  # a label of the schema, "HERE > THERE" of a confusion, the number of a window, or "all"
    value=_maybe(pa.float64()),  # empty where it is not defined; note then says why
    low=_maybe(pa.float64()),  # 95 % interval; empty where there is none
    high=_maybe(pa.float64()),
    n=pa.int64(),  # units that it rests on: spans, documents, times
    note=pa.string(),
)
# Documents whose labels are known to be right, kept out of Label Studio's sight; and their labels.
GOLD = _schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    origin=pa.string(),  # unanimous, adjudicated, given; ground-truth is Label Studio's, and never kept
    annotators=NAMES,  # who made it what it is, and so is not measured by it
    added_at=INSTANT,
    retired_at=_maybe(INSTANT),
    asked_of=_maybe(pa.int64()),  # how many people are asked to read it; empty: as many as any other document
)
GOLD_SPANS = _schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
)
# Labels that are likely to be wrong, the likeliest first.
SUSPECTS = _schema(
    doc_id=pa.string(),
    span_id=_maybe(pa.string()),  # of the agreed span; empty where nothing is labelled
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=_maybe(pa.string()),  # what it is labelled now
    reason=pa.string(),  # few-votes, surface-label, surface-unlabelled, copy-label, copy-unlabelled, model
    score=pa.float64(),  # from 0 to 1
    detail=pa.string(),  # one sentence
)
FINDINGS = _schema(
    suite=pa.string(),
    expectation=pa.string(),
    severity=pa.string(),  # error, warning
    table=pa.string(),
    rows=pa.int64(),  # rows that fail
    row_ids=NAMES,  # the first of them
    message=pa.string(),  # one sentence
)

TABLES: dict[str, pa.Schema] = {
    "articles": ARTICLES,
    "documents": DOCUMENTS,
    "zones": ZONES,
    "edits": EDITS,
    "sketches": SKETCHES,
    "copies": COPIES,
    "sentences": SENTENCES,
    "edges": EDGES,
    "repeated": REPEATED,
    "titles": TITLES,
    "rejected": REJECTED,
    "ingested": INGESTED,
    "inputs": INPUTS,
    "tasks": TASKS,
    "suggestions": SUGGESTIONS,
    "windows": WINDOWS,
    "annotations": ANNOTATIONS,
    "task_states": TASK_STATES,
    "drafts": DRAFTS,
    "task_windows": TASK_WINDOWS,
    "backup_projects": BACKUP_PROJECTS,
    "backup_people": BACKUP_PEOPLE,
    "backup_tasks": BACKUP_TASKS,
    "backup_annotations": BACKUP_ANNOTATIONS,
    "backup_predictions": BACKUP_PREDICTIONS,
    "backup_drafts": BACKUP_DRAFTS,
    "reads": READS,
    "spans": SPANS,
    "relations": RELATIONS,
    "categories": CATEGORIES,
    "anchors": ANCHORS,
    "unread": UNREAD,
    "agreed_spans": AGREED_SPANS,
    "agreed_relations": AGREED_RELATIONS,
    "agreed_attributes": AGREED_ATTRIBUTES,
    "times": TIMES,
    "events": EVENTS,
    "arguments": ARGUMENTS,
    "claims": CLAIMS,
    "agreed_categories": AGREED_CATEGORIES,
    "disputes": DISPUTES,
    "conflicts": CONFLICTS,
    "decisions": DECISIONS,
    "returns": RETURNS,
    "snapped": SNAPPED,
    "agreement": AGREEMENT,
    "annotators": ANNOTATORS,
    "gold": GOLD,
    "gold_spans": GOLD_SPANS,
    "suspects": SUSPECTS,
    "findings": FINDINGS,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage made: tables by name, and the rows that it set aside (schema ``REJECTED``).

    ``kept_rows + rejected.num_rows`` equals the number of rows that went in. ``notes`` are sentences on how it was made.
    """

    kept: Mapping[str, pa.Table]
    rejected: pa.Table
    kept_rows: int
    notes: tuple[str, ...] = ()


def from_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Build the table ``name`` from rows; a missing or surplus column, or an empty required one, is an error."""
    schema = TABLES[name]
    listed = list(rows)
    wanted = set(schema.names)
    for number, row in enumerate(listed):
        if set(row) != wanted:
            odd = ", ".join(sorted(set(row) ^ wanted))
            raise StoreError(f"table {name}, row {number}: columns missing or unknown: {odd}")
    table = pa.Table.from_pylist(listed, schema=schema)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise StoreError(f"table {name}: column {field.name!r} is empty in a row but must not be")
    return table


def from_tuples(name: str, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Build the table ``name`` from rows whose values stand in the order of its columns: for many rows."""
    schema = TABLES[name]
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)]
    for array, field in zip(arrays, schema, strict=True):
        if array.null_count and not field.nullable:
            raise StoreError(f"table {name}: column {field.name!r} is empty in a row but must not be")
    return pa.table(arrays, schema)


def empty(name: str) -> pa.Table:
    """Give the table ``name`` without rows."""
    return TABLES[name].empty_table()


def rejected_row(
    *, stage: str, item: str, reason: str, detail: str, row: Mapping[str, Any], doc_id: str | None = None
) -> dict[str, Any]:
    """Give one row of the ``rejected`` table; ``row`` is what came in, kept as JSON."""
    return {
        "stage": stage,
        "item": item,
        "doc_id": doc_id,
        "reason": reason,
        "detail": detail,
        "row": json.dumps(row, ensure_ascii=False, sort_keys=True, default=str),
    }
