"""Tables to findings: the gates that documents, labels and agreed labels pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.errors import DataError, FindingError, NotEvaluatedError, UnknownError
from copydesk.flow.agree import agreed_key
from copydesk.flow.current import current_documents, current_zones, newest
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import Part, digest_of, file_sha256, locked
from copydesk.validation import CURRENT, EMPTY, parameters_of
from copydesk.validation import validate as run_suites
from copydesk.workspace import Workspace

_FINDINGS = "findings/4"
_FAILING = "failing_rows"
LABELS = ("reads", "spans", "relations", "categories", "anchors", "unread")
_AGREED = (
    *("agreed_spans", "agreed_relations", "agreed_attributes", "agreed_categories", "times", "events", "arguments"),
    *("claims", "disputes"),
)


def validate(workspace: Workspace, *, gates: Collection[str] = CURRENT, pages: bool, progress: Progress) -> Report:
    """Run the expectation suites of these gates over the tables; ``pages`` builds Great Expectations' pages too.

    Raises UnknownError where the agreed labels are asked for and are not those of the labels that there are.
    """
    with locked(workspace.lock):
        return validated(workspace, gates=gates, pages=pages, progress=progress)


def findings_fault(report: Report) -> DataError | None:
    """Give the error where a finding of the report is one; a table that is empty could not be judged at all."""
    empty = [one["table"] for one in report.data["findings"] if one["expectation"].endswith(EMPTY)]
    if empty:
        return NotEvaluatedError(f"nothing could be judged of {', '.join(empty)}", fix="do what the findings say")
    errors = report.counts["errors"]
    if not errors:
        return None
    return FindingError(f"{errors} findings are errors", fix="correct what the findings name, then validate again")


def with_returns(report: Report, returns: Report) -> Report:
    """Add to a report what was given back for its findings."""
    return replace(
        report,
        counts={**report.counts, **returns.counts},
        changed=report.changed or returns.changed,
        lines=(*report.lines, *returns.lines),
        data={**report.data, **returns.data},
    )


def validated(workspace: Workspace, *, gates: Collection[str] = CURRENT, pages: bool, progress: Progress) -> Report:
    """Do what ``validate`` does, under a lock that is held already."""
    if "agreed" in gates and not workspace.agreed.is_made_from(agreed_key(workspace)):
        raise UnknownError("the agreed labels are missing or out of date", fix="copydesk agree")
    key = _key(workspace, gates)
    docs = workspace.data_docs / "index.html"
    last = workspace.findings.part()
    drawn = last is not None and last.receipt.get("pages") and docs.exists()
    changed = not workspace.findings.is_made_from(key) or (pages and not drawn)
    if changed:
        progress("validate", 0, 0)
        done = run_suites(
            checked_tables(workspace, gates),
            suites=suite_folders(workspace),
            parameters=parameters_of(workspace.schema(), workspace.settings.validation),
            data_docs=workspace.data_docs if pages else None,
            gates=gates,
            modules=modules_of(workspace),
        )
        told = {"evaluated": done.evaluated, "suites": dict(done.suites), "gates": sorted(gates), "pages": pages}
        tables = {"findings": done.findings, _FAILING: done.failing_rows}
        workspace.findings.replace(tables, {"stage": "findings", "key": key, **told})
        progress("validate", 1, 1)
    part = workspace.findings.part()
    assert part is not None
    return _report(part, changed=changed, docs=str(docs))


def suite_folders(workspace: Workspace) -> list[Path]:
    """Give the folders of suites: the workspace's own, and those that the settings name."""
    return [workspace.suites, *(workspace.root / name for name in workspace.settings.validation.suites)]


def modules_of(workspace: Workspace) -> list[str | Path]:
    """Give the modules with expectations that the settings name: a file of the workspace, or a name."""
    return [workspace.root / name if name.endswith(".py") else name for name in workspace.settings.validation.modules]


def checked_tables(workspace: Workspace, gates: Collection[str] = CURRENT) -> dict[str, pa.Table]:
    """Give the tables that stand at these gates, with those that they lead to."""
    documents = current_documents(workspace)
    tables = {"documents": documents, "zones": current_zones(workspace, documents)}
    tables["edits"] = newest(workspace.documents.read("edits"), documents)
    if {"labels", "agreed"} & set(gates):
        tables |= {name: workspace.labels.read(name) for name in LABELS}
    if "agreed" in gates:
        tables |= {name: workspace.agreed.read(name) for name in _AGREED}
    return tables


def _key(workspace: Workspace, gates: Collection[str]) -> str:
    """Give what findings are made from: they are those of these gates, suites, expectations, thresholds and tables."""
    paths = [path for folder in suite_folders(workspace) for path in sorted(folder.glob("*.json"))]
    paths += [module for module in modules_of(workspace) if isinstance(module, Path) and module.exists()]
    suites = {str(path.relative_to(workspace.root)): file_sha256(path) for path in paths}
    repeated = workspace.repeated.part()
    zoned = repeated.receipt["key"] if repeated else ""
    made_from: dict[str, Any] = {
        "agreed": agreed_key(workspace),
        "zones": zoned,
        "suites": suites,
        "thresholds": workspace.settings.validation.parameters,
        "gates": sorted(gates),
    }
    return digest_of([_FINDINGS, made_from, installed("great-expectations")])


def _report(part: Part, *, changed: bool, docs: str) -> Report:
    findings, rows = part.read("findings"), part.path / f"{_FAILING}.parquet"
    lines = [f"every row at fault: {rows}"] if findings.num_rows else []
    data = {"failing_rows": str(rows), "pages": docs}
    return findings_report(
        findings, part.receipt["evaluated"], changed=changed, lines=[*lines, f"pages: {docs}"], data=data
    )


def findings_report(
    findings: pa.Table, evaluated: int, *, changed: bool, lines: Sequence[str], data: Mapping[str, Any]
) -> Report:
    """Report findings, each in a line, and what else there is to say."""
    rows = findings.to_pylist()
    by_severity = {name: sum(one["severity"] == name for one in rows) for name in ("error", "warning", "info")}
    counts = {
        "expectations evaluated": evaluated,
        "errors": by_severity["error"],
        "warnings": by_severity["warning"],
        **({"remarks": by_severity["info"]} if by_severity["info"] else {}),
    }
    found = [f"{one['severity']} {one['suite']}/{one['expectation']}: {one['message']}" for one in rows]
    return Report("validate", counts, changed=changed, lines=(*found, *lines), data={"findings": rows, **data})
