"""Conflicts go in, tasks of a project of their own come out, one for each; what was decided there comes back as rows.

A task's data names its conflict and holds it whole, so that a decision can be read with what was shown, whatever became of the
dispute since.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from copydesk.model.tables import rejected_row
from copydesk.studio.asked import NAME, AskReport, Judges, answers, ask
from copydesk.studio.client import Studio
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.question import CAUSE, CAUSES, COMMENT, DECISION, OUTCOMES, question_data
from copydesk.studio.states import Project

_SHOWN = ("conflict_id", "dispute_id", "doc_id", "revision", "kind", "name", "readings")


def ask_conflicts(
    studio: Studio,
    *,
    project: ProjectSpec,
    conflicts: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    texts: Mapping[str, str],
    contexts: Mapping[str, tuple[int, int]],
) -> AskReport | None:
    """Send the questions that the server has not got, in their order, and take away those that are not to be answered any more.

    ``conflicts`` are rows of that table, ``names`` gives each the name of its task (another one asks it anew), ``texts`` the text
    of each document and ``contexts`` the part of it that is shown, by conflict. Suspects that were asked for are left there.
    """
    by_name = {names[one["conflict_id"]]: one for one in conflicts}

    def make(name: str) -> dict[str, Any]:
        one = by_name[name]
        return _task(one, texts[one["doc_id"]], contexts[one["conflict_id"]])

    return ask(studio, project=project, names=list(by_name), make=make, may_go=lambda data: not _is_suspect(data))


def ask_suspects(
    studio: Studio,
    *,
    project: ProjectSpec,
    suspects: Sequence[Mapping[str, Any]],
    kept: Collection[str],
    texts: Mapping[str, str],
    contexts: Mapping[str, tuple[int, int]],
) -> AskReport | None:
    """Send suspects as conflicts of the kind ``suspect``; those there are left that ``kept`` names, the others taken away.

    None where there is nothing to ask, and no project.
    """
    by_name = {one["conflict_id"]: one for one in suspects}

    def make(name: str) -> dict[str, Any]:
        return _task(by_name[name], texts[by_name[name]["doc_id"]], contexts[name])

    return ask(studio, project=project, names=list(by_name), make=make, may_go=_is_suspect, kept=kept)


def pull_decisions(
    studio: Studio, *, project: Mapping[str, Any], judges: Judges
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give every decision that stands on the server as a row of ``decisions``, and as rejected rows what cannot be read as one.

    ``project`` is as the server describes it.
    """
    meant = Project.of(project)
    rows: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for data, annotation, by in answers(studio, meant.id, judges=judges):
        said = _said(annotation["result"])
        shown = _conflict(data)
        if shown is None or said.get(DECISION) not in OUTCOMES:
            rejected.append(_unreadable(annotation, data))
            continue
        rows.append(
            {
                **shown,
                "outcome": said[DECISION],
                "by": by,
                "cause": said[CAUSE] if said.get(CAUSE) in CAUSES else "",
                "note": said.get(COMMENT, ""),
                "guideline_version": judges.guidelines,
                "at": datetime.fromisoformat(annotation["updated_at"]),
                "project": meant.key,
                "annotation_id": int(annotation["id"]),
            }
        )
    return rows, rejected


def _task(conflict: Mapping[str, Any], text: str, context: tuple[int, int]) -> dict[str, Any]:
    return {
        "data": {
            "conflict_id": conflict["conflict_id"],
            "doc_id": conflict["doc_id"],
            **question_data(conflict, text, context=context),
            "conflict": json.dumps({key: conflict[key] for key in _SHOWN}, ensure_ascii=False),
        }
    }


def _is_suspect(data: Mapping[str, Any]) -> bool:
    shown = _conflict(data)
    return shown is not None and shown["kind"] == "suspect"


def _conflict(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read what was shown from a task's data; None where somebody changed it so that it cannot be."""
    try:
        shown = json.loads(data["conflict"])
    except (KeyError, TypeError, ValueError):
        return None
    return shown if isinstance(shown, dict) and set(shown) == set(_SHOWN) else None


def _said(result: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give what each control of the configuration says."""
    found: dict[str, str] = {}
    for item in result:
        value = item.get("value") or {}
        words = value.get("choices") or value.get("text") or []
        listed = [words] if isinstance(words, str) else words
        found[str(item.get("from_name"))] = " ".join(str(word) for word in listed)
    return found


def _unreadable(annotation: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    doc_id = data.get("doc_id")
    return rejected_row(
        stage="adjudicate",
        item=f"annotation {annotation['id']} of {data[NAME]}",
        reason="unreadable-decision",
        detail=f"it chooses none of {', '.join(OUTCOMES)}, or its task was changed (fix: decide it again)",
        row={"result": annotation["result"]},
        doc_id=doc_id if isinstance(doc_id, str) else None,
    )
