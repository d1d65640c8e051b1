"""The tasks of documents that are shown in parts go in; which of them somebody cannot get who began the document comes out.

Label Studio gives out tasks, and knows nothing of documents. Where more people label than a task is asked of, one may be given a part
of a document whose other parts are taken by then, and what they did would never count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.finding import Gathered
from copydesk.studio.windows import WHOLE, place_of


@dataclass(slots=True)
class _Part:
    overlap: int
    people: set[str]


@dataclass(slots=True)
class Parts:
    """Who annotated which part of which document, gathered task by task."""

    _texts: dict[tuple[str, str], dict[int, _Part]] = field(default_factory=dict)

    def take(self, task: Mapping[str, Any]) -> bool:
        """Take note of a task if it shows a part of a document; says whether it does."""
        data = task["data"]
        if place_of(data) == WHOLE:
            return False
        people = {str(one["completed_by"]) for one in task["annotations"] if not one["was_cancelled"]}
        text = str(data.get("doc_id", "")), str(data.get("text_sha256", ""))
        self._texts.setdefault(text, {})[task["id"]] = _Part(task["overlap"], people)
        return True

    def tell(self, found: Gathered, *, annotators: int) -> None:
        """Note each document that somebody cannot finish, and each part that is asked of more or fewer people than is meant."""
        for (doc_id, _), parts in self._texts.items():
            wanted = max(annotators, len(set[str]().union(*(part.people for part in parts.values()))))
            shut = {
                task_id
                for task_id, part in parts.items()
                if annotators <= part.overlap < wanted and len(part.people) < wanted
            }
            found.numbers.update(dict.fromkeys(shut, wanted))
            if shut:
                example = f"{wanted} people began document {doc_id!r}, and its part in task {min(shut)} is asked of {annotators}"
                found.add("scattered-parts", example)
                found.ids.setdefault("scattered-parts", []).extend(sorted(shut))
            for task_id, part in parts.items():
                if part.overlap < annotators or part.overlap > wanted:
                    drift = f"task {task_id} is asked of {part.overlap} people, not {annotators}"
                    found.add("overlap-drift", drift, item=task_id)
