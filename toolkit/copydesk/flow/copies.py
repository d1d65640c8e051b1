"""The ingest log in, the table ``copies`` out: every document's story, searched for by the engines.

The search is that of ``documents/copies``, its tables divided where each step allows it. Documents are numbered in the order of their
``doc_id``, and all that steps hand on are numbers:

* *shuffle*, some parts of the log at a time: keys are divided by their value, lines by their outlet;
* *pair*, a share of each at a time: candidates are found and sifted, and the lines that an outlet repeats;
* *body*, some parts at a time: what each document of a pair is compared by is laid aside, once;
* *compare*, all pairs of some documents with later ones: only the bodies that these pairs need are looked up.

So every step does an amount of work that does not grow with the log, and there are as many steps as the log is long. What the command
itself holds are a few numbers of each document and each link.
"""

from __future__ import annotations

import os
import shutil
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from copydesk.documents.copies import (
    BINS,
    NUMBERED_LINKS,
    RECIPE,
    Body,
    CopyOptions,
    beginning_with,
    bodies,
    compared,
    distinct,
    ends,
    keys_of,
    low_bins,
    missing,
    pairs_under,
    repeated_lines,
    sifted,
    stories,
)
from copydesk.engines import EngineOptions, Watch, run
from copydesk.flow.history import doc_keys
from copydesk.flow.steps import Array, Place, Source, sources_of
from copydesk.model.progress import Progress
from copydesk.model.tables import empty
from copydesk.store import Latest, Log, digest_of, translated

DOCUMENTS_A_SHARE = 25_000  # of whose keys a share has as many
DOCUMENTS_AT_ONCE = 20_000  # in the parts of a step
PAIRS_AT_ONCE = 20_000
CACHED_BYTES = 32_000_000  # of bodies that a step keeps at hand
_OUTLETS = ("outlet", "words", "lines", "line_words")
_COMPARED = ("doc_id", "revision", "publisher", "url", "text")
_MARKED = ("doc_id", "revision", "kind", "start", "end")
# Where the body of a document lies: in which file, from which byte on, and how many values of eight bytes it has.
_LIES = np.dtype([("file", "<i4"), ("shingles", "<i4"), ("numbers", "<i4"), ("digest", "<i4"), ("at", "<i8")])


@dataclass(frozen=True, slots=True)
class _Step:
    """A piece of work: what is to be done, its number, what of the log it is about, and which documents' pairs."""

    what: str  # shuffle, pair, body, compare
    number: int
    sources: tuple[Source, ...] = ()
    row: int = 0  # of the first document of the sources, among all
    first: int = 0
    last: int = 0
    pairs: str = ""  # the folder of the pairs to compare

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
    count = sum(one.count for one in sources)
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
        self._count = sum(one.count for one in sources)

    def copies(self) -> pa.Table:
        """Give the table ``copies``."""
        shares = range(self._place.shares)
        self._number()
        self._run("looking for copies: shuffling", list(self._of_sources("shuffle")))
        self._run("looking for copies: pairing", [_Step("pair", share) for share in shares])
        found = pa.concat_tables([self._place.read("repeated", share) for share in shares])
        self._place.write(found.sort_by([("outlet", "ascending"), ("line", "ascending")]), "own-lines", 0)
        to_compare = list(self._to_compare("pairs", shares))
        self._lay_bodies_aside()
        links = self._compared(to_compare)
        documents = self._documents()
        self._place.keep(missing(links, documents), "missing", 0)
        more = self._compared(list(self._to_compare("missing", (0,))))
        return stories(pa.concat_tables([links, more]), documents)

    def _number(self) -> None:
        """Number the documents in the order of their names, and put what pairs are sifted by where every process can look at it."""
        keys, shingles = np.empty(self._count, np.uint64), np.empty(self._count, np.int32)
        for one, rows in self._rows():
            told = one.read("sketches", ("doc_id", "shingles"))
            keys[rows], shingles[rows] = doc_keys(told["doc_id"]), told["shingles"].to_numpy()
        order = np.argsort(keys)
        number = np.empty(self._count, np.int32)
        number[order] = np.arange(self._count)
        self._place.keep(number, "numbers", 0)
        self._place.keep(shingles[order], "lengths", 0)
        bins = np.empty((self._count, BINS), np.uint8)
        for one, rows in self._rows():
            bins[number[rows]] = low_bins(one.read("sketches", ("signature",)))
        self._place.keep(bins, "signatures", 0)

    def _rows(self) -> Iterator[tuple[Source, slice]]:
        """Give each source with the rows that its documents have among all."""
        row = 0
        for one in self._sources:
            yield one, slice(row, row + one.count)
            row += one.count

    def _of_sources(self, what: str) -> Iterator[_Step]:
        """Give steps that are each about some sources in a row."""
        number = first = size = 0
        some: list[Source] = []
        for one in self._sources:
            if some and size + one.count > DOCUMENTS_AT_ONCE:
                yield _Step(what, number, tuple(some), row=first)
                number, first, size, some = number + 1, first + size, 0, []
            some.append(one)
            size += one.count
        yield _Step(what, number, tuple(some), row=first)

    def _to_compare(self, pairs: str, shares: Sequence[int]) -> Iterator[_Step]:
        """Divide the documents so that as many pairs begin with those of one step as with those of another."""
        begins = np.zeros(self._count, np.int64)
        for share in shares:
            left, _ = ends(np.array(self._place.kept(pairs, share)))
            begins += np.bincount(left, minlength=self._count)
        if not begins.any():
            return
        share_of = (np.cumsum(begins) - 1) // PAIRS_AT_ONCE
        firsts = np.flatnonzero(np.diff(share_of, prepend=-1))
        for number, (first, last) in enumerate(zip(firsts, [*firsts[1:], self._count], strict=True)):
            yield _Step("compare", number, first=int(first), last=int(last), pairs=pairs)

    def _lay_bodies_aside(self) -> None:
        """Have the bodies of all documents that are in a pair laid aside, and note where each lies."""
        wanted = np.zeros(self._count, np.bool_)
        for share in range(self._place.shares):
            for end in ends(np.array(self._place.kept("pairs", share))):
                wanted[end] = True
        self._place.keep(wanted, "wanted", 0)
        steps = list(self._of_sources("body"))
        self._run("looking for copies: laying aside", steps)
        lies = np.zeros(self._count, _LIES)
        numbers = self._place.kept("numbers", 0)
        for step in steps:
            mine = numbers[step.row : step.row + sum(one.count for one in step.sources)]
            lies[mine[wanted[mine]]] = self._place.kept("lying", step.number)
        self._place.keep(lies, "lies", 0)

    def _compared(self, steps: Sequence[_Step]) -> pa.Table:
        self._run("looking for copies: comparing", steps)
        links = [self._place.read(f"{step.pairs}-compared", step.number) for step in steps]
        return pa.concat_tables([NUMBERED_LINKS.empty_table(), *links])

    def _documents(self) -> pa.Table:
        """Give what decides which document is canonical, in the order of their numbers."""
        columns = ("doc_id", "revision", "published_at", "words")
        tables = [one.read("sketches", columns) for one in self._sources]
        order = np.argsort(self._place.kept("numbers", 0))
        return pa.concat_tables(tables).take(pa.array(order))

    def _run(self, what: str, steps: Sequence[_Step]) -> None:
        work = partial(take_step, place=self._place, options=self._options)
        for done, _ in enumerate(run(work, steps, options=self._engine), start=1):
            self._progress(what, done, len(steps))


def take_step(step: _Step, _watch: Watch, *, place: Place, options: CopyOptions) -> None:
    """Do one piece of the work, in whatever process."""
    {"shuffle": _shuffle, "pair": _pair, "body": _lay_aside, "compare": _compare}[step.what](step, place, options)
    pa.default_memory_pool().release_unused()


def _shuffle(step: _Step, place: Place, _options: CopyOptions) -> None:
    """Make the keys of some parts of the log, and divide them and the parts' lines into shares."""
    numbers = place.kept("numbers", 0)
    row, keys, lines = step.row, [], []
    for source in step.sources:
        sketches = source.read("sketches")
        key, of, body = keys_of(sketches)
        document = numbers[row : row + source.count][of]
        keys.append(pa.table({"key": key, "document": document, "body": body[of]}))
        lines.append(sketches.select(_OUTLETS))
        row += source.count
    _divide(pa.concat_tables(keys), "keys", step, place)
    _divide(pa.concat_tables(lines), "lines", step, place)


def _divide(table: pa.Table, what: str, step: _Step, place: Place) -> None:
    """Write a table's rows to the shares that their first column says."""
    if what == "keys":
        share_of = table["key"].to_numpy() % np.uint64(place.shares)
    else:
        outlets = table["outlet"].combine_chunks().dictionary_encode(null_encoding="encode")
        names = [int(digest_of(name)[:8], 16) % place.shares for name in outlets.dictionary.to_pylist()]
        share_of = np.array(names, np.int64)[outlets.indices.to_numpy()]
    order = np.argsort(share_of, kind="stable")
    places = np.searchsorted(share_of[order], np.arange(place.shares + 1))
    for share in range(place.shares):
        place.write(table.take(pa.array(order[places[share] : places[share + 1]])), what, share, step.number)


def _pair(step: _Step, place: Place, options: CopyOptions) -> None:
    """Find the candidates in one share of the keys, and the outlets' own lines in one share of the outlets."""
    keys = place.read_all("keys", step.number)
    bins, shingles = place.kept("signatures", 0), np.array(place.kept("lengths", 0))
    columns = keys["key"].to_numpy(), keys["document"].to_numpy().astype(np.int64), keys["body"].to_numpy()
    found = [
        sifted(pairs, bins=bins, shingles=shingles, options=options)
        for pairs in pairs_under(*columns, full=options.full_bucket)
    ]
    place.keep(distinct(np.concatenate(found)), "pairs", step.number)
    place.write(repeated_lines(place.read_all("lines", step.number), options), "repeated", step.number)


def _lay_aside(step: _Step, place: Place, _options: CopyOptions) -> None:
    """Leave the bodies of those documents of some parts that are in a pair: one after the other, and where each lies."""
    numbers, wanted, repeated = place.kept("numbers", 0), place.kept("wanted", 0), place.read("own-lines", 0)
    lying = []
    with place.writing("bodies", step.number) as file:
        row = step.row
        for source in step.sources:
            mine = wanted[numbers[row : row + source.count]]
            row += source.count
            if not mine.any():
                continue
            documents = source.read("documents", _COMPARED).filter(pa.array(mine))
            zones = source.part.read("zones", columns=_MARKED)
            of_source = bodies(documents, zones=zones, repeated=repeated)
            lying += [_written(body, file, step.number) for body in of_source]
    place.keep(np.array(lying, _LIES), "lying", step.number)


def _written(body: Body, file: BinaryIO, number: int) -> tuple[int, int, int, int, int]:
    at = file.tell()
    file.write(body.shingles.tobytes())
    file.write(body.numbers.tobytes())
    file.write(body.words)
    return number, len(body.shingles), len(body.numbers), len(body.words), at


def _compare(step: _Step, place: Place, options: CopyOptions) -> None:
    """Compare the pairs that begin with some documents."""
    whole = [np.load(file, mmap_mode="r") for file in sorted((place.folder / step.pairs).glob("*.arrow"))]
    pairs = distinct(np.concatenate([_beginning_with(one, step.first, step.last) for one in whole]))
    with _Bodies(place) as of:
        place.write(compared(pairs, of.body, options), f"{step.pairs}-compared", step.number)


def _beginning_with(pairs: Array, first: int, last: int) -> Array:
    """Those of sorted pairs that begin with a document from ``first`` to before ``last``."""
    limits = np.array([beginning_with(first), beginning_with(last)], np.uint64)
    start, stop = np.searchsorted(pairs, limits)
    return np.array(pairs[start:stop])


class _Bodies:
    """The bodies that were laid aside; the last ones that were asked for are kept at hand."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lies = place.kept("lies", 0)
        self._files: dict[int, int] = {}
        self._cache: OrderedDict[int, Body] = OrderedDict()
        self._bytes = 0

    def __enter__(self) -> _Bodies:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._files.values():
            os.close(handle)

    def body(self, document: int) -> Body:
        """Give the body of the document with this number."""
        known = self._cache.get(document)
        if known is not None:
            self._cache.move_to_end(document)
            return known
        body = self._cache[document] = self._read(document)
        self._bytes += _bytes(body)
        while self._bytes > CACHED_BYTES and len(self._cache) > 1:
            self._bytes -= _bytes(self._cache.popitem(last=False)[1])
        return body

    def _read(self, document: int) -> Body:
        file, shingles, numbers, digest, at = self._lies[document].tolist()
        if file not in self._files:
            self._files[file] = os.open(self._place.file("bodies", file), os.O_RDONLY)
        stored = os.pread(self._files[file], 8 * (shingles + numbers) + digest, at)
        values = np.frombuffer(stored, np.uint64, shingles + numbers)
        return Body(values[:shingles], values[shingles:], stored[len(stored) - digest :])


def _bytes(body: Body) -> int:
    return body.shingles.nbytes + body.numbers.nbytes + 200
