"""How far people agree, what is disputed, and what is known of their work."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import INSTANT, NAMES, maybe, schema

DISPUTES = schema(
    dispute_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    kind=pa.string(),  # label, boundary, existence, relation, category
    start=pa.int64(),  # of all readings together
    end=pa.int64(),
    surface=maybe(pa.string()),  # text[start:end]; empty for a relation, and for a category
    readings=NAMES,  # "LABEL [start:end] surface: A1, A2", or what is not there: "nothing: A2"
    detail=pa.string(),
    posterior=maybe(pa.float64()),  # of the likeliest reading; empty where votes alone were counted
)
_READING = (
    pa.field("label", pa.string(), nullable=False),  # of a span or relation; the value of a category
    pa.field("start", pa.int64(), nullable=False),  # of a relation's head
    pa.field("end", pa.int64(), nullable=False),
    pa.field("surface", pa.string(), nullable=False),
    pa.field("tail_start", pa.int64()),  # of a relation alone, as what follows
    pa.field("tail_end", pa.int64()),
    pa.field("tail_surface", pa.string()),
)
# A reading of a dispute as a value; what an adjudicator is shown and decides on. The option is A, B, or empty for one that is told,
# and not asked for.
READINGS = pa.list_(pa.struct([pa.field("option", pa.string(), nullable=False), *_READING]))
# A reading of a whole document: name is that of a category, empty for what is drawn.
KNOWN = pa.list_(pa.struct([pa.field("name", pa.string(), nullable=False), *_READING]))
# The questions that adjudicators are asked: one for each dispute that is open and can be decided now.
CONFLICTS = schema(
    conflict_id=pa.string(),  # of the dispute and the readings that are left: another reading makes another conflict
    dispute_id=pa.string(),
    doc_id=pa.string(),
    revision=pa.int32(),
    kind=pa.string(),  # as in disputes; suspect for a label that nobody disputes
    name=pa.string(),  # of a category; empty for what is drawn
    start=pa.int64(),
    end=pa.int64(),
    readings=READINGS,  # an option without a reading is "nothing"
    doubt=pa.float64(),  # 0 to 1, the most doubtful are asked first
)
# What adjudicators decided. It is only ever added to; of several decisions of one conflict the latest counts.
DECISIONS = schema(
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
# What adjudicators decided of whole documents: all that holds there. It is only ever added to; the latest of a document counts.
DOCUMENT_DECISIONS = schema(
    question_id=pa.string(),  # of the document's text and the readings that were known
    doc_id=pa.string(),
    revision=pa.int32(),  # whose text was shown
    text_sha256=pa.string(),
    shown_sha256=pa.string(),  # of the text that the server had: as in annotations
    known=KNOWN,  # what people had drawn and said: this is decided, and nothing that comes later
    result=pa.string(),  # what holds: Label Studio's own JSON, whole
    by=pa.string(),  # this and the next four: as in decisions
    guideline_version=pa.string(),
    at=INSTANT,
    project=pa.string(),
    annotation_id=pa.int64(),
)
# Tasks that were given back to who made them. A return that was begun and not done is finished by the next run.
RETURNS = schema(
    return_id=pa.string(),
    project=pa.string(),  # as in annotations
    task_id=pa.int64(),
    doc_id=pa.string(),
    annotator=pa.string(),  # pseudonym
    annotation_id=pa.int64(),  # Label Studio's, of what she had submitted
    causes=NAMES,  # what asked for it: conflict_ids, findings (such as "S14 3:9 GPE"), "gold"; none where a person did
    before=pa.string(),  # JSON: the suggestions that the task had, and how many people were to do it
    remark=pa.string(),
    step=pa.string(),  # begun, done, answered: the last row of a return_id counts
    at=INSTANT,
)
# Boundaries that were moved to whole words before anything was measured or decided.
SNAPPED = schema(
    annotation_id=pa.string(),
    span_id=pa.string(),
    made_start=pa.int64(),
    made_end=pa.int64(),
    start=pa.int64(),
    end=pa.int64(),
    rule=pa.string(),  # white-space, marks, word-completed, word-left-out; several joined by a comma
)
AGREEMENT = schema(
    measure=pa.string(),  # such as span_f1_exact, token_alpha, relation_f1
    label=pa.string(),  # a label of the schema, a category, or "all"
    annotators=pa.string(),  # "A1 A2", or "all"
    scope=pa.string(),  # what it is measured over: all, document, source, week
    within=pa.string(),  # which document, source or week; empty for all
    value=maybe(pa.float64()),  # empty where it is not defined; note then says why
    low=maybe(pa.float64()),  # 95 % interval by bootstrap over documents; empty where there is none
    high=maybe(pa.float64()),
    n=pa.int64(),  # units that it rests on: spans, tokens, relations, documents
    documents=pa.int64(),
    note=pa.string(),
)
# What is known of the people who annotate: a row for each figure.
ANNOTATORS = schema(
    annotator=pa.string(),  # pseudonym
    measure=pa.string(),  # such as f1_others, lead_time_median; agreement.people.report lists them
    label=pa.string(),  # a label of the schema, "HERE > THERE" of a confusion, the number of a window, or "all"
    value=maybe(pa.float64()),  # empty where it is not defined; note then says why
    low=maybe(pa.float64()),  # 95 % interval; empty where there is none
    high=maybe(pa.float64()),
    n=pa.int64(),  # units that it rests on: spans, documents, times
    note=pa.string(),
)
# Documents whose labels are known to be right, kept out of Label Studio's sight; and their labels.
GOLD = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    text_sha256=pa.string(),
    origin=pa.string(),  # unanimous, adjudicated, given; ground-truth is Label Studio's, and never kept
    annotators=NAMES,  # who made it what it is, and so is not measured by it
    added_at=INSTANT,
    retired_at=maybe(INSTANT),
    asked_of=maybe(pa.int64()),  # how many people are asked to read it; empty: as many as any other document
)
GOLD_SPANS = schema(
    doc_id=pa.string(),
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=pa.string(),
)
# Rounds of gold that newcomers read before their votes count; of several of a person the latest stands.
QUALIFICATIONS = schema(
    annotator=pa.string(),  # pseudonym
    doc_ids=NAMES,  # gold, all of which is to be read; none where somebody was admitted without
    min_f1=pa.float64(),  # that Wilson's lower bound of their F1 on it is to reach
    at=INSTANT,
)
# Labels that are likely to be wrong, the likeliest first.
SUSPECTS = schema(
    doc_id=pa.string(),
    span_id=maybe(pa.string()),  # of the agreed span; empty where nothing is labelled
    start=pa.int64(),
    end=pa.int64(),
    surface=pa.string(),
    label=maybe(pa.string()),  # what it is labelled now
    reason=pa.string(),  # few-votes, surface-label, surface-unlabelled, copy-label, copy-unlabelled, model
    score=pa.float64(),  # from 0 to 1
    detail=pa.string(),  # one sentence
    other=maybe(pa.string()),  # what it may be instead; empty for nothing
)
# How each surface is labelled, in all agreed labels.
LEDGER = schema(
    surface=pa.string(),  # what spans cover, its white space as one space each, in its main spelling
    label=pa.string(),
    spellings=NAMES,  # that were labelled so
    spans=pa.int64(),
    documents=pa.int64(),
    odd=pa.bool_(),  # the surface mostly has another label
)
FINDINGS = schema(
    suite=pa.string(),
    expectation=pa.string(),
    severity=pa.string(),  # error, warning
    table=pa.string(),
    rows=pa.int64(),  # rows that fail
    row_ids=NAMES,  # the first of them
    message=pa.string(),  # one sentence
)
# Every row that a finding is about, with what it leads to.
FAILING_ROWS = schema(
    suite=pa.string(),
    expectation=pa.string(),  # this and the next two: as in findings
    severity=pa.string(),
    table=pa.string(),
    number=pa.int64(),  # of the row in the table, from 0
    row_id=pa.string(),
    seen=pa.string(),  # what is wrong with it
    doc_id=maybe(pa.string()),
    article=maybe(pa.string()),  # its address, or else the source that it was read from
    start=maybe(pa.int64()),
    end=maybe(pa.int64()),
    annotation_ids=NAMES,  # of those who said so
    tasks=pa.list_(pa.int64()),  # in Label Studio, of these annotations
    links=NAMES,  # to these tasks, as far as they were pulled from a server
)
