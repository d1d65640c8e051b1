"""Agreed labels to a version of a dataset: nothing is published past an error."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.layout import NESTED, file_of
from copydesk.datasets.publish import About, Plan
from copydesk.datasets.publish import publish as write_version
from copydesk.datasets.splits import Shares
from copydesk.datasets.stores import allow_single_writer
from copydesk.documents.sentences import sentences_of
from copydesk.errors import ConfigError
from copydesk.flow.current import current_articles, uncounted
from copydesk.flow.gates import findings_fault
from copydesk.flow.inputs import inputs_of
from copydesk.flow.pictures import drawing
from copydesk.flow.qualification import voting
from copydesk.flow.report import Report
from copydesk.flow.validate import LABELS, checked_tables, validated
from copydesk.flow.validate_version import VersionGate, groups_of
from copydesk.model.progress import Progress
from copydesk.model.schema import LabelSchema
from copydesk.store import locked
from copydesk.workspace import Workspace

_STRATA = ("publisher", "year", "language")


def publish(
    workspace: Workspace,
    name: str,
    *,
    bump: str = "",
    home: Path | None = None,
    single_writer: bool = False,
    progress: Progress,
) -> Report:
    """Validate, then write the next version of the dataset; none where nothing changed.

    ``home`` is where datasets lie; by default where the workspace says. ``single_writer`` says that nobody else ever
    publishes there. ``bump`` is major, minor or patch; empty: as far as the changes ask for. Raises DataError where they ask for more,
    FindingError where validation found errors, UnknownError where the agreed labels are missing or out of date.
    """
    schema = workspace.schema()
    with locked(workspace.lock):
        fault = findings_fault(validated(workspace, pages=True, progress=progress))
        if fault:
            raise fault
        folder = (home or workspace.datasets) / (name or workspace.title)
        if single_writer:
            allow_single_writer(folder)
        tables = _dataset_tables(workspace)
        gate = VersionGate(workspace)
        done = write_version(
            folder,
            tables=tables,
            about=_about(workspace, folder.name, schema),
            plan=_plan(workspace, tables["documents"], bump),
            gate=gate,
            draw=drawing(workspace),
            progress=progress,
        )
    line = f'import pandas; pandas.read_parquet("{done.path / file_of(NESTED)}")'
    counts = {"versions made": int(done.created)}
    return Report(
        "publish",
        counts,
        changed=done.created,
        lines=(f"version {done.version}: {done.path}", *done.reasons, *gate.told, line),
        data={
            "version": done.version,
            "path": str(done.path),
            "bump": done.bump,
            "reasons": list(done.reasons),
            "load": line,
        },
    )


def _dataset_tables(workspace: Workspace) -> dict[str, pa.Table]:
    """The tables of a release: only documents that somebody read, and only what belongs to those and votes."""
    tables = checked_tables(workspace)
    tables |= voting(workspace, {name: tables[name] for name in LABELS})[0]
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
    return Plan(
        shares=Shares(settings.validation, settings.test, settings.split_key),
        groups=groups_of(workspace),
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
