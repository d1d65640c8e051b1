"""A project and what regions are to become go in; annotations, predictions and drafts are changed, each told before it is.

A sweep goes over all tasks. Each annotation is read again right before it is changed. What is going to change is handed to
``tell`` first, so that a run that is killed has told what it did, and more at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from copydesk.model.migration import Plan, Relabel, belongs_to, label_of, place_of, relabelled, taken_out
from copydesk.model.progress import Progress
from copydesk.studio.client import Studio
from copydesk.studio.drafts import HAS_DRAFT
from copydesk.studio.listing import list_tasks

_PAGE = 100
_FIELDS = ("id", "data", "annotations", "predictions", "result", "total_annotations")
KINDS = ("annotations", "predictions", "drafts")
Back = list[dict[str, Any]]  # regions that were taken out and are to be put back
Chosen = Callable[[str, int | str, int], tuple[Relabel, Back]]  # of a kind, its id and its task
Tell = Callable[[Mapping[str, Any]], None]


@dataclass(slots=True)
class Touched:
    """What a sweep changes, or would: how many of each kind, their regions by old and new label, and what waits for a person."""

    kinds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    regions: dict[tuple[str, str], int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    open: dict[tuple[Any, ...], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many annotations, predictions and drafts."""
        return sum(self.kinds.values())

    def add(self, more: Touched) -> None:
        """Count what another sweep changed, too."""
        for kind, count in more.kinds.items():
            self.kinds[kind] += count
        for pair, count in more.regions.items():
            self.regions[pair] = self.regions.get(pair, 0) + count


def sweep(
    studio: Studio, project_id: int, *, plan: Plan, chosen: Chosen, tell: Tell | None, progress: Progress
) -> Touched:
    """Change what is to be changed in a project; with ``tell`` None only count. Raises the ``errors.Studio*``."""
    touched = Touched()
    for done, (kind, one, task) in enumerate(_everything(studio, project_id), 1):
        progress("migrate", done, 0)
        relabel, back = chosen(kind, int(one["id"]), int(task["id"]))
        _count(touched, kind, one["result"], task, plan, relabel)
        changed = _change(studio, kind, one, relabel, back, tell)
        touched.kinds[kind] += bool(changed)
        for pair in changed.values():
            touched.regions[pair] = touched.regions.get(pair, 0) + 1
    return touched


def _everything(studio: Studio, project_id: int) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    for page, _ in list_tasks(studio, project_id, fields=_FIELDS, size=_PAGE):
        for task in page:
            for kind in ("annotations", "predictions"):
                yield from ((kind, one, task) for one in task[kind])
    for page, _ in list_tasks(studio, project_id, HAS_DRAFT, fields=("id", "data"), size=_PAGE):
        for task in page:
            yield from (("drafts", one, task) for one in studio.get(f"api/tasks/{task['id']}/drafts"))


def _count(touched: Touched, kind: str, result: Any, task: Mapping[str, Any], plan: Plan, relabel: Relabel) -> None:
    for region in _regions(result):
        label = label_of(region)
        if label in plan.drops:
            touched.dropped[label] = touched.dropped.get(label, 0) + 1
        if label in plan.split and kind == "annotations" and relabel(region) is None:
            touched.open.setdefault(place_of(int(task["id"]), region), task)


def _change(
    studio: Studio, kind: str, one: Mapping[str, Any], relabel: Relabel, back: Back, tell: Tell | None
) -> Mapping[str, tuple[str, str]]:
    _, changed = _made(one["result"], relabel, back)
    if not changed or tell is None:
        return changed
    path = f"api/{kind}/{one['id']}/"
    now = studio.find(path)  # somebody may have changed or deleted it since the page was read
    if now is None:
        return {}
    made, changed = _made(now["result"], relabel, back)
    if changed:
        out = taken_out(changed)
        removed = [region for region in _regions(now["result"]) if belongs_to(region, out)]
        tell({"kind": kind, "id": int(one["id"]), "regions": changed, "removed": removed})
        studio.patch(path, json={"result": made})
    return changed


def _made(result: Any, relabel: Relabel, back: Back) -> tuple[list[dict[str, Any]], dict[str, tuple[str, str]]]:
    made, changed = relabelled(_regions(result), relabel)
    there = {_key(one) for one in made}
    absent = [one for one in back if _key(one) not in there]
    return [*made, *absent], {
        **changed,
        **{str(one.get("id", "")): ("", label_of(one)) for one in absent if label_of(one)},
    }


def _key(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what tells an item from the others of a result; a relation has no id."""
    return tuple(str(item.get(name)) for name in ("type", "id", "from_name", "from_id", "to_id", "labels"))


def _regions(result: Any) -> list[dict[str, Any]]:
    return [one for one in result if isinstance(one, dict)] if isinstance(result, list) else []
