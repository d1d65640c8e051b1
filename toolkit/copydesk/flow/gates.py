"""A command's report goes in, the same with what the gate after it finds comes out, where the settings say that it is judged each time."""

from __future__ import annotations

from copydesk.errors import DataError, FindingError, NotEvaluatedError
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.validation import EMPTY
from copydesk.workspace import Workspace


def at_gate(workspace: Workspace, report: Report, gate: str, *, progress: Progress) -> Report:
    """Add what the gate finds to the report; raises as ``flow.validate.validate`` does."""
    if gate not in workspace.settings.validation.gates:
        return report
    from copydesk.flow.validate import validate  # it loads what agreement needs, and ingest does not

    return report.followed_by(validate(workspace, gates=(gate,), pages=False, progress=progress))


def findings_fault(report: Report) -> DataError | None:
    """Give the error where a finding of the report is one; a table that is empty could not be judged at all."""
    empty = [one["table"] for one in report.data.get("findings", ()) if one["expectation"].endswith(EMPTY)]
    if empty:
        return NotEvaluatedError(f"nothing could be judged of {', '.join(empty)}", fix="do what the findings say")
    errors = report.counts.get("errors", 0)
    if not errors:
        return None
    return FindingError(f"{errors} findings are errors", fix="correct what the findings name, then validate again")
