"""The ingest log in; out come the lines that open or close many articles of a source, and the zones of the documents that have one.

Lines are counted from what each part noted of them, shares of them one after the other, so that little is held at once. Engines
then claim them in the documents of each part that have one, building them again where more changes than that, and leave their zones
as a part in a folder, under a name that is
made of the part and of its lines: where neither has changed it is there already. How many articles have a line changes with every
article; it is therefore not in those zones, but in the table ``repeated`` beside them, and ``flow/current`` puts both together.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents import RECIPE, build_documents
from copydesk.documents.repeated import RULE, STAGE, Repeated, counted, often, repeated_in, seen
from copydesk.documents.rezone import claim_lines
from copydesk.engines import EngineOptions, Watch, run
from copydesk.flow.history import article_rows
from copydesk.flow.steps import Source, sources_of
from copydesk.model.progress import Progress
from copydesk.model.tables import empty
from copydesk.store import Latest, Log, Part, commit, digest_of, offer, part_at, translated

DOCUMENTS_A_SHARE = 50_000
Rows = np.ndarray[Any, np.dtype[np.int64]]
_PLACES = 3  # line, article, source: whole numbers of eight bytes each


@dataclass(frozen=True, slots=True)
class _Held:
    """A part of the log, those of the repeated lines that its documents have, and the name of the zones that come of both."""

    part: Part
    lines: pa.Table
    name: str

    def __str__(self) -> str:
        return f"the zones of repeated lines ({self.part.path.name})"


def find_repeated(
    log: Log, latest: Latest, *, rezoned: Path, folder: Path, engine: EngineOptions, progress: Progress
) -> bool:
    """Bring the table ``repeated`` and the parts in ``rezoned`` up to date with the log; says whether there was anything to do.

    ``folder`` is where numbers are put aside; it is removed at the end.
    """
    key = digest_of([STAGE, RECIPE, log.digest])
    is_new = not latest.is_made_from(key)
    if is_new:
        sources = sources_of(log)
        lines = _repeated_lines(sources, folder)
        held = list(_holders(sources, lines)) if lines.num_rows else []
        _rezone(held, rezoned, engine=engine, progress=progress)
        names = {name_of(one.part): one.name for one in held}
        documents = sum(_count(sources, names, rezoned))
        receipt = {"stage": "repeated", "key": key, "parts": names, "documents": documents}
        latest.replace({"repeated": lines}, receipt)
    _remove_others(rezoned, latest)
    return is_new


def name_of(part: Part) -> str:
    """Name a part of the log by what it holds."""
    return digest_of(part.receipt["files"])


def _repeated_lines(sources: Sequence[Source], folder: Path) -> pa.Table:
    """Count the lines of the newest revisions, a share of them at a time."""
    count = sum(one.part.receipt["files"]["documents"]["rows"] for one in sources)
    shares = 1 + count // DOCUMENTS_A_SHARE
    with translated(folder, "write"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        files = [folder / f"{share:06d}" for share in range(shares)]
        for source in sources:
            rows = seen(source.read("edges", ("article", "lines")))
            share_of = rows[:, 0].view(np.uint64) % np.uint64(shares)
            for share, file in enumerate(files):
                with file.open("ab") as handle:
                    handle.write(np.ascontiguousarray(rows[share_of == share]).tobytes())
        counts = [counted(np.fromfile(file, np.int64).reshape(-1, _PLACES)) for file in files]
        shutil.rmtree(folder)
    return often(np.concatenate(counts)) if counts else empty("repeated")


def _holders(sources: Sequence[Source], lines: pa.Table) -> Iterator[_Held]:
    """Give the parts with a document, in whatever revision, that has one of the lines."""
    for source in sources:
        there = source.part.read("edges", columns=["lines"])["lines"].combine_chunks().flatten()
        mine = lines.filter(pc.is_in(lines["line"], there))
        if mine.num_rows:
            files = source.part.receipt["files"]
            made_of = [files[name]["sha256"] for name in ("articles", "documents", "ingested", "zones")]
            name = digest_of([STAGE, RECIPE, made_of, mine["line"].to_pylist()])
            yield _Held(source.part, mine, name[:32])


def _rezone(held: Sequence[_Held], rezoned: Path, *, engine: EngineOptions, progress: Progress) -> None:
    """Make what is not there yet."""
    with translated(rezoned, "write"):
        rezoned.mkdir(parents=True, exist_ok=True)
    missing = [one for one in held if not (rezoned / one.name).exists()]
    work = partial(rezone, folder=rezoned)
    for done, _ in enumerate(run(work, missing, options=engine), start=1):
        progress("zoning repeated lines", done, len(missing))


def rezone(held: _Held, _watch: Watch, *, folder: Path) -> None:
    """Find the zones of the documents of a part that have repeated lines, in whatever process, and leave them in the folder."""
    part = held.part
    edges = part.read("edges", columns=["lines"])["lines"].combine_chunks()
    has = pc.is_in(edges.flatten(), held.lines["line"].combine_chunks())
    rows = pc.unique(edges.value_parent_indices().filter(has)).to_numpy()
    documents, zones = part.read("documents"), part.read("zones")
    articles = np.array(article_rows(documents, part.read("ingested")), np.int64)
    document_of = np.cumsum(zones["seq"].to_numpy() == 0) - 1  # both tables are in the same order
    made = []
    for some in _once_each(documents, rows):
        mine = zones.filter(pa.array(np.isin(document_of, some)))
        made.append(_zoned(part, documents.take(pa.array(some)), mine, articles=articles[some], lines=held.lines))
    tables = {name: pa.concat_tables([empty(name), *(one[name] for one in made)]) for name in ("zones", "titles")}
    own = commit(folder / f"{held.name}-{uuid4().hex}", tables, {"stage": "rezoned"})
    offer(own, folder / held.name)


def _once_each(documents: pa.Table, rows: Rows) -> Iterator[Rows]:
    """Divide the rows so that no document stands twice in one division: there may be several revisions of it."""
    turns: dict[str, int] = {}
    divided: list[list[int]] = []
    names = documents["doc_id"].take(pa.array(rows)).to_pylist()
    for row, doc_id in zip(map(int, rows), names, strict=True):
        turn = turns[doc_id] = turns.get(doc_id, -1) + 1
        divided += [[]] if turn == len(divided) else []
        divided[turn].append(row)
    return (np.array(some, np.int64) for some in divided)


def _zoned(part: Part, documents: pa.Table, zones: pa.Table, *, articles: Rows, lines: pa.Table) -> dict[str, pa.Table]:
    """Give the zones of those documents that have one of the lines as a zone, and their titles where they changed.

    ``articles`` are the rows of the part's articles that they were made of.
    """
    behind = part.read("articles", columns=["source", "publisher", "url", "container"]).take(pa.array(articles))
    repeated, places = repeated_in(behind, documents, lines)
    claimed, others = claim_lines(documents, zones, places)
    if not others:
        return {"zones": claimed, "titles": empty("titles")}
    behind = part.read("articles").take(pa.array(articles[others]))
    built = _built(documents.take(pa.array(others, pa.int64())), behind, repeated=repeated, places=places)
    return {"zones": pa.concat_tables([claimed, built["zones"]]), "titles": built["titles"]}


def _built(
    documents: pa.Table, articles: pa.Table, *, repeated: Repeated, places: Mapping[tuple[str, int], int]
) -> dict[str, pa.Table]:
    """Build documents again and give the zones of those that have one of the lines as a zone, and their titles where they changed.

    A document of which today's rules make another text, or none, keeps the zones that belong to its text.
    """
    most = max(articles["bytes"].to_pylist())
    made = build_documents(articles, known=empty("documents"), max_chars=most, repeated=repeated).kept
    again, zones = made["documents"], made["zones"]
    before = documents.take(pc.index_in(again["doc_id"], documents["doc_id"].combine_chunks()))
    is_claimed = pc.is_in(again["doc_id"], zones.filter(pc.starts_with(zones["rule"], RULE))["doc_id"].combine_chunks())
    kept = pc.and_(pc.equal(again["text_sha256"], before["text_sha256"]), is_claimed)
    again, before = again.filter(kept), before.filter(kept)
    changed = pc.fill_null(pc.not_equal(again["title"], before["title"]), True)
    titles = before.set_column(before.schema.get_field_index("title"), "title", again["title"]).filter(changed)
    return {"zones": _named(zones, before, places), "titles": titles.select(["doc_id", "revision", "title"])}


def _named(zones: pa.Table, documents: pa.Table, places: Mapping[tuple[str, int], int]) -> pa.Table:
    """Give the zones of these documents under their revisions; in the place of counts the rules name the line."""
    row = pc.index_in(zones["doc_id"], documents["doc_id"].combine_chunks())
    mine = zones.filter(row.is_valid())
    revisions = documents["revision"].take(row.drop_null())
    is_line = pc.starts_with(mine["rule"], RULE)
    of_lines = mine.filter(is_line)
    found = zip(of_lines["doc_id"].to_pylist(), of_lines["start"].to_pylist(), strict=True)
    told = pa.array([f"{RULE}{places[place]}" for place in found], pa.string())
    rules = pc.replace_with_mask(mine["rule"].combine_chunks(), is_line.combine_chunks(), told)
    columns = {"revision": revisions, "rule": rules}
    return pa.table([columns.get(field.name, mine[field.name]) for field in mine.schema], mine.schema)


def _count(sources: Sequence[Source], names: Mapping[str, str], rezoned: Path) -> Iterator[int]:
    """Say of each part how many of its newest documents have a zone that is a repeated line."""
    for source in sources:
        name = names.get(name_of(source.part))
        if name:
            zones = part_at(rezoned / name).read("zones", columns=["doc_id", "revision", "seq"])
            first = zones.filter(pc.equal(zones["seq"], 0)).select(["doc_id", "revision"])
            newest = source.read("documents", ["doc_id", "revision"])
            yield first.join(newest, ["doc_id", "revision"], join_type="left semi").num_rows


def _remove_others(rezoned: Path, latest: Latest) -> None:
    """Remove what does not stand, and what a killed run left."""
    part = latest.part()
    names = set(part.receipt["parts"].values()) if part else set()
    with translated(rezoned, "clear"):
        for entry in list(rezoned.iterdir()) if rezoned.is_dir() else []:
            if entry.name not in names:
                shutil.rmtree(entry)
