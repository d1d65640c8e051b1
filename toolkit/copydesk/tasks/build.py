"""Documents go in, tasks come out: one for each document, made of its newest revision, but for those that are copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.model.tables import TASKS

MOST_OWN = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """The documents that get no task, as rows of ``copies``: each names its canonical member, and how much it shares with it."""

    copies: pa.Table

    @property
    def counts(self) -> Mapping[str, int]:
        """How many they are, by the kind of copy, in alphabetical order."""
        kinds = pc.value_counts(self.copies["kind"].combine_chunks()).to_pylist()
        return {row["values"]: row["counts"] for row in sorted(kinds, key=lambda row: row["values"])}


def build_tasks(documents: pa.Table) -> pa.Table:
    """Give the table ``tasks``: the newest revision of each document, in the order of ``doc_id``.

    ``documents`` may hold any number of revisions in any order; of two rows with the same revision the first counts.
    """
    newest = newest_rows(documents)
    return documents.take(newest).select(TASKS.names).cast(TASKS)


def without_copies(tasks: pa.Table, copies: pa.Table, *, most_own: float = MOST_OWN) -> tuple[pa.Table, Left]:
    """Leave out the tasks of copies, whose text annotators see in the canonical member's; gives the others and what was left.

    A copy of whose text more than a share of ``most_own`` is not in its canonical member (``copies.own``) keeps its task, as does
    one whose canonical member has none, a document that ``copies`` does not name, and one that it knows in another revision only.
    """
    own = pc.less_equal(copies["own"], most_own)  # empty for what is no copy
    shown = pc.is_in(copies["canonical_doc_id"], tasks["doc_id"].combine_chunks())
    candidates = copies.filter(pc.and_(pc.fill_null(own, False), shown))
    left = candidates.join(tasks.select(["doc_id", "revision"]), ["doc_id", "revision"], join_type="left semi")
    left = left.select(copies.column_names).sort_by("doc_id").cast(copies.schema)
    kept = tasks.filter(pc.invert(pc.is_in(tasks["doc_id"], left["doc_id"].combine_chunks())))
    return kept, Left(left)


def newest_rows(documents: pa.Table) -> pa.Array:
    """Give the row numbers of each document's newest revision, in the order of ``doc_id``."""
    chosen: dict[str, tuple[int, int]] = {}
    columns = zip(documents["doc_id"].to_pylist(), documents["revision"].to_pylist(), strict=True)
    for row, (doc_id, revision) in enumerate(columns):
        if doc_id not in chosen or revision > chosen[doc_id][0]:
            chosen[doc_id] = (revision, row)
    return pa.array([chosen[doc_id][1] for doc_id in sorted(chosen)], pa.int64())
