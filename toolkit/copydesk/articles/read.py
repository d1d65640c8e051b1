"""An input in, its entries out, one at a time; or files in, the tables ``articles`` and ``rejected`` out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import pyarrow as pa

from copydesk.articles.archive import Member, read_tar, read_zip
from copydesk.articles.delimited import read_csv, read_tsv
from copydesk.articles.document import read_document
from copydesk.articles.entry import At, Entry, Facts, refused, to_tables
from copydesk.articles.feed import looks_like_feed, read_feed
from copydesk.articles.identity import source_of_member
from copydesk.articles.inputs import Input
from copydesk.articles.json_file import read_json
from copydesk.articles.jsonlines import read_jsonlines
from copydesk.articles.kinds import ARCHIVES, DOCUMENTS, Kind, kind_of
from copydesk.articles.provenance import NOTHING, ProvenanceFiles
from copydesk.articles.remote import fetched
from copydesk.articles.streams import Budget, InputFault, Within, decompressed, local, opened, seekable
from copydesk.articles.warc import read_warc
from copydesk.model.reading import Limits, ReadOptions

_HEAD = 4096
_NESTED = 1  # archives in an archive, one in another
_Reader = Callable[[io.BufferedReader, At], Iterator[Entry]]
_STREAMED: dict[str, _Reader] = {
    "feed": read_feed,
    "json": read_json,
    "jsonl": read_jsonlines,
    "csv": read_csv,
    "tsv": read_tsv,
    "warc": read_warc,
}


def read_input(
    one: Input,
    *,
    options: ReadOptions,
    provenance: ProvenanceFiles | None = None,
    budget: Budget | None = None,
    passed_over: Callable[[str], None] = lambda kind: None,
) -> Iterator[Entry]:
    """Give every article of one input in its order, those that cannot be used with their reason.

    An entry for each file, feed entry, line, row, HTTP response and archive member; where an input is damaged, all that
    stands whole before it, and one entry that says where. Memory is bounded by the limits, whatever the input's size.
    ``budget`` tells meanwhile how many bytes of it were read. ``passed_over`` is told the kind of each thing that is no input, such as a request in a WARC file.
    Raises ConfigError for a ``provenance.toml`` that is wrong, MissingExtraError where a package for the address is missing.
    """
    origin = NOTHING
    if one.path is not None:
        origin = (provenance or ProvenanceFiles()).of(one.path, source=one.source)
    name = one.address
    at = At(
        name, options, budget or Budget(options.limits), origin=origin, passed_over=passed_over, stretch=one.stretch
    )
    for entry in _bounded(_opened_entries(one, at), at):
        yield _badly_named(entry, name) if name != one.source else entry


def read_articles(files: Sequence[tuple[str, Path]], *, limits: Limits) -> tuple[pa.Table, pa.Table]:
    """Read files, given as (source, path), into the tables ``articles`` and ``rejected``, in their order.

    Every article in them is one row of ``articles``; those that cannot be used have no ``encoding`` there and one row of
    ``rejected`` each, with its reason. For all others ``raw.decode(encoding)`` works strictly.
    Raises ConfigError for a ``provenance.toml`` that is wrong.
    """
    read = partial(read_input, options=ReadOptions(limits), provenance=ProvenanceFiles())
    return to_tables(entry for source, path in files for entry in read(Input(source, path=path)))


def accepted(articles: pa.Table) -> pa.Table:
    """Give the rows of ``articles`` that can be used: those whose ``encoding`` is filled."""
    return articles.filter(articles.column("encoding").is_valid())


def _opened_entries(one: Input, at: At) -> Iterator[Entry]:
    kind = kind_of(one.file_name)
    with _open(one, at.options) as file:
        stream = opened(file, compression=kind.compression, budget=at.budget)
        yield from _from_stream(stream, at, kind, source=at.container)


def _from_stream(
    stream: io.BufferedReader, at: At, kind: Kind, *, source: str, place: str | None = None
) -> Iterator[Entry]:
    """Read what is in a stream; ``source`` and ``place`` are those of a file that is one article."""
    name = kind.name
    if not name and looks_like_feed(stream.peek(_HEAD)):
        name = "feed"
    if name in DOCUMENTS:
        alone = Facts(url=at.origin.url, published_at=at.origin.published_at) if place is None else None
        yield read_document(stream, at, source=source, suffix=kind.suffix, place=place, facts=alone)
        return
    inner = at if source == at.container else replace(at, container=source, depth=at.depth + 1)
    if name == "tar":
        yield from _members(read_tar(stream, inner), inner)
    elif name in _SOUGHT:
        with seekable(stream, at.limits) as file:
            yield from _SOUGHT[name](file, inner)
    else:
        yield from _STREAMED[name](stream, inner)


def _zip(file: BinaryIO, at: At) -> Iterator[Entry]:
    return _members(read_zip(file, at), at)


def _parquet(file: BinaryIO, at: At) -> Iterator[Entry]:
    from copydesk.articles.parquet import read_parquet

    return read_parquet(file, at)


_SOUGHT: dict[str, Callable[[BinaryIO, At], Iterator[Entry]]] = {"zip": _zip, "parquet": _parquet}


def _members(members: Iterator[Member], at: At) -> Iterator[Entry]:
    """Give what is in each member; a fault ends its member alone, unless it is the archive's."""
    number = 0
    fault: InputFault | None = None
    while True:
        try:
            member = next(members)
        except StopIteration:
            return
        except InputFault as again:
            if fault and fault.detail == again.detail:  # it is the end of the last member that was told of
                return
            raise
        number += 1
        fault = None
        try:
            yield from _member(member, at, number)
        except InputFault as met:
            fault = met
            yield _refused_member(at, member, number, met)


def _member(member: Member, at: At, number: int) -> Iterator[Entry]:
    kind = kind_of(member.name)
    if member.fault:
        yield _refused_member(at, member, number, member.fault)
    elif not kind.name or PurePosixPath(member.name).name.startswith("."):
        detail = "the file is of no kind that holds articles (fix: leave it out of the archive)"
        yield _refused_member(at, member, number, InputFault("not-an-article", detail))
    elif kind.name in ARCHIVES and at.depth >= _NESTED:
        detail = f"archives are read {_NESTED + 1} deep, and this is one more (fix: unpack the outer one)"
        yield _refused_member(at, member, number, InputFault("too-deep", detail))
    else:
        stream = decompressed(member.open(), compression=kind.compression, budget=at.budget)
        source = source_of_member(at.container, member.name)
        yield from _from_stream(stream, at, kind, source=source, place=member.name)


def _refused_member(at: At, member: Member, number: int, fault: InputFault) -> Entry:
    source = source_of_member(at.container, member.name)
    return refused(at, number=number, place=member.name, source=source, reason=fault.reason, detail=fault.detail)


def _bounded(entries: Iterator[Entry], at: At) -> Iterator[Entry]:
    """Give the entries up to the limit; what stops them is the last one."""
    count, limit = 0, at.limits.max_entries
    fault: InputFault | None = None
    try:
        for entry in entries:
            count += 1
            if count > limit:
                fix = "split it, or raise [ingest] max_entries"
                raise InputFault("too-many", f"there are more than {limit:,} entries (fix: {fix})")
            yield entry
        if not count and at.stretch is None:
            raise InputFault("empty", "it holds no article (fix: leave it out, or get it again)")
    except InputFault as met:
        fault = met
    if fault:
        number, place = (count + 1, f"after {count} entries") if count else (0, None)
        yield refused(at, number=number, place=place, reason=fault.reason, detail=fault.detail)


@contextmanager
def _open(one: Input, options: ReadOptions) -> Iterator[BinaryIO]:
    """Open an input."""
    if one.url is not None:
        with fetched(one.url, options) as file:
            yield file
        return
    assert one.path is not None
    with local(one.path) as file:
        if one.stretch:
            file.seek(one.stretch.start)
            yield cast("BinaryIO", Within(file, one.stretch.end - one.stretch.start))
        else:
            yield cast("BinaryIO", file)


def _badly_named(entry: Entry, name: str) -> Entry:
    """Turn away what is in a file that no table, and no other system, could name."""
    detail = f"the name {name} is not UTF-8 (fix: rename the file)"
    return entry._replace(format=None, encoding=None, reason="bad-name", detail=detail)
