"""What annotators chose of whole documents in, micro-averaged F1 of several choices out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.agreement.compare import compare, pairs_of, same
from copydesk.agreement.figures import ALL, Figure
from copydesk.agreement.scopes import scopes_of
from copydesk.agreement.scores import Field, Measure, f1_figures
from copydesk.agreement.votes import count_values, count_votes
from copydesk.model.schema_parts import Attribute
from copydesk.model.tables import empty


def choice_figures(
    *, reads: pa.Table, categories: pa.Table, asked: Sequence[Attribute], documents: pa.Table
) -> Iterator[Figure]:
    """Measure ``category_f1`` of each category in which several values may be given: values that both gave over all values.

    It is of all people, of every two, of each value (label ``category=value``), document, source and week, as the F1 of spans is; who
    read a document and chose nothing has the empty set.
    """
    ballot = count_votes(reads=reads, spans=empty("spans"), relations=empty("relations"))
    field = Field(pairs_of(ballot.reads), ballot.reads.readers > 1, scopes_of(ballot.reads, documents))
    for category in asked:
        if not category.is_several:
            continue
        own = categories.filter(pc.equal(categories["name"], category.name))
        _, votes = count_values(own, ballot)
        chosen = [name for name, _ in category.choices]
        compared = compare(votes, ballot.reads, field.pairs, labels=chosen)
        for figure in f1_figures([Measure("category_f1", "value", compared, same(votes, compared))], field):
            of_value = "" if figure.label == ALL else f"={figure.label}"
            yield replace(figure, label=f"{category.name}{of_value}")
