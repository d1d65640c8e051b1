"""A well-formed RSS, RDF or Atom document in, its items out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from importlib import resources
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from copydesk.articles.entry import Facts, line
from copydesk.articles.instants import instant
from copydesk.articles.markup import is_marked_up_in_feed
from copydesk.articles.xml_tree import all_text, inner_html

_LANG = "http://www.w3.org/XML/1998/namespace}lang"
_TAG = attrgetter("tag")
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
_Inside = tuple[list[Element], _Places]


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
    items: Sequence[Item]


@cache
def names() -> Mapping[str, Mapping[str, Any]]:
    """Read ``feeds.toml`` of this folder."""
    return tomllib.loads(resources.files("copydesk.articles").joinpath("feeds.toml").read_text("utf-8"))


def feed_of(root: Element) -> Feed | None:
    """Give the feed that a parsed document is; ``None`` where its root is no feed's."""
    if root.tag.rpartition("}")[2].lower() not in _ROOTS:
        return None
    channel = next((one for one in root if _NAMES[one.tag] == "channel"), root)
    items = [one for one in channel if _NAMES[one.tag] in {"item", "atom:entry", "entry"}]
    if channel is not root:  # RSS 1.0 has them beside the channel
        items += [one for one in root if _NAMES[one.tag] == "item"]
    about = _inside(channel)
    shared = _shared(root, channel, about)
    return Feed(_own_address(about), [_item(one, _inside(one), shared) for one in items])


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


def _inside(element: Element) -> _Inside:
    """Give the children of an element, and where among them each thing stands."""
    children = list(element)
    called = tuple(map(_NAMES.__getitem__, map(_TAG, children)))
    return children, _usual_places(called) if len(called) <= _USUAL else _places(called)


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


def _all(inside: _Inside, role: str) -> list[Element]:
    children, places = inside
    return [children[place] for place in places[role]]


def _first(inside: _Inside, role: str) -> str | None:
    """Give the best text that something has."""
    children, places = inside
    for place in places[role]:
        if text := line(all_text(children[place])):
            return text
    return None


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
        language=line(channel.get(_LANG) or root.get(_LANG)) or _first(about, "language"),
        licence=_licence(about),
        publisher=_first(about, "publisher") or _title(about),
        authors=_authors(about) if _all(about, "atom_author") else None,
    )


def _item(element: Element, inside: _Inside, shared: _Shared) -> Item:
    places = inside[1]  # most entries say little, and to look for nothing takes as long as to look for something
    body, form = _body(inside)
    guid = _first(inside, "guid") or line(element.get(_ABOUT))
    named = places["publisher"] or places["source"] or places["atom_source"]
    facts = Facts(
        _title(inside),
        _authors(inside) or shared.authors,
        _language(inside, element) or shared.language,
        _url(inside, element, guid, shared),
        (named and (_first(inside, "publisher") or _source(inside))) or shared.publisher,
        instant(_first(inside, "published")),
        licence=(places["licence"] and _licence(inside)) or shared.licence,
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
    children, places = inside
    for place in places["body"]:
        element = children[place]
        nested = len(element) > 0
        text = _inner(element) if nested else element.text
        if text and not text.isspace() and (form := _form(element)):
            return text, "html" if nested else ("" if form == "unstated" else form)
    return "", ""


def _form(element: Element) -> str:
    """Say what an element holds: text, html, unstated; empty for what is neither, such as a picture in base64."""
    name = _NAMES[element.tag]
    if not name.startswith("atom:"):
        return "html" if name.startswith("xhtml:") else "unstated"
    if element.get("mode") == "base64":
        return ""
    kind = (element.get("type") or "text").lower().split(";")[0].strip()
    if kind in {"html", "text/html", "xhtml", "application/xhtml+xml"}:
        return "html"
    return "text" if kind == "text" or kind.startswith("text/") else ""


def _title(inside: _Inside) -> str | None:
    children, places = inside
    for place in places["title"]:
        element = children[place]
        nested = len(element) > 0
        text = _inner(element) if nested else element.text or ""
        if nested or (("<" in text or "&" in text) and _is_html(element, text, atom=bool(places["atom_title"]))):
            text = plain(text)
        if found := line(text):
            return found
    return None


def _is_html(element: Element, text: str, *, atom: bool) -> bool:
    """Tell whether a title is HTML: it says so, or looks so and does not say that it is none, as Atom's do by default."""
    kind = (element.get("type") or "").lower()
    if "html" in kind:
        return True
    return kind not in {"text", "text/plain"} and (bool(kind) or not atom) and is_marked_up_in_feed(text)


def plain(text: str) -> str:
    """Give a title that is written in HTML as text."""
    return unescape(_TAGS.sub("", text))


def _url(inside: _Inside, element: Element, guid: str | None, shared: _Shared) -> str | None:
    link = _link(inside)
    if link is None and guid and guid.startswith(("http://", "https://")):
        return None if any(one.get("isPermaLink") == "false" for one in _all(inside, "guid")) else guid
    if link is None or "://" in link:
        return link
    try:
        return urljoin(urljoin(shared.base, element.get(_BASE) or ""), link)
    except ValueError:  # an address such as http://[
        return link


def _link(inside: _Inside) -> str | None:
    """Give the address of the page: the text of RSS's link, the href of Atom's without another relation."""
    children, places = inside
    for place in places["link"]:
        one = children[place]
        if (one.get("rel") or "alternate") == "alternate" and (found := line(one.get("href") or all_text(one))):
            return found
    return None


def _own_address(about: _Inside) -> str | None:
    own = (one.get("href") for one in _all(about, "link") if one.get("rel") == "self")
    return next((line(one) for one in own if one), None) or next(
        (line(one.text) for one in _all(about, "atom_id") if one.text), None
    )


def _authors(inside: _Inside) -> tuple[str, ...] | None:
    """Give those that are named by elements of one name, the best that names any."""
    children, places = inside
    if len(places["authors"]) == 1:
        author = _author(children[places["authors"][0]])
        return (author,) if author else None
    found: dict[str, None] = {}
    name = ""
    for place in places["authors"]:
        element = children[place]
        if found and _NAMES[element.tag] != name:
            break
        name = _NAMES[element.tag]
        if author := _author(element):
            found[author] = None
    return tuple(found) or None


def _author(element: Element) -> str | None:
    if len(element):
        return next((line(all_text(one)) for one in _all(_inside(element), "name")), None)
    text = line(element.text)
    mail = _MAIL.fullmatch(text) if text and "@" in text else None
    return line(mail["name"]) if mail else text


def _language(inside: _Inside, element: Element) -> str | None:
    """Give the language of the content, else that of the whole entry."""
    children, places = inside
    for place in places["atom_content"]:
        if stated := line(children[place].get(_LANG)):
            return stated
    if stated := line(element.get(_LANG)):
        return stated
    return _first(inside, "language") if places["language"] else None


def _licence(inside: _Inside) -> str | None:
    children, places = inside
    for place in places["licence"]:
        element = children[place]
        if text := line(element.get(_RESOURCE) or all_text(element)):
            return text
    return None


def _source(inside: _Inside) -> str | None:
    """Give the feed that an entry was taken over from."""
    children, places = inside
    if places["source"] and (named := _first(inside, "source")):
        return named
    return _title(_inside(children[places["atom_source"][0]])) if places["atom_source"] else None
