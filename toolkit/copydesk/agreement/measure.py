"""Labels in, the table ``agreement`` out: how far people agree, and on how much each figure rests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pyarrow as pa

from copydesk.agreement.alpha import nominal_alpha, one_against_rest
from copydesk.agreement.closeness import error_figures, meetings, span_measures
from copydesk.agreement.compare import Comparisons, compare, pairs_of, places_of
from copydesk.agreement.figures import ALL, Figure, table_of
from copydesk.agreement.gamma import SAMPLES
from copydesk.agreement.gamma.figures import gamma_figures
from copydesk.agreement.relations import EventLabels, event_measures, joined, label_alpha, relation_measures
from copydesk.agreement.scopes import scopes_of
from copydesk.agreement.scores import NOBODY, Field, f1_figures
from copydesk.agreement.tokens import count_tokens
from copydesk.agreement.unitizing import unitizing_figures
from copydesk.agreement.votes import END_MISSING, Ballot, Reads, Votes, count_votes

_DIAGNOSTIC = "diagnostic: alpha on tokens is inflated by O, the many words that nobody labels; trust span F1"


def measure(
    *,
    reads: pa.Table,
    spans: pa.Table,
    relations: pa.Table,
    documents: pa.Table,
    labels: Sequence[str],
    events: EventLabels | None = None,
    samples: int = SAMPLES,
) -> pa.Table:
    """Measure agreement over the documents that two or more people read; gives the table ``agreement``.

    * ``span_f1_exact``, ``_iou``, ``_overlap``, ``_boundary``, ``_type``: spans that agree over all spans (``span_measures``).
    * ``spans_correct`` and so on: what spans of two people are to each other, as counts (``error_figures``).
    * ``gamma``, ``gamma_cat``, ``gamma_k``: agreement with chance taken off, from ``samples`` chance texts for each (``gamma_figures``);
      left out where that is 0.
    * ``relation_f1``, ``_aligned``, ``_unlabelled``, ``_undirected``: relations that agree over all relations (``relation_measures``).
    * ``relation_label_alpha``: Krippendorff's nominal alpha over the types of relations between the same spans.
    * ``trigger_f1_identified``, ``_classified`` and ``argument_f1_...``: of events (``event_measures``), where ``events`` names
      their labels.
    * ``unitizing_alpha``: Krippendorff's alpha of boundaries (``unitizing_figures``).
    * ``token_alpha``: Krippendorff's nominal alpha over words; a word's category is the label of the shortest span that covers
      its middle character, or O. For one label: that label against everything else.

    F1 is micro-averaged over documents, for every two people who share a document and for ``all`` of these pairs pooled; for
    every label (``labels``, then others that occur; for relations those that occur) and for ``all``; and of all labels and pairs for
    each document, source and week (``scopes_of``). Gamma, gamma-cat and unitising alpha of a pair are those of the two alone. ``n`` counts the spans, relations or words that a figure rests on; for all
    pairs a span counts once. ``value`` is null where it is not defined, and ``note`` says why.
    """
    ballot = count_votes(reads=reads, spans=spans, relations=relations)
    pairs = pairs_of(ballot.reads)
    field = Field(pairs, ballot.reads.readers > 1, scopes_of(ballot.reads, documents))
    drawn = compare(ballot.spans, ballot.reads, pairs, labels=labels)
    between = compare(ballot.relations, ballot.reads, pairs)
    missing = int(np.count_nonzero(ballot.relations.standing == END_MISSING))
    left_out = f"{missing} relations with an unknown end left out" if missing else ""
    met = meetings(ballot.spans)
    ends = joined(ballot, met, between)
    measures = [
        *span_measures(ballot.spans, drawn, met),
        *relation_measures(ballot.relations, between, ends, remark=left_out),
        *(event_measures(ballot, pairs, events) if events else ()),
    ]
    rows = [
        *f1_figures(measures, field),
        *label_alpha(ballot.relations, ends, field),
        *error_figures(ballot.spans, drawn, met, field),
        *(gamma_figures(ballot.spans, ballot.reads, field, labels=drawn.names, samples=samples) if samples else ()),
        *unitizing_figures(ballot.spans, ballot.reads, field, documents, compared=drawn),
        *_of_pairs(ballot, field, documents, drawn, samples=samples),
        *_alpha_rows(ballot.spans, ballot.reads, documents, names=drawn.names),
    ]
    return table_of(rows)


def _of_pairs(
    ballot: Ballot, field: Field, documents: pa.Table, drawn: Comparisons, *, samples: int
) -> Iterable[Figure]:
    """Write gamma, gamma-cat and unitising alpha of each two people alone, for all labels."""
    for at, names in enumerate(field.pairs.names):
        votes, reads = ballot.of_pair(*divmod(int(field.pairs.keys[at]), field.pairs.people))
        alone = Field(pairs_of(reads), reads.readers > 1, ())
        figures = [*islice(unitizing_figures(votes, reads, alone, documents, compared=drawn), 1)]
        if samples:
            figures += islice(gamma_figures(votes, reads, alone, labels=drawn.names, samples=samples), 2)
        yield from (replace(one, annotators=names) for one in figures)


def _alpha_rows(votes: Votes, reads: Reads, documents: pa.Table, *, names: Sequence[str]) -> Iterable[Figure]:
    counted = count_tokens(votes, reads, documents, category=places_of(votes, names) + 1, categories=len(names) + 1)
    remark = f"; {counted.without_text} documents without their text left out" if counted.without_text else ""
    for at, label in enumerate([ALL, *names]):
        matrix = counted.coincidences if at == 0 else one_against_rest(counted.coincidences, at)
        value = nominal_alpha(matrix)
        if value is not None:
            note = _DIAGNOSTIC
        elif not counted.documents:
            note = NOBODY
        elif not counted.tokens:
            note = "there are no words in these documents"
        else:
            note = "all words are in one category, so no disagreement could be expected"
        yield Figure(
            measure="token_alpha",
            label=label,
            value=value,
            n=counted.tokens,
            documents=counted.documents,
            note=note + remark,
        )
