"""Expectations that failed go in, every row at fault comes out, with the article and the task in Label Studio that it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from copydesk.model.tables import FAILING_ROWS
from copydesk.validation.failing import Failing
from copydesk.validation.findings import row_id
from copydesk.validation.lookup import Lookup
from copydesk.validation.suites import SEVERITIES, Expected, Suite


def failing_rows(suite: Suite, one: Expected, failing: Failing, lookup: Lookup) -> pa.Table:
    """Give a row of the table ``failing_rows`` for each row that fails."""
    chosen = lookup.rows(one.table, failing.rows)
    rows = failing.rows.tolist()
    count = len(rows)
    annotations = _annotations(chosen)
    tasks = [sorted({task for name in names for task in _task(name)}) for names in annotations]
    columns: dict[str, Any] = {
        "suite": [suite.name] * count,
        "expectation": [f"{one.code} {one.type}"] * count,
        "severity": [SEVERITIES[one.severity]] * count,
        "table": [one.table] * count,
        "number": rows,
        "row_id": [row_id(one.table, chosen, at) for at in range(count)],
        "seen": [failing.see(row) for row in rows],
        "article": _articles(chosen, lookup),
        "annotation_ids": annotations,
        "tasks": [[task for _, task in row] for row in tasks],
        "links": [
            [f"{lookup.projects[project]}?task={task}" for project, task in row if project in lookup.projects]
            for row in tasks
        ],
    }
    for name in ("doc_id", "start", "end"):
        columns[name] = chosen.column(name).to_pylist() if name in chosen.column_names else [None] * count
    return pa.table([pa.array(columns[field.name], field.type) for field in FAILING_ROWS], FAILING_ROWS)


def _annotations(rows: pa.Table) -> list[list[str]]:
    if "annotation_ids" in rows.column_names:
        return [sorted(set(names or ())) for names in rows.column("annotation_ids").to_pylist()]
    if "annotation_id" in rows.column_names:
        return [[name] if name else [] for name in rows.column("annotation_id").to_pylist()]
    return [[] for _ in range(rows.num_rows)]


def _task(annotation_id: str) -> list[tuple[str, int]]:
    """Give project and number of the task out of ``PROJECT-TASK-ANNOTATION``; none where it is no annotation of Label Studio."""
    parts = annotation_id.split("-")
    return [(parts[-3], int(parts[-2]))] if len(parts) >= 3 and parts[-2].isdecimal() else []


def _articles(rows: pa.Table, lookup: Lookup) -> list[str | None]:
    """Give the address of each row's article, or what it was read from; none where the row has no document."""
    if "doc_id" not in rows.column_names or "documents" not in lookup:
        return [None] * rows.num_rows
    columns = ("doc_id", "url", "source")
    known: Mapping[str, str | None] = lookup.once(
        "articles",
        lambda: {
            doc_id: url or source
            for doc_id, url, source in zip(
                *(column.to_pylist() for column in lookup.columns("documents", columns).columns), strict=True
            )
        },
    )
    return [known.get(doc_id) for doc_id in rows.column("doc_id").to_pylist()]
