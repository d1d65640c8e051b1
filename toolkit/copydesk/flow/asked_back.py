"""What adjudicators decided, what validation found, and gold go in; whose work on which task is to go back, and why, comes out.

Nothing is asked back twice for the same cause: what was given back before is known from the table ``returns``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from copydesk.agreement.adjudication import contest_of
from copydesk.agreement.people import failed_reads, work_of
from copydesk.errors import UnknownError, UsageError
from copydesk.flow.whole_words import on_whole_words
from copydesk.workspace import Workspace

GOLD = "gold"  # the cause of a return
PLEASE = "Please look at this again"
CHECK = "Please go through this again: every mark, where it begins and ends, and its label, and what may be missing"
MADE_BY_ONE = ("spans", "relations", "categories")

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AskedBack:
    """A task (or a document, and a place in its text) that is to go back to a person, what they are told, and about which words.

    ``causes`` are ids of conflicts, findings such as ``S14 3:9 GPE``, or ``gold``; none where a person asked.
    """

    target: str
    annotator: str
    remark: str
    words: tuple[str, ...] = ()
    at: int | None = None
    causes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a report calls it."""
        return f"{', '.join(self.causes)} of {self.annotator} in {self.target}"


def together(asked: Sequence[AskedBack]) -> AskedBack:
    """Make one of several that are about one task: what they say alike is said once, of all their words."""
    words: dict[str, dict[str, None]] = {}
    for one in asked:
        words.setdefault(one.remark, {}).update(dict.fromkeys(one.words))
    said = [
        ": ".join(filter(None, [remark, ", ".join(f"\u201c{word}\u201d" for word in about)]))
        for remark, about in words.items()
    ]
    causes = dict.fromkeys(cause for one in asked for cause in one.causes)
    return replace(asked[0], remark=checked("; ".join(said)), words=(), causes=tuple(causes))


def checked(remark: str) -> str:
    """Give a remark in one line; raises UsageError where it is empty."""
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in remark).split())
    if not said:
        raise UsageError("the remark is empty", fix="say with --remark what is to be looked at again")
    return said


def by_adjudicators(workspace: Workspace, returns: Sequence[_Row]) -> Iterator[AskedBack]:
    """Give the decisions that ask for a return which was not begun, each with whom it goes to."""
    part = workspace.agreed.part()
    wanted = part.receipt["standing"].get("sent-back", []) if part else []
    decisions = workspace.decisions.read("decisions").to_pylist()
    latest = {row["conflict_id"]: row for row in decisions}
    answers: dict[str, set[tuple[str, int]]] = {}  # of adjudicators that ask for a return, each once
    for row in decisions:
        if row["outcome"] == "send_back":
            answers.setdefault(row["conflict_id"], set()).add((row["project"], row["annotation_id"]))
    contests = {row["dispute_id"]: contest_of(row) for row in workspace.agreed.read("disputes").to_pylist()}
    for conflict_id in sorted(set(wanted)):
        decision = latest[conflict_id]
        had = [row["annotator"] for row in returns if conflict_id in row["causes"]]
        contest = contests.get(decision["dispute_id"])
        if contest is None or len(had) >= len(answers[conflict_id]):
            continue
        votes = {one: min(len(held) for held in contest.held.values() if one in held) for one in _holders(contest.held)}
        yield AskedBack(
            target=decision["doc_id"],
            annotator=min(votes, key=lambda one: (had.count(one), votes[one], one)),
            remark=decision["note"] or PLEASE,
            words=(" / ".join(dict.fromkeys(row["surface"] for row in decision["readings"])),),
            at=decision["readings"][0]["start"],
            causes=(conflict_id,),
        )


def by_findings(workspace: Workspace, returns: Sequence[_Row], *, codes: Sequence[str]) -> Iterator[AskedBack]:
    """Give what the last validation found of the expectations with these codes, row by row, with the finding's words.

    A row that is not among the labels any more was corrected since. Raises UnknownError for a code of which nothing was found,
    UsageError for a finding that is not about labels of a single person.
    """
    found = workspace.findings.read("findings").to_pylist()
    of_people = [row for row in found if row["table"] in MADE_BY_ONE]
    known = sorted(map(_code, found))
    for code in set(codes) - set(map(_code, of_people)):
        if code not in known:
            others = f"it found {', '.join(known)}" if known else "it found nothing, or there was none"
            raise UnknownError(f"the last validation has no finding {code}: {others}", fix="copydesk validate")
        raise UsageError(
            f"finding {code} is about a table whose rows are no single person's labels", fix="do what the finding says"
        )
    before = {(row["doc_id"], row["annotator"], cause) for row in returns for cause in row["causes"]}
    failing: dict[tuple[str, str], set[str]] = {}
    for row in workspace.findings.read("failing_rows", columns=["suite", "expectation", "row_id"]).to_pylist():
        failing.setdefault((row["suite"], row["expectation"]), set()).add(row["row_id"])
    for finding in of_people:
        code = _code(finding)
        if code not in codes:
            continue
        said = finding["message"].partition(f": {finding['rows']:,} of ")[0].removeprefix("Rows of ")
        remark = said[:1].upper() + said[1:]
        for one in _labels(workspace, finding["table"], failing.get((finding["suite"], finding["expectation"]), ())):
            cause = f"{code} {one.place}"
            if (one.doc_id, one.annotator, cause) not in before:
                yield AskedBack(one.doc_id, one.annotator, remark, (one.words,), one.start, (cause,))


def _code(finding: _Row) -> str:
    code, _, _ = finding["expectation"].partition(" ")
    return str(code)


def by_gold(workspace: Workspace, returns: Sequence[_Row], *, min_f1: float, remark: str) -> Iterator[AskedBack]:
    """Give the gold that somebody read with an F1 under ``min_f1``; what it says is the same for all, and tells no answer."""
    remark = checked(remark or CHECK)
    gold, gold_spans = workspace.gold.read("gold"), workspace.gold.read("gold_spans")
    gold = gold.filter(pc.is_null(gold["retired_at"]))
    reads, (spans, _) = workspace.labels.read("reads"), on_whole_words(workspace, workspace.labels.read("spans"))
    work = work_of(reads=reads, spans=spans, labels=gold_spans["label"].unique().to_pylist())
    before = {(row["doc_id"], row["annotator"]) for row in returns if GOLD in row["causes"]}
    for doc_id, annotator in failed_reads(work, gold=gold, gold_spans=gold_spans, min_f1=min_f1):
        if (doc_id, annotator) not in before:
            yield AskedBack(doc_id, annotator, remark, causes=(GOLD,))


@dataclass(frozen=True, slots=True)
class _Label:
    """Something that one person said: where, and in which words."""

    doc_id: str
    annotator: str
    place: str
    words: str
    start: int | None = None  # empty for what is said of the whole document


def _labels(workspace: Workspace, table: str, wanted: Collection[str]) -> list[_Label]:
    """Give the labels that a finding names and that are still there."""
    rows = workspace.labels.read(table).to_pylist()
    if table == "categories":
        return [
            _Label(row["doc_id"], row["annotator"], f"{row['name']}={row['value']}", row["value"])
            for row in rows
            if f"{row['annotation_id']}#{row['name']}#{row['value']}" in wanted
        ]
    if table == "spans":
        return [_label(row) for row in rows if row["span_id"] in wanted]
    spans = {row["span_id"]: _label(row) for row in workspace.labels.read("spans").to_pylist()}
    found = []
    for row in rows:
        if row["relation_id"] in wanted:
            head, tail = spans[row["head_span_id"]], spans[row["tail_span_id"]]
            said = [f" {row['label']} ".join(pair) for pair in ((head.place, tail.place), (head.words, tail.words))]
            found.append(replace(head, place=said[0], words=said[1]))
    return found


def _label(span: Mapping[str, Any]) -> _Label:
    place = f"{span['start']}:{span['end']} {span['label']}"
    return _Label(span["doc_id"], span["annotator"], place, span["surface"], span["start"])


def _holders(held: Mapping[Any, frozenset[str]]) -> set[str]:
    return set().union(*held.values())
