"""Labels and gold in, who may go on out: the gate that annotators pass, or do not, on the gold that they read last or first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from copydesk.agreement.people import Standing, standings, work_of
from copydesk.agreement.people.standing import FAILED
from copydesk.errors import QualityError, UnknownError, UsageError
from copydesk.flow import gold, people_report
from copydesk.flow.agree import agree
from copydesk.flow.connect import connected
from copydesk.flow.overlap import asked_of
from copydesk.flow.qualification import measured, qualifications, rounds
from copydesk.flow.report import Report
from copydesk.model.progress import Progress
from copydesk.model.tables import from_rows
from copydesk.store import locked
from copydesk.studio.people import called
from copydesk.workspace import Workspace

_ADVICE = (
    "look at copydesk people report for their labels and boundaries, go through the guidelines with them, give back what they got "
    "wrong (copydesk quality send-back), and let them go on when they pass"
)


def gate(workspace: Workspace, *, min_f1: float, window: int, names: bool, progress: Progress) -> Report:
    """Judge every annotator by the last ``window`` documents of gold that they read, and newcomers by what they qualify on.

    Of what was given back, what was submitted first counts.
    """
    agree(workspace, progress=progress)
    with locked(workspace.lock):
        known, known_spans = gold.settled(workspace)
        reads, spans = measured(workspace)
        qualifying = list(qualifications(workspace))
    labels = tuple(dict.fromkeys([*workspace.schema().label_names, *known_spans["label"].to_pylist()]))
    work = work_of(reads=reads, spans=spans, labels=labels)
    judged = list(standings(work, gold=known, gold_spans=known_spans, min_f1=min_f1, window=window))
    counts = {"gold": known.num_rows, **Counter(one.verdict for one in judged)}
    named = people_report.names_of(workspace) if names else {}
    told, newcomers = (
        [{**asdict(one), "annotator": named.get(one.annotator, one.annotator)} for one in each]
        for each in (judged, qualifying)
    )
    lines = [_line(one, str(row["annotator"])) for one, row in zip(judged, told, strict=True)]
    lines += [f"{row['annotator']}: qualification {row['verdict']}, {row['reason']}" for row in newcomers]
    if not known.num_rows:
        lines.append("there is no gold yet: copydesk quality gold add makes some of what three people labelled alike")
    data = {"standings": told, "qualifications": newcomers, "min_f1": min_f1, "window": window}
    return Report("gate", counts, changed=False, lines=tuple(lines), data=data)


def qualify(
    workspace: Workspace, names: Sequence[str], doc_ids: Sequence[str], *, min_f1: float, progress: Progress
) -> Report:
    """Begin a round for people (names, addresses or pseudonyms): they are to read these documents of gold, or all that is not retired.

    From now on nothing of theirs votes until they have passed, but for what the settings say. Raises UnknownError for a person or a
    document of gold that is not there, UsageError where there is no gold.
    """
    with locked(workspace.lock), connected(workspace) as studio:
        there = {row["doc_id"] for row in gold.kept(workspace)[0].to_pylist() if row["retired_at"] is None}
        if strange := sorted(set(doc_ids) - there):
            raise UnknownError(f"{', '.join(strange)}: no gold in use", fix="see copydesk quality gold list")
        chosen = sorted(set(doc_ids) or there)
        if not chosen:
            raise UsageError("there is no gold to qualify on", fix="copydesk quality gold add")
        who = _begin(workspace, names, chosen, min_f1=min_f1)
        asked, missing = gold.ask_each(workspace, studio, _readers(workspace, chosen), progress=progress)
    counts = {"people": len(who), "documents": len(chosen), "without a task": len(missing)}
    data = {"annotators": who, "asked": asked, "missing": missing}
    return Report("qualify", counts, lines=gold.missing_line(missing), data=data)


def admit(workspace: Workspace, names: Sequence[str]) -> Report:
    """Let all that people read vote, whatever they have shown; raises UnknownError for a person who is not there."""
    with locked(workspace.lock):
        who = _begin(workspace, names, [], min_f1=0.0)
    return Report("admit", {"people": len(who)}, data={"annotators": who})


def _begin(workspace: Workspace, names: Sequence[str], doc_ids: Sequence[str], *, min_f1: float) -> list[str]:
    """Write down a round for each of these people; gives their pseudonyms."""
    who = [called(workspace.people_file, name) for name in dict.fromkeys(names)]
    row = {"doc_ids": doc_ids, "min_f1": min_f1, "at": datetime.now(UTC)}
    rows = from_rows("qualifications", [{"annotator": one, **row} for one in who])
    workspace.decisions.append({"qualifications": rows}, {"stage": "qualify"})
    return who


def _readers(workspace: Workspace, doc_ids: Sequence[str]) -> dict[str, int]:
    """Say how many people are to read each document: those who have, and all who are to qualify on it."""
    readers = {doc: set[str]() for doc in doc_ids}
    reads = workspace.labels.read("reads", columns=["doc_id", "annotator"]).to_pylist()
    to_come = [{"doc_id": doc, "annotator": who} for who, row in rounds(workspace).items() for doc in row["doc_ids"]]
    for one in (*reads, *to_come):
        if one["doc_id"] in readers:
            readers[one["doc_id"]].add(one["annotator"])
    least = asked_of(workspace, doc_ids)
    return {doc: max(len(people), least.get(doc, 1)) for doc, people in readers.items()}


def gate_fault(report: Report) -> QualityError | None:
    """Give the error where somebody falls short."""
    judged = [*report.data["standings"], *report.data["qualifications"]]
    failed = sorted({row["annotator"] for row in judged if row["verdict"] == FAILED})
    if not failed:
        return None
    return QualityError(f"{', '.join(failed)}: F1 on gold may be under what is asked for", fix=_ADVICE)


def _line(one: Standing, name: str) -> str:
    if one.f1 is None:
        return f"{name}: {one.verdict}, {one.reason}"
    return f"{name}: {one.verdict}, F1 {one.f1:.3f} ({one.low:.3f} to {one.high:.3f}) on {one.documents} documents of gold; {one.reason}"
