"""One unit of inputs in, its parts on disk out: read, made into documents, and laid aside whole under the unit's name.

This is what engines run, in other processes and on other machines. It knows nothing of earlier runs: how its documents follow on
those that are known is settled when the parts are taken into the log. What is laid aside was made from the unit alone, so
finding it there is as good as making it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from copydesk.articles import Budget, Entry, ProvenanceFiles, ReadOptions, lost_entry, read_input, to_tables
from copydesk.documents import build_documents
from copydesk.documents.copies import sketch
from copydesk.documents.repeated import edges
from copydesk.engines import Watch
from copydesk.flow.history import article_rows, doc_key, document_keys, key_of, settle
from copydesk.flow.units import Unit
from copydesk.model.document import doc_id_of
from copydesk.model.tables import Outcome, empty, from_tuples
from copydesk.store import Part, commit, offer, part_at

ARTICLES = 2_000  # in a part, at most
BYTES = 16_000_000  # of articles in a part
_LOST = {
    "hung": ("timeout", "took longer than [engine] seconds allows (fix: allow more, or leave it out)"),
    "died": ("crashed", "ended the process that worked on it (fix: leave it out, and report it)"),
}
_MADE = ("documents", "zones", "edits")


@dataclass(frozen=True, slots=True)
class Staging:
    """Where units are laid aside, and how they are read."""

    folder: Path
    options: ReadOptions

    @property
    def fetched(self) -> Path:
        """Where what has a URL is kept while it is read."""
        return self.folder / "fetched"

    def part(self, unit: Unit, number: int) -> Path:
        """Name a part of a unit."""
        return self.folder / f"{unit.key[:32]}-{number:06d}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that become one part, each with the number of its piece; ``first`` is the number of the first in the unit."""

    first: int
    entries: tuple[tuple[int, Entry], ...]
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """A unit that is to be laid aside, and those of its parts that are in the log already."""

    unit: Unit
    adopted: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return str(self.unit)


def lay_aside(assignment: Assignment, watch: Watch, *, staging: Staging) -> int:
    """Read a unit and lay its parts aside, but for those that are there; gives the number of its parts.

    Entries are numbered through the unit. The places that the watch is told are three times that number: while it is read; one
    more while the documents from it on are made together; two more while its own is made alone.
    """
    unit, parts = assignment.unit, list(assignment.adopted)
    for number, batch in enumerate(_batches(unit, watch, staging.options)):
        if number >= len(assignment.adopted):
            path = staging.part(unit, number)
            if not path.exists():
                _lay_aside(path, batch, unit, watch, before=parts, max_chars=staging.options.limits.max_chars)
            parts.append(part_at(path))
            pa.default_memory_pool().release_unused()  # what one part needed would else be kept beside the next one's
    return len(parts)


def _lay_aside(path: Path, batch: Batch, unit: Unit, watch: Watch, *, before: Sequence[Part], max_chars: int) -> None:
    """Make a part and put it in its place, unless another process has done so meanwhile: it made the same."""
    tables = settle({}, _tables(batch, watch, max_chars=max_chars))
    documents = tables["documents"]
    tables["sketches"] = sketch(documents, tables["zones"])
    rows = pa.array(article_rows(documents, tables["ingested"]), pa.int64())
    tables["edges"] = edges(tables["articles"].drop_columns(["raw"]).take(rows), documents)
    entries = Counter(piece for piece, _ in batch.entries)
    rejected = _rejected_of(unit, batch, tables["rejected"])
    if batch.is_last:
        tables["inputs"] = _inputs(unit, entries, rejected, before)
    receipt = {"entries": entries.total(), "rejected": rejected.total(), "last": batch.is_last}
    own = commit(path.with_name(f"{path.name}-{uuid4().hex}"), tables, {"stage": "ingest", "unit": unit.key, **receipt})
    offer(own, path)


def _inputs(unit: Unit, entries: Counter[int], rejected: Counter[int], before: Sequence[Part]) -> pa.Table:
    """Tell of each piece how much was in it; only a unit of one piece has parts ``before`` the last."""
    earlier = [sum(part.receipt[what] for part in before) for what in ("entries", "rejected")]
    rows = [
        (*piece.place, piece.key, piece.cut.bytes, entries[number] + earlier[0], rejected[number] + earlier[1])
        for number, piece in enumerate(unit.pieces)
    ]
    return from_tuples("inputs", rows)


def _rejected_of(unit: Unit, batch: Batch, rejected: pa.Table) -> Counter[int]:
    """Count the rejected rows of each piece."""
    if len(unit.pieces) == 1:
        return Counter({0: rejected.num_rows})
    sources = Counter(rejected["item"].to_pylist())
    return Counter(piece for piece, entry in batch.entries if sources[entry.source])


def _batches(unit: Unit, watch: Watch, options: ReadOptions) -> Iterator[Batch]:
    """Put entries together until they are enough for a part; small files of one unit are one part in any case."""
    whole = len(unit.pieces) > 1
    first = size = 0
    batch: list[tuple[int, Entry]] = []
    for piece, entry in _entries(unit, watch, options):
        if not whole and batch and (len(batch) == ARTICLES or size + entry.bytes > BYTES):
            yield Batch(first, tuple(batch))
            first, size, batch = first + len(batch), 0, []
        batch.append((piece, entry))
        size += entry.bytes
    yield Batch(first, tuple(batch), is_last=True)


def _entries(unit: Unit, watch: Watch, options: ReadOptions) -> Iterator[tuple[int, Entry]]:
    """Read the pieces one after the other; where the process was lost at an entry, the rest of its piece is given up."""
    number = done = 0
    provenance = ProvenanceFiles()
    for place, piece in enumerate(unit.pieces):
        first = number
        budget = Budget(options.limits)
        entries = read_input(piece.cut.input, options=options, provenance=provenance, budget=budget)
        while True:
            how = watch.lost.get(3 * number)
            if how:
                reason, why = _LOST[how]
                address = piece.cut.input.address
                yield place, lost_entry(address, number - first, reason=reason, detail=f"reading it {why}")
                number += 1
                break
            watch.at(3 * number)
            entry = next(entries, None)
            if entry is None:
                break
            yield place, entry
            number += 1
            watch.did(done + min(budget.read, piece.cut.bytes))
        done += piece.cut.bytes


def _tables(batch: Batch, watch: Watch, *, max_chars: int) -> dict[str, pa.Table]:
    """Make the documents of a batch all at once, since that is fast; several of one source one at a time.

    Where the process was lost with all at once, each is made alone, in the same order.
    """
    entries = [_unless_lost(entry, batch.first + place, watch) for place, (_, entry) in enumerate(batch.entries)]
    articles, unread = to_tables(entries)
    sources = Counter(entry.source for entry in entries)
    usable = [place for place, entry in enumerate(entries) if not entry.reason]
    single = [place for place in usable if sources[entries[place].source] == 1]
    others = [place for place in usable if sources[entries[place].source] > 1]
    together = 3 * batch.first + 1
    made = []
    if together in watch.lost:
        others = single + others
    else:
        watch.at(together)
        made.append(
            build_documents(articles.take(pa.array(single, pa.int64())), known=empty("documents"), max_chars=max_chars)
        )
    seen: Counter[str] = Counter()
    for place in others:
        seen[entries[place].source] += 1
        watch.at(3 * (batch.first + place) + 2)
        one = build_documents(articles.slice(place, 1), known=empty("documents"), max_chars=max_chars)
        made.append(_as_revision(one, seen[entries[place].source]))
    return _joined(entries, articles, unread, made)


def _unless_lost(entry: Entry, number: int, watch: Watch) -> Entry:
    how = watch.lost.get(3 * number + 2)
    if how is None or entry.reason:
        return entry
    reason, why = _LOST[how]
    detail = f"{entry.source}: making its document {why}"
    return entry._replace(format=None, encoding=None, reason=reason, detail=detail)


def _as_revision(made: Outcome, number: int) -> Outcome:
    """Give the revision a number that tells it from others of its document in the same part."""
    if number == 1:
        return made
    kept = {name: table.set_column(*_revision(table, number)) for name, table in made.kept.items()}
    return Outcome(kept, made.rejected, made.kept_rows)


def _revision(table: pa.Table, number: int) -> tuple[int, pa.Field, pa.Array]:
    place = table.schema.get_field_index("revision")
    return place, table.schema.field(place), pa.array([number] * table.num_rows, pa.int32())


def _joined(
    entries: Sequence[Entry], articles: pa.Table, unread: pa.Table, made: Sequence[Outcome]
) -> dict[str, pa.Table]:
    kept = {name: pa.concat_tables([empty(name), *(one.kept[name] for one in made)]) for name in _MADE}
    documents = kept["documents"]
    names = zip(documents["doc_id"].to_pylist(), documents["revision"].to_pylist(), strict=True)
    keys = dict(zip(names, document_keys(documents), strict=True))
    rejected = pa.concat_tables([unread, *(one.rejected for one in made)])
    return {
        "articles": articles,
        **kept,
        "rejected": rejected,
        "ingested": _ingested(entries, keys, rejected),
    }


def _ingested(entries: Sequence[Entry], keys: Mapping[tuple[str, int], int], rejected: pa.Table) -> pa.Table:
    reasons = dict(zip(rejected["item"].to_pylist(), rejected["reason"].to_pylist(), strict=True))
    seen: Counter[str] = Counter()
    rows = []
    for entry in entries:
        seen[entry.source] += 1
        doc_id = doc_id_of(entry.source)
        said = (entry.raw_sha256, entry.format, entry.encoding, entry.facts, reasons.get(entry.source))
        number = seen[entry.source]
        document = keys.get((doc_id, number))
        rows.append((doc_key(doc_id), key_of(said), document, None if document is None else number))
    return from_tuples("ingested", rows)
