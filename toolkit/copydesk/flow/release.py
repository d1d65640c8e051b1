"""Tables to findings, and agreed labels to a version of a dataset: nothing is published past an error."""

from __future__ import annotations

from importlib.metadata import version as installed

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.layout import NESTED, file_of
from copydesk.datasets.publish import About, Plan
from copydesk.datasets.publish import publish as write_version
from copydesk.datasets.splits import Shares
from copydesk.documents.sentences import sentences_of
from copydesk.errors import ConfigError, FindingError, UnknownError
from copydesk.flow.agree import agreed_key
from copydesk.flow.current import current_articles, current_documents, current_zones, newest, uncounted
from copydesk.flow.inputs import inputs_of
from copydesk.flow.qualification import voting
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.store import Part, digest_of, file_sha256, locked
from copydesk.validation import parameters_of
from copydesk.validation import validate as run_suites
from copydesk.workspace import Workspace

_FINDINGS = "findings/3"
_LABELS = ("reads", "spans", "relations", "categories", "anchors", "unread")
_STRATA = ("publisher", "year", "language")
_AGREED = (
    *("agreed_spans", "agreed_relations", "agreed_attributes", "agreed_categories", "times", "events", "arguments"),
    *("claims", "disputes"),
)


def validate(workspace: Workspace, *, pages: bool, progress: Progress) -> Report:
    """Run every expectation suite over the tables; ``pages`` builds Great Expectations' pages too.

    Raises UnknownError where the agreed labels are not those of the labels that there are.
    """
    with locked(workspace.lock):
        return _validate(workspace, pages=pages, progress=progress)


def findings_fault(report: Report) -> FindingError | None:
    """Give the error where a finding of the report is one."""
    errors = report.counts["errors"]
    if not errors:
        return None
    return FindingError(f"{errors} findings are errors", fix="correct what the findings name, then validate again")


def publish(workspace: Workspace, name: str, *, bump: str = "", progress: Progress) -> Report:
    """Validate, then write the next version of the dataset; none where nothing changed.

    ``bump`` is major, minor or patch; empty: as far as the changes ask for. Raises DataError where they ask for more,
    FindingError where validation found errors, UnknownError where the agreed labels are missing or out of date.
    """
    schema = workspace.schema()
    with locked(workspace.lock):
        fault = findings_fault(_validate(workspace, pages=True, progress=progress))
        if fault:
            raise fault
        title = name or workspace.title
        tables = _dataset_tables(workspace)
        done = write_version(
            workspace.datasets / title,
            tables=tables,
            about=_about(workspace, title, schema),
            plan=_plan(workspace, tables["documents"], bump),
            progress=progress,
        )
    line = f'import pandas; pandas.read_parquet("{done.path / file_of(NESTED)}")'
    counts = {"versions made": int(done.created)}
    return Report(
        "publish",
        counts,
        changed=done.created,
        lines=(f"version {done.version}: {done.path}", *done.reasons, line),
        data={
            "version": done.version,
            "path": str(done.path),
            "bump": done.bump,
            "reasons": list(done.reasons),
            "load": line,
        },
    )


def _validate(workspace: Workspace, *, pages: bool, progress: Progress) -> Report:
    if not workspace.agreed.is_made_from(agreed_key(workspace)):
        raise UnknownError("the agreed labels are missing or out of date", fix="copydesk agree")
    suites = {path.name: file_sha256(path) for path in sorted(workspace.suites.glob("*.json"))}
    repeated = workspace.repeated.part()
    zoned = repeated.receipt["key"] if repeated else ""
    key = digest_of([_FINDINGS, agreed_key(workspace), zoned, suites, installed("great-expectations")])
    docs = workspace.data_docs / "index.html"
    last = workspace.findings.part()
    drawn = last is not None and last.receipt.get("pages") and docs.exists()
    changed = not workspace.findings.is_made_from(key) or (pages and not drawn)
    if changed:
        progress("validate", 0, 0)
        done = run_suites(
            _checked_tables(workspace),
            suites=workspace.suites,
            parameters=parameters_of(workspace.schema()),
            data_docs=workspace.data_docs if pages else None,
        )
        told = {"evaluated": done.evaluated, "suites": dict(done.suites), "pages": pages}
        workspace.findings.replace({"findings": done.findings}, {"stage": "findings", "key": key, **told})
        progress("validate", 1, 1)
    part = workspace.findings.part()
    assert part is not None
    return _findings_report(part, changed=changed, docs=str(docs))


def _findings_report(part: Part, *, changed: bool, docs: str) -> Report:
    findings = part.read("findings").to_pylist()
    errors = sum(finding["severity"] == "error" for finding in findings)
    counts = {
        "expectations evaluated": part.receipt["evaluated"],
        "errors": errors,
        "warnings": len(findings) - errors,
    }
    lines = [f"{one['severity']} {one['suite']}/{one['expectation']}: {one['message']}" for one in findings]
    return Report(
        "validate",
        counts,
        changed=changed,
        lines=(*lines, f"pages: {docs}"),
        data={"findings": findings, "pages": docs},
    )


def _checked_tables(workspace: Workspace) -> dict[str, pa.Table]:
    documents = current_documents(workspace)
    tables = {"documents": documents, "zones": current_zones(workspace, documents)}
    tables["edits"] = newest(workspace.documents.read("edits"), documents)
    tables |= {name: workspace.labels.read(name) for name in _LABELS}
    tables |= {name: workspace.agreed.read(name) for name in _AGREED}
    return tables


def _dataset_tables(workspace: Workspace) -> dict[str, pa.Table]:
    """The tables of a release: only documents that somebody read, and only what belongs to those and votes."""
    tables = _checked_tables(workspace)
    tables |= voting(workspace, {name: tables[name] for name in _LABELS})[0]
    read = tables["reads"]["doc_id"].combine_chunks()
    kept = {name: table.filter(pc.is_in(table["doc_id"], read)) for name, table in tables.items() if name != "edits"}
    schema = workspace.schema()
    declared = {  # what the schema has no use for is not published
        "agreed_attributes": bool(schema.attributes),
        "agreed_categories": bool(schema.categories),
        "times": any(one.kind == "timex" for one in schema.attributes),
        "events": schema.events is not None,
        "arguments": schema.events is not None,
        "claims": schema.claims is not None,
    }
    agreement = workspace.agreed.read("agreement")
    unused = {"categories", *(name for name, there in declared.items() if not there)}
    return {
        **{name: table for name, table in kept.items() if name not in unused},
        "sentences": sentences_of(kept["documents"], kept["zones"]),
        "zones": uncounted(kept["zones"]),
        "articles": current_articles(workspace, kept["documents"]),
        "snapped": workspace.agreed.read("snapped"),
        "agreement": agreement.filter(
            pc.not_equal(agreement["scope"], "document")
        ),  # these are many, and in the workspace
        "findings": workspace.findings.read("findings"),
    }


def _about(workspace: Workspace, name: str, schema: LabelSchema) -> About:
    settings = workspace.settings.publish
    part = workspace.findings.part()
    return About(
        name=name,
        description=settings.description,
        licence=settings.licence,
        language=settings.language,
        schema=schema,
        suites=dict(part.receipt["suites"]) if part else {},
        tool_version=installed("copydesk"),
        inputs=inputs_of(workspace, name),
    )


def _plan(workspace: Workspace, documents: pa.Table, bump: str) -> Plan:
    """Documents that share text stay together; the strata are what the settings name."""
    settings = workspace.settings.publish
    copies = workspace.copies.read("copies", columns=["doc_id", "group_id"])
    return Plan(
        shares=Shares(settings.validation, settings.test, settings.split_key),
        groups=dict(zip(*(copies[name].to_pylist() for name in copies.column_names), strict=True)),
        strata=_strata(documents, settings.stratify),
        bump=bump,
    )


def _strata(documents: pa.Table, by: str) -> dict[str, str]:
    if not by:
        return {}
    if by not in _STRATA:
        raise ConfigError(
            f"copydesk.toml: documents cannot be stratified by {by!r} @ $.publish.stratify",
            fix=f"name one of {', '.join(_STRATA)}",
        )
    column = pc.year(documents["published_at"]) if by == "year" else documents[by]
    pairs = zip(documents["doc_id"].to_pylist(), column.to_pylist(), strict=True)
    return {doc_id: str(value) for doc_id, value in pairs if value is not None}
