"""The ingest log in, the table ``copies`` out: every document's story, searched for by the engines.

The search is that of ``documents/copies``, its tables divided where each step allows it: keys are made of each part of the log and
shuffled by their value, candidates are found in each share of the keys, and pairs are compared some at a time. What is held at
once are the keys of one share, the texts of some pairs, and a few numbers of each document.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.documents.copies import (
    BINS,
    RECIPE,
    CopyOptions,
    bands,
    candidates,
    check,
    clusters,
    joined_pairs,
    low_bins,
    missing_pairs,
    plausible,
    repeated_lines,
)
from copydesk.engines import EngineOptions, Watch, run
from copydesk.flow.steps import Place, Source, sources_of
from copydesk.model.progress import Progress
from copydesk.model.tables import empty
from copydesk.store import Latest, Log, digest_of, translated

DOCUMENTS_A_SHARE = 50_000
PAIRS_AT_ONCE = 8_000
_LINES = ("doc_id", "outlet", "words", "lines", "line_words")
_NUMBERS = ("doc_id", "revision", "published_at", "words")


@dataclass(frozen=True, slots=True)
class _Step:
    """A piece of work: what is to be done, its number, and what of the log it is about."""

    what: str  # shuffle, pair, compare
    number: int
    sources: tuple[Source, ...] = ()
    wanted: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # by source: the documents to compare

    def __str__(self) -> str:
        return f"the search for copies ({self.what} {self.number})"


def find_copies(
    log: Log, latest: Latest, *, folder: Path, engine: EngineOptions, progress: Progress, options: CopyOptions
) -> bool:
    """Bring the table ``copies`` up to date with the log; says whether there was anything to do.

    ``folder`` is where the steps leave what they need; it is removed at the end.
    """
    key = digest_of([RECIPE, asdict(options), log.digest])
    if latest.is_made_from(key):
        return False
    with translated(folder, "clear"):
        shutil.rmtree(folder, ignore_errors=True)
    sources = sources_of(log)
    count = sum(
        len(one.rows) if one.rows is not None else one.part.receipt["files"]["documents"]["rows"] for one in sources
    )
    search = _Search(sources, Place(folder, 1 + count // DOCUMENTS_A_SHARE), engine, progress, options)
    copies = search.copies() if count else empty("copies")
    latest.replace({"copies": copies}, {"stage": "copies", "key": key})
    with translated(folder, "clear"):
        shutil.rmtree(folder, ignore_errors=True)
    return True


class _Search:
    """The steps in their order."""

    def __init__(
        self,
        sources: Sequence[Source],
        place: Place,
        engine: EngineOptions,
        progress: Progress,
        options: CopyOptions,
    ) -> None:
        self._sources = sources
        self._place = place
        self._engine = engine
        self._progress = progress
        self._options = options

    def copies(self) -> pa.Table:
        """Give the table ``copies``."""
        shares = range(self._place.shares)
        self._run("looking for copies: shuffling", [_Step("shuffle", one.number, (one,)) for one in self._sources])
        self._write_signatures()
        self._run("looking for copies: pairing", [_Step("pair", share) for share in shares])
        found = [self._place.read("repeated", share) for share in shares]
        repeated = pa.concat_tables(found).sort_by([("outlet", "ascending"), ("line", "ascending")])
        self._place.write(repeated, "own-lines", 0)
        sketches = self._sketches(_NUMBERS)
        links = self._compared(joined_pairs(*(self._place.read("pairs", share) for share in shares)), first=0)
        more = self._compared(missing_pairs(links, sketches), first=links.num_rows)
        return clusters(pa.concat_tables([links, more]), sketches)

    def _write_signatures(self) -> None:
        """Put what pairs are sifted by where every process can look at it without holding it."""
        self._place.write(self._sketches(("doc_id", "shingles")), "lengths", 0)
        with self._place.file("signatures", 0).open("wb") as file:
            for one in self._sources:
                file.write(low_bins(one.read("sketches", ("signature",))).tobytes())

    def _sketches(self, columns: Sequence[str]) -> pa.Table:
        tables = [one.read("sketches", columns) for one in self._sources]
        return pa.concat_tables([empty("sketches").select(list(columns)), *tables]).combine_chunks()

    def _compared(self, pairs: pa.Table, *, first: int) -> pa.Table:
        """Compare pairs, some at a time; ``first`` tells these files from others."""
        holders = self._holders(pairs)
        steps = []
        for at in range(0, max(pairs.num_rows, 1), PAIRS_AT_ONCE):
            some = pairs.slice(at, PAIRS_AT_ONCE)
            self._place.write(some, "some-pairs", first + at)
            names = pc.unique(pa.chunked_array([*some["left"].chunks, *some["right"].chunks], pa.string())).to_pylist()
            wanted: dict[int, list[str]] = {}
            for name in names:
                wanted.setdefault(holders[name], []).append(name)
            sources = tuple(self._sources[number] for number in sorted(wanted))
            steps.append(_Step("compare", first + at, sources, {one: tuple(named) for one, named in wanted.items()}))
        self._run("looking for copies: comparing", steps)
        return pa.concat_tables([self._place.read("links", step.number) for step in steps])

    def _holders(self, pairs: pa.Table) -> dict[str, int]:
        """Say in which source each document of the pairs is."""
        names = pa.chunked_array([*pairs["left"].chunks, *pairs["right"].chunks], pa.string())
        held: dict[str, int] = {}
        for one in self._sources:
            there = one.read("documents", ["doc_id"])["doc_id"]
            held |= dict.fromkeys(there.filter(pc.is_in(there, names.combine_chunks())).to_pylist(), one.number)
        return held

    def _run(self, what: str, steps: Sequence[_Step]) -> None:
        work = partial(take_step, place=self._place, options=self._options)
        for done, _ in enumerate(run(work, steps, options=self._engine), start=1):
            self._progress(what, done, len(steps))


def take_step(step: _Step, _watch: Watch, *, place: Place, options: CopyOptions) -> None:
    """Do one piece of the work, in whatever process."""
    {"shuffle": _shuffle, "pair": _pair, "compare": _compare}[step.what](step, place, options)


def _shuffle(step: _Step, place: Place, _options: CopyOptions) -> None:
    """Make the keys of a part of the log, and divide them and its lines into shares."""
    (source,) = step.sources
    sketches = source.read("sketches")
    keys = bands(sketches)
    share_of_keys = keys["key"].to_numpy().view(np.uint64) % place.shares
    outlets = sketches["outlet"].combine_chunks().dictionary_encode(null_encoding="encode")
    names = [digest_of(name) for name in outlets.dictionary.to_pylist()]
    share_of_names = np.array([int(name[:8], 16) % place.shares for name in names], np.int64)
    share_of_lines = share_of_names[outlets.indices.to_numpy()]
    for share in range(place.shares):
        place.write(keys.filter(pa.array(share_of_keys == share)), "keys", share, step.number)
        place.write(sketches.select(_LINES).filter(pa.array(share_of_lines == share)), "lines", share, step.number)


def _pair(step: _Step, place: Place, options: CopyOptions) -> None:
    """Find the candidates in one share of the keys, and the outlets' own lines in one share of the outlets."""
    lengths = place.read("lengths", 0)
    bins = np.memmap(place.file("signatures", 0), np.uint8, "r", shape=(lengths.num_rows, BINS))
    pairs = plausible(
        candidates(place.read_all("keys", step.number), options),
        names=lengths["doc_id"].combine_chunks(),
        bins=bins,
        shingles=lengths["shingles"].to_numpy(),
        options=options,
    )
    place.write(pairs, "pairs", step.number)
    place.write(repeated_lines(place.read_all("lines", step.number), options), "repeated", step.number)


def _compare(step: _Step, place: Place, options: CopyOptions) -> None:
    """Compare some pairs."""
    documents, zones = [empty("documents")], [empty("zones")]
    for source in step.sources:
        rows = source.read("documents")
        mine = rows.filter(pc.is_in(rows["doc_id"], pa.array(step.wanted[source.number], pa.string())))
        documents.append(mine)
        of_part = source.part.read("zones")
        keys = ["doc_id", "revision"]
        zones.append(of_part.join(mine.select(keys), keys, join_type="left semi").cast(of_part.schema))
    links = check(
        place.read("some-pairs", step.number),
        pa.concat_tables(documents),
        zones=pa.concat_tables(zones).sort_by([("doc_id", "ascending"), ("seq", "ascending")]),
        repeated=place.read("own-lines", 0),
        options=options,
    )
    place.write(links, "links", step.number)
