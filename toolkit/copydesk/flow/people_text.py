"""The facts about one person in, the account of them that people read out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
_WEAKEST = 3


def account_of(name: str, rows: Sequence[Row]) -> Iterator[str]:
    """Give the account of one person, a line for each kind of fact; what is not defined says why."""
    by_measure: dict[str, list[Row]] = {}
    for row in rows:
        by_measure.setdefault(row["measure"], []).append(row)
    overall = {measure: row for measure, own in by_measure.items() for row in own if row["label"] == "all"}
    yield f"{name}: {_work(overall)}"
    if "lead_time_median" not in overall:
        return  # somebody who skipped all
    if "f1_others" not in overall:
        yield "  their work was carried over from older texts, of which they have not read what is new: it is not compared"
        return
    yield f"  pace: {_pace(overall)}"
    for against in ("others", "agreed", "gold"):
        yield f"  F1 against {against}: {_figure(overall[f'f1_{against}'])}"
    if weak := _weak_labels(by_measure):
        yield f"  weakest labels: {weak}"
    confused = sorted(by_measure.get("confusion", ()), key=lambda row: (-row["n"], row["label"]))[:3]
    if confused:
        yield "  takes for another label: " + ", ".join(f"{row['label']} ({row['n']} times)" for row in confused)
    yield f"  boundaries: {_boundaries(overall)}"
    yield f"  drift: {_drift(overall['drift'])}"
    yield f"  with themselves: {_figure(overall['f1_self'])}"
    yield f"  suggestions: {_suggestions(overall)}"
    yield f"  guesses: {_guesses(overall['spam'])}"


def _work(overall: Mapping[str, Row]) -> str:
    documents, skipped = overall["documents"], overall["skipped"]
    if "spans" not in overall:
        return str(documents["note"])
    parts = [f"{documents['n']:,} documents", f"{overall['spans']['value']:,.0f} spans"]
    parts.append(f"{_percent(overall['read_empty'])} read but empty")
    left = round(skipped["value"] * skipped["n"])
    return ", ".join([*parts, f"{left:,} skipped"])


def _pace(overall: Mapping[str, Row]) -> str:
    median, late, fast = (overall[name] for name in ("lead_time_median", "lead_time_p95", "read_too_fast"))
    if median["value"] is None:
        return str(median["note"])
    return f"median {_time(median['value'])}, 95th percentile {_time(late['value'])}; {_percent(fast)} done faster than they can be read"


def _weak_labels(by_measure: Mapping[str, list[Row]]) -> str:
    """Name the labels with the lowest precision or recall against others."""
    recall = {row["label"]: row for row in by_measure["recall_others"]}
    pairs = [(row, recall[row["label"]]) for row in by_measure["precision_others"] if row["label"] != "all"]
    known = [(one, other) for one, other in pairs if one["value"] is not None and other["value"] is not None]
    known.sort(key=lambda pair: (min(pair[0]["value"], pair[1]["value"]), pair[0]["label"]))
    told = [
        f"{one['label']} (precision {one['value']:.2f}, recall {other['value']:.2f}, n = {one['n']})"
        for one, other in known[:_WEAKEST]
    ]
    return ", ".join(told)


def _boundaries(overall: Mapping[str, Row]) -> str:
    names = {"early_start": "start early", "late_start": "start late", "early_end": "end early", "late_end": "end late"}
    if overall["early_start"]["value"] is None:
        return str(overall["early_start"]["note"])
    told = [f"{_percent(overall[name])} {said}" for name, said in names.items()]
    told += [f"{_percent(overall[name])} {name}" for name in ("fused", "split") if overall[name]["value"] is not None]
    slipped = ""
    if "cut_words" in overall:
        slipped = f"; {_percent(overall['cut_words'])} cut a word, {_percent(overall['edge_space'])} had white space at an edge"
    return ", ".join(told) + f" (n = {overall['early_start']['n']:,}){slipped}"


def _drift(row: Row) -> str:
    if row["value"] is None:
        return str(row["note"])
    ends = f" ({row['low']:+.3f} to {row['high']:+.3f})" if row["low"] is not None else ""
    return f"{row['note']}, {row['value']:+.3f} F1 for each 50 documents{ends}"


def _suggestions(overall: Mapping[str, Row]) -> str:
    kept, wrong, unread = (overall[f"suggestions_{name}"] for name in ("kept", "wrong", "unread"))
    if not kept["value"]:
        return str(kept["note"] or wrong["note"])
    told = f"{_percent(kept)} of the spans are suggestions kept as they were"
    told += (
        f", {_percent(wrong)} of these wrong"
        if wrong["value"] is not None
        else f" (how many are wrong: {wrong['note']})"
    )
    if unread["value"] is None:
        return f"{told}; whether they were read: {unread['note']}"
    return f"{told}, {_percent(unread)} in documents done faster than they can be read"


def _guesses(row: Row) -> str:
    return (
        str(row["note"])
        if row["value"] is None
        else f"{_percent(row)} of their answers, as the model MACE has it (n = {row['n']:,})"
    )


def _figure(row: Row) -> str:
    if row["value"] is None:
        return f"not defined, {row['note']}"
    ends = f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else ""
    note = f"; {row['note']}" if row["note"] else ""
    return f"{row['value']:.3f}{ends}, n = {row['n']:,}{note}"


def _percent(row: Row) -> str:
    return f"{100 * row['value']:.0f} %" if row["value"] is not None else "an unknown share"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
