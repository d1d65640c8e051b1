"""Articles as the readers give them in, the tables ``articles`` and ``rejected`` out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.articles import markup
from copydesk.articles.identity import source_of_number
from copydesk.articles.inputs import Stretch
from copydesk.articles.provenance import NOTHING, Provenance
from copydesk.articles.streams import Budget
from copydesk.model import tables
from copydesk.model.reading import Limits, ReadOptions

STAGE = "articles"
_SURROGATE = re.compile("[\ud800-\udfff]")
_FIELD = 10_000  # characters of a title or name that are kept; more is no title


class Facts(NamedTuple):
    """What is stated of an article beside its body; ``None`` is what nothing states."""

    title: str | None = None
    authors: tuple[str, ...] | None = None
    language: str | None = None
    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    retrieved_at: datetime | None = None
    licence: str | None = None


class Entry(NamedTuple):  # made a million times: a tuple takes a third of the time of a frozen dataclass
    """One row of ``articles``. It can be used if ``reason`` is empty; then ``raw.decode(encoding)`` works strictly."""

    source: str
    container: str
    place: str | None = None
    raw: bytes | None = None
    raw_sha256: str = ""
    bytes: int = 0
    format: str | None = None
    encoding: str | None = None
    facts: Facts = Facts()
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class At:
    """Where a reader stands: the container's address, what is known of everything in it, and what may be spent."""

    container: str
    options: ReadOptions
    budget: Budget
    origin: Provenance = NOTHING
    depth: int = 0  # archives around it
    stretch: Stretch | None = None  # what is read of a file of lines, if not all
    passed_over: Callable[[str], None] = lambda kind: None  # told of what is no input, such as a request in a WARC file

    @property
    def limits(self) -> Limits:
        """The limits of the options."""
        return self.options.limits


def refused(  # noqa: PLR0913 (one row, said in one place)
    at: At,
    *,
    number: int,
    place: str | None,
    reason: str,
    detail: str,
    source: str = "",
    raw: bytes | None = None,
    facts: Facts | None = None,
) -> Entry:
    """Give an entry that cannot be used; without a ``source`` it is named by its number, and 0 is the container itself."""
    known = {"raw": raw, "raw_sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)} if raw is not None else {}
    return Entry(
        source=source or (source_of_number(at.container, number) if number else at.container),
        container=at.container,
        place=place,
        reason=reason,
        detail=f"{at.container}, {place}: {detail}" if place else f"{at.container}: {detail}",
        facts=with_origin(facts or Facts(), at.origin),
        **known,  # type: ignore[arg-type]
    )


def from_text(at: At, text: str, *, source: str, number: int, place: str, facts: Facts, form: str = "") -> Entry:
    """Give the entry of an article whose text stands in a field; ``form`` (text, html) is looked at where it is not stated.

    Its bytes are the UTF-8 of the text.
    """
    fault: tuple[str, str] | None
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        what = f"the text has half a surrogate pair, \\u{ord(text[error.start]):04x}, at character {error.start}"
        fault, raw = ("lone-surrogate", f"{what} (fix: write the text anew)"), b""
    else:
        fault = _fault(raw, text, at.limits)
    if fault:
        reason, detail = fault
        kept = None if reason in {"too-large", "lone-surrogate"} else raw
        return refused(
            at, number=number, place=place, source=source, facts=facts, reason=reason, detail=detail, raw=kept
        )
    form = form or ("html" if markup.is_marked_up(text) else "text")
    digest = hashlib.sha256(raw).hexdigest()
    facts = with_origin(facts, at.origin)
    # By place, and not by name: of each entry of a feed, names would be a twentieth of the time.
    return Entry(source, at.container, place, raw, digest, len(raw), form, "utf-8", facts)


def lost_entry(container: str, number: int, *, reason: str, detail: str) -> Entry:
    """Give the entry at which a reader was lost, the ``number``-th read (from 0): it and what follows it are given up."""
    place = f"entry {number + 1} and what follows it" if number else None
    source = source_of_number(container, number + 1) if number else container
    where = f"{container}, {place}" if place else container
    return Entry(source=source, container=container, place=place, reason=reason, detail=f"{where}: {detail}")


def with_origin(facts: Facts, origin: Provenance) -> Facts:
    """Fill what an entry does not state with what is written of its container."""
    if origin is NOTHING:
        return facts
    return facts._replace(
        publisher=facts.publisher or origin.publisher,
        retrieved_at=facts.retrieved_at or origin.retrieved_at,
        licence=facts.licence or origin.licence,
    )


def line(value: object) -> str | None:
    """Give a value as one line of text without outer space; ``None`` for what is empty or no text."""
    if not isinstance(value, str):
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            return None
        value = str(value)
    return " ".join(value[:_FIELD].split()) or None


def to_tables(entries: Iterable[Entry]) -> tuple[pa.Table, pa.Table]:
    """Give the tables ``articles`` (a row for every entry, in order) and ``rejected`` (one for each that cannot be used).

    A lone surrogate in what is said of an article is escaped; one in its name or text was a reason to refuse it.
    """
    articles: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for entry in entries:
        row = {name: _escaped(value) for name, value in _row(entry).items()}
        articles.append(row)
        if entry.reason:
            facts = {name: value for name, value in row.items() if name != "raw"}
            detail = _escaped(entry.detail)
            rejected.append(
                tables.rejected_row(stage=STAGE, item=row["source"], reason=entry.reason, detail=detail, row=facts)
            )
    return tables.from_rows("articles", articles), tables.from_rows("rejected", rejected)


def _fault(raw: bytes, text: str, limits: Limits) -> tuple[str, str] | None:
    if not text or text.isspace():
        return "empty", "the article's text is empty (fix: scrape the article again)"
    if len(raw) > limits.max_bytes:
        size = f"{len(raw):,} bytes are more than the limit of {limits.max_bytes:,}"
        return "too-large", f"{size} (fix: split the article, or raise [ingest] max_bytes)"
    if b"\0" in raw:
        return "nul-byte", f"a NUL stands at character {text.index(chr(0))} (fix: remove it, or scrape again)"
    return None


def _row(entry: Entry) -> dict[str, Any]:
    facts = entry.facts
    return {
        "source": entry.source,
        "container": entry.container,
        "place": entry.place,
        "raw_sha256": entry.raw_sha256,
        "bytes": entry.bytes,
        "format": entry.format,
        "encoding": entry.encoding,
        "raw": entry.raw,
        "title": facts.title,
        "authors": [_escaped(name) for name in facts.authors] if facts.authors else None,
        "language": facts.language,
        "url": facts.url,
        "publisher": facts.publisher,
        "published_at": facts.published_at,
        "retrieved_at": facts.retrieved_at,
        "licence": facts.licence,
    }


def _escaped(value: Any) -> Any:
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        return value.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return value
