"""Labels and gold in, who may go on out: the gate that annotators pass, or do not, on the gold that they read last."""

from __future__ import annotations

from dataclasses import asdict, replace

from copydesk.agreement.people import Standing, standings
from copydesk.agreement.people.standing import FAILED
from copydesk.errors import QualityError
from copydesk.flow import gold, people_report
from copydesk.flow.agree import agree
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.store import locked
from copydesk.workspace import Workspace

_ADVICE = (
    "look at copydesk people report for their labels and boundaries, go through the guidelines with them, have their last work read "
    "by another, and let them go on when they pass"
)


def gate(workspace: Workspace, *, min_f1: float, window: int, names: bool, progress: Progress) -> Report:
    """Judge every annotator by the last ``window`` documents of gold that they read."""
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        known, known_spans = gold.settled(workspace)
        given = replace(people_report.given(workspace), gold=known, gold_spans=known_spans)
    called = people_report.names_of(workspace) if names else {}
    judged = list(standings(given.work(), gold=given.gold, gold_spans=given.gold_spans, min_f1=min_f1, window=window))
    counts = {"gold": given.gold.num_rows}
    for one in judged:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    told = [{**asdict(one), "annotator": called.get(one.annotator, one.annotator)} for one in judged]
    lines = tuple(_line(one, str(row["annotator"])) for one, row in zip(judged, told, strict=True))
    if not given.gold.num_rows:
        lines += ("there is no gold yet: copydesk quality gold add makes some of what three people labelled alike",)
    return Report(
        "gate", counts, changed=False, lines=lines, data={"standings": told, "min_f1": min_f1, "window": window}
    )


def gate_fault(report: Report) -> QualityError | None:
    """Give the error where somebody falls short."""
    failed = [row["annotator"] for row in report.data["standings"] if row["verdict"] == FAILED]
    if not failed:
        return None
    return QualityError(f"{', '.join(failed)}: F1 on gold may be under {report.data['min_f1']:g}", fix=_ADVICE)


def _line(one: Standing, name: str) -> str:
    if one.f1 is None:
        return f"{name}: {one.verdict}, {one.reason}"
    return f"{name}: {one.verdict}, F1 {one.f1:.3f} ({one.low:.3f} to {one.high:.3f}) on {one.documents} documents of gold; {one.reason}"
