"""A workspace goes in, an index of its documents comes out, filled in a thread, part by part, and kept up to date while it is asked.

Whether there is something new is looked for whenever somebody asks. Documents that came meanwhile can be found once a new index with
them is whole; until then the one before answers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.errors import CopydeskError
from copydesk.flow.current import titles_in
from copydesk.flow.steps import Array, Source, sources_of
from copydesk.model.progress import Say
from copydesk.report.search import Facts, Index, Listed, Place
from copydesk.store import Part
from copydesk.workspace import Workspace

_LISTED = ("doc_id", "revision", "source", "title", "publisher", "language", "published_at")
_WITHOUT_A_DATE = np.iinfo(np.int64).min


@dataclass(slots=True)
class Shelf:
    """An index, how many documents it is to hold, what it was made from, and whether all are in it."""

    made_from: object
    index: Index = field(default_factory=Index)
    total: int = 0
    whole: bool = False
    facts: dict[str, list[str]] = field(default_factory=dict)  # what those of each schema were made from


class Library:
    """The documents of a workspace, to be found. As long as it is open, it reads them in a thread of its own."""

    def __init__(self, workspace: Workspace, *, say: Say) -> None:
        self.workspace = workspace
        self._say = say
        self._asked, self._listed = threading.Event(), threading.Event()
        self._closed = False
        self._shelf = Shelf(None)
        self._thread = threading.Thread(target=self._work, name="library", daemon=True)

    def __enter__(self) -> Self:
        self._asked.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._asked.set()
        self._thread.join()

    def shelf(self) -> Shelf:
        """Give the index as it is; waits until the documents are listed, which can be found by their words later."""
        self._asked.set()
        self._listed.wait()
        return self._shelf

    def _work(self) -> None:
        while self._asked.wait() and not self._closed:
            self._asked.clear()
            try:
                self._renew()
            except CopydeskError as error:
                # A command may have replaced what was being read: who asks next has it read again.
                self._say(f"documents are not indexed: {error}")
            finally:
                self._listed.set()

    def _renew(self) -> None:
        now = [part.path.name for part in (*self.workspace.documents.parts(), *_newest(self.workspace.repeated.part()))]
        if self._shelf.made_from != now or not self._shelf.whole:
            shelf = Shelf(now)
            if not self._shelf.whole:
                self._shelf = shelf
            self._fill(shelf)
            self._shelf = shelf
        self._tell_facts(self._shelf)

    def _fill(self, shelf: Shelf) -> None:
        sources = sources_of(self.workspace.documents)
        numbers = _numbers(sources)
        shelf.total = sum(map(len, numbers))
        for source, own in zip(sources, numbers, strict=True):
            if self._closed:
                return
            shelf.index.add_places(_places(source.part))
            shelf.index.add_documents(self._listed_in(source, own))
        self._tell_facts(shelf)
        self._listed.set()
        for source, own in zip(sources, numbers, strict=True):
            if self._closed:
                return
            columns = (source.read("documents", ["title", "text"])[name].to_pylist() for name in ("title", "text"))
            shelf.index.add_texts(zip(own.tolist(), *columns, strict=True))
        shelf.whole = True

    def _listed_in(self, source: Source, numbers: Array) -> Iterator[Listed]:
        titles = titles_in(self.workspace, source.part)
        for number, row in zip(numbers.tolist(), source.read("documents", _LISTED).to_pylist(), strict=True):
            row["title"] = titles.get((row["doc_id"], row.pop("revision")), row["title"])
            when = row.pop("published_at")
            yield Listed(number, **row, published_at=when.isoformat() if when else None)

    def _tell_facts(self, shelf: Shelf) -> None:
        for schema in self.workspace.schemas:
            seen = self.workspace.under(schema)
            made_from = [str(part.path) for part in (*_newest(seen.labels.part()), *_newest(seen.agreed.part()))]
            if shelf.facts.get(schema) != made_from:
                shelf.index.set_facts(schema, facts_of(seen))
                shelf.facts[schema] = made_from


def _places(part: Part) -> Iterator[Place]:
    revisions = part.read("documents", columns=["doc_id", "revision"]).to_pylist()
    return (Place(part=part.path.name, row=row, **one) for row, one in enumerate(revisions))


def _newest(part: Part | None) -> tuple[Part, ...]:
    return (part,) if part else ()


def _numbers(sources: list[Source]) -> list[Array]:
    """Number the documents of all parts: the newest first, those without a date last, and of one date those first that came last."""
    published = (source.read("documents", ["published_at"])["published_at"].cast(pa.int64()) for source in sources)
    dates = [pc.fill_null(one, _WITHOUT_A_DATE).to_numpy() for one in published]
    date = np.concatenate([np.empty(0, np.int64), *dates])
    place = np.empty(len(date), np.int64)
    place[np.lexsort((np.arange(len(date)), date))[::-1]] = np.arange(len(date))
    return np.split(place, np.cumsum([len(one) for one in dates])[:-1]) if dates else []


def facts_of(workspace: Workspace) -> list[Facts]:
    """Give what is known of the labels of each document that somebody read, under one schema."""
    agreed, labels = workspace.agreed, workspace.labels
    readers = _counted(
        labels.read("reads", columns=["doc_id", "annotator"]).group_by(["doc_id", "annotator"]).aggregate([])
    )
    anchors = labels.read("anchors", columns=["doc_id", "span_id"])
    waiting = _counted(anchors.filter(anchors["span_id"].is_null()))
    disputes = _counted(agreed.read("disputes", columns=["doc_id"]))
    spans = (
        agreed.read("agreed_spans", columns=["doc_id", "label"])
        .group_by(["doc_id", "label"])
        .aggregate([([], "count_all")])
    )
    counted: dict[str, dict[str, int]] = {}
    for doc_id, label, count in zip(*(column.to_pylist() for column in spans.columns), strict=True):
        counted.setdefault(doc_id, {})[label] = count
    figures = agreed.read("agreement", columns=["measure", "label", "annotators", "scope", "within", "value"])
    wanted = {"measure": "span_f1_exact", "label": "all", "annotators": "all", "scope": "document"}
    for name, value in wanted.items():
        figures = figures.filter(pc.equal(figures[name], value))
    agreement = dict(zip(figures["within"].to_pylist(), figures["value"].to_pylist(), strict=True))
    return [
        Facts(
            doc_id, readers[doc_id], disputes[doc_id], waiting[doc_id], agreement.get(doc_id), counted.get(doc_id, {})
        )
        for doc_id in sorted({*readers, *disputes, *waiting, *counted})
    ]


def _counted(rows: pa.Table) -> Counter[str]:
    """Count the rows of each document."""
    return Counter({one["values"]: one["counts"] for one in pc.value_counts(rows["doc_id"]).to_pylist()})
