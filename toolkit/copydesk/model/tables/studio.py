"""What Label Studio holds: annotations as they are there, the state of each task, and backups."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import INSTANT, maybe, schema

# What the pull log holds: every version of every annotation that was ever seen.
ANNOTATIONS = schema(
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
    created_at=maybe(INSTANT),
    updated_at=maybe(INSTANT),
    lead_time=maybe(pa.float64()),  # seconds
    cancelled=pa.bool_(),
    ground_truth=pa.bool_(),
    state=pa.string(),  # live, gone
    content_sha256=pa.string(),  # of what a person can change
    result=pa.string(),  # Label Studio's own JSON, whole
)
TASK_STATES = schema(
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
DRAFTS = schema(
    draft_id=pa.int64(),
    project=pa.string(),  # this and the next four: as in annotations
    project_id=pa.int64(),
    task_id=pa.int64(),
    task_created_at=pa.string(),
    doc_id=pa.string(),
    of_annotation=maybe(pa.int64()),  # Label Studio's id of the submitted annotation that it would change
    annotator=pa.string(),
    created_at=maybe(INSTANT),
    updated_at=maybe(INSTANT),
    lead_time=maybe(pa.float64()),
    result=pa.string(),
)
# The tasks that show a window of their document's text, and not all of it; the newest row of a task counts.
TASK_WINDOWS = schema(
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
BACKUP_PROJECTS = schema(
    project=pa.string(),  # as in annotations
    project_id=pa.int64(),
    title=pa.string(),
    raw=pa.string(),  # its settings
)
BACKUP_PEOPLE = schema(
    user_id=pa.int64(),
    email=pa.string(),
)
BACKUP_TASKS = schema(
    task_id=pa.int64(),
    doc_id=pa.string(),
    task_sha256=pa.string(),  # of its data and meta
    raw=pa.string(),  # without what the tables below hold
)
BACKUP_ANNOTATIONS = schema(
    annotation_id=pa.int64(),
    task_id=pa.int64(),
    task_sha256=pa.string(),
    email=pa.string(),  # of who made it; empty where Label Studio does not say
    content_sha256=pa.string(),  # of what a person made: result, skipped or not, ground truth or not, lead time
    raw=pa.string(),
)
BACKUP_PREDICTIONS = schema(
    prediction_id=pa.int64(),
    task_id=pa.int64(),
    task_sha256=pa.string(),
    content_sha256=pa.string(),  # of result, model version and score
    raw=pa.string(),
)
BACKUP_DRAFTS = schema(
    draft_id=pa.int64(),
    task_id=pa.int64(),
    email=pa.string(),
    raw=pa.string(),
)
