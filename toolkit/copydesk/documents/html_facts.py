"""A page's source in, what the page says of itself out: from ``<meta>``, ``<link>``, ``<time>`` and JSON-LD, in one pass over each."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from copydesk.documents.html_blocks import Page
from copydesk.documents.html_meaning import Within
from copydesk.documents.html_source import attributes
from copydesk.documents.rules import html_facts

LONGEST_JSON = 400_000  # characters of one JSON-LD element
MOST_AUTHORS = 12
LONGEST_NAME = 80  # characters of a person's name
LONGEST_LINE = 160  # characters of a byline, or a line with a date
NEAR = 6  # blocks around the title among which the date is looked for
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
_NUMBER = re.compile(r"[0-9]++")
_FIRST = re.compile(r"\b0?1\b")
_URL_DATE = re.compile(r"/((?:19|20)[0-9]{2})/([01][0-9])/([0-3][0-9])(?:/|-|$)")
_AFTER_NAMES = re.compile(r"\s[|•·–—-]\s|\bon\b|\bin\b|[0-9:(]")
_TELLING = re.compile(
    r"<(?=[hlmstHLMST])(?:meta(?=[\s/>])(?P<meta>[^>]*+)>|link(?=[\s/>])(?P<link>[^>]*+)>|time(?=[\s/>])(?P<time>[^>]*+)>"
    r"|html(?=[\s/>])(?P<html>[^>]*+)>|title(?=[\s>])[^>]*+>(?P<title>[^<]*+)"
    r"|script(?=[\s>])(?P<type>[^>]*+)>(?P<script>[^<]*+(?:<(?!/script)[^<]*+)*+))",
    re.IGNORECASE | re.ASCII,
)
LONGEST_VALUE = 2_000  # characters of an attribute after a ">" in it
_LIST = re.compile(r"\s*(?:,|;|\||/|\band\b|\bund\b|\bet\b|\by\b|&)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself. ``language`` is as the page writes it (``en``, ``pt-BR``); ``licence`` an address or a name."""

    title: str | None = None
    url: str | None = None
    publisher: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    language: str | None = None
    licence: str | None = None


@dataclass(slots=True)
class _Told:
    """The facts of a page as written: ``meta`` by name, ``links`` by rel, the JSON-LD objects, ``<title>``, ``<html lang>``, times."""

    meta: dict[str, list[str]]
    links: dict[str, str]
    objects: list[dict[str, Any]]
    title: str = ""
    language: str = ""
    times: tuple[str, ...] = ()


def read_facts(source: str) -> Facts:
    """Read the facts of a page; what it does not say, or says in no form that is understood, is ``None``.

    The hour of publication is from the page's own markup alone, and never depends on today's date.
    """
    told = _told(source)
    names = html_facts()
    article = _article(told.objects)
    return Facts(
        title=_first(_texts(article.get("headline")), _meta(told, names["title"]), [told.title]),
        url=_first([told.links.get("canonical", "")], _meta(told, names["url"]), _texts(article.get("url"))),
        publisher=_first(_meta(told, names["publisher"]), _names(article.get("publisher"))),
        authors=_authors(told, article),
        published_at=_published(told, article),
        language=_first(
            [told.language.replace("_", "-")],
            [one.replace("_", "-") for one in _meta(told, names["language"])],
            _texts(article.get("inLanguage")),
        ),
        licence=_first([told.links.get("license", "")], _texts(article.get("license")), _meta(told, names["licence"])),
    )


def with_bylines(facts: Facts, page: Page, places: Sequence[int]) -> Facts:
    """Fill in authors and date, where the page's head has not told them, from its bylines and the lines around the title.

    A date is read by htmldate from those lines alone, and only where they write a year: it never depends on today's.
    """
    if not places or (facts.authors and facts.published_at):
        return facts
    near = range(max(0, places[0] - NEAR), min(len(page.blocks), places[0] + NEAR))
    marked = [place for place, block in enumerate(page.blocks) if page.within[block.node] & Within.BYLINE]
    lines = [html.unescape(page.blocks[place].text) for place in (*marked[:NEAR], *near)]
    lines = [line for line in lines if len(line) <= LONGEST_LINE]
    return replace(
        facts,
        authors=facts.authors or _signed(lines[: len(marked[:NEAR])]),
        published_at=facts.published_at or _dated(lines),
    )


def _signed(lines: Sequence[str]) -> tuple[str, ...]:
    """Give the names in the first line that begins as a byline does."""
    for line in lines:
        first, _, rest = line.partition(" ")
        if rest and first.lower().strip(":") in html_facts()["prefixes"]:
            names = _LIST.split(_AFTER_NAMES.split(rest)[0])
            found = tuple(name for name in names if _is_name(name) and " " in name)
            if found:
                return found[:MOST_AUTHORS]
    return ()


def _dated(lines: Sequence[str]) -> datetime | None:
    dated = [line for line in lines if _YEAR.search(line) and len(_NUMBER.findall(line)) > 1]
    if not dated:
        return None
    from htmldate import find_date

    body = "".join(f"<p>{html.escape(line)}</p>" for line in dated)
    found = find_date(f"<html><body>{body}</body></html>", original_date=True, max_date="2100-01-01")
    if found and found.endswith("-01-01") and not any(_FIRST.search(line) for line in dated):
        return None  # the year alone was understood
    return instant_of(found) if found else None


def _told(source: str) -> _Told:
    told = _Told(meta={}, links={}, objects=[])
    for match in _TELLING.finditer(source, 0, source.rfind(">") + 1):
        kind = match.lastgroup
        if kind == "script":
            told.objects += _objects(match[kind]) if "ld+json" in match["type"].lower() else ()
        elif kind == "title":
            told.title = told.title or _clean(match[kind])
        elif kind == "link":
            link = match[kind].lower()
            if "canonical" in link or "license" in link:
                _take(told, kind, _attributes(source, match, kind))
        elif kind:
            _take(told, kind, _attributes(source, match, kind))
    return told


def _attributes(source: str, match: re.Match[str], kind: str) -> dict[str, str]:
    """Read the attributes of a tag; where a ``>`` stands in a value they go on after it."""
    written = match[kind]
    if written.count('"') % 2:
        end = source.find('"', match.end(), match.end() + LONGEST_VALUE)
        written = source[match.start(kind) : end + 1] if end > 0 else written
    return attributes(written)


def _take(told: _Told, name: str, found: Mapping[str, str]) -> None:
    if name == "meta":
        key = (
            found.get("property") or found.get("name") or found.get("itemprop") or found.get("http-equiv") or ""
        ).lower()
        if key and found.get("content", "").strip():
            told.meta.setdefault(key, []).append(_clean(found["content"]))
    elif name == "link":
        for rel in found.get("rel", "").lower().split():
            told.links.setdefault(rel, _clean(found.get("href", "")))
    elif name == "html":
        told.language = told.language or found.get("lang") or found.get("xml:lang") or ""
    elif "datetime" in found:
        told.times = (*told.times, found["datetime"]) if len(told.times) < MOST_AUTHORS else told.times


def _objects(written: str) -> Iterator[dict[str, Any]]:
    """Give the objects of a JSON-LD element, those in ``@graph`` and in lists too; of broken JSON, none."""
    if len(written) > LONGEST_JSON:
        return
    try:
        waiting: list[Any] = [json.loads(written, strict=False)]
    except (ValueError, RecursionError):
        return
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict):
            yield one
            graph = one.get("@graph")
            if isinstance(graph, list):
                waiting += reversed(graph)


def _article(objects: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Give the object that is the article: one of its types, else one with a headline."""
    types = set(html_facts()["types"])
    typed = [one for one in objects if types & {name.lower() for name in _texts(one.get("@type"))}]
    return next(iter(typed), None) or next((one for one in objects if "headline" in one), {})


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_clean(one) for one in values if isinstance(one, str)]


def _names(value: object) -> list[str]:
    """Give the names in a JSON-LD value: a text, an object with a name, or a list of either."""
    found: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        found += _texts(one.get("name")) if isinstance(one, dict) else _texts(one)
    return found


def _meta(told: _Told, names: tuple[str, ...]) -> list[str]:
    return [value for name in names for value in told.meta.get(name, ())]


def _first(*lists: list[str]) -> str | None:
    return next((value for values in lists for value in values if value), None)


def _clean(written: str) -> str:
    return " ".join((html.unescape(written) if "&" in written else written).split())


def _authors(told: _Told, article: Mapping[str, Any]) -> tuple[str, ...]:
    said = _names(article.get("author")) or _names(article.get("creator")) or _meta(told, html_facts()["authors"])
    found: dict[str, None] = {}
    for one in said:
        for name in _LIST.split(one) if len(one.split()) > 3 or "," in one else [one]:
            if _is_name(name.strip()):
                found.setdefault(_unprefixed(name.strip()))
    return tuple(found)[:MOST_AUTHORS]


def _unprefixed(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if rest and first.lower() in html_facts()["prefixes"] else name


def _is_name(name: str) -> bool:
    """Whether it may be somebody's name: no address, no time, no words of the page's own."""
    if not name or len(name) > LONGEST_NAME or "://" in name or "@" in name or any(letter.isdigit() for letter in name):
        return False
    return not set(name.lower().split()) & set(html_facts()["no_names"])


def _published(told: _Told, article: Mapping[str, Any]) -> datetime | None:
    values = [
        *_meta(told, html_facts()["published"]),
        *_texts(article.get("datePublished")),
        *_texts(article.get("dateCreated")),
    ]
    values += [one for each in told.objects for one in _texts(each.get("datePublished"))]
    values += told.times
    url = _URL_DATE.search(told.links.get("canonical") or next(iter(told.meta.get("og:url", ())), ""))
    values += ["-".join(url.groups())] if url else []
    return next((instant for value in values if (instant := instant_of(value))), None)


def instant_of(written: str) -> datetime | None:
    """Read an ISO time; one without zone is UTC."""
    try:
        instant = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
