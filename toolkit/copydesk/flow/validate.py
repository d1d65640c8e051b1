"""Tables to findings: the gates that documents, labels and agreed labels pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import UnknownError
from copydesk.flow.agree import agreed_key
from copydesk.flow.current import current_documents, current_zones, newest
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import Latest, Part, digest_of, file_sha256, locked
from copydesk.studio.states import project_pages
from copydesk.validation import CURRENT, Validated, parameters_of
from copydesk.validation import validate as run_suites
from copydesk.workspace import Workspace

_FINDINGS = "findings/6"
_FAILING = "failing_rows"
_JUDGE = "great_expectations"  # its version
_LEADS_TO = ("row_id", "article", "links")
_PLACES = 20  # of a finding, in its JSON; as many rows as it names
_SHOWN = 3  # of them, on a terminal; as many as its sentence names
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
            projects=project_pages(workspace.pulls),
        )
        keep_findings(workspace.findings, done, {"key": key, "gates": sorted(gates), "pages": pages})
        progress("validate", 1, 1)
    part = workspace.findings.part()
    assert part is not None
    drawn_at = str(docs) if part.receipt["pages"] else None
    lines = [f"pages: {drawn_at}"] if drawn_at else []
    return findings_report(part, changed=changed, lines=lines, data={"pages": drawn_at})


def are_current(workspace: Workspace) -> bool:
    """Say whether the findings that there are, are those of what stands there now."""
    part = workspace.findings.part()
    return part is not None and part.receipt["key"] == _key(workspace, part.receipt["gates"])


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
        "projects": project_pages(workspace.pulls),
    }
    return digest_of([_FINDINGS, made_from, installed("great-expectations")])


def keep_findings(findings: Latest, done: Validated, told: Mapping[str, Any]) -> Part:
    """Keep what was found and every row at fault, with what judged it."""
    judged = {"evaluated": done.evaluated, "suites": dict(done.suites), _JUDGE: installed("great-expectations")}
    tables = {"findings": done.findings, _FAILING: done.failing_rows}
    return findings.replace(tables, {"stage": "findings", **judged, **told})


def findings_report(part: Part, *, changed: bool, lines: Sequence[str], data: Mapping[str, Any]) -> Report:
    """Report findings that were kept, each in a line with the first places that it leads to, and what else there is to say."""
    failing = part.read(_FAILING, columns=["suite", "expectation", *_LEADS_TO])
    file = part.path / f"{_FAILING}.parquet"
    rows = [{**one, "leads_to": _places(one, failing)} for one in part.read("findings").to_pylist()]
    by_severity = {name: sum(one["severity"] == name for one in rows) for name in ("error", "warning", "info")}
    counts = {
        "expectations evaluated": part.receipt["evaluated"],
        "errors": by_severity["error"],
        "warnings": by_severity["warning"],
        **({"remarks": by_severity["info"]} if by_severity["info"] else {}),
    }
    found = [line for one in rows for line in _lines(one)]
    found += [f"every row at fault: {file}"] if rows else []
    said = {"findings": rows, "failing_rows": str(file), _JUDGE: part.receipt[_JUDGE]}
    return Report("validate", counts, changed=changed, lines=(*found, *lines), data={**said, **data})


def _places(finding: Mapping[str, Any], failing: pa.Table) -> list[dict[str, Any]]:
    """Give the first rows of a finding, each with its article and the tasks in Label Studio that it leads to."""
    same = [pc.equal(failing[name], finding[name]) for name in ("suite", "expectation")]
    rows: list[dict[str, Any]] = failing.filter(pc.and_(*same)).slice(0, _PLACES).select(list(_LEADS_TO)).to_pylist()
    return rows


def _lines(finding: Mapping[str, Any]) -> list[str]:
    places = dict.fromkeys(" ".join([place["article"] or "", *place["links"]]) for place in finding["leads_to"])
    said = f"{finding['severity']} {finding['suite']}/{finding['expectation']}: {finding['message']}"
    return [said, *(f"  {place}" for place in list(places)[:_SHOWN] if place)]
