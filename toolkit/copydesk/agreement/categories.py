"""What annotators said of whole documents in; what holds of it, and the rest as disputes, out.

A value is a candidate as a span is, and ``settle`` decides. Of a category that has one value two that hold are a dispute; where several
may be chosen each is decided by itself. What a model knows of such values ``class_ds`` tells: of a choice and of a rating which
one is right, or none; of several choices whether each is. Where it has not enough labels, and of texts, dates and numbers, votes decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.agreement.agreed import how, table_of
from copydesk.agreement.columns import Bools, Floats, Ints, pack
from copydesk.agreement.crowd.class_ds import class_ds
from copydesk.agreement.crowd.dawid_skene import Ratings
from copydesk.agreement.crowd.rule import FAILS, HOLDS, UNANIMOUS, VOTE, Case, Rule, Verdict, verdict
from copydesk.agreement.identity import dispute_id
from copydesk.agreement.match import overlapping
from copydesk.agreement.settle import AGREED, DISPUTED, Fates, Rivals, settle, with_unanimous
from copydesk.agreement.votes import COUNTS, REASONS, Ballot, Votes, count_values, count_votes
from copydesk.model.schema_parts import CHOSEN, Attribute
from copydesk.model.tables import AGREED_CATEGORIES, REJECTED, Outcome, empty, from_rows, rejected_row

_MODEL = "class_ds"
_NOTHING = 0  # the class of a document of which a value, or any value, is not said
_NOBODY: tuple[Ints, Ints] = (np.empty(0, np.int64), np.empty(0, np.int64))


def decide_categories(
    *,
    reads: pa.Table,
    categories: pa.Table,
    documents: pa.Table,
    asked: Sequence[Attribute] = (),
    rule: Rule | None = None,
) -> Outcome:
    """Decide what the annotators agree on of whole documents.

    ``asked`` are the categories of the schema; of one that is not among them votes decide. Kept are
    ``agreed_categories`` and ``disputes`` of the kind ``category``: one over the whole text for each category of a document in
    which a value is not decided, with all that was said there. Every row of ``categories`` is kept, or is a rejected row with a
    reason of ``votes``: it does not count.
    """
    ballot = count_votes(reads=reads, spans=empty("spans"), relations=empty("relations"))
    names, votes = count_values(categories, ballot)
    said = _Said(ballot, votes, names, {one.name: one for one in asked})
    fates = said.settle(rule or Rule())
    rejected = [
        rejected_row(
            stage="agree",
            item=f"category {row['name']}={row['value']} of {row['annotator']}",
            reason=REASONS[standing][0],
            detail=REASONS[standing][1],
            row=row,
            doc_id=row["doc_id"],
        )
        for standing, row in _rows(categories, votes)
    ]
    return Outcome(
        kept={
            "agreed_categories": said.agreed(fates, categories),
            "disputes": from_rows("disputes", said.disputes(fates, documents)),
        },
        rejected=pa.Table.from_pylist(rejected, schema=REJECTED),
        kept_rows=categories.num_rows - len(rejected),
    )


def _rows(categories: pa.Table, votes: Votes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the rows that do not count, each with its standing."""
    out = np.flatnonzero(votes.standing != COUNTS)
    yield from zip(votes.standing[out].tolist(), categories.take(pa.array(out)).to_pylist(), strict=True)


@dataclass(frozen=True, slots=True)
class _Said:
    """The votes on values: ``left`` of a candidate is the number of its category among ``names``."""

    ballot: Ballot
    votes: Votes
    names: Sequence[str]
    asked: Mapping[str, Attribute]

    def settle(self, rule: Rule) -> Fates:
        """Decide every value."""
        votes, reads = self.votes, self.ballot.reads
        one = np.array([not (name in self.asked and self.asked[name].is_several) for name in self.names], np.bool_)
        size = len(votes.doc)
        single = np.flatnonzero(one[votes.left]) if size else _NOBODY[0]
        everywhere = np.zeros(len(single), np.int64)
        group = pack(votes.doc[single], votes.left[single])
        pairs = overlapping(group=group, start=everywhere, end=everywhere + 1)
        rivals = Rivals(single[pairs.left], single[pairs.right], np.zeros(len(pairs.left), np.bool_))
        case = Case(votes, reads, _NOBODY, np.full(size, -1))
        by_votes = replace(rule, method=UNANIMOUS if rule.method == UNANIMOUS else VOTE)

        def judge(readers: Ints) -> Verdict:
            said = verdict(case, by_votes, readers)
            return said if rule.method in (UNANIMOUS, VOTE) else with_unanimous(self._by_model(said), votes, readers)

        return settle(votes, readers=reads.readers[votes.doc], rivals=rivals, blind=_NOBODY, judge=judge)

    def _by_model(self, said: Verdict) -> Verdict:
        """Let the model speak where it has enough to learn from."""
        votes = self.votes
        posterior, by_model = np.full(len(votes.doc), np.nan), np.zeros(len(votes.doc), np.bool_)
        for rows, value in self._questions():
            likely, told = self._learn(rows, value)
            posterior[rows[told]], by_model[rows[told]] = likely[told], True
        likely = np.where(by_model, posterior, 0.5)
        # As of spans, nothing holds on one person's word.
        holds = np.where(by_model, (likely >= HOLDS) & (votes.ballots > 1), said.holds)
        return replace(
            said, holds=holds, fails=by_model & (likely <= FAILS), posterior=posterior, by_model=by_model, model=_MODEL
        )

    def _questions(self) -> Iterator[tuple[Ints, Ints]]:
        """Give the candidates of each choice and rating, and of each of several choices, with the class of each."""
        for number, name in enumerate(self.names):
            kind = self.asked[name].kind if name in self.asked else ""
            rows = np.flatnonzero(self.votes.left == number)
            values, value = np.unique(self.votes.label[rows], return_inverse=True)
            if kind in {"choice", "rating"}:
                yield rows, value + 1
            elif kind in CHOSEN:
                yield from (
                    (rows[value == at], np.ones(int((value == at).sum()), np.int64)) for at in range(len(values))
                )

    def _learn(self, rows: Ints, value: Ints) -> tuple[Floats, Bools]:
        """Give how likely each of these candidates is, and for which there is enough to tell."""
        votes, reads = self.votes, self.ballot.reads
        place = np.full(len(votes.doc), -1)
        place[rows] = value
        cast = place[votes.drawn] >= 0
        item, annotator = votes.doc[votes.drawn[cast]], votes.drawer[cast]
        people = len(reads.annotators)
        silent = ~np.isin(reads.doc * people + reads.annotator, item * people + annotator)
        classes = class_ds(
            Ratings(
                item=np.concatenate([item, reads.doc[silent]]),
                annotator=np.concatenate([annotator, reads.annotator[silent]]),
                label=np.concatenate([place[votes.drawn[cast]], np.full(int(silent.sum()), _NOTHING)]),
                items=len(reads.docs),
                annotators=people,
                labels=int(value.max(initial=0)) + 1,
            )
        )
        doc = votes.doc[rows]
        return np.round(classes.fitted.posterior[doc, value], 9), classes.by_model[doc]

    def agreed(self, fates: Fates, categories: pa.Table) -> pa.Table:
        """Give the table ``agreed_categories``."""
        votes = self.votes
        chosen = np.flatnonzero(fates.fate == AGREED)
        candidates, row = np.unique(votes.candidate, return_index=True)
        row = row[np.searchsorted(candidates, chosen)]
        columns = {
            name: categories[name].take(pa.array(row)).combine_chunks() for name in ("name", "value", "number", "at")
        }
        return table_of(columns | how(self.ballot, votes, fates, chosen), AGREED_CATEGORIES)

    def disputes(self, fates: Fates, documents: pa.Table) -> Iterator[dict[str, Any]]:
        """Give a row for each category of a document in which a value is in dispute."""
        lengths = dict(zip(documents["doc_id"].to_pylist(), map(len, documents["text"].to_pylist()), strict=True))
        votes = self.votes
        places = zip(votes.doc.tolist(), votes.left.tolist(), strict=True)
        for (doc, number), own in groupby(enumerate(places), lambda one: one[1]):
            members = [candidate for candidate, _ in own]
            if any(fates.fate[member] == DISPUTED for member in members):
                yield self._dispute(fates, doc, self.names[number], members, lengths)

    def _dispute(
        self, fates: Fates, doc: int, name: str, members: Sequence[int], lengths: Mapping[str, int]
    ) -> dict[str, Any]:
        votes, reads = self.votes, self.ballot.reads
        doc_id = str(reads.docs[doc])
        values = {member: str(votes.labels[int(votes.label[member])]) for member in members}
        held = {member: votes.drawer[votes.drawn == member] for member in members}
        everybody = reads.annotator[reads.first[doc] : reads.first[doc + 1]]
        silent = reads.names(np.setdiff1d(everybody, np.concatenate(list(held.values()))))
        open_ones = [member for member in members if fates.fate[member] == DISPUTED]
        shares = [f"{values[one]} ({votes.ballots[one]} of {fates.readers[one]} readers)" for one in open_ones]
        likely = fates.verdict.posterior[open_ones]
        return {
            "dispute_id": dispute_id(doc_id, [f"{name}={value}" for value in values.values()]),
            "doc_id": doc_id,
            "revision": int(reads.revision[doc]),
            "kind": "category",
            "start": 0,
            "end": lengths[doc_id],
            "surface": None,
            "readings": [f"{values[member]}: {', '.join(reads.names(held[member]))}" for member in members]
            + ([f"nothing: {', '.join(silent)}"] if silent else []),
            "detail": f"{name} of the document: not decided: {', '.join(shares)}",
            "posterior": None if np.isnan(likely).all() else float(np.nanmax(likely)),
        }
