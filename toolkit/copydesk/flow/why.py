"""A label's identity goes in, its chain comes out: raw bytes, edits, document, suggestion, each vote, decision, releases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from copydesk.datasets.events import known_version
from copydesk.datasets.load import home_of
from copydesk.errors import UnknownError
from copydesk.flow.chain import article_told, decision_told, document_told, edits_about, place_in_article
from copydesk.flow.evidence import Evidence, Row, in_version, in_workspace
from copydesk.flow.released import Held, held_by, releases
from copydesk.flow.sending import last_sent
from copydesk.flow.voted import votes
from copydesk.workspace import Workspace

_OPTIONS = {"A": "A", "B": "B", "both": "AB"}


def why(workspace: Workspace, identity: str, *, name: str = "", version: str = "") -> dict[str, Any]:
    """Tell where a span or relation came from, in ``steps`` in their order, each with ``facts`` and with ``lines`` for people.

    It is looked for among the agreed labels, then in the published versions, the newest first; with ``name`` and ``version`` in
    that version alone, and with ``name`` in those of one dataset. Raises UnknownError where it is nowhere.
    """
    held = held_by(workspace.datasets, identity)
    found = _found(workspace, identity, held, name=name, version=version)
    mine = [one for one in held if one.release.manifest["schema"]["name"] == found.schema]
    steps: Mapping[str, Callable[[], tuple[Row, list[str]]]] = {
        "article": lambda: _article(found),
        "edits": lambda: _edits(found),
        "document": lambda: _document(found),
        "suggestion": lambda: _suggestion(workspace, found),
        "votes": lambda: votes(found),
        "decision": lambda: _decision(found),
        "releases": lambda: releases(workspace.datasets, identity, mine),
    }
    told = {step: make() for step, make in steps.items()}
    return {
        "id": identity,
        "kind": found.kind,
        "found_in": found.where,
        "schema": found.schema,
        "label": found.label,
        "ends": [{key: end[key] for key in ("span_id", "start", "end", "surface", "label")} for end in found.ends],
        "steps": [{"step": step, "facts": facts, "lines": lines} for step, (facts, lines) in told.items()],
    }


def _found(workspace: Workspace, identity: str, held: list[Held], *, name: str, version: str) -> Evidence:
    """Find the label; raises UnknownError, saying where it was looked for, where it is not there."""
    if name:
        home = home_of(name, folder=workspace.datasets)
        number = str(known_version(home, version)) if version else ""
        held = [one for one in held if one.release.path.parent == home and number in ("", str(one.release.version))]
    else:
        for schema in workspace.schemas:
            there = in_workspace(workspace.under(schema), identity)
            if there:
                return there
    for one in reversed(held):
        there = in_version(workspace, one.release, identity)
        if there:
            return there
    where = f"{name} {version}".strip() if name else "the agreed labels or any published version"
    raise UnknownError(
        f"there is no span or relation {identity!r} in {where}",
        fix="copydesk show DOC_ID --json lists the labels of a document with their ids",
    )


def _article(found: Evidence) -> tuple[Row, list[str]]:
    article = {key: value for key, value in found.article.items() if key != "raw"}
    facts = {**article, "source": found.document["source"], "raw_sha256": found.document["raw_sha256"]}
    when = facts["retrieved_at"]
    come = f", retrieved {when:%Y-%m-%d %H:%M} UTC" if when else ""
    kind = f"{facts['format'] or 'unknown format'}, {facts['encoding'] or 'unknown encoding'}"
    return facts, [f"{facts['source']}: {facts['bytes']:,} bytes ({kind}), sha256 {facts['raw_sha256']}{come}"]


def _edits(found: Evidence) -> tuple[Row, list[str]]:
    """Say what was done to the article before and in the label, and where its characters stand there."""
    if found.edits is None:
        return {"known": False}, ["the ingest log does not have this text, and a version does not hold edits"]
    raw = found.article.get("raw")
    text = raw.decode(found.article["encoding"]) if raw is not None else None
    facts, lines = [], []
    for end in found.ends:
        before, within = edits_about(end["start"], end["end"], found.edits)
        start, stop = place_in_article(end["start"], end["end"], found.edits)
        rules = dict(Counter(edit["rule"] for edit in before))
        there = text[start:stop] if text is not None else None
        changed = [{key: edit[key] for key in ("start", "end", "removed", "inserted", "rule")} for edit in within]
        facts.append({"start": start, "end": stop, "article": there, "before": rules, "within": changed})
        counted = ", ".join(f"{count} {rule}" for rule, count in rules.items())
        lines += [
            article_told(found.document, (start, stop)) + (f": {there!r}" if there is not None else ""),
            f"{len(before)} edits before it: {counted}" if before else "no edit before it",
            *(f"within it: {one['rule']}, {one['removed']!r} became {one['inserted']!r}" for one in changed),
        ]
    return {"known": True, "ends": facts}, lines


def _document(found: Evidence) -> tuple[Row, list[str]]:
    names = ("doc_id", "revision", "text_sha256", "recipe", "title", "licence")
    places = ", ".join(f"{end['label']} {end['surface']!r} [{end['start']}:{end['end']}]" for end in found.ends)
    facts = {name: found.document[name] for name in names}
    return facts, [f"{facts['doc_id']}: {document_told(found.document)}", places]


def _suggestion(workspace: Workspace, found: Evidence) -> tuple[Row, list[str]]:
    """Say what was suggested there when the document was sent last; what became of it is told with each vote."""
    if not found.in_workspace:
        return {"known": False}, ["a version does not hold suggestions; the votes say which labels were suggested"]
    seen = next(one for one in map(workspace.under, workspace.schemas) if one.schema().name == found.schema)
    text = found.document["doc_id"], found.document["text_sha256"]
    last = last_sent(seen, {text})
    if text not in last:
        return {"known": False}, ["what was suggested when the document was sent is not known"]
    sent, suggested = last[text]
    when = f"{sent['sent_at']:%Y-%m-%d %H:%M} UTC"
    facts = [
        {
            **{key: row[key] for key in ("start", "end", "surface", "label", "rule", "score", "by")},
            "same": _is_same(row, end),
        }
        for end in found.ends
        for row in (() if sent["bare"] else suggested)
        if row["start"] < end["end"] and end["start"] < row["end"]
    ]
    lines = [
        f"{'suggested' if one['same'] else 'suggested otherwise'}: {one['label']} {one['surface']!r} "
        f"[{one['start']}:{one['end']}], score {one['score']:.2f}, rule {one['rule']}, by {', '.join(one['by']) or 'annotators'}"
        for one in facts
    ]
    bare = "it was sent without suggestions" if sent["bare"] else "nothing was suggested here"
    facts_of = {"known": True, "sent_at": sent["sent_at"], "bare": sent["bare"], "suggestions": facts}
    return facts_of, [f"sent {when}", *(lines or [bare])]


def _is_same(row: Row, end: Row) -> bool:
    return all(row[key] == end[key] for key in ("start", "end", "label"))


def _decision(found: Evidence) -> tuple[Row, list[str]]:
    label = found.label
    names = ("decided", "method", "votes", "readers", "posterior")
    sure = f", posterior {label['posterior']:.3f}" if label["posterior"] is not None else ""
    lines = [f"{decision_told(label)}, by {label['method']}{sure}"]
    decisions = [_adjudicated(row, found) for row in found.decisions if _is_about(row, found)]
    lines += [one["line"] for one in decisions]
    wholes = [{key: row[key] for key in ("question_id", "by", "at", "guideline_version")} for row in found.wholes]
    lines += [f"{one['by']} decided the whole document on {one['at']:%Y-%m-%d %H:%M} UTC" for one in wholes]
    return {**{name: label[name] for name in names}, "adjudication": decisions, "of_document": wholes}, lines


def _is_about(decision: Row, found: Evidence) -> bool:
    """Whether one of the readings that were shown is the label; on an older text it is told by its words."""
    return any(_is_reading(one, decision["revision"], found) for one in decision["readings"])


def _is_reading(reading: Row, revision: int, found: Evidence) -> bool:
    keys = ("start", "end") if revision == found.label["revision"] else ("surface",)
    head, tail = found.ends[0], found.ends[-1]
    ends = all(reading[key] == head[key] for key in keys)
    if found.kind == "relation":
        ends = ends and all(reading[f"tail_{key}"] == tail[key] for key in keys)
    return (
        ends and reading["label"] == found.label["label"] and (reading["tail_start"] is None) == (found.kind == "span")
    )


def _adjudicated(row: Row, found: Evidence) -> Row:
    names = ("conflict_id", "dispute_id", "outcome", "by", "at", "cause", "note", "guideline_version", "readings")
    shown = [one for one in row["readings"] if one["option"] in _OPTIONS.get(row["outcome"], "") and one["option"]]
    chosen = any(_is_reading(one, row["revision"], found) for one in shown)
    because = "".join(f", {key} {row[key]!r}" for key in ("cause", "note") if row[key])
    what = "chose it" if chosen else f"decided {row['outcome']}, which is not this one"
    line = f"{row['by']} {what} in {row['conflict_id']} on {row['at']:%Y-%m-%d %H:%M} UTC{because}"
    return {**{name: row[name] for name in names}, "chosen": chosen, "line": line}
