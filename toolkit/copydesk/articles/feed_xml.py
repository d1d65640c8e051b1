"""A well-formed RSS, RDF or Atom document in, its items out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from copydesk.articles.entry import Facts, line
from copydesk.articles.instants import instant
from copydesk.articles.markup import is_marked_up_in_feed
from copydesk.articles.xml_tree import all_text, inner_html

_LANG = "http://www.w3.org/XML/1998/namespace}lang"
_XHTML = "http://www.w3.org/1999/xhtml"
_BASE = "http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RESOURCE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
ITEMS = frozenset({"item", "entry"})
_ROOTS = frozenset({"rss", "rdf", "feed"})
_TAGS = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_MAIL = re.compile(r"\S+@\S+\s*\((?P<name>[^()]+)\)")
_LONGEST_TAG, _TAGS_KEPT = 200, 4096
_USUAL = 64  # children: where each stands is remembered of elements that have no more
_Places = Mapping[str, tuple[int, ...]]  # where the children stand that may say each thing, best first


class Item(NamedTuple):
    """An entry of a feed, as the feed states it; ``form`` of its body is text or html, and empty where it does not say."""

    guid: str | None
    body: str
    form: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: the address that it gives as its own, and its items."""

    address: str | None
    items: Iterator[Item]


@cache
def names() -> Mapping[str, Mapping[str, Any]]:
    """Read ``feeds.toml`` of this folder."""
    return tomllib.loads(resources.files("copydesk.articles").joinpath("feeds.toml").read_text("utf-8"))


def feed_of(root: Element) -> Feed | None:
    """Give the feed that a parsed document is; ``None`` where its root is no feed's."""
    if root.tag.rpartition("}")[2].lower() not in _ROOTS:
        return None
    channel = next((one for one in root if _NAMES[one.tag] == "channel"), root)
    about = _inside(channel)
    items = [one for one in channel if _NAMES[one.tag] in {"item", "atom:entry", "entry"}]
    if channel is not root:  # RSS 1.0 has them beside the channel
        items += [one for one in root if _NAMES[one.tag] == "item"]
    shared = _shared(root, channel, about)
    return Feed(_own_address(about), (_item(one, _inside(one), shared) for one in items))


class _Names(dict[str, str]):
    """What elements are called here, by their tags; empty for those that are not looked at."""

    def __missing__(self, tag: str) -> str:
        space, _, local = tag.rpartition("}")
        prefix = names()["namespaces"].get(space) if space else ""
        name = "" if prefix is None else prefix + local.lower()
        if name not in _looked_at():
            name = ""
        if len(tag) <= _LONGEST_TAG:
            if len(self) >= _TAGS_KEPT:
                self.clear()
            self[tag] = name
        return name


_NAMES = _Names()  # a dictionary gives a name in a third of the time that a function takes


@cache
def _looked_at() -> frozenset[str]:
    return frozenset(name for role in names()["elements"].values() for name in role)


class _Inside(NamedTuple):
    """The children of an element, what they are called, and where among them each thing stands."""

    children: list[Element]
    names: tuple[str, ...]
    places: _Places

    def all(self, role: str) -> list[Element]:
        """Give the children that may say something, best first."""
        return [self.children[place] for place in self.places[role]]

    def first(self, role: str) -> str | None:
        """Give the best text that something has."""
        for place in self.places[role]:
            if text := line(all_text(self.children[place])):
                return text
        return None


def _inside(element: Element) -> _Inside:
    children = list(element)
    called = tuple([_NAMES[child.tag] for child in children])
    return _Inside(children, called, _usual_places(called) if len(called) <= _USUAL else _places(called))


def _places(called: tuple[str, ...]) -> _Places:
    """Find where each thing stands: the entries of a feed are alike, and this is done once for all that are."""
    at: dict[str, list[int]] = {}
    for place, name in enumerate(called):
        at.setdefault(name, []).append(place)
    return {
        role: tuple(place for name in best_first for place in at.get(name, ()))
        for role, best_first in names()["elements"].items()
    }


_usual_places = lru_cache(maxsize=1024)(_places)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the channel says of all its items."""

    base: str
    language: str | None
    licence: str | None
    publisher: str | None
    authors: tuple[str, ...] | None


def _shared(root: Element, channel: Element, about: _Inside) -> _Shared:
    return _Shared(
        base=channel.get(_BASE) or root.get(_BASE) or _link(about) or "",
        language=line(channel.get(_LANG) or root.get(_LANG)) or about.first("language"),
        licence=_licence(about),
        publisher=about.first("publisher") or _title(about),
        authors=_authors(about) if "atom:author" in about.names else None,
    )


def _item(element: Element, inside: _Inside, shared: _Shared) -> Item:
    body, form = _body(inside)
    guid = inside.first("guid") or line(element.get(_ABOUT))
    facts = Facts(
        title=_title(inside),
        authors=_authors(inside) or shared.authors,
        language=_body_language(inside) or line(element.get(_LANG)) or inside.first("language") or shared.language,
        url=_url(inside, element, guid, shared),
        publisher=inside.first("publisher") or _source(inside) or shared.publisher,
        published_at=instant(inside.first("published")),
        licence=_licence(inside) or shared.licence,
    )
    return Item(guid, body, form, facts)


def _is_xhtml_div(element: Element) -> bool:
    space, _, local = element.tag.rpartition("}")
    return space == _XHTML and local.lower() == "div"


def _inner(element: Element) -> str:
    """Give what is in an element as HTML."""
    if len(element) == 1 and _is_xhtml_div(element[0]) and not (element.text or "").strip():
        return inner_html(element[0])  # RFC 4287, section 3.1.1.3: this div is no part of the content
    return inner_html(element)


def _body(inside: _Inside) -> tuple[str, str]:
    """Give the first body that is not empty, and its form as the feed states it."""
    for place in inside.places["body"]:
        element = inside.children[place]
        form = _form(inside.names[place], element)
        nested = len(element) > 0
        text = _inner(element) if nested else element.text or ""
        if form and text and not text.isspace():
            return text, "html" if nested else ("" if form == "unstated" else form)
    return "", ""


def _form(name: str, element: Element) -> str:
    """Say what an element holds: text, html, unstated; empty for what is neither, such as a picture in base64."""
    if not name.startswith("atom:"):
        return "html" if name.startswith("xhtml:") else "unstated"
    kind = (element.get("type") or "text").lower().split(";")[0].strip()
    if element.get("mode") == "base64":
        return ""
    if kind in {"html", "text/html", "xhtml", "application/xhtml+xml"}:
        return "html"
    return "text" if kind == "text" or kind.startswith("text/") else ""


def _title(inside: _Inside) -> str | None:
    for element in inside.all("title"):
        nested = len(element) > 0
        text = _inner(element) if nested else element.text or ""
        kind = (element.get("type") or "").lower()
        plain_kind = kind in {"text", "text/plain"} or (not kind and "atom:title" in inside.names)
        if nested or "html" in kind or (not plain_kind and is_marked_up_in_feed(text)):
            text = plain(text)
        if found := line(text):
            return found
    return None


def plain(text: str) -> str:
    """Give a title that is written in HTML as text."""
    return unescape(_TAGS.sub("", text))


def _url(inside: _Inside, element: Element, guid: str | None, shared: _Shared) -> str | None:
    link = _link(inside)
    if link is None and guid and guid.startswith(("http://", "https://")):
        return None if any(one.get("isPermaLink") == "false" for one in inside.all("guid")) else guid
    if link is None or "://" in link:
        return link
    try:
        return urljoin(urljoin(shared.base, element.get(_BASE) or ""), link)
    except ValueError:  # an address such as http://[
        return link


def _link(inside: _Inside) -> str | None:
    """Give the address of the page: the text of RSS's link, the href of Atom's without another relation."""
    for one in inside.all("link"):
        if (one.get("rel") or "alternate") == "alternate" and (found := line(one.get("href") or all_text(one))):
            return found
    return None


def _own_address(about: _Inside) -> str | None:
    own = (one.get("href") for one in about.all("link") if one.get("rel") == "self")
    return next((line(one) for one in own if one), None) or next(
        (line(one.text) for one in about.all("own_id") if one.text), None
    )


def _authors(inside: _Inside) -> tuple[str, ...] | None:
    """Give those that are named by elements of one name, the best that names any."""
    found: dict[str, None] = {}
    name = ""
    for place in inside.places["authors"]:
        if found and inside.names[place] != name:
            break
        name = inside.names[place]
        if author := _author(inside.children[place]):
            found[author] = None
    return tuple(found) or None


def _author(element: Element) -> str | None:
    if len(element):
        return next((line(all_text(one)) for one in _inside(element).all("name")), None)
    text = line(element.text)
    mail = _MAIL.fullmatch(text) if text and "@" in text else None
    return line(mail["name"]) if mail else text


def _body_language(inside: _Inside) -> str | None:
    return next((line(one.get(_LANG)) for one in inside.all("content") if one.get(_LANG)), None)


def _licence(inside: _Inside) -> str | None:
    return next((text for one in inside.all("licence") if (text := line(one.get(_RESOURCE) or all_text(one)))), None)


def _source(inside: _Inside) -> str | None:
    """Give the feed that an entry was taken over from."""
    return inside.first("source") or next((_title(_inside(one)) for one in inside.all("atom_source")), None)
