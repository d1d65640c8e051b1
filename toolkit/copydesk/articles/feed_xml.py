"""A well-formed RSS, RDF or Atom document in, its items out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import unescape
from importlib import resources
from typing import Any
from urllib.parse import urljoin

from copydesk.articles.entry import line
from copydesk.articles.markup import is_marked_up_in_feed
from copydesk.articles.xml_tree import Element

_LANG = "http://www.w3.org/XML/1998/namespace}lang"
_BASE = "http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RESOURCE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
ITEMS = frozenset({"item", "entry"})
_ROOTS = frozenset({"rss", "rdf", "feed"})
_TAGS = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_MAIL = re.compile(r"\S+@\S+\s*\((?P<name>[^()]+)\)")

_Elements = Mapping[str, Sequence[Element]]  # by their names here


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a feed, as the feed states it; ``form`` is text or html, and empty where it does not say."""

    guid: str | None = None
    url: str | None = None
    title: str | None = None
    body: str = ""
    form: str = ""
    authors: tuple[str, ...] | None = None
    published: str | None = None
    language: str | None = None
    licence: str | None = None
    publisher: str | None = None


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
    channel = next((one for one in root.children or () if _name(one.tag) == "channel"), root)
    about = _children(channel)
    items = [one for one in channel.children or () if _name(one.tag) in {"item", "atom:entry", "entry"}]
    if channel is not root:  # RSS 1.0 has them beside the channel
        items += [one for one in root.children or () if _name(one.tag) == "item"]
    shared = _shared(root, channel, about)
    return Feed(_own_address(about), (_item(one, shared) for one in items))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the channel says of all its items."""

    base: str
    language: str | None
    licence: str | None
    publisher: str | None
    authors: tuple[str, ...] | None


def _shared(root: Element, channel: Element, about: _Elements) -> _Shared:
    return _Shared(
        base=channel.get(_BASE) or root.get(_BASE) or _link(about) or "",
        language=line(channel.get(_LANG) or root.get(_LANG)) or _first(about, "language"),
        licence=_licence(about),
        publisher=_first(about, "publisher") or _title(about),
        authors=_authors(about) if "atom:author" in about else None,
    )


def _item(element: Element, shared: _Shared) -> Item:
    inside = _children(element)
    body, form = _body(inside)
    guid = _first(inside, "guid") or line(element.get(_ABOUT))
    return Item(
        guid=guid,
        url=_url(inside, element, guid, shared),
        title=_title(inside),
        body=body,
        form=form,
        authors=_authors(inside) or shared.authors,
        published=_first(inside, "published"),
        language=_body_language(inside) or line(element.get(_LANG)) or _first(inside, "language") or shared.language,
        licence=_licence(inside) or shared.licence,
        publisher=_first(inside, "publisher") or _source(inside) or shared.publisher,
    )


@lru_cache(maxsize=4096)
def _name(tag: str) -> str:
    """Give an element's name here: its namespace's prefix and its local name in small letters; empty for others."""
    space, _, local = tag.rpartition("}")
    prefix = names()["namespaces"].get(space) if space else ""
    return "" if prefix is None else prefix + local.lower()


def _children(element: Element) -> _Elements:
    found: dict[str, list[Element]] = {}
    for child in element.children or ():
        name = _name(child.tag)
        if name in found:
            found[name].append(child)
        elif name:
            found[name] = [child]
    return found


def _all(inside: _Elements, role: str) -> list[Element]:
    return [one for name in _names(role) for one in inside.get(name, ())]


@cache
def _names(role: str) -> tuple[str, ...]:
    return tuple(names()["elements"][role])


def _first(inside: _Elements, role: str) -> str | None:
    for name in _names(role):
        for one in inside.get(name, ()):
            if text := line(one.all_text()):
                return text
    return None


def _inner(element: Element) -> str:
    """Give what is in an element as HTML."""
    within = element.children or []
    if len(within) == 1 and _name(within[0].tag) == "xhtml:div" and not element.text.strip():
        return within[0].inner_html()  # RFC 4287, section 3.1.1.3: this div is no part of the content
    return element.inner_html()


def _body(inside: _Elements) -> tuple[str, str]:
    """Give the first body that is not empty, and its form as the feed states it."""
    for name in _names("body"):
        for element in inside.get(name, ()):
            form = _form(name, element)
            text = _inner(element) if element.children else element.text
            if text.strip() and form:
                return text, "html" if element.children else ("" if form == "unstated" else form)
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


def _title(inside: _Elements) -> str | None:
    for element in _all(inside, "title"):
        text = _inner(element) if element.children else element.text
        kind = (element.get("type") or "").lower()
        stated = "html" in kind or bool(element.children)
        plain_kind = kind in {"text", "text/plain"} or (not kind and "atom:title" in inside)
        if stated or (not plain_kind and is_marked_up_in_feed(text)):
            text = plain(text)
        if found := line(text):
            return found
    return None


def plain(text: str) -> str:
    """Give a title that is written in HTML as text."""
    return unescape(_TAGS.sub("", text))


def _url(inside: _Elements, element: Element, guid: str | None, shared: _Shared) -> str | None:
    link = _link(inside)
    if link is None and guid and guid.startswith(("http://", "https://")):
        stated = [one.get("isPermaLink") for one in inside.get("guid", ())]
        return None if "false" in stated else guid
    if link is None or "://" in link:
        return link
    try:
        return str(urljoin(urljoin(shared.base, element.get(_BASE) or ""), link))
    except ValueError:  # an address such as http://[
        return link


def _link(inside: _Elements) -> str | None:
    """Give the address of the page: the text of RSS's link, the href of Atom's without another relation."""
    links = [one for one in _all(inside, "link") if (one.get("rel") or "alternate") == "alternate"]
    return next((found for one in links if (found := line(one.get("href") or one.all_text()))), None)


def _own_address(about: _Elements) -> str | None:
    own = (one.get("href") for one in _all(about, "link") if one.get("rel") == "self")
    return next((line(one) for one in own if one), None) or next(
        (line(one.text) for one in about.get("atom:id", ()) if one.text), None
    )


def _authors(inside: _Elements) -> tuple[str, ...] | None:
    for name in _names("authors"):
        found = [author for one in inside.get(name, ()) if (author := _author(one))]
        if found:
            return tuple(dict.fromkeys(found))
    return None


def _author(element: Element) -> str | None:
    if element.children:
        within = _children(element)
        return next((line(one.all_text()) for name in ("atom:name", "name") for one in within.get(name, ())), None)
    text = line(element.text)
    mail = _MAIL.fullmatch(text or "")
    return line(mail["name"]) if mail else text


def _body_language(inside: _Elements) -> str | None:
    return next((line(one.get(_LANG)) for one in inside.get("atom:content", ()) if one.get(_LANG)), None)


def _licence(inside: _Elements) -> str | None:
    return next((text for one in _all(inside, "licence") if (text := line(one.get(_RESOURCE) or one.all_text()))), None)


def _source(inside: _Elements) -> str | None:
    """Give the feed that an entry was taken over from."""
    named = [line(one.all_text()) for one in inside.get("source", ())]
    return next((name for name in named if name), None) or next(
        (_title(_children(one)) for one in inside.get("atom:source", ())), None
    )
