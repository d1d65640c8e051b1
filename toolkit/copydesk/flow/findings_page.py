"""The findings of the last validation go in, a page of them comes out: each with the rows it is about, and where these stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.flow.asked import anchor, under
from copydesk.flow.validate import are_current
from copydesk.report.page import Part, part
from copydesk.workspace import Workspace

ROWS = 20  # of a finding
_SEVERITIES = ("error", "warning", "info")

Row = dict[str, Any]


class Findings:
    """The view of the findings under a schema (``?schema=``, by default the first)."""

    def __init__(self, workspace: Workspace, *, exported: bool = False) -> None:
        self._workspace, self._exported = workspace, exported

    def __call__(self, asked: Mapping[str, str]) -> Part:
        """Show what the last validation found; raises UnknownError for a schema that is none of the workspace's."""
        workspace = under(self._workspace, asked)
        last = workspace.findings.part()
        name = anchor("findings", workspace)
        failing = workspace.findings.read("failing_rows")
        rows = workspace.findings.read("findings").to_pylist()
        rows.sort(key=lambda row: (_SEVERITIES.index(row["severity"]), row["suite"], row["expectation"]))
        return part(
            "findings.html",
            title="Findings" if workspace.is_first else f"Findings: {workspace.schema_name}",
            name=name,
            anchor=name,
            schema=workspace.schema_name,
            schemas=() if self._exported else self._workspace.schemas,
            validated=last is not None,
            current=are_current(workspace),
            evaluated=last.receipt["evaluated"] if last else 0,
            suites=sorted(last.receipt["suites"]) if last else (),
            findings=[{**row, "leads_to": _first(row, failing)} for row in rows],
            exported=self._exported,
        )

    def every(self) -> Iterator[Part]:
        """Show the findings under each schema whose labels were validated."""
        for name in self._workspace.schemas:
            if self._workspace.under(name).findings.part():
                yield self({"schema": name})


def _first(finding: Row, failing: pa.Table) -> list[Row]:
    """Give the first rows of a finding."""
    own = pc.and_(*(pc.equal(failing[name], finding[name]) for name in ("suite", "expectation")))
    rows: list[Row] = failing.filter(own).slice(0, ROWS).to_pylist()
    return [
        {**row, "links": [link for link in row["links"] if link.startswith(("http://", "https://"))]} for row in rows
    ]
