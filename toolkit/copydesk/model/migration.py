"""A plan to change a schema's labels goes in; the schema as parsed TOML, and the regions of annotations, come out changed.

A plan renames, merges, splits, drops and adds labels. Everything here is a function of values: who writes to a server or a
disk is elsewhere. What was changed is told region by region, so that it can be taken back.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.errors import SchemaError
from copydesk.model.guidelines import examples
from copydesk.model.new_schema import free_keys, new_label
from copydesk.model.schema_parts import GROUP

Region = dict[str, Any]
Relabel = Callable[[Region], str | None]  # the label that a region is to have; None leaves it as it is, "" takes it out

_FIX = "correct the plan"
_MARK = re.compile(r"(\]\{\s*(?:not\s+)?)(\w+)(?![\w=>])")  # up to the label that a marked example names


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of which labels. ``renames`` and ``splits`` lead from the old to the new, ``merges`` from the new to the old."""

    renames: tuple[tuple[str, str], ...] = ()
    merges: tuple[tuple[str, tuple[str, ...]], ...] = ()
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    drops: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()

    @property
    def moved(self) -> dict[str, str]:
        """The labels that another takes the place of, without asking anybody."""
        merged = {old: new for new, olds in self.merges for old in olds if old != new}
        return {**dict(self.renames), **merged}

    @property
    def split(self) -> dict[str, tuple[str, ...]]:
        """The labels that a person decides anew, span by span, and among which."""
        return dict(self.splits)

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as ``read_plan`` reads it."""
        return {
            "rename": dict(self.renames),
            "merge": {new: list(olds) for new, olds in self.merges},
            "split": {old: list(news) for old, news in self.splits},
            "drop": list(self.drops),
            "add": list(self.adds),
        }


def read_plan(data: Mapping[str, Any], *, place: str) -> Plan:
    """Read a plan of parsed TOML; raises SchemaError that names what is wrong."""
    unknown = sorted(set(data) - {"rename", "merge", "split", "drop", "add"})
    tables = [data.get(key, {}) for key in ("rename", "merge", "split")]
    lists = [data.get(key, []) for key in ("drop", "add")]
    texts = [*lists, *(list(value) for table in tables[1:] if isinstance(table, Mapping) for value in table.values())]
    shaped = all(isinstance(one, Mapping) for one in tables) and all(isinstance(one, list) for one in lists)
    if unknown or not shaped or not all(isinstance(one, str) for some in texts for one in some):
        what = f"unknown key {unknown[0]!r}" if unknown else "a value of another kind than a plan has"
        raise SchemaError(
            f"{place}: {what}",
            fix='[rename] OLD = "NEW", [merge] NEW = ["A", "B"], [split] OLD = ["A", "B"], and before them drop = […], add = […]',
        )
    rename, merge, split = tables
    return Plan(
        renames=tuple((old, str(new)) for old, new in rename.items()),
        merges=tuple((new, tuple(olds)) for new, olds in merge.items()),
        splits=tuple((old, tuple(news)) for old, news in split.items()),
        drops=tuple(lists[0]),
        adds=tuple(lists[1]),
    )


def check_plan(plan: Plan, data: Mapping[str, Any]) -> None:
    """Refuse a plan that does not fit the schema; raises SchemaError that lists all that is wrong at once."""
    groups = {row["name"]: row.get("group", GROUP) for row in data["labels"]}
    gone = [*plan.moved, *plan.split, *plan.drops]
    used = [*gone, *(new for new, olds in plan.merges if new in olds)]
    wrong = [f"{old!r} is no label of the schema" for old in dict.fromkeys(used) if old not in groups]
    wrong += [f"{old!r} stands in the plan twice" for old in sorted({one for one in used if used.count(one) > 1})]
    wrong += [f"{new!r} is a label already: merge the two" for _, new in plan.renames if new in groups]
    wrong += [f"{new!r} is a label already" for new in plan.adds if new in groups]
    wrong += [f"{old!r} is split into fewer than two" for old, news in plan.splits if len(set(news)) < 2]
    wrong += [f"{old!r} is split into itself" for old, news in plan.splits if old in news]
    wrong += [
        f"{new!r} is merged of fewer than two" for new, olds in plan.merges if len({*olds, new} & set(groups)) < 2
    ]
    for new, olds in plan.merges:
        across = sorted({groups[one] for one in (*olds, new) if one in groups})
        wrong += [f"{new!r} is merged of the groups {', '.join(across)}"] if len(across) > 1 else []
    made = [new for _, new in plan.renames] + [new for new, _ in plan.merges] + list(plan.adds)
    wrong += [f"{new!r} is made twice" for new in sorted({one for one in made if made.count(one) > 1})]
    wrong += [f"{one!r} is made and goes away in one plan" for one in sorted({*made} & {*gone})]
    left = {group for name, group in groups.items() if name not in plan.drops}
    wrong += [f"group {group!r} has no label left" for group in sorted(set(groups.values()) - left)]
    if not (gone or plan.adds):
        wrong.append("the plan changes nothing")
    if wrong:
        raise SchemaError("the plan: " + "; ".join(wrong), fix=_FIX)


def migrated(data: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Give the schema as it is afterwards; the version is raised as the plan asks for."""
    into = _straight(plan) | plan.split
    return _raised(_written(data, plan, into), gone=bool(into))


def pending(data: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Give the schema as it is while people decide what is split: what is split is there still, beside what it is split into."""
    into = _straight(plan)
    into |= {old: (old, *news) for old, news in plan.splits}
    return _raised(_written(data, plan, into), gone=bool(into))


def widened(data: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Give the schema that holds every label, old and new, as Label Studio needs it while annotations are changed."""
    into = {old: (old, new) for old, new in plan.moved.items()} | {old: (old, *news) for old, news in plan.splits}
    return _written(data, plan, into)


def became(plan: Plan, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Give what each label became in a schema that has these labels: while people decide, what is split is there still."""
    return _straight(plan) | {old: (old, *news) if old in labels else news for old, news in plan.splits}


def _straight(plan: Plan) -> dict[str, tuple[str, ...]]:
    moved: dict[str, tuple[str, ...]] = {old: (new,) for old, new in plan.moved.items()}
    return moved | dict.fromkeys(plan.drops, ())


def _written(data: Mapping[str, Any], plan: Plan, into: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    made = copy.deepcopy(dict(data))
    made["labels"] = _labels(made, plan, into)
    for key, fields in (("relations", ("heads", "tails")), ("attributes", ("labels",))):
        for row in made.get(key, []):
            for name in fields:
                if row.get(name):
                    row[name] = _all_of(row[name], into, f"{key} {row['name']}.{name}")
    checks = [_check(row, into) for row in made.get("checks", [])]
    made |= {"checks": [row for row in checks if row]} if checks else {}
    suggest = made.get("suggest", {})
    made |= (
        {"suggest": {rule: _one_of(label, into) for rule, label in suggest.items() if _one_of(label, into)}}
        if suggest
        else {}
    )
    if "claims" in made:
        made["claims"] = {
            key: (_one_of(value, into) or value) if key in {"claim", "content"} else value
            for key, value in made["claims"].items()
        }
    for target, table in made.get("maps", {}).items():
        made["maps"][target] = _mapped(table, into)
    return made


def _mapped(table: Mapping[str, str], into: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give what labels are called elsewhere: one that was merged of several, all that any of them was called."""
    made: dict[str, list[str]] = {}
    for ours, theirs in table.items():
        for new in into.get(ours, (ours,)):
            made.setdefault(new, []).extend(one.strip() for one in theirs.split(";"))
    return {new: "; ".join(dict.fromkeys(filter(None, parts))) for new, parts in made.items()}


def _check(row: Mapping[str, Any], into: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give a check of what it is then about; none where all the labels that it names are gone."""
    made = dict(row)
    for name in ("labels", "others"):
        if row.get(name):
            made[name] = list(dict.fromkeys(new for old in row[name] for new in into.get(old, (old,))))
            if not made[name]:
                return {}
    return made


def guidelines_after(text: str, plan: Plan, labels: Sequence[str]) -> str:
    """Give guidelines whose marked examples name what each label became; ``labels`` are those that there are then.

    What stood under a label that is split now stands under the first of its parts, for a person to read again. A paragraph or item
    with an example of a dropped label goes.
    """
    into = _straight(plan) | {old: news for old, news in plan.splits if old not in labels}
    gone: set[int] = set()
    for one in examples(text):
        if any(into.get(mark.label) == () for mark in one.marks):
            gone |= set(range(one.line, one.line + one.source.count("\n") + 1))
    kept = (line for number, line in enumerate(text.splitlines(keepends=True), start=1) if number not in gone)

    def put(found: re.Match[str]) -> str:
        now = into.get(found[2], (found[2],))
        return found[1] + (now[0] if now else found[2])  # a dropped label in a block of code is no example

    return _MARK.sub(put, "".join(kept))


def _labels(data: Mapping[str, Any], plan: Plan, into: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    rows = {row["name"]: row for row in data["labels"]}
    keys = free_keys(_taken(data))
    made: dict[str, dict[str, Any]] = {}
    for old, row in rows.items():
        for new in into.get(old, (old,)):
            if new in made:
                continue
            if new in rows:
                made[new] = rows[new]
            elif len(into[old]) == 1:
                made[new] = {**row, "name": new}
            else:
                fresh = new_label(new, key=next(keys, ""), place=len(rows) + len(made))
                made[new] = {**row, **fresh, "definition": f"{new}: {row['definition']}"}
    for new in plan.adds:
        made[new] = new_label(new, key=next(keys, ""), place=len(rows) + len(made))
    return list(made.values())


def _taken(data: Mapping[str, Any]) -> list[str]:
    said = [*data.get("attributes", []), *data.get("categories", [])]
    rows = [*data["labels"], *(choice for one in said for choice in one.get("choices", []))]
    return [row.get("hotkey", "") for row in rows]


def _all_of(names: Sequence[str], into: Mapping[str, Sequence[str]], place: str) -> list[str]:
    made = list(dict.fromkeys(new for name in names for new in into.get(name, (name,))))
    if not made:
        raise SchemaError(
            f"{place} would have no label left, which means any",
            fix="first take it out of schema.toml, or give it another label",
        )
    return made


def _one_of(name: str, into: Mapping[str, Sequence[str]]) -> str:
    """Give the label that takes the place of one; none where several could."""
    found = into.get(name, (name,))
    return name if name in found else found[0] if len(found) == 1 else ""


def _raised(data: dict[str, Any], *, gone: bool) -> dict[str, Any]:
    """Raise the version: a label that is gone or means something else is a new first number, one more a new second."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", data["version"])
    if match is None:
        raise SchemaError(f"version {data['version']!r} cannot be raised", fix="three numbers, such as 1.0.0")
    major, minor = int(match[1]), int(match[2])
    return data | {"version": f"{major + 1}.0.0" if gone else f"{major}.{minor + 1}.0"}


def label_of(region: Region) -> str:
    """Give the label of a region; empty for a relation, for what is said of a region, and for what has several."""
    labels = region.get("value", {}).get("labels") if region.get("type") == "labels" else None
    return labels[0] if isinstance(labels, list) and len(labels) == 1 and isinstance(labels[0], str) else ""


def _id(region: Region) -> str:
    """Give a region's id; empty where a program that imported it gave none, which Label Studio lets through."""
    return str(region.get("id", ""))


def relabelled(result: Sequence[Region], relabel: Relabel) -> tuple[list[Region], dict[str, tuple[str, str]]]:
    """Give the regions under the labels that they are to have, and by region what changed: the old label and the new one.

    With a region that is taken out goes what was said of it, and the relations that it is an end of.
    """
    made, changed = [], {}
    for region in result:
        old = label_of(region)
        new = relabel(region) if old else None
        if new is None or new == old:
            made.append(region)
            continue
        changed[_id(region)] = (old, new)
        if new:
            made.append({**region, "value": {**region["value"], "labels": [new]}})
    out = taken_out(changed)
    return [region for region in made if not belongs_to(region, out)], changed


def taken_out(changed: Mapping[str, tuple[str, str]]) -> frozenset[str]:
    """Give the regions that are taken out by a change."""
    return frozenset(region for region, (_, new) in changed.items() if region and not new)


def belongs_to(item: Region, regions: frozenset[str]) -> bool:
    """Say whether an item of a result is one of these regions, says something of one, or joins one to another."""
    if item.get("type") == "relation":
        return not regions.isdisjoint((str(item.get("from_id")), str(item.get("to_id"))))
    return _id(item) in regions


def forwards(plan: Plan, decided: Mapping[tuple[Any, ...], str], task_id: int, *, guessed: bool = False) -> Relabel:
    """Give what the regions of a task become; ``decided`` says it of what is split, by task, start, end and old label.

    What a person marked and nobody has decided, or what is dropped, stays as it is; where it was ``guessed`` it is taken out.
    """
    otherwise = "" if guessed else None

    def relabel(region: Region) -> str | None:
        old = label_of(region)
        if old in plan.split:
            return decided.get(place_of(task_id, region), otherwise)
        return otherwise if old in plan.drops else plan.moved.get(old)

    return relabel


def backwards(plan: Plan, changed: Mapping[str, tuple[str, str]], known: Sequence[str]) -> Relabel:
    """Give what the regions of one annotation become when a plan is taken back.

    ``changed`` is what was changed in it, ``known`` are the labels of the schema before. What was marked since, under a label that
    the schema before has not, gets the label that it was made of first.
    """
    origin: dict[str, str] = {}
    for old, new in [*plan.moved.items(), *((old, new) for old, news in plan.splits for new in news)]:
        if new not in known:
            origin.setdefault(new, old)

    def relabel(region: Region) -> str | None:
        old, new = changed.get(_id(region), ("", ""))
        return old if old and new == label_of(region) else origin.get(label_of(region))

    return relabel


def place_of(task_id: int, region: Region) -> tuple[Any, ...]:
    """Give what a person is asked about once: the same words of one task under one label, whoever marked them."""
    return task_id, region["value"].get("start"), region["value"].get("end"), label_of(region)
