"""Documents to be decided as a whole go in, tasks of a project of their own come out; what was decided there comes back as rows.

A task shows the document as annotators see it. Its predictions are the consensus, which Label Studio begins the adjudicator's own
annotation with, and what each annotator made of it, which stand as tabs beside, without their names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import rejected_row
from copydesk.studio.asked import NAME, AskReport, Judges, answers, ask, asked
from copydesk.studio.client import Studio
from copydesk.studio.codec import category_items, to_result
from copydesk.studio.interface import NOTE, TEXT
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.push import task_data
from copydesk.studio.question import seen
from copydesk.studio.states import Project
from copydesk.studio.votes import text_sha256_of

CONSENSUS = "Consensus"
INSTRUCTIONS = (
    "<p><b>Decide what holds in the whole document.</b> Open it from the list, not by Label All Tasks. Your annotation begins with "
    "what is agreed; the tabs above show what each annotator made of it, in no order and of nobody's name. What you submit holds.</p>"
)
_MOST_TOLD = 12  # places in the line above the text
_OF_DOCUMENT = ("doc_id", "revision", "text_sha256")
Named = Callable[[str, str, Sequence[Mapping[str, Any]]], str]


@dataclass(frozen=True, slots=True)
class Marks:
    """What somebody, or everybody, made of a document: rows of spans, relations between them, and names and values of categories."""

    spans: Sequence[Mapping[str, Any]]
    relations: Sequence[Mapping[str, Any]]
    categories: Sequence[tuple[str, str]]

    def result(self, schema: LabelSchema) -> list[dict[str, Any]]:
        """Give it as Label Studio's JSON."""
        return [*to_result(self.spans, self.relations, schema), *category_items(self.categories, schema)]


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A document (a row of ``documents``), what is ``known`` of it, what is ``open`` in words, and what was made of it.

    ``readings`` are in the order in which they are shown.
    """

    question_id: str
    document: Mapping[str, Any]
    known: Sequence[Mapping[str, Any]]
    open: Sequence[str]
    consensus: Marks
    readings: Sequence[Marks]


def ask_documents(
    studio: Studio, *, project: ProjectSpec, questions: Iterable[DocumentQuestion], schema: LabelSchema
) -> AskReport | None:
    """Send the documents that the server has not got, and take away those that are not to be decided any more."""
    by_name = {one.question_id: one for one in questions}
    report = ask(
        studio,
        project=project,
        names=list(by_name),
        make=lambda name: _task(by_name[name], schema),
        may_go=lambda _: True,
    )
    if report and report.asked:  # an annotation is begun with the predictions of this version
        studio.patch(f"api/projects/{report.project_id}/", json={"model_version": CONSENSUS})
    return report


def undecided(studio: Studio, project_id: int) -> set[str]:
    """Give the documents that were asked for and that nobody has submitted."""
    tasks = asked(studio, project_id, "total_annotations")
    return {task["data"]["doc_id"] for task in tasks if not task["total_annotations"]}


def pull_documents(
    studio: Studio,
    *,
    project: Mapping[str, Any],
    judges: Judges,
    named: Named,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give every decision that stands on the server as a row of ``document_decisions``, and rejected rows for what is none.

    ``named`` gives the name that a question of this document, digest of the text and known readings has.
    """
    meant = Project.of(project)
    rows: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for data, annotation, by in answers(studio, meant.id, judges=judges):
        known = _known(data, named)
        if known is None:
            rejected.append(_changed(annotation, data))
            continue
        rows.append(
            {
                "question_id": data[NAME],
                **{name: data[name] for name in _OF_DOCUMENT},
                "shown_sha256": text_sha256_of(str(data.get(TEXT))),
                "known": known,
                "result": json.dumps(annotation["result"], ensure_ascii=False),
                "by": by,
                "guideline_version": judges.guidelines,
                "at": datetime.fromisoformat(annotation["updated_at"]),
                "project": meant.key,
                "annotation_id": int(annotation["id"]),
            }
        )
    return rows, rejected


def _task(question: DocumentQuestion, schema: LabelSchema) -> dict[str, Any]:
    document = question.document
    tabs = {f"Reading {chr(ord('A') + at)}": marks for at, marks in enumerate(question.readings)} | {
        CONSENSUS: question.consensus
    }
    return {
        "data": {
            **task_data(document, document["text"]),
            NOTE: _note(question.open),
            "known": json.dumps(question.known, ensure_ascii=False),
        },
        "predictions": [
            {"model_version": name, "result": marks.result(schema)}
            for name, marks in reversed(tabs.items())  # the last one sent is the first tab
        ],
    }


def _note(told: Sequence[str]) -> str:
    more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return seen(f"In dispute: {', '.join(told[:_MOST_TOLD])}{more}")


def _known(data: Mapping[str, Any], named: Named) -> list[dict[str, Any]] | None:
    """Read what was known from a task's data; None where somebody changed it."""
    try:
        known: list[dict[str, Any]] = json.loads(data["known"])
        is_same = named(data["doc_id"], data["text_sha256"], known) == data[NAME] and "revision" in data
    except (KeyError, TypeError, ValueError):
        return None
    return known if is_same else None


def _changed(annotation: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    return rejected_row(
        stage="adjudicate",
        item=f"annotation {annotation['id']} of {data[NAME]}",
        reason="unreadable-decision",
        detail="its task was changed (fix: delete the task, and run copydesk adjudicate)",
        row={"result": annotation["result"]},
        doc_id=data.get("doc_id") if isinstance(data.get("doc_id"), str) else None,
    )
