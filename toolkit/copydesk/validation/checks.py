"""The checks of a labelling schema go in, expectations come out; and the rules behind them: a table in, the rows that fail out.

Each check is an expectation of its own in the suite ``schema``, which has no file: what it says stands in ``schema.toml``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from copydesk.validation.failing import Failing, short
from copydesk.validation.lookup import MISSING, TEXT_KEY, Lookup

SUITE = "schema"
TABLES = {
    "spans": "agreed_spans",
    "relations": "agreed_relations",
    "events": "events",
    "arguments": "arguments",
    "claims": "claims",
    "categories": "reads",
}
_TYPE = "expect_check_to_hold"
_UNREAD = frozenset({"text_sha256", "annotators", "annotation_ids", "created_at", "updated_at"})
_SEVERITIES = {"error": "critical", "warning": "warning"}

_KINDS: Mapping[str, Callable[[str], Any]] = {"number": float, "date": date.fromisoformat}

_Row = Mapping[str, Any]
_Faults = Iterator[tuple[int, str]]


def suite_rows(checks: Sequence[_Row]) -> list[dict[str, Any]]:
    """Give the expectations of these checks (as ``Check.as_json`` gives them), in the form of a suite's file."""
    return [
        {
            "type": _TYPE,
            "kwargs": {"check": {key: check[key] for key in ("rule", "asks")}},
            "severity": _SEVERITIES[check["severity"]],
            "description": check["say"],
            "meta": {
                "code": check["name"],
                "table": TABLES[check["on"]],
                "say": f"{_escaped(check['say'])} Not so in {{rows}} of {{of}} rows ({{examples}}).",
            },
        }
        for check in checks
    ]


def check_holds(lookup: Lookup, table: str, *, check: Mapping[str, Any]) -> Failing:
    """A row fails where the check does not hold of it; rows that the check does not speak of are passed over."""
    rows = lookup.table(table)
    rows = rows.select([name for name in rows.column_names if name not in _UNREAD]).to_pylist()
    asks = check["asks"]
    chosen = [(number, row) for number, row in enumerate(rows) if _is_meant(row, asks, check["rule"])]
    faults = dict(_RULES[check["rule"]](lookup, chosen, asks))
    return Failing(np.array(sorted(faults), dtype=np.int64), lambda row: faults[row])


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _is_meant(row: _Row, asks: _Row, rule: str) -> bool:
    if rule not in {"role", "apart"} and "labels" in asks and row["label"] not in asks["labels"]:
        return False
    return all(value in _values(row, name) for name, value in asks.get("when", ()))


def _values(row: _Row, name: str) -> list[str]:
    return [one["value"] for one in row["attributes"] if one["name"] == name]


def _argument(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    arguments = lookup.table("arguments").select(["event_id", "role"]).to_pylist()
    there = {row["event_id"] for row in arguments if row["role"] in asks["roles"]}
    for number, row in rows:
        if row["event_id"] not in there:
            yield number, f"{row['label']} {short(row['surface'])} has no {' or '.join(asks['roles'])}"


def _role(_: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    for number, row in rows:
        if row["role"] in asks["roles"] and row["label"] not in asks["labels"]:
            yield number, f"{row['role']} is {row['label']} {short(row['surface'])}"


def _filled(_: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    for number, row in rows:
        empty = [name for name in asks["columns"] if not row[name]]
        if empty:
            yield number, f"{short(row['surface'])} has no {', '.join(empty)}"


def _attribute(_: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    name = asks["attribute"]
    for number, row in rows:
        values = _values(row, name)
        if not values and asks.get("required"):
            yield number, f"{row.get('label', 'claim')} {short(row['surface'])} has no {name}"
        odd = next((value for value in values if not _is_allowed(value, asks)), None)
        if odd is not None:
            yield number, f"{name} {short(odd)}"


def _is_allowed(value: str, asks: _Row) -> bool:
    if "one_of" in asks and value not in asks["one_of"]:
        return False
    read = _KINDS.get(asks.get("kind", ""))
    if read is None:
        return True
    try:
        parsed = read(value)
        least, most = (read(str(asks[key])) if key in asks else parsed for key in ("least", "most"))
    except ValueError:
        return False
    return bool(least <= parsed <= most)


def _said(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    said = lookup.table("categories").select(["annotation_id", "name"]).to_pylist()
    there = {row["annotation_id"] for row in said if row["name"] == asks["category"]}
    for number, row in rows:
        if row["annotation_id"] not in there:
            yield number, f"{row['annotator']} did not say the {asks['category']} of {row['doc_id']}"


def _joined(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    relations = [row for row in lookup.table("agreed_relations").to_pylist() if row["label"] in asks["relations"]]
    ends = {row[end] for row in relations for end in ("head_span_id", "tail_span_id")}
    for number, row in rows:
        if row["span_id"] not in ends:
            yield number, f"{row['label']} {short(row['surface'])} is joined to nothing"


def _apart(_: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    """Sweep the spans of each document in their order; of two that overlap, the one with a label of ``labels`` fails."""
    others = frozenset(asks["others"]) if "others" in asks else None
    opened: list[tuple[int, _Row]] = []
    for number, row in sorted(rows, key=lambda one: (one[1]["doc_id"], one[1]["start"], -one[1]["end"], one[0])):
        opened = [one for one in opened if one[1]["doc_id"] == row["doc_id"] and row["start"] < one[1]["end"]]
        for other in opened:
            for (at, mine), (__, theirs) in (((number, row), other), (other, (number, row))):
                if mine["label"] in asks["labels"] and (others is None or theirs["label"] in others):
                    yield (
                        at,
                        f"{mine['label']} {short(mine['surface'])} overlaps {theirs['label']} {short(theirs['surface'])}",
                    )
        opened.append((number, row))


def _beside(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    pattern = re.compile(asks["pattern"])
    parents = lookup.parents("agreed_spans", TEXT_KEY, reference="documents")
    for number, row in rows:
        text = lookup.texts[parents[number]] or "" if parents[number] != MISSING else ""
        before, after = text[max(row["start"] - 2, 0) : row["start"]], text[row["end"] : row["end"] + 2]
        if not (pattern.search(before) or pattern.search(after)):
            yield number, f"{short(row['surface'])} stands between {short(before)} and {short(after)}"


def _ends(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> Iterator[tuple[int, _Row, _Row, _Row]]:
    spans = {row["span_id"]: row for row in lookup.table("agreed_spans").to_pylist()}
    for number, row in rows:
        head, tail = spans.get(row["head_span_id"]), spans.get(row["tail_span_id"])
        if row["label"] in asks["relations"] and head and tail:
            yield number, row, head, tail


def _alike(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    for number, row, head, tail in _ends(lookup, rows, asks):
        one, other = (_of(end, asks["of"]) for end in (head, tail))
        if one and other and one != other:
            yield number, f"{row['label']} joins {short(head['surface'])}, {one}, to {short(tail['surface'])}, {other}"


def _unlike(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    for number, row, head, tail in _ends(lookup, rows, asks):
        one, other = (_of(end, asks["of"]) for end in (head, tail))
        if one and one == other:
            yield number, f"{row['label']} joins two of {asks['of']} {short(one)}"


def _of(span: _Row, name: str) -> str:
    """Give the label or the surface of a span, or what is said of it; empty where nothing is."""
    return str(span[name]) if name in {"label", "surface"} else ", ".join(_values(span, name))


def _single(lookup: Lookup, rows: Sequence[tuple[int, _Row]], asks: _Row) -> _Faults:
    joined = list(_ends(lookup, rows, asks))
    counts = Counter((row["label"], row[f"{asks['end']}_span_id"]) for _, row, _, _ in joined)
    for number, row, head, tail in joined:
        times = counts[row["label"], row[f"{asks['end']}_span_id"]]
        if times > 1:
            end = head if asks["end"] == "head" else tail
            yield number, f"{short(end['surface'])} has {times} {row['label']}"


_RULES: Mapping[str, Callable[[Lookup, Sequence[tuple[int, _Row]], _Row], _Faults]] = {
    "argument": _argument,
    "role": _role,
    "filled": _filled,
    "attribute": _attribute,
    "said": _said,
    "joined": _joined,
    "apart": _apart,
    "beside": _beside,
    "alike": _alike,
    "unlike": _unlike,
    "single": _single,
}
