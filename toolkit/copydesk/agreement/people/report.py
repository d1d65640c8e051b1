"""Labels, agreed labels and gold in, the table ``annotators`` out: every fact about every person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from copydesk.agreement.people.again import self_agreement
from copydesk.agreement.people.fact import Fact, table_of
from copydesk.agreement.people.habits import habits, haste, hasty_reads, slips, suggestions
from copydesk.agreement.people.profile import boundaries, confusions
from copydesk.agreement.people.scores import drifts, scores
from copydesk.agreement.people.spam import spam
from copydesk.agreement.people.standing import gold_reads
from copydesk.agreement.people.tally import against_others, against_standard
from copydesk.agreement.people.work import Work, work_of

_ALONE = "nobody else read what {} read"
_NO_AGREED = (
    "no document that they read was read by three or more: of two readers, all that they do not share is in dispute"
)
_NO_GOLD = "no gold among the documents that they read"
_OWN_VOTE = "their own vote is in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What facts about people are made of: tables of the workspace, and

    ``agreed``: ``agreed_spans``; ``skipped``: how many documents each person skipped and has not read since; ``labels``: those of
    the schema, in its order; ``every_read`` and ``every_span``: with what a later annotation of the same person superseded;
    ``drawn``: the spans before they were put on whole words, and ``snapped``: the boundaries that were moved;
    ``partly``: reads of people who have not read the whole newest text, whose silence on what is new says nothing: they are counted,
    and not compared.
    """

    reads: pa.Table
    spans: pa.Table
    documents: pa.Table
    agreed: pa.Table
    disputes: pa.Table
    gold: pa.Table
    gold_spans: pa.Table
    skipped: Mapping[str, int]
    labels: Sequence[str]
    every_read: pa.Table
    every_span: pa.Table
    drawn: pa.Table
    snapped: pa.Table
    partly: pa.Table | None = None

    def work(self) -> Work:
        """Gather what people did, under every label that occurs anywhere."""
        also = [*self.agreed["label"].to_pylist(), *self.gold_spans["label"].to_pylist()]
        return work_of(reads=self.reads, spans=self.spans, labels=tuple(dict.fromkeys([*self.labels, *also])))

    def all_work(self) -> Work:
        """Gather what people drew, also where they have not read the whole newest text."""
        reads = pa.concat_tables([self.reads, self.partly]) if self.partly else self.reads
        return work_of(reads=reads, spans=self.drawn, labels=self.labels)


def annotator_facts(given: Given) -> pa.Table:
    """Gather every fact about every person; gives the table ``annotators``, sorted by person.

    The measures are

    * ``documents``, ``spans``, ``skipped``, ``read_empty``, ``lead_time_median``, ``lead_time_p95``, ``read_too_fast`` (``habits``);
    * ``f1_others``, ``f1_agreed``, ``f1_gold``, with ``precision_…`` and ``recall_…`` of each label: against what every other
      reader drew, the agreed labels of documents with three or more readers, and gold (``scores``);
    * ``confusion``, and ``early_start``, ``late_start``, ``early_end``, ``late_end``, ``fused``, ``split`` (``profile``), between
      spans on whole words; ``cut_words``, ``edge_space`` (``habits``): how many were none before;
    * ``f1_window``, ``drift`` (``scores``), ``f1_self`` (``again``), ``spam`` (``spam``), and ``suggestions_kept``, ``suggestions_wrong``,
      ``suggestions_unread`` (``habits``).
    """
    work = given.work()
    hasty, told = hasty_reads(work, given.documents)
    places = given.disputes.select(["doc_id", "start", "end"])
    judged = against_standard(work, given.agreed, compared=work.others >= 2, undecided=places)
    facts = [
        *habits(given.all_work(), skipped=given.skipped),
        *slips(given.drawn, given.snapped),
        *haste(work, hasty=hasty, known=told),
        *_against_others(work),
        *scores(work, judged, against="agreed", nothing=_NO_AGREED, remark=_OWN_VOTE),
        *_against_gold(work, given.gold, given.gold_spans),
        *self_agreement(reads=given.every_read, spans=given.every_span, people=work.people),
        *spam(work),
        *suggestions(work, given.spans, agreed=given.agreed, disputed=places, judged=judged, hasty=hasty, known=told),
    ]
    return table_of(sorted(facts, key=lambda fact: (_number(fact.annotator), fact.annotator)))


def _against_others(work: Work) -> Iterator[Fact]:
    tally = against_others(work)
    alone = _ALONE.format("they")
    yield from scores(work, tally, against="others", nothing=alone)
    yield from confusions(work, tally)
    yield from boundaries(work, tally, nothing=alone)
    yield from drifts(work, tally, nothing=alone)


def _against_gold(work: Work, gold: pa.Table, gold_spans: pa.Table) -> Iterator[Fact]:
    tally = against_standard(work, gold_spans, compared=gold_reads(work, gold))
    yield from scores(work, tally, against="gold", nothing=_NO_GOLD, wilsons=True)


def _number(name: str) -> int:
    """A2 comes before A10."""
    return int(name[1:]) if name[1:].isdigit() else 0
