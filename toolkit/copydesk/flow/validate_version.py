"""The gate before a version is committed: its tables by split and the version before go in, findings come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.content import Content
from copydesk.datasets.layout import file_of
from copydesk.datasets.load import read_file, splits_in
from copydesk.datasets.splits import SPLITS
from copydesk.errors import FindingError
from copydesk.flow.validate import modules_of, suite_folders
from copydesk.model.tables import TABLES, from_rows
from copydesk.validation import VERSION_TABLES, Validated, parameters_of
from copydesk.validation import validate as run_suites
from copydesk.workspace import Workspace

Parts = Mapping[str, Mapping[str, pa.Table]]  # the published tables, by split and name
_MEASURE = "span_f1_exact"


@dataclass(slots=True)
class VersionGate:
    """What a version is shown to before it is written; ``told`` are the findings that stop nothing, in a line each."""

    workspace: Workspace
    told: tuple[str, ...] = ()

    def __call__(self, content: Content, previous: Path | None) -> None:
        """Let the version pass; raises FindingError where a finding is an error, and as ``check_version`` does."""
        done = check_version(self.workspace, content, previous)
        findings = done.findings.to_pylist()
        errors = [one["message"] for one in findings if one["severity"] == "error"]
        if errors:
            raise FindingError(
                f"the version would be wrong: {' '.join(errors)}",
                fix="correct what the findings name, then publish again",
            )
        self.told = tuple(
            f"{one['severity']} {one['suite']}/{one['expectation']}: {one['message']}" for one in findings
        )


def check_version(workspace: Workspace, content: Content, previous: Path | None) -> Validated:
    """Run the suites that stand at the gate ``version`` over what a version is to say, under the schema that it is labelled under.

    ``previous`` is the folder of the version before. Raises as ``copydesk.validation.validate`` does.
    """
    agreement = from_rows("agreement", content.agreement)
    return run_suites(
        version_tables(content.parts, previous, groups=groups_of(workspace), agreement=agreement),
        suites=suite_folders(workspace),
        parameters=parameters_of(content.about.schema, workspace.settings.validation),
        data_docs=None,
        gates=("version",),
        modules=modules_of(workspace),
    )


def groups_of(workspace: Workspace) -> dict[str, str]:
    """Give for each document that shares text with others the group that must stay together."""
    copies = workspace.copies.read("copies", columns=["doc_id", "group_id"])
    return dict(zip(*(copies[name].to_pylist() for name in copies.column_names), strict=True))


def version_tables(
    parts: Parts, previous: Path | None, *, groups: Mapping[str, str], agreement: pa.Table
) -> dict[str, pa.Table]:
    """Give the tables that suites of this gate judge (``VERSION_TABLES``, documents and agreement).

    ``groups`` names for each document the group that must stay together.
    """
    documents = pa.concat_tables([part["documents"] for part in parts.values()])
    before = {split: _published(previous, "documents", split) for split in (splits_in(previous) if previous else ())}
    spans_before = [_published(previous, "spans", split) for split in before]
    whole = pc.and_(pc.equal(agreement["measure"], _MEASURE), pc.equal(agreement["scope"], "all"))
    return {
        "documents": _as(documents, TABLES["documents"]),
        "division": _division(parts, groups),
        "released_spans": _over_splits(parts, "spans", VERSION_TABLES["released_spans"]),
        "released_relations": _over_splits(parts, "relations", VERSION_TABLES["released_relations"]),
        "before": _with_split(before, VERSION_TABLES["before"]),
        "shares": _shares(parts, spans_before),
        "agreement": agreement.filter(pc.and_(whole, pc.equal(agreement["annotators"], "all"))),
    }


def _published(previous: Path | None, table: str, split: str) -> pa.Table:
    assert previous is not None
    return read_file(previous / file_of(table, split), None)


def _division(parts: Parts, groups: Mapping[str, str]) -> pa.Table:
    tables = {}
    for split, part in parts.items():
        documents = part["documents"]
        doc_ids = documents["doc_id"].to_pylist()
        published = pc.strftime(documents["published_at"], format="%Y-%m-%d")
        grouped = documents.append_column("group_id", pa.array([groups.get(one, one) for one in doc_ids], pa.string()))
        tables[split] = grouped.append_column("published_on", published)
    return _with_split(tables, VERSION_TABLES["division"])


def _with_split(tables: Mapping[str, pa.Table], schema: pa.Schema) -> pa.Table:
    divided = [
        table.append_column("split", pa.array([split] * table.num_rows, pa.string())) for split, table in tables.items()
    ]
    return pa.concat_tables([schema.empty_table(), *(_as(table, schema) for table in divided)])


def _over_splits(parts: Parts, name: str, schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([_as(part[name], schema) for part in parts.values()])


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give the columns of a schema; what is not published is empty."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.chunked_array([pa.nulls(table.num_rows, field.type)])
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _shares(parts: Parts, spans_before: Sequence[pa.Table]) -> pa.Table:
    """Count the labels of each split, and compare them with those of the version before."""
    now = {split: _counts([part["spans"]]) for split, part in parts.items()}
    before = _counts(spans_before)
    all_now = _counts([part["spans"] for part in parts.values()])
    rows = []
    for label in sorted(all_now.keys() | before.keys()):
        count, was = all_now.get(label, 0), before.get(label, 0)
        share = count / max(sum(all_now.values()), 1)
        row: dict[str, Any] = {split: now.get(split, {}).get(label, 0) for split in SPLITS}
        row |= {"label": label, "rows": count, "share": share}
        if before:
            row |= {"rows_before": was, "shift": abs(share - was / sum(before.values()))}
            row["loss"] = max(was - count, 0) / was if was else 0.0
        rows.append(row)
    return pa.Table.from_pylist(rows, VERSION_TABLES["shares"])


def _counts(spans: Sequence[pa.Table]) -> dict[str, int]:
    counted = pa.concat_tables([table.select(["label"]) for table in spans])["label"].value_counts() if spans else []
    return {one["values"].as_py(): one["counts"].as_py() for one in counted}
