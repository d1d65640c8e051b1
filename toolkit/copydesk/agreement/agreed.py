"""Fates in, rows out: what agreed spans, relations and categories have in common, and why what does not hold is set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.agreement.columns import Ints, distinct
from copydesk.agreement.crowd.rule import FAILS
from copydesk.agreement.settle import OUTVOTED, Fates
from copydesk.agreement.votes import COUNTS, REASONS, Ballot, Votes
from copydesk.model.tables import rejected_row


def how(ballot: Ballot, votes: Votes, fates: Fates, chosen: Ints) -> dict[str, Any]:
    """The columns that all agreed rows share: of what document, who said so, and how it was decided.

    ``decided`` names the method where no majority said so.
    """
    count, readers = votes.ballots[chosen], fates.readers[chosen]
    methods = np.array(fates.verdict.methods(), object)[chosen]
    decided = np.where(2 * count > readers, "majority", methods)
    decided = np.where(readers == 1, "single", np.where(count == readers, "unanimous", decided))
    rows = np.flatnonzero(votes.candidate >= 0)
    once, _ = distinct(votes.candidate[rows], votes.annotation[rows])
    rows = rows[once]
    reads = ballot.reads
    return {
        "doc_id": reads.docs.take(pa.array(votes.doc[chosen])),
        "revision": reads.revision[votes.doc[chosen]],
        "label": votes.labels.take(pa.array(votes.label[chosen])),
        "votes": count,
        "readers": readers,
        "annotators": lists(votes.drawn, reads.annotators.take(pa.array(votes.drawer)), chosen),
        "annotation_ids": lists(
            votes.candidate[rows], ballot.annotations.ids.take(pa.array(votes.annotation[rows])), chosen
        ),
        "decided": decided.tolist(),
        "posterior": pa.array(fates.verdict.posterior[chosen], from_pandas=True),
        "method": methods.tolist(),
    }


def lists(owner: Ints, values: pa.Array, chosen: Ints) -> pa.Array:
    """Gather the values of each chosen owner into a list; ``owner`` is sorted."""
    number = np.searchsorted(chosen, owner)
    mine = np.append(chosen, -1)[number] == owner
    offsets = np.searchsorted(number[mine], np.arange(len(chosen) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.filter(pa.array(mine)))


def table_of(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Make a table of columns by name."""
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def rejected(kind: str, table: pa.Table, votes: Votes, fates: Fates) -> Iterator[dict[str, Any]]:
    """Give a rejected row for each row that does not count or was outvoted."""
    counted = votes.standing == COUNTS
    out = np.flatnonzero(~counted)
    outvoted = np.flatnonzero(counted)
    outvoted = outvoted[fates.fate[votes.candidate[outvoted]] == OUTVOTED]
    set_aside = np.sort(np.concatenate([out, outvoted]))
    rows = table.take(pa.array(set_aside)).to_pylist()
    for at, row in zip(set_aside, rows, strict=True):
        reason, detail = REASONS.get(int(votes.standing[at]), ("outvoted", ""))
        detail = detail or _why_outvoted(fates, int(votes.candidate[at]))
        item = f"{kind} {row[f'{kind}_id']} of {row['annotator']}"
        yield rejected_row(stage="agree", item=item, reason=reason, detail=detail, row=row, doc_id=row["doc_id"])


def _why_outvoted(fates: Fates, candidate: int) -> str:
    said = fates.verdict
    if fates.dropped[candidate]:
        return "its head or its tail is not among the agreed spans"
    if said.by_gold[candidate]:
        return "the ground truth of its document does not have it"
    if said.by_model[candidate] and said.posterior[candidate] > FAILS:
        return f"the schema lets no two spans overlap, and {said.model} holds others here for likelier"
    if said.by_model[candidate]:
        return f"{said.model} gives it a probability of {said.posterior[candidate]:.3f}"
    silent, readers = fates.silent[candidate], fates.readers[candidate]
    return f"{silent} of {readers} readers drew nothing here that is not agreed already"
