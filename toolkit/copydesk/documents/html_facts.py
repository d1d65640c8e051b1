"""A page's source in, what the page says of itself out: from ``<meta>``, ``<link>``, ``<time>`` and JSON-LD, in one pass over each."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from copydesk.documents.html_source import attributes
from copydesk.documents.rules import html_facts

LONGEST_JSON = 400_000  # characters of one JSON-LD element
MOST_AUTHORS = 12
LONGEST_NAME = 80  # characters of a person's name
_HEAD = 300_000  # characters of the source among which the elements that tell facts are looked for
_TELLING = re.compile(
    r"""<(?:(meta|link|time|html)(?=[\s/>])((?:[^>"'=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|["'=])*+)>"""
    r"""|title(?=[\s>])[^>]*+>([^<]*+)|script(?=\s)([^>]*+ld\+json[^>]*+)>([^<]*+(?:<(?!/script)[^<]*+)*+))""",
    re.IGNORECASE | re.ASCII,
)
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


def _told(source: str) -> _Told:
    told = _Told(meta={}, links={}, objects=[])
    for match in _TELLING.finditer(source):
        name, written, title, _, script = match.groups()
        if script is not None:
            told.objects += _objects(script)
        elif title is not None:
            told.title = told.title or _clean(title)
        elif name:
            _take(told, name.lower(), attributes(written))
    return told


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
    return " ".join(html.unescape(written).split())


def _authors(told: _Told, article: Mapping[str, Any]) -> tuple[str, ...]:
    said = _names(article.get("author")) or _names(article.get("creator")) or _meta(told, html_facts()["authors"])
    found: dict[str, None] = {}
    for one in said:
        for name in _LIST.split(one) if len(one.split()) > 3 or "," in one else [one]:
            if _is_name(name):
                found.setdefault(_unprefixed(name))
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
    return next((instant for value in (*values, *told.times) if (instant := instant_of(value))), None)


def instant_of(written: str) -> datetime | None:
    """Read an ISO time; one without zone is UTC."""
    try:
        instant = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
